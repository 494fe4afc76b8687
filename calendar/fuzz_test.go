package calendar_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

func seeds(f *testing.F) [][]byte {
	var all [][]byte
	for _, data := range readTree(f, "testdata") {
		all = append(all, data)
	}
	return append(all, []byte(benchEvent))
}

// FuzzParse: no input makes Parse panic, take long or answer an unknown kind of error; an edit of nothing changes nothing.
func FuzzParse(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			assertKnown(t, err, knownErrors...)
			return
		}
		require.NotEmpty(t, e.Components)
		for _, c := range e.Components {
			assert.False(t, c.Start.IsZero())
			c.Links()
			mark, ok := meet.Asked(c)
			assert.Equal(t, ok, mark.Property != "")
			meet.Topic(c.Summary)
		}
		same, err := e.Patch().Bytes()
		require.NoError(t, err)
		assert.Equal(t, data, same)
	})
}

// FuzzWrite: whatever stands in the event and whatever a detail is made of, a write adds no property that was not meant,
// and a second one changes nothing.
func FuzzWrite(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data, "Web meeting", "Join us")
	}
	f.Add(event("LOCATION:@meet"), "a\r\nATTACH:x", "\"b\":;,")
	f.Fuzz(func(t *testing.T, data []byte, heading, row string) {
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			return
		}
		d := testDetails()
		d.Heading, d.Lines, d.Replaces = heading, append(d.Lines, row), []string{oldURL}
		after, err := e.Write(d)
		if err != nil {
			return
		}
		for _, c := range calendar.Diff(data, after) {
			property, _, _ := strings.Cut(c.Text, ":")
			property, _, _ = strings.Cut(property, ";")
			require.True(t, slices.Contains(targets, strings.ToUpper(property)), c.Text)
		}
		e, err = calendar.Parse(after, time.UTC)
		require.NoError(t, err)
		for _, c := range e.Components {
			require.True(t, c.Shows(joinURL))
		}
		again, err := e.Write(d)
		require.NoError(t, err)
		require.Equal(t, string(after), string(again))
		erased, err := e.Erase(d)
		require.NoError(t, err)
		e, err = calendar.Parse(erased, time.UTC)
		require.NoError(t, err)
		for _, c := range e.Components {
			require.False(t, c.Shows(joinURL))
		}
	})
}

// FuzzScan: Scan agrees with Parse on the UID, and with a slow search on the needle.
func FuzzScan(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data, "@meet")
	}
	f.Fuzz(func(t *testing.T, data []byte, needle string) {
		uid, hit := calendar.Scan(data, needles(needle))
		if needle != "" && !strings.ContainsAny(needle, " \t\r\n") {
			require.Equal(t, strings.Contains(lowerASCII(fold.ReplaceAll(data, nil)), lowerASCII([]byte(needle))), hit)
		}
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			return
		}
		require.Equal(t, e.UID, uid)
	})
}

var fold = regexp.MustCompile(`\r*\n[ \t]`)

func lowerASCII(data []byte) string {
	lower := slices.Clone(data)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c | 0x20
		}
	}
	return string(lower)
}
