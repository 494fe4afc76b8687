package calendar_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

func settle(t testing.TB, d calendar.Details, data []byte) []byte {
	t.Helper()
	after, err := parse(t, data).Settle(d)
	require.NoError(t, err)
	return after
}

func TestSettle(t *testing.T) {
	lines := `Join: ` + joinURL + `\nMeeting number: 9974-7653-8886-0485`
	cases := []struct{ name, before, after string }{
		{"the block", "DESCRIPTION:Hi\\n\\n" + block + "\\nBye", "DESCRIPTION:Hi\\n\\nWeb meeting\\n" + lines + "\\nBye"},
		{"the block alone", "DESCRIPTION:" + block, "DESCRIPTION:Web meeting\\n" + lines},
		{"edited by the author", "DESCRIPTION:" + strings.Replace(block, "Join", "Come", 1), "DESCRIPTION:Web meeting\\n" + strings.Replace(lines, "Join", "Come", 1)},
		{"of an earlier meeting", "DESCRIPTION:" + oldText, "DESCRIPTION:Reunión web\\nÚnase: " + oldURL},
		{"known by its number", "DESCRIPTION:" + strings.Replace(block, joinURL, "", 1), "DESCRIPTION:Web meeting\\n" + strings.Replace(lines, joinURL, "", 1)},
		{"two in a row", "DESCRIPTION:" + block + "\\n" + block, "DESCRIPTION:Web meeting\\n" + lines + "\\nWeb meeting\\n" + lines},
		{"nothing between the rulers", "DESCRIPTION:-------- " + joinURL + " --------\\n" + strings.Repeat("-", len(joinURL)+18), "DESCRIPTION:" + joinURL},
		{"a number alone", "DESCRIPTION:-------- 9974-7653-8886-0485 --------\\n-------------------------------------", "DESCRIPTION:-------- 9974-7653-8886-0485 --------\\n-------------------------------------"},
		{"a section of his own with the link", "DESCRIPTION:---- My notes ----\\nJoin at " + joinURL + "\\n------------------", "DESCRIPTION:---- My notes ----\\nJoin at " + joinURL + "\\n------------------"},
		{"somebody else's", "DESCRIPTION:---- Agenda ----\\n1. Budget\\n----------------", "DESCRIPTION:---- Agenda ----\\n1. Budget\\n----------------"},
		{"no rulers", "DESCRIPTION:See " + joinURL, "DESCRIPTION:See " + joinURL},
		{"html", html + "<p>a</p>" + twin, html + "<p>a</p>" + strings.Replace(twin, ` class="convoke-meeting"`, "", 1)},
		{"html: class of a mail client", html + strings.Replace(twin, `class="convoke-meeting"`, `id=x CLASS = ' x_convoke-meeting '`, 1), html + strings.Replace(twin, `class="convoke-meeting"`, "id=x", 1)},
		{"html: two classes", html + strings.Replace(twin, "convoke-meeting", "a convoke-meeting b", 1), html + strings.Replace(twin, "convoke-meeting", "a b", 1)},
		{"html: one in the other", html + strings.Replace(twin, "<br>", `<div class=convoke-meeting>c</div>`, 1), html + strings.Replace(strings.Replace(twin, ` class="convoke-meeting"`, "", 1), "<br>", `<div>c</div>`, 1)},
		{"html: another's", html + `<div class="convoke-meeting">a</div>`, html + `<div class="convoke-meeting">a</div>`},
		{"location", "LOCATION:Room 5\\, " + joinURL, "LOCATION:Room 5\\, " + joinURL},
		{"url", "URL:" + joinURL, "URL:" + joinURL},
		{"conference", video, video},
		{"x-convoke", "X-CONVOKE;VALUE=TEXT:" + seal, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			property, _, _ := strings.Cut(strings.SplitN(c.before, ":", 2)[0], ";")
			d := testDetails()
			d.Replaces = []string{oldURL}
			after := settle(t, d, event(c.before))
			assert.Equal(t, c.after, strings.Join(propertyLines(after, property), "|"))
			assert.Equal(t, string(after), string(settle(t, d, after)), "a second Settle")
			if c.before == c.after {
				assert.Equal(t, string(event(c.before)), string(after), "nothing to do")
			}
		})
	}
}

// TestSettleEveryComponent: seals go from all components, whatever Only says.
func TestSettleEveryComponent(t *testing.T) {
	data := mustWrite(t, testDetails(), load(t, "series-with-override.ics"))
	d := testDetails()
	d.Only = func(*calendar.Component) bool { return false }
	d.Stamp = "20261224T000000Z"
	after := settle(t, d, data)
	e := parse(t, after)
	for _, c := range e.Components {
		assert.Empty(t, c.Seal)
		assert.Contains(t, c.Location, joinURL)
		assert.True(t, strings.HasPrefix(c.Description, "Web meeting\nJoin: "+joinURL), c.Description)
	}
	assert.Len(t, propertyLines(after, "DTSTAMP"), 2)
	assert.Equal(t, []string{"DTSTAMP:20261224T000000Z", "DTSTAMP:20261224T000000Z"}, propertyLines(after, "DTSTAMP"))
}

func TestSettleThunderbird(t *testing.T) {
	after := settle(t, testDetails(), mustWrite(t, testDetails(), load(t, "thunderbird-altrep.ics")))
	got := propertyLines(after, "DESCRIPTION")
	require.Len(t, got, 1)
	assert.Contains(t, got[0], `%3Cdiv%3E%3Cb%3EWeb%20meeting`)
	assert.NotContains(t, got[0], "convoke")
	assert.Contains(t, got[0], `Hello\, *bold*\n\nWeb meeting\nJoin: `+joinURL)
	assert.NotContains(t, got[0], "-----")
}
