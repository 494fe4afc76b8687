package calendar_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

func TestSeal(t *testing.T) {
	s := calendar.NewSealer([]byte("a key of some length, for a test"))
	value := s.Seal("Alice@Example.com", "uid-1", "5e9459c5b863b82cefdddf50", 3)
	assert.Equal(t, value, s.Seal("alice@example.com", "uid-1", "5e9459c5b863b82cefdddf50", 3), "deterministic")
	assert.Regexp(t, `^v1\.[0-9a-f]{8}\.5e9459c5b863b82cefdddf50\.3\.[A-Za-z0-9_-]{43}$`, value)

	v, err := calendar.ParseSeal(" " + value + " ")
	require.NoError(t, err)
	assert.Equal(t, s.KeyID(), v.KeyID)
	assert.Equal(t, "5e9459c5b863b82cefdddf50", v.MeetingID)
	assert.Equal(t, 3, v.Generation)

	cases := []struct {
		name           string
		organizer, uid string
		change         func(*calendar.Seal)
		sealer         calendar.Sealer
		want           bool
	}{
		{name: "as made", want: true},
		{name: "address in another case", organizer: "ALICE@example.com", want: true},
		{name: "another organizer", organizer: "bob@example.com"},
		{name: "a copy", uid: "uid-2"},
		{name: "fields that join alike", organizer: "alice@example.comu", uid: "id-1"},
		{name: "another meeting", change: func(v *calendar.Seal) { v.MeetingID = "5e9459c5b863b82cefdddf51" }},
		{name: "another generation", change: func(v *calendar.Seal) { v.Generation = 4 }},
		{name: "key id alone", change: func(v *calendar.Seal) { v.KeyID = "00000000" }},
		{name: "another key", sealer: calendar.NewSealer([]byte("another key"))},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			organizer, uid, sealer, v := "alice@example.com", "uid-1", s, v
			if c.organizer != "" {
				organizer = c.organizer
			}
			if c.uid != "" {
				uid = c.uid
			}
			if c.sealer.KeyID() != "" {
				sealer = c.sealer
			}
			if c.change != nil {
				c.change(&v)
			}
			assert.Equal(t, c.want, sealer.Valid(v, organizer, uid))
		})
	}
}

func TestSealForged(t *testing.T) {
	s := calendar.NewSealer([]byte("key"))
	value := s.Seal("alice@example.com", "uid-1", "m1", 0)
	for i := range len(value) {
		for _, c := range []byte{'A', '0', value[i] ^ 1} {
			forged := value[:i] + string(c) + value[i+1:]
			if v, err := calendar.ParseSeal(forged); err == nil && forged != value {
				assert.False(t, s.Valid(v, "alice@example.com", "uid-1"), forged)
			}
		}
	}
	short, err := calendar.ParseSeal(value[:strings.LastIndex(value, ".")+1])
	require.NoError(t, err)
	assert.False(t, s.Valid(short, "alice@example.com", "uid-1"), "no mac at all")
}

func TestParseSealErrors(t *testing.T) {
	for _, value := range []string{"", "v1", "v2.k.m.0.AAAA", "v1.k.m.0", "v1.k.m.0.AAAA.x", "v1.k.m.x.AAAA", "v1.k.m.01.AAAA", "v1.k.m.0.!!", "v1..m.0.AAAA", "v1.k..0.AAAA"} {
		_, err := calendar.ParseSeal(value)
		assert.ErrorIs(t, err, calendar.ErrSeal, value)
	}
}
