package calendar

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// tzif writes onsets, sorted by time, in the format of the IANA database (TZif version 2, RFC 8536, 3), which is the
// one way into a time.Location that there is. Zone 0 is what was before the first onset.
func tzif(onsets []onset) ([]byte, error) {
	var zones []onset
	var names bytes.Buffer
	var at, index, types bytes.Buffer
	add := func(o onset) byte {
		for i, z := range zones {
			if i > 0 && z.to == o.to && z.daylight == o.daylight && z.name == o.name {
				return byte(i)
			}
		}
		zones = append(zones, o)
		writeZoneType(&types, o, names.Len())
		names.WriteString(zoneAbbreviation(o) + "\x00")
		return byte(len(zones) - 1)
	}
	add(onset{to: onsets[0].from})
	for _, o := range onsets {
		put(&at, o.at)
		index.WriteByte(add(o))
		if len(zones) > 200 || names.Len() > 200 { // both are counted in one byte
			return nil, errors.New("too many different offsets")
		}
	}
	var b bytes.Buffer
	writeHeader(&b, 0, 0, 0) // the 32-bit part, which nobody reads
	writeHeader(&b, index.Len(), len(zones), names.Len())
	for _, part := range []*bytes.Buffer{&at, &index, &types, &names} {
		b.Write(part.Bytes())
	}
	b.WriteString("\n\n") // no rule for later
	return b.Bytes(), nil
}

func writeHeader(b *bytes.Buffer, times, types, chars int) {
	b.WriteString("TZif2")
	b.Write(make([]byte, 15))
	for _, n := range []int{0, 0, 0, times, types, chars} { // UT, standard and leap second counts are 0
		put(b, uint32(n))
	}
}

func writeZoneType(b *bytes.Buffer, o onset, name int) {
	put(b, int32(o.to))
	daylight := byte(0)
	if o.daylight {
		daylight = 1
	}
	b.Write([]byte{daylight, byte(name)})
}

func put(b *bytes.Buffer, v any) {
	if err := binary.Write(b, binary.BigEndian, v); err != nil {
		panic(err) // a bytes.Buffer takes everything, and v is a fixed-size number
	}
}

// zoneAbbreviation keeps the name short and plain: it is shown to nobody, but it has to be distinct.
func zoneAbbreviation(o onset) string {
	var b []byte
	for i := 0; i < len(o.name) && len(b) < 6; i++ {
		if c := o.name[i] | 0x20; c >= 'a' && c <= 'z' {
			b = append(b, o.name[i])
		}
	}
	if len(b) == 0 {
		return "LMT"
	}
	return string(b)
}
