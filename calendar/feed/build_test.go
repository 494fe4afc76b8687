package feed_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/calendar/feed"
)

func build(t testing.TB, name string, objects ...string) string {
	t.Helper()
	data := make([][]byte, len(objects))
	for i, o := range objects {
		data[i] = []byte(o)
	}
	built, err := feed.Build(name, data)
	require.NoError(t, err)
	return string(built)
}

// What a feed becomes when the details are written into one of its events, and all is published again.
func TestBuildGolden(t *testing.T) {
	for _, name := range feeds {
		t.Run(name, func(t *testing.T) {
			rows, err := feed.Split(testdata(t, name+".ics"))
			require.NoError(t, err)
			var objects [][]byte
			for i, c := range rows {
				if c.Err != nil {
					continue
				}
				if i == 0 {
					c.Data = withDetails(t, c.Data)
				}
				objects = append(objects, c.Data)
			}
			built, err := feed.Build("Alice: web meetings", objects)
			require.NoError(t, err)
			golden(t, name+".published", built)

			backwards := slices.Clone(objects)
			slices.Reverse(backwards)
			again, err := feed.Build("Alice: web meetings", append(backwards, objects[0]))
			require.NoError(t, err)
			assert.Equal(t, string(built), string(again), "whatever the order is, and an object that comes twice")
			assert.Equal(t, feed.ETag(built), feed.ETag(again))
			assertSameObjects(t, objects, string(built))
		})
	}
}

func withDetails(t *testing.T, data []byte) []byte {
	t.Helper()
	e, err := calendar.Parse(data, time.UTC)
	require.NoError(t, err)
	after, err := e.Write(calendar.Details{
		JoinURL: "https://meeting.example.com/join/9974-7653", Number: "9974-7653", Heading: "Web meeting",
		Lines: []string{"Join: https://meeting.example.com/join/9974-7653"}, Stamp: "20261123T180000Z",
		Markers: calendar.Markers{Ask: "@meet", Decline: "#nomeet"},
	})
	require.NoError(t, err)
	return after
}

// assertSameObjects checks that a published feed, read again, has the same events at the same times.
func assertSameObjects(t *testing.T, objects [][]byte, built string) {
	t.Helper()
	rows, err := feed.Split(built)
	require.NoError(t, err)
	require.Len(t, rows, len(objects))
	after := map[string]*calendar.Event{}
	for _, c := range rows {
		require.NoError(t, c.Err)
		e, err := calendar.Parse(c.Data, time.UTC)
		require.NoError(t, err)
		after[e.UID] = e
	}
	for _, data := range objects {
		want, err := calendar.Parse(data, time.UTC)
		require.NoError(t, err)
		got := after[want.UID]
		require.NotNil(t, got, want.UID)
		require.Len(t, got.Components, len(want.Components))
		for i, c := range want.Components {
			assert.True(t, c.Start.Equal(got.Components[i].Start), "%s starts at %s, not at %s", want.UID, got.Components[i].Start, c.Start)
			assert.True(t, c.End.Equal(got.Components[i].End), want.UID)
		}
	}
}

func zone(name, offset string) string {
	return "BEGIN:VTIMEZONE\r\nTZID:" + name + "\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:" + offset +
		"\r\nTZOFFSETTO:" + offset + "\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
}

func in(zone, uid string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:" + stamp + "\r\nDTSTART;TZID=" + zone + ":20261210T140000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
}

// Time zones of one name stand in the feed once where that changes no event, and else both do.
func TestZonesOfTheFeed(t *testing.T) {
	const berlin = "Europe/Berlin"
	fuller := strings.Replace(zone(berlin, "+0100"), "TZOFFSETFROM", "RDATE:19800101T000000\r\nTZOFFSETFROM", 1)
	for _, c := range []struct {
		name      string
		objects   []string
		zones     []string // in their order
		calendars int
	}{
		{"the same", []string{vcalendar(zone("X", "+0100"), in("X", "1")), vcalendar(zone("X", "+0100"), in("X", "2"))}, []string{zone("X", "+0100")}, 1},
		{"different names", []string{vcalendar(zone("Y", "+0200"), in("Y", "1")), vcalendar(zone("X", "+0100"), in("X", "2"))},
			[]string{zone("X", "+0100"), zone("Y", "+0200")}, 1},
		{"other line ends", []string{vcalendar(zone("X", "+0100"), in("X", "1")), strings.ReplaceAll(vcalendar(zone("X", "+0100"), in("X", "2")), "\r\n", "\n")},
			[]string{zone("X", "+0100")}, 1},
		{"a known name, defined in two ways", []string{vcalendar(zone(berlin, "+0100"), in(berlin, "1")), vcalendar(fuller, in(berlin, "2"))}, []string{fuller}, 1},
		{"a known name behind a prefix", []string{vcalendar(zone("/x.org/"+berlin, "+0100"), in("/x.org/"+berlin, "1")),
			vcalendar(strings.Replace(fuller, berlin, "/x.org/"+berlin, 1), in("/x.org/"+berlin, "2"))}, []string{strings.Replace(fuller, berlin, "/x.org/"+berlin, 1)}, 1},
		{"a name of Windows", []string{vcalendar(zone("Romance Standard Time", "+0100"), in("Romance Standard Time", "1")),
			vcalendar(strings.Replace(fuller, berlin, "Romance Standard Time", 1), in("Romance Standard Time", "2"))},
			[]string{strings.Replace(fuller, berlin, "Romance Standard Time", 1)}, 1},
		{"a name that only its definition explains", []string{
			vcalendar(zone("Custom", "+0100"), in("Custom", "1")), vcalendar(zone("Custom", "+0500"), in("Custom", "2")), vcalendar(zone("Custom", "+0100"), in("Custom", "3")),
		}, []string{zone("Custom", "+0100"), zone("Custom", "+0500")}, 2},
		{"the zone of the machine is no known name", []string{vcalendar(zone("Local", "+0100"), in("Local", "1")), vcalendar(zone("Local", "+0500"), in("Local", "2"))},
			[]string{zone("Local", "+0100"), zone("Local", "+0500")}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			built := build(t, "All", c.objects...)
			assert.Equal(t, c.calendars, strings.Count(built, "BEGIN:VCALENDAR"))
			assert.Equal(t, len(c.zones), strings.Count(built, "BEGIN:VTIMEZONE"))
			at := 0
			for _, z := range c.zones {
				n := strings.Index(built[at:], z)
				require.GreaterOrEqual(t, n, 0, z)
				at += n + len(z)
			}
			var objects [][]byte
			for _, o := range c.objects {
				objects = append(objects, []byte(o))
			}
			assertSameObjects(t, objects, built)
		})
	}
}

// The same objects make the same feed, whatever the order; so its ETag tells a change.
func TestBuildIsDeterministic(t *testing.T) {
	var objects []string
	for i := range 30 {
		name, offset := "Custom"+string(rune('A'+i%4)), "+0"+string(rune('1'+i%3))+"00"
		objects = append(objects, vcalendar(zone(name, offset), zone("Europe/Paris", offset), in(name, string(rune('a'+i%26)))))
	}
	want := build(t, "All", objects...)
	shuffle := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		shuffle.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		require.Equal(t, want, build(t, "All", objects...))
	}
}

func TestHeaderOfTheFeed(t *testing.T) {
	header := func(lines ...string) string {
		return vcalendar(strings.Join(append(lines, ""), "\r\n"), vevent(strings.Join(lines, "")+"uid", "x", stamp))
	}
	secret := []string{
		"SOURCE;VALUE=URI:https://example.com/canary.ics", "URL:https://example.com/canary", "X-ORIGINAL-URL:https://example.com/canary",
		"X-WR-RELCALID:canary", "METHOD:PUBLISH", "X-WR-CALNAME:Old name", "REFRESH-INTERVAL;VALUE=DURATION:P1D", "UID:canary",
	}
	for _, c := range []struct {
		name    string
		title   string
		objects []string
		want    []string // between PRODID and REFRESH-INTERVAL
		more    []string // after X-PUBLISHED-TTL
	}{
		{"nothing", "", nil, nil, nil},
		{"name", "Alice", nil, []string{"NAME:Alice", "X-WR-CALNAME:Alice"}, nil},
		{"escaped", "a,b;c\\d\ne\x07f", nil, []string{`NAME:a\,b\;c\\d\nef`, `X-WR-CALNAME:a\,b\;c\\d\nef`}, nil},
		{"no new line", "a\r\nATTACH:x", nil, []string{`NAME:a\nATTACH:x`, `X-WR-CALNAME:a\nATTACH:x`}, nil},
		{"zone and color that all have", "", []string{header("X-WR-TIMEZONE:Asia/Tokyo", "COLOR:red"), header("COLOR:red", "X-WR-TIMEZONE:Asia/Tokyo", "X-FOO:1")}, nil,
			[]string{"COLOR:red", "X-WR-TIMEZONE:Asia/Tokyo"}},
		{"zone that one has", "", []string{header("X-WR-TIMEZONE:Asia/Tokyo"), header()}, nil, nil},
		{"zones that differ", "", []string{header("X-WR-TIMEZONE:Asia/Tokyo"), header("X-WR-TIMEZONE:Asia/Seoul")}, nil, nil},
		{"a line twice", "", []string{header("COLOR:red", "COLOR:red")}, nil, []string{"COLOR:red"}},
		{"what may be secret, or is not so any more", "", []string{header(secret...)}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			built := build(t, c.title, c.objects...)
			head, _, _ := strings.Cut(built, "BEGIN:VEVENT")
			head, _, _ = strings.Cut(head, "END:VCALENDAR")
			want := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//convoke//convoke//EN"}, c.want...)
			want = append(append(want, "REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M"), c.more...)
			assert.Equal(t, strings.Join(want, "\r\n")+"\r\n", head)
			assert.True(t, strings.HasSuffix(built, "END:VCALENDAR\r\n"))
		})
	}
}

func TestLongNameIsFolded(t *testing.T) {
	name := strings.Repeat("Größe 中文 ", 30)
	built := build(t, name)
	for _, l := range strings.Split(built, "\r\n") {
		assert.LessOrEqual(t, len(l), 75)
		assert.True(t, bytes.Equal([]byte(l), bytes.ToValidUTF8([]byte(l), nil)), "folded within a character: %q", l)
	}
	assert.Contains(t, strings.ReplaceAll(built, "\r\n ", ""), "NAME:"+name+"\r\n")
}

func TestObjectsThatCannotBePublished(t *testing.T) {
	good := vcalendar(vevent("good", "x", stamp))
	for _, c := range []struct{ name, object string }{
		{"no calendar", "hello"},
		{"cut off", good[:len(good)-20]},
		{"two calendars", good + good},
		{"alarm not closed", vcalendar("BEGIN:VEVENT\r\nUID:x\r\nBEGIN:VALARM\r\nEND:VEVENT\r\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := feed.Build("All", [][]byte{[]byte(good), []byte(c.object)})
			assert.ErrorIs(t, err, calendar.ErrMalformed)
			assert.ErrorContains(t, err, "object 1")
		})
	}
	task := "BEGIN:VTODO\r\nUID:task\r\nEND:VTODO\r\n"
	assert.Equal(t, build(t, "All", good), build(t, "All", good, vcalendar(task)), "no event")
}

func BenchmarkIdleLook(b *testing.B) {
	var text strings.Builder
	for i := range 5000 {
		text.WriteString(vevent(strings.Repeat("u", 30)+string(rune('a'+i%26))+string(rune(0x100+i)), strings.Repeat("word ", 50), stamp))
	}
	body := vcalendar(text.String())
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := feed.Split(body); err != nil {
			b.Fatal(err)
		}
	}
}
