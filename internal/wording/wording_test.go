package wording_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/internal/wording"
)

var update = flag.Bool("update", false, "write the golden files anew")

func builtIn(t testing.TB) *wording.Words {
	t.Helper()
	w, err := wording.Load("")
	require.NoError(t, err)
	return w
}

// fullData has all that a block can say.
func fullData() wording.Data {
	return wording.Data{
		JoinURL: "https://meeting.example.com/join/9974-7653-8886-0485",
		Number:  "9974-7653-8886-0485",
		Dial: []wording.Dial{
			{Number: "+1 412 555 0123", Label: "toll-free", Country: "United States"},
			{Number: "+41 44 555 01 23", Country: "Switzerland"},
			{Number: "+32 2 555 01 23", Label: "Brussels"},
			{Number: "+33 1 55 50 12 30"},
		},
		PIN:    "654321",
		Marker: "#nomeet",
	}
}

// TestGolden is what people read, in every language: with everything, and with the link alone.
func TestGolden(t *testing.T) {
	w := builtIn(t)
	require.Equal(t, []string{"de", "en", "fr", "nl"}, w.Languages())
	for _, lang := range w.Languages() {
		t.Run(lang, func(t *testing.T) {
			got := strings.Join([]string{
				"== heading", w.Heading(lang),
				"== body", strings.Join(w.Lines(lang, fullData()), "\n"),
				"== body, no more than the link", strings.Join(w.Lines(lang, wording.Data{JoinURL: fullData().JoinURL, PIN: "1234"}), "\n"),
				"== cancelled", w.Cancelled(lang, "Budget 2027"),
				"== cancelled, no topic", w.Cancelled(lang, ""),
				"== private", w.Private(lang), "",
			}, "\n")
			golden := filepath.Join("testdata", "golden", lang+".txt")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

func TestFallback(t *testing.T) {
	dir := folder(t, map[string]string{"de-CH.txt": german("Sitzung"), "zh-Hant.txt": german("會議")})
	w, err := wording.Load(dir)
	require.NoError(t, err)
	cases := []struct {
		lang, heading string
		has           bool
	}{
		{"de-CH", "Sitzung", true},
		{"de-ch", "Sitzung", true},
		{"de_CH.UTF-8", "Sitzung", true},
		{"de-CH-1996", "Sitzung", true},
		{"de", "Online-Besprechung", true},
		{"de-AT", "Online-Besprechung", true},
		{" FR ", "Réunion en ligne", true},
		{"zh-Hant-TW", "會議", true},
		{"zh", "Web meeting", false},
		{"den", "Web meeting", false},
		{"", "Web meeting", false},
		{"-", "Web meeting", false},
		{"en-GB", "Web meeting", true},
	}
	for _, c := range cases {
		t.Run(c.lang, func(t *testing.T) {
			assert.Equal(t, c.heading, w.Heading(c.lang))
			assert.Equal(t, c.has, w.Has(c.lang))
		})
	}
	assert.Equal(t, []string{"de", "de-CH", "en", "fr", "nl", "zh-Hant"}, w.Languages())
}

func TestPIN(t *testing.T) {
	cases := []struct{ pin, want string }{
		{"1", "1"}, {"1234", "1234"}, {"12345", "123 45"}, {"123456", "123 456"}, {"1234567", "123 4567"},
		{"12345678", "123 456 78"}, {"123456789", "123 456 789"}, {"1234567890", "123 456 7890"},
		{"12-34-56", "12-34-56"}, {"123456#", "123456#"},
	}
	for _, c := range cases {
		t.Run(c.pin, func(t *testing.T) {
			d := fullData()
			d.PIN = c.pin
			assert.Contains(t, builtIn(t).Lines("en", d), "PIN: "+c.want)
		})
	}
}

// TestData: what the platform or an event says stays on its line.
func TestData(t *testing.T) {
	w := builtIn(t)
	d := wording.Data{
		JoinURL: fullData().JoinURL,
		Number:  " 9974\r\n@meet\x00 ",
		Dial:    []wording.Dial{{Number: " \n "}, {Number: "+1 412\t555\u20280123", Label: "a\nb\xff", Country: "a\nb\xff"}},
		PIN:     "{{.JoinURL}}",
	}
	assert.Equal(t, []string{
		"Join: " + fullData().JoinURL, "Meeting number: 9974  @meet", "",
		"Join by telephone:", "+1 412 555 0123 (a b\ufffd)", "PIN: {{.JoinURL}}",
	}, w.Lines("en", d))
	assert.Equal(t, "Cancelled: a b {{.Topic}}", w.Cancelled("en", "a\nb {{.Topic}}"))

	d.Dial = nil
	for range 30 {
		d.Dial = append(d.Dial, wording.Dial{Number: "+1 412 555 0123"})
	}
	assert.Len(t, w.Lines("en", d), 15, "ten numbers at most")
}

// TestCalendarTakesThem: the block of every language passes the checks of the package that writes it, and is known again.
func TestCalendarTakesThem(t *testing.T) {
	w := builtIn(t)
	for _, lang := range w.Languages() {
		t.Run(lang, func(t *testing.T) {
			d := calendar.Details{
				JoinURL: fullData().JoinURL, Number: fullData().Number, Heading: w.Heading(lang), Lines: w.Lines(lang, fullData()),
				Markers: calendar.Markers{Ask: "@meet", Decline: "#nomeet"},
			}
			before := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20261210T140000Z\r\nDESCRIPTION:a\r\nX-ALT-DESC;FMTTYPE=text/html:<p>a</p>\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
			e, err := calendar.Parse([]byte(before), nil)
			require.NoError(t, err)
			after, err := e.Write(d)
			require.NoError(t, err)
			e, err = calendar.Parse(after, nil)
			require.NoError(t, err)
			assert.False(t, d.Markers.Declined(e.Components[0]), "the block itself declines nothing")
			erased, err := e.Erase(d)
			require.NoError(t, err)
			assert.Equal(t, before, string(erased))
		})
	}
}
