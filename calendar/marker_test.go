package calendar_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"convoke/calendar"
)

var meet = calendar.Markers{Ask: "@meet", Decline: "#nomeet"}

func TestAsked(t *testing.T) {
	cases := []struct {
		name string
		line string
		want calendar.Mark // empty = not asked
	}{
		{"location", "LOCATION:@meet", calendar.Mark{Property: "LOCATION"}},
		{"any case, beside a room", "LOCATION:Room 5\\, @Meet", calendar.Mark{Property: "LOCATION"}},
		{"preset", "LOCATION:@meet:Record please", calendar.Mark{Property: "LOCATION", Preset: "record"}},
		{"a colon that is no preset", "SUMMARY:@meet: budget", calendar.Mark{Property: "SUMMARY"}},
		{"end of a sentence", "SUMMARY:Budget (@meet).", calendar.Mark{Property: "SUMMARY"}},
		{"category", "CATEGORIES:Team,@meet:boardroom", calendar.Mark{Property: "CATEGORIES", Preset: "boardroom"}},
		{"within a category", "CATEGORIES:Team @meet", calendar.Mark{}},
		{"line of the description", "DESCRIPTION:Hello\\n @meet \\nBye", calendar.Mark{Property: "DESCRIPTION"}},
		{"within a line of the description", "DESCRIPTION:write @meet to book", calendar.Mark{}},
		{"address", "LOCATION:bob@meet.example.com", calendar.Mark{}},
		{"host", "LOCATION:@meet.example.com", calendar.Mark{}},
		{"longer word", "LOCATION:@meetup", calendar.Mark{}},
		{"longer word, other script", "LOCATION:@meetß", calendar.Mark{}},
		{"hyphen", "LOCATION:@meet-up", calendar.Mark{}},
		{"path", "LOCATION:https://example.com/@meet", calendar.Mark{}},
		{"path below", "LOCATION:@meet/room", calendar.Mark{}},
		{"possessive", "LOCATION:@meet's room", calendar.Mark{}},
		{"only the opt-out", "LOCATION:#nomeet", calendar.Mark{}},
		{"another property", "COMMENT:@meet", calendar.Mark{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			mark, ok := meet.Asked(parse(t, event(c.line)).Components[0])
			assert.Equal(t, c.want, mark)
			assert.Equal(t, c.want != calendar.Mark{}, ok)
		})
	}
	c := parse(t, event("DESCRIPTION:@meet", "LOCATION:@meet:a", "SUMMARY:@meet:b")).Components[0]
	mark, _ := meet.Asked(c)
	assert.Equal(t, calendar.Mark{Property: "LOCATION", Preset: "a"}, mark, "LOCATION comes first")
	_, ok := calendar.Markers{}.Asked(c)
	assert.False(t, ok, "an empty marker is never found")
}

func TestDeclined(t *testing.T) {
	for _, line := range []string{"LOCATION:Room 5 #nomeet", "SUMMARY:#NoMeet Lunch", "CATEGORIES:#nomeet", "DESCRIPTION:a\\n#nomeet\\nb"} {
		assert.True(t, meet.Declined(parse(t, event(line)).Components[0]), line)
	}
	for _, line := range []string{"LOCATION:@meet", "SUMMARY:#nomeeting", "DESCRIPTION:no #nomeet here", "X-A:#nomeet"} {
		assert.False(t, meet.Declined(parse(t, event(line)).Components[0]), line)
	}
}

func TestTopic(t *testing.T) {
	cases := map[string]string{
		"Budget":                   "Budget",
		" Budget  2027 ":           "Budget  2027",
		"@meet Budget":             "Budget",
		"Budget @meet:record 2027": "Budget 2027",
		"@MEET Budget #nomeet":     "Budget",
		"@meet":                    "",
		"bob@meet.example.com":     "bob@meet.example.com",
	}
	for summary, want := range cases {
		assert.Equal(t, want, meet.Topic(summary), summary)
	}
}
