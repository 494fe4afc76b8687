package meetingtest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// nextID returns 24 hex digits. The ids of a server follow from the order of its calls alone.
func (s *Server) nextID() string {
	s.serial++
	return fmt.Sprintf("5e9459c5b863b82c%08x", s.serial)
}

// number returns a meeting number, 4x4 digits, that follows from an id.
func number(id string) string {
	sum := sha256.Sum256([]byte("number|" + id))
	part := func(i int) int { return int(binary.BigEndian.Uint16(sum[2*i:])) % 10000 }
	return fmt.Sprintf("%04d-%04d-%04d-%04d", part(0), part(1), part(2), part(3))
}

// token returns an ICS token, two UUIDs in a row, that follows from an id.
func token(id string) string {
	sum := sha256.Sum256([]byte("token|" + id))
	return uuid(sum[:16]) + "-" + uuid(sum[16:])
}

func uuid(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
