package calendar

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// sealProperty holds the seal.
const sealProperty = "X-CONVOKE"

const sealVersion = "v1"

// ErrSeal is wrapped by the errors of ParseSeal.
var ErrSeal = errors.New("not a seal")

// A Sealer makes and checks the seals of one key. A seal names the meeting that convoke made for an event, and cannot be
// forged, nor moved to another event or to another organizer's calendar.
type Sealer struct {
	key []byte
	id  string
}

// NewSealer takes a key that was derived for seals alone.
func NewSealer(key []byte) Sealer {
	id := hmac.New(sha256.New, key)
	id.Write([]byte("convoke seal key id"))
	return Sealer{key: append([]byte(nil), key...), id: hex.EncodeToString(id.Sum(nil)[:4])}
}

// KeyID tells keys apart, in seals and in messages; it says nothing about the key.
func (s Sealer) KeyID() string { return s.id }

// Seal is the value of X-CONVOKE: v1.<key id>.<meeting id>.<generation>.<mac>. A meeting id has no dots.
func (s Sealer) Seal(organizer, uid, meetingID string, generation int) string {
	v := Seal{KeyID: s.id, MeetingID: meetingID, Generation: generation}
	mac := base64.RawURLEncoding.EncodeToString(s.mac(v, organizer, uid))
	return strings.Join([]string{sealVersion, s.id, meetingID, strconv.Itoa(generation), mac}, ".")
}

// A Seal is what an X-CONVOKE property says. Until a Sealer finds it valid it is a claim of whoever wrote the event.
type Seal struct {
	KeyID, MeetingID string
	Generation       int

	mac []byte
}

// ParseSeal reads the value of X-CONVOKE. Its error wraps ErrSeal.
func ParseSeal(value string) (Seal, error) {
	part := strings.Split(strings.TrimSpace(value), ".")
	if len(part) != 5 || part[0] != sealVersion || part[1] == "" || part[2] == "" {
		return Seal{}, fmt.Errorf("%w: %.80q", ErrSeal, value)
	}
	generation, err := strconv.Atoi(part[3])
	if err != nil || strconv.Itoa(generation) != part[3] {
		return Seal{}, fmt.Errorf("%w: generation %.20q", ErrSeal, part[3])
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(part[4])
	if err != nil {
		return Seal{}, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	return Seal{KeyID: part[1], MeetingID: part[2], Generation: generation, mac: mac}, nil
}

// Valid tells whether this key made the seal for that organizer's event. The comparison takes constant time.
func (s Sealer) Valid(v Seal, organizer, uid string) bool {
	return v.KeyID == s.id && hmac.Equal(v.mac, s.mac(v, organizer, uid))
}

// mac covers every field with its length, so that no two different sets of fields give the same bytes.
func (s Sealer) mac(v Seal, organizer, uid string) []byte {
	h := hmac.New(sha256.New, s.key)
	for _, field := range []string{sealVersion, strings.ToLower(organizer), uid, v.MeetingID, strconv.Itoa(v.Generation)} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		h.Write(n[:])
		h.Write([]byte(field))
	}
	return h.Sum(nil)
}
