package calendar_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// FuzzSeal: no value makes trouble; what is taken for a seal says the same in its one spelling, and is valid only where the
// key itself would have written just that.
func FuzzSeal(f *testing.F) {
	s := calendar.NewSealer([]byte("a key of some length, for a test"))
	good := s.Seal("alice@example.com", "uid-1", "5e9459c5b863b82cefdddf50", 3)
	for _, value := range []string{
		good, " " + good + "\n", seal, "", "....", good + ".", good + "=", "v2" + good[2:], strings.ToUpper(good), strings.Replace(good, ".3.", ".03.", 1),
		strings.Replace(good, ".3.", ".-3.", 1), strings.Replace(good, ".3.", ".99999999999999999999.", 1), good[:len(good)-1] + "F", "v1.a.b\x00.0.AAAA",
	} {
		f.Add(value, "alice@example.com", "uid-1")
		f.Add(value, "", "\x00")
	}
	other := calendar.NewSealer([]byte("another key"))
	f.Fuzz(func(t *testing.T, value, organizer, uid string) {
		v, err := calendar.ParseSeal(value)
		if err != nil {
			require.ErrorIs(t, err, calendar.ErrSeal)
			return
		}
		require.NotEmpty(t, v.MeetingID)
		require.NotContains(t, v.MeetingID, ".")
		valid := s.Valid(v, organizer, uid)
		require.Equal(t, s.Seal(organizer, uid, v.MeetingID, v.Generation) == strings.TrimSpace(value), valid)
		require.False(t, valid && other.Valid(v, organizer, uid))
		require.False(t, valid && s.Valid(v, organizer, uid+"x"), "a copy")
		require.False(t, valid && s.Valid(v, organizer+"x", uid), "another organizer")
		v.MeetingID += "0"
		require.False(t, s.Valid(v, organizer, uid), "another meeting")
	})
}

// FuzzMarkers: a marker is found where it stands as a word, and nowhere in a topic that it was taken out of; where there is
// none, a topic is the title.
func FuzzMarkers(f *testing.F) {
	for _, text := range []string{
		"Budget @meet", "@meet:record: Budget", "bob@meet.example.com", "(@MEET)", "a @meet @meet #nomeet b", "@meet\u200b", "@meet:é", "\u0130@meet", "#nomeet", "",
		" \n@meet\n", "@meet/x @meet.x @meet. x", "İ@meet @MEET", "x", "@meet:record\\nx",
	} {
		f.Add(text, "@meet")
		f.Add(text, "ſ")
	}
	f.Fuzz(func(t *testing.T, text, marker string) {
		m := calendar.Markers{Ask: marker, Decline: "#nomeet"}
		topic := m.Topic(text)
		require.Equal(t, topic, m.Topic(topic), "a second time")
		require.Equal(t, topic, strings.TrimSpace(topic))
		e, err := calendar.Parse(event("SUMMARY:"+encoded(text)), nil)
		if err != nil || len(e.Components) != 1 {
			return
		}
		c := e.Components[0]
		if mark, ok := m.Asked(c); ok {
			require.Equal(t, "SUMMARY", mark.Property)
			require.Equal(t, strings.ToLower(mark.Preset), mark.Preset)
			require.NotEmpty(t, marker)
			require.Contains(t, strings.ToUpper(c.Summary), strings.ToUpper(marker))
		} else if !m.Declined(c) {
			require.Equal(t, strings.TrimSpace(c.Summary), m.Topic(c.Summary))
		}
		c.Summary = topic
		_, asked := m.Asked(c)
		require.False(t, asked || m.Declined(c), "%q is left in %q", marker, topic)
	})
}

// FuzzJoinTemplate: a template that is taken finds the number in each link that it makes, and in no link to another host.
func FuzzJoinTemplate(f *testing.F) {
	for _, template := range []string{
		"https://meeting.example.com/join/{meetingId}", "HTTPS://Meeting.Example.com/j/{meetingId}?x=1#y", "https://m.example/{meetingId}-room",
		"http://127.0.0.1:8080/?id={meetingId}", "https://u@h/{meetingId}", "https://h{meetingId}/", "http://h/{meetingId}", "https://h/{meetingId}0",
		"https://[::1]/{meetingId}/join", "https://h/%{meetingId}", "https://h/#{meetingId}",
	} {
		f.Add(template, "9974-7653-8886-0485", "https://zoom.us/j/1")
		f.Add(template, "0", template)
	}
	f.Fuzz(func(t *testing.T, template, number, link string) {
		calendar.OtherTool(link)
		j, err := calendar.ParseJoinTemplate(template)
		if err != nil {
			return
		}
		if found, ok := j.Number(link); ok {
			require.Regexp(t, `\A[0-9A-Za-z_-]+\z`, found)
			require.True(t, strings.HasPrefix(strings.ToLower(link), strings.ToLower(j.Prefix())))
			require.True(t, strings.HasPrefix(j.URL(found), j.Prefix()))
		}
		made := j.URL(number)
		require.True(t, strings.HasPrefix(made, j.Prefix()))
		require.False(t, strings.ContainsAny(made, " \t\r\n\"<>\\"), "%q cannot stand in an event", made)
		if plain := strings.Trim(number, "0123456789-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""; plain && number != "" {
			found, ok := j.Number(made)
			require.True(t, ok, "%q is not seen to be ours", made)
			require.Equal(t, number, found)
		}
	})
}
