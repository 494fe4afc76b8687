package feed_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/feed"
)

var update = flag.Bool("update", false, "write the golden files anew")

var feeds = []string{"google", "outlook", "nextcloud", "lf"}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// Feeds as servers write them, and the objects that they are split into.
func TestSplitGolden(t *testing.T) {
	for _, name := range feeds {
		t.Run(name, func(t *testing.T) {
			rows, err := feed.Split(testdata(t, name+".ics"))
			require.NoError(t, err)
			var b bytes.Buffer
			for _, c := range rows {
				fmt.Fprintf(&b, "# %s %s %v\n%s", c.Href, c.ETag, c.Err, c.Data)
			}
			golden(t, name+".objects", b.Bytes())
			for _, c := range rows {
				if c.Err != nil {
					continue
				}
				e, err := calendar.Parse(c.Data, time.UTC)
				require.NoError(t, err, c.Href)
				for _, component := range e.Components {
					assert.Empty(t, component.ZoneNote)
				}
			}
		})
	}
}

// An event's ETag changes with what it says, and with nothing else.
func TestETag(t *testing.T) {
	zone := func(offset string) string {
		return "BEGIN:VTIMEZONE\r\nTZID:Here\r\nLAST-MODIFIED:20200101T000000Z\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:" + offset +
			"\r\nTZOFFSETTO:" + offset + "\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	}
	event := "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T090000Z\r\nCREATED:20261101T090000Z\r\nDTSTART;TZID=Here:20261210T140000\r\nRRULE:FREQ=DAILY\r\nSUMMARY:A summary\r\nEND:VEVENT\r\n"
	override := "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID;TZID=Here:20261211T140000\r\nDTSTART;TZID=Here:20261211T150000\r\nEND:VEVENT\r\n"
	other := vevent("b", "another", stamp)
	feedOf := func(parts ...string) string { return vcalendar(parts...) }
	base := feedOf(zone("+0100"), event, override)
	for _, c := range []struct {
		name, text string
		same       bool
	}{
		{"stamps", strings.ReplaceAll(base, "20261101T090000Z", "20261123T120000Z"), true},
		{"order of the events", feedOf(override, zone("+0100"), event), true},
		{"another event", feedOf(other, zone("+0100"), event, override), true},
		{"an event twice", feedOf(zone("+0100"), event, override, event), true},
		{"line ends", strings.ReplaceAll(base, "\r\n", "\n"), true},
		{"folding", strings.Replace(base, "A summary", "A sum\r\n mary", 1), true},
		{"name of the calendar", strings.Replace(base, "VERSION:2.0", "VERSION:2.0\r\nX-WR-CALNAME:New", 1), true},
		{"stamp of the zone", strings.Replace(base, "20200101", "20210101", 1), true},
		{"a zone that is not used", feedOf(strings.Replace(zone("+0500"), "Here", "There", 1), zone("+0100"), event, override), true},
		{"byte order mark", "\ufeff" + base, true},
		{"summary", strings.Replace(base, "A summary", "Another", 1), false},
		{"definition of the zone", feedOf(zone("+0200"), event, override), false},
		{"override", feedOf(zone("+0100"), event, strings.Replace(override, "T150000", "T160000", 1)), false},
		{"without the override", feedOf(zone("+0100"), event), false},
		{"method", strings.Replace(base, "VERSION:2.0", "METHOD:CANCEL\r\nVERSION:2.0", 1), false},
		{"zone of the calendar", strings.Replace(base, "VERSION:2.0", "X-WR-TIMEZONE:Asia/Tokyo\r\nVERSION:2.0", 1), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			was, now := row(t, base, "a.ics"), row(t, c.text, "a.ics")
			require.NoError(t, now.Err)
			assert.Regexp(t, `^"[0-9a-f]{32}"$`, now.ETag)
			assert.Equal(t, c.same, was.ETag == now.ETag)
		})
	}
}

func row(t *testing.T, text, href string) calendar.Change {
	t.Helper()
	rows, err := feed.Split(text)
	require.NoError(t, err)
	for _, c := range rows {
		if c.Href == href {
			return c
		}
	}
	require.Fail(t, "no row "+href)
	return calendar.Change{}
}

// What is wrong with one event concerns that event alone.
func TestRowErrors(t *testing.T) {
	good := vevent("good", "x", stamp)
	for _, c := range []struct {
		name, text string
		is         error
	}{
		{"no UID", vcalendar("BEGIN:VEVENT\r\nDTSTART:20261210T140000Z\r\nEND:VEVENT\r\n", good), calendar.ErrNoUID},
		{"empty UID", vcalendar("BEGIN:VEVENT\r\nUID:\r\nEND:VEVENT\r\n", good), calendar.ErrNoUID},
		{"a UID of its alarm only", vcalendar("BEGIN:VEVENT\r\nBEGIN:VALARM\r\nUID:x\r\nEND:VALARM\r\nEND:VEVENT\r\n", good), calendar.ErrNoUID},
		{"too large", vcalendar(good, vevent("x", strings.Repeat("x", calendar.MaxObject), stamp)), calendar.ErrTooLarge},
		{"alarm not closed", vcalendar("BEGIN:VEVENT\r\nUID:x\r\nBEGIN:VALARM\r\nEND:VEVENT\r\n", good), calendar.ErrMalformed},
		{"an end too many", vcalendar("BEGIN:VEVENT\r\nUID:x\r\nEND:VALARM\r\nEND:VEVENT\r\n", good), calendar.ErrMalformed},
		{"one UID for two events", vcalendar(vevent("x", "one", stamp), good, vevent("x", "two", stamp)), calendar.ErrMalformed},
		{"one UID in two calendars", vcalendar(vevent("x", "one", stamp)) + vcalendar(good, vevent("x", "two", stamp)), calendar.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := feed.Split(c.text)
			require.NoError(t, err)
			require.Len(t, rows, 2)
			for _, r := range rows {
				if r.Href == "good.ics" {
					assert.NoError(t, r.Err)
					assert.Equal(t, vcalendar(good), string(r.Data))
					continue
				}
				assert.ErrorIs(t, r.Err, c.is)
				assert.Nil(t, r.Data)
				assert.Regexp(t, `^"[0-9a-f]{32}"$`, r.ETag, "it is set aside until it changes")
			}
		})
	}
}

// A fault that goes away shows as a change, though the event itself is as it was.
func TestFaultIsPartOfTheETag(t *testing.T) {
	a := vevent("a", "one", stamp)
	bad := row(t, vcalendar(a)+vcalendar(vevent("a", "two", stamp)), "a.ics")
	require.Error(t, bad.Err)
	assert.NotEqual(t, bad.ETag, row(t, vcalendar(a), "a.ics").ETag)
}

func TestHrefs(t *testing.T) {
	long := strings.Repeat("long", 100)
	for _, c := range []struct{ name, uid, href string }{
		{"plain", "4f5e-6d", "4f5e-6d.ics"},
		{"address", "x@example.com", "x%40example.com.ics"},
		{"path", "../a/b", "..%2Fa%2Fb.ics"},
		{"space and plus", "a b+c", "a+b%2Bc.ics"},
		{"percent", "a%2Fb", "a%252Fb.ics"},
		{"looks like ours", "!uid-0", "%21uid-0.ics"},
		{"umlaut", "ü", "%C3%BC.ics"},
		{"escaped comma", `a\,b`, "a%2Cb.ics"},
		{"case counts", "ABC", "ABC.ics"},
		{"with a parameter", `X;Y`, "X%3BY.ics"},
	} {
		t.Run(c.name, func(t *testing.T) { row(t, vcalendar(vevent(c.uid, "x", stamp)), c.href) })
	}
	rows, err := feed.Split(vcalendar(vevent(long+"1", "x", stamp), vevent(long+"2", "x", stamp)))
	require.NoError(t, err)
	require.Len(t, rows, 2)
	assert.Regexp(t, `^!uid-[0-9a-f]{32}\.ics$`, rows[0].Href)
	assert.NotEqual(t, rows[0].Href, rows[1].Href)
}

// Each event gets the time zones that it names, in whatever way it names them, and no others.
func TestZonesOfAnEvent(t *testing.T) {
	zone := func(name string) string {
		return "BEGIN:VTIMEZONE\r\nTZID:" + name + "\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	}
	zones := zone("A") + zone("AB") + zone("(GMT+01:00) Here\\, There") + zone("Zone; 1")
	for _, c := range []struct {
		name, lines string
		want        []string
	}{
		{"none", "DTSTART:20261210T140000Z", nil},
		{"one", "DTSTART;TZID=A:20261210T140000", []string{"A"}},
		{"quoted", `DTSTART;TZID="A":20261210T140000`, []string{"A"}},
		{"lower case", "dtstart;tzid=A:20261210T140000", []string{"A"}},
		{"behind another parameter", "DTSTART;VALUE=DATE-TIME;TZID=AB:20261210T140000", []string{"AB"}},
		{"before another parameter", "DTSTART;TZID=AB;VALUE=DATE-TIME:20261210T140000", []string{"AB"}},
		{"two", "DTSTART;TZID=AB:20261210T140000\r\nDTEND;TZID=A:20261210T140000", []string{"A", "AB"}},
		{"exception", "DTSTART:20261210T140000Z\r\nEXDATE;TZID=A:20261210T140000", []string{"A"}},
		{"folded", "DTSTART;TZ\r\n ID=A:20261210T140000", []string{"A"}},
		{"display name, quoted", `DTSTART;TZID="(GMT+01:00) Here, There":20261210T140000`, []string{`(GMT+01:00) Here\, There`}},
		{"display name, not quoted", `DTSTART;TZID=(GMT+01:00) Here, There:20261210T140000`, []string{`(GMT+01:00) Here\, There`}},
		{"semicolon", `DTSTART;TZID="Zone; 1":20261210T140000`, []string{"Zone; 1"}},
		{"unknown", "DTSTART;TZID=Nowhere:20261210T140000", nil},
		{"not at the end", "DTSTART;TZID=A", []string{"A"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			event := "BEGIN:VEVENT\r\nUID:a\r\n" + c.lines + "\r\nEND:VEVENT\r\n"
			var want string
			for _, name := range c.want {
				want += zone(name)
			}
			assert.Equal(t, vcalendar(want, event), string(row(t, vcalendar(zones, event), "a.ics").Data))
		})
	}
}

// Two VCALENDARs in one file are one feed; each event keeps the header and the time zones of its own.
func TestStreamOfCalendars(t *testing.T) {
	zone := func(offset string) string {
		return "BEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:" + offset + "\r\nTZOFFSETTO:" + offset + "\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	}
	one := vcalendar(zone("+0100"), "BEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=Z:20261210T140000\r\nEND:VEVENT\r\n")
	two := vcalendar("X-WR-CALNAME:Two\r\n", zone("+0200"), "BEGIN:VEVENT\r\nUID:b\r\nDTSTART;TZID=Z:20261210T140000\r\nEND:VEVENT\r\n")
	assert.Equal(t, one, string(row(t, one+"\r\n"+two, "a.ics").Data))
	assert.Equal(t, two, string(row(t, one+"\r\n"+two, "b.ics").Data))
}

// corpus are the smaller files of other projects, where they are beside the checkout.
func corpus(f *testing.F) []string {
	f.Helper()
	root := cmp.Or(os.Getenv("CONVOKE_CORPUS"), filepath.Join("..", "..", "..", "shared", "corpus"))
	files, err := filepath.Glob(filepath.Join(root, "*", "*.ics"))
	require.NoError(f, err)
	var texts []string
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		if len(text) <= 4<<10 {
			texts = append(texts, string(text))
		}
	}
	return texts
}

// FuzzSplit: whatever the feed is, an object that is handed out has the one UID that its href says, its lines stand in
// the feed, and another split, also of what was handed out, says the same.
func FuzzSplit(f *testing.F) {
	for _, name := range feeds {
		data, err := os.ReadFile(filepath.Join("testdata", name+".ics"))
		require.NoError(f, err)
		f.Add(string(data))
	}
	for _, text := range corpus(f) {
		f.Add(text)
	}
	f.Add(vcalendar(vevent("a", "x", stamp)) + "\n" + vcalendar(vevent("a", "y", stamp)))
	f.Add(vcalendar("BEGIN:VEVENT\r\nUID:x\r\nBEGIN:VALARM\r\nEND:VEVENT\r\n", vevent("", "y", stamp)))
	f.Add(`BEGIN:VCALENDAR` + "\n" + `BEGIN:VEVENT` + "\n" + `UID;X="a:b":u\,1` + "\n" + `DTSTART;TZID=(GMT) X:20261210T140000` + "\nEND:VEVENT\nEND:VCALENDAR")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := feed.Split(text)
		if err != nil {
			assertOneOf(t, err, feed.ErrNoCalendar, feed.ErrIncomplete, calendar.ErrTooLarge)
			return
		}
		again, err := feed.Split(text)
		require.NoError(t, err)
		require.Equal(t, rows, again)
		var parts [][]byte
		hrefs := map[string]bool{}
		for _, c := range rows {
			require.False(t, hrefs[c.Href], "an href twice")
			hrefs[c.Href] = true
			if c.Err != nil {
				assertOneOf(t, c.Err, calendar.ErrMalformed, calendar.ErrNoUID, calendar.ErrTooLarge)
				continue
			}
			parts = append(parts, c.Data)
			assertObject(t, text, c)
		}
		built, err := feed.Build("All", parts)
		require.NoError(t, err)
		assertSameEvents(t, rows, string(built))
	})
}

func assertOneOf(t *testing.T, err error, known ...error) {
	t.Helper()
	for _, k := range known {
		if errors.Is(err, k) {
			return
		}
	}
	t.Errorf("another kind of error: %v", err)
}

// assertObject checks an object that was handed out.
func assertObject(t *testing.T, text string, c calendar.Change) {
	t.Helper()
	for _, l := range strings.SplitAfter(string(c.Data), "\n") {
		require.Contains(t, text, l)
	}
	alone, err := feed.Split(string(c.Data))
	require.NoError(t, err)
	require.Equal(t, []calendar.Change{c}, alone, "an object is a feed of itself")
	if e, err := calendar.Parse(c.Data, time.UTC); err == nil {
		require.Equal(t, feed.Href(e.UID), c.Href)
	}
}

// assertSameEvents checks that a feed has the events that it was built of, byte for byte.
func assertSameEvents(t *testing.T, rows []calendar.Change, built string) {
	t.Helper()
	var want []string
	for _, c := range rows {
		if c.Err == nil {
			events, err := feed.Events(string(c.Data))
			require.NoError(t, err)
			want = append(want, events...)
		}
	}
	got, err := feed.Events(built)
	require.NoError(t, err)
	require.ElementsMatch(t, want, got)
}
