package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"convoke/calendar"
)

func needles(s ...string) [][]byte {
	var all [][]byte
	for _, n := range s {
		all = append(all, []byte(n))
	}
	return all
}

func TestScan(t *testing.T) {
	wanted := needles("@meet", "#nomeet", "x-convoke", "https://meeting.example.com/join/")
	cases := []struct {
		name string
		data []byte
		uid  string
		hit  bool
	}{
		{"marker", load(t, "lf-line-ends.ics"), "lf-1", true},
		{"marker in another case", load(t, "lower-case.ics"), "lower-1", true},
		{"marker and UID folded", load(t, "folded-utf8.ics"), "folded-1@example.com", true},
		{"nothing", load(t, "all-day.ics"), "allday-1", false},
		{"UID in an alarm comes later", load(t, "nested-alarm.ics"), "alarm-1", true},
		{"first of several", load(t, "series-with-override.ics"), "series-1", true},
		{"property name", event("X-Convoke;VALUE=TEXT:v1"), "u1", true},
		{"link", event("URL:HTTPS://Meeting.example.com/join/1"), "u1", true},
		{"link cut short", event("URL:https://meeting.example.com/joi"), "u1", false},
		{"folded at each character", event("X:" + strings.Join(strings.Split("#nomeet", ""), "\r\n\t")), "u1", true},
		{"folded twice at one place", event("X:@me\r\n \r\n et"), "u1", true},
		{"other UIDs", []byte("BEGIN:VCALENDAR\nUID:cal\nX-UID:x\nBEGIN:VEVENT\nX-UID:y\nUID-X:z\nBEGIN:VALARM\nUID:alarm\nBEGIN:X-A\nUID:a\nEND:X-A\nEND:VALARM\nUID;X=\"a:b\":right\\, one\nEND:VEVENT\nEND:VCALENDAR\n"), "right, one", false},
		{"no UID in the event, one in the next component", []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nBEGIN:VTODO\nUID:todo\nEND:VTODO\nEND:VCALENDAR\n"), "", false},
		{"byte order mark", append([]byte("\ufeff"), event()...), "u1", false},
		{"folded BEGIN and UID", []byte("BEGIN:VCALENDAR\nBEG\n IN:VEV\n ENT\nU\n ID:a\n b\nEND:VEVENT\nEND:VCALENDAR\n"), "ab", false},
		{"empty", nil, "", false},
		{"cut off", []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n "), "a", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			uid, hit := calendar.Scan(c.data, wanted)
			assert.Equal(t, c.uid, uid)
			assert.Equal(t, c.hit, hit)
		})
	}
	_, hit := calendar.Scan(event("LOCATION:@meet"), nil)
	assert.False(t, hit)
	_, hit = calendar.Scan(event("LOCATION:@meet"), needles("", "zzz"))
	assert.False(t, hit, "an empty needle is nowhere")
}

// TestScanAgreesWithParse compares both over everything there is to read.
func TestScanAgreesWithParse(t *testing.T) {
	wanted := "the"
	files, whole := corpusFiles(t)
	for name, data := range singleEvents(files) {
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			continue
		}
		uid, hit := calendar.Scan(data, needles(wanted))
		assert.Equal(t, e.UID, uid, name)
		assert.Equal(t, strings.Contains(folded(fold.ReplaceAll(data, nil)), folded([]byte(wanted))), hit, name)
	}
	if !whole {
		withoutCorpus(t)
	}
}

// TestScanFindsMarkers: an event that Markers would find is never passed over, in whatever script and case.
func TestScanFindsMarkers(t *testing.T) {
	cases := []struct{ marker, line string }{
		{"@büro", "SUMMARY:Budget @BÜRO"},
		{"@BÜRO", "SUMMARY:Budget @büro"},
		{"@büro", "DESCRIPTION:a\\n@B\xc3\r\n \x9cRO"},
		{"büro@", "SUMMARY:B\xc3\r\n\t\x9c\r\n RO@"},
		{"@конф", "SUMMARY:Budget @Конф"},
		{"конф", "LOCATION:КОНФ:record"},
		{"#οχι", "CATEGORIES:a,#ΟΧΙ"},
		{"@σύνοδος", "SUMMARY:@ΣΎΝΟΔΟΣ"},
		{"@İstanbul", "SUMMARY:@İSTANBUL"},
		{"İki", "SUMMARY:İKI"},
		{"ſſ", "SUMMARY:ſſ"},
		{"@K", "SUMMARY:@K"},
		{"@会議", "LOCATION:@会議"},
		{"kiss", "LOCATION:KISS"},
	}
	for _, c := range cases {
		t.Run(c.marker, func(t *testing.T) {
			e := parse(t, event(c.line))
			_, asked := calendar.Markers{Ask: c.marker}.Asked(e.Components[0])
			assert.True(t, asked)
			requireScanned(t, e, c.marker)
			_, hit := calendar.Scan(event("SUMMARY:Budget @büra @кон SUMMARΥ"), needles(strings.ToLower(c.marker)))
			assert.False(t, hit)
		})
	}
}
