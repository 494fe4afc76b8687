package calendar

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzText: what is escaped is read back the same, on one line; what is read in two ways is the same in both; and an edit of a
// part leaves the raw value around it as it is.
func FuzzText(f *testing.F) {
	f.Add(`a\, b\; c\\ d\n e\: f\" g\x \`, "x;\n,", uint(3), uint(8))
	f.Add(`\\n\`, `\`, uint(0), uint(2))
	f.Add(`\\srv\share\`, "\n\nx", uint(11), uint(11))
	f.Add(`a\bn`, "", uint(2), uint(3))
	f.Add(`a\\\N\nx`, "", uint(2), uint(5))
	f.Add("r\u00e9union\\n@meet", "", uint(2), uint(1))
	f.Fuzz(func(t *testing.T, raw, by string, from, to uint) {
		require.Equal(t, strings.ReplaceAll(raw, "\r\n", "\n"), decodeText(encodeText(raw)))
		require.NotContains(t, encodeText(raw), "\n")
		text := newRawText(raw)
		require.Equal(t, decodeText(raw), text.text)
		require.Len(t, text.at, len(text.text)+1)
		list := splitList(raw)
		require.NotEmpty(t, list)
		if !strings.Contains(raw, ",") {
			require.Equal(t, []string{decodeText(raw)}, list)
		}

		n := uint(len(text.text)) + 1
		s := span{int(from % n), int(to % n)}
		if s.from > s.to {
			s.from, s.to = s.to, s.from
		}
		before, after := raw[:text.at[s.from]], raw[text.at[s.to]:]
		whole := text.text[:s.from] + strings.ReplaceAll(by, "\r\n", "\n") + text.text[s.to:]
		text.splice(s, by)
		if !strings.Contains(raw, `\`) {
			require.Equal(t, before+encodeText(by)+after, text.raw)
		}
		if !strings.HasSuffix(by, "\r") {
			require.Equal(t, whole, text.text)
		}
	})
}

// FuzzZone: a time zone that is read from a VTIMEZONE, or by its name, gives the same offsets twice, none longer than a day, and
// a wall clock that it shows is found again.
func FuzzZone(f *testing.F) {
	berlin := "BEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nEND:STANDARD\n" +
		"BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20370329T010000Z\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n"
	f.Add("Home", berlin, "20261025T023000")
	f.Add("Europe/Berlin", "", "20260329T023000")
	f.Add("/freeassociation.sourceforge.net/Europe/Brussels", "", "20261005T100000")
	f.Add("Europe//Berlin", berlin, "20261005T100000")
	f.Add("../../etc/passwd", strings.ReplaceAll(berlin, "0100", "-2359"), "00010101T000000")
	f.Add("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", strings.Repeat(berlin, 20), "99991231T235959")
	observances := regexp.MustCompile(`(?s)TZID:[^\n]*\n(.*?)END:VTIMEZONE`)
	for _, root := range []string{"testdata", cmp.Or(os.Getenv("CONVOKE_CORPUS"), filepath.Join("..", "..", "shared", "corpus"))} {
		files, err := filepath.Glob(filepath.Join(root, "*.ics"))
		require.NoError(f, err)
		deeper, err := filepath.Glob(filepath.Join(root, "*", "*.ics"))
		require.NoError(f, err)
		for _, name := range append(files, deeper...) {
			text, err := os.ReadFile(name)
			require.NoError(f, err)
			if zone := observances.FindSubmatch(text); zone != nil && len(zone[1]) < 4<<10 {
				f.Add("Own", string(zone[1]), "20261025T023000")
			}
		}
	}
	home := time.FixedZone("home", 3600)
	f.Fuzz(func(t *testing.T, tzid, observances, at string) {
		doc, err := readDocument("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:" + encodeText(tzid) + "\n" + observances + "END:VTIMEZONE\nEND:VCALENDAR\n")
		if err != nil {
			return
		}
		wall, _, err := parseWall(at)
		if err != nil {
			return
		}
		loc, note := newZones(doc, home).locate(tzid)
		again, noteAgain := newZones(doc, home).locate(tzid)
		require.Equal(t, note, noteAgain)
		require.NotNil(t, loc)
		require.Equal(t, note != "", loc == home)
		found := wall.in(loc)
		require.True(t, found.Equal(wall.in(again)))
		_, offset := found.Zone()
		require.Less(t, max(offset, -offset), secondsPerDay)
		require.Less(t, found.Sub(wall.Time).Abs().Hours(), 48.0)
		if wall.shownAt(found) {
			require.Equal(t, wall.Unix(), wallAt(found).Unix())
		}
		if _, kept := loaded.Load(tzid); kept {
			require.NotContains(t, tzid, "//", "one zone is kept under many names")
			require.NotContains(t, "/"+tzid+"/", "/./", "one zone is kept under many names")
		}
	})
}
