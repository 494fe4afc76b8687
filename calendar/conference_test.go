package calendar_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

const video = "CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=Web meeting:" + joinURL

func TestWritePhones(t *testing.T) {
	cases := []struct {
		name, number, label string
		want                string // "" = left out
	}{
		{"as the URI has it", "+1-412-555-0123", "USA", "LABEL=USA:tel:+1-412-555-0123"},
		{"spaces and brackets", " +1 (412) 555.0123 ", "USA", "LABEL=USA:tel:+1-412-555-0123"},
		{"no separators", "+14125550123", "USA", "LABEL=USA:tel:+14125550123"},
		{"no-break space, hyphens of print", "+41\u00a044\u2011555\u201301/23", "Zürich", "LABEL=Zürich:tel:+41-44-555-01-23"},
		{"a URI", "TEL:+1-412-555-0123", "USA", "LABEL=USA:tel:+1-412-555-0123"},
		{"code behind commas", "+1-412-555-0123,,,654321#", "USA", "LABEL=USA:tel:+1-412-555-0123"},
		{"parameter of a URI", "tel:+1-412-555-0123;ext=7", "USA", "LABEL=USA:tel:+1-412-555-0123"},
		{"trunk prefix", "+49 (0)30 5550123", "Berlin", "LABEL=Berlin:tel:+49-30-5550123"},
		{"no label", "+1-412-555-0123", " ", "LABEL=Web meeting:tel:+1-412-555-0123"},
		{"label in quotes", "+1-412-555-0123", `"Free": US, CA`, `LABEL="'Free': US, CA":tel:+1-412-555-0123`},
		{"local number", "0800 123 456", "Local", ""},
		{"international prefix", "0041 44 555 01 23", "Local", ""},
		{"words", "+1 412 CALL NOW", "USA", ""},
		{"extension in words", "+1 412 555 0123 ext 7", "USA", ""},
		{"digits of another script", "+١٤١٢٥٥٥٠١٢٣", "USA", ""},
		{"too short", "+41 117", "Police", ""},
		{"too long", "+1234567890123456", "?", ""},
		{"second plus", "+1+4125550123", "?", ""},
		{"line end", "+1-412-555\r\nATTACH:x", "USA", ""},
		{"empty", "", "USA", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := testDetails()
			d.Phones = []calendar.Phone{{Number: c.number, Label: c.label}}
			want := []string{video}
			if c.want != "" {
				want = append(want, "CONFERENCE;VALUE=URI;FEATURE=PHONE;"+c.want)
			}
			after := mustWrite(t, d, event())
			assert.Equal(t, want, propertyLines(after, "CONFERENCE"))
			assert.Equal(t, string(after), string(mustWrite(t, d, after)), "a second Write")
			assert.Empty(t, erase(t, d, after, "CONFERENCE"))
		})
	}
}

// TestPhonesThere: a number is known by its digits, as servers write it, and one that only begins alike is the author's.
func TestPhonesThere(t *testing.T) {
	d := testDetails()
	d.Phones = []calendar.Phone{{Number: "+1-412-555-0123", Label: "USA"}, {Number: "+1 412 555 0123", Label: "the same"}, {Number: "+41 44 555 01 23", Label: "CH"}}
	ours := "CONFERENCE;VALUE=URI;FEATURE=PHONE;LABEL=CH:tel:+41-44-555-01-23"

	rewritten := `CONFERENCE;FEATURE="PHONE";VALUE=URI:TEL:+1 (412) 555-0123`
	after := mustWrite(t, d, event(rewritten))
	assert.Equal(t, []string{rewritten, video, ours}, propertyLines(after, "CONFERENCE"))
	assert.Empty(t, erase(t, d, after, "CONFERENCE"))

	own := []string{"CONFERENCE:tel:+1-412-555-0123,,,654321", "CONFERENCE:tel:+1-412-555-0123;ext=7", "CONFERENCE:sip:14125550123@example.com"}
	after = mustWrite(t, d, event(own...))
	assert.Equal(t, append(own, video, "CONFERENCE;VALUE=URI;FEATURE=PHONE;LABEL=USA:tel:+1-412-555-0123", ours), propertyLines(after, "CONFERENCE"))
	assert.Equal(t, own, erase(t, d, after, "CONFERENCE"))
}

func TestWriteRefusesLabel(t *testing.T) {
	d := testDetails()
	d.Phones = []calendar.Phone{{Number: "+1-412-555-0123", Label: "USA\r\nATTACH:evil"}}
	_, err := parse(t, event()).Write(d)
	require.ErrorIs(t, err, calendar.ErrControl)
}
