package calendar_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// seeds are our own files and, in a search, the smaller ones of the corpus where there is one: else TestCorpus has them all.
func seeds(f *testing.F) [][]byte {
	all := [][]byte{[]byte(benchEvent)}
	for _, data := range readTree(f, "testdata") {
		all = append(all, data)
	}
	const small = 4 << 10
	if _, err := os.Stat(corpusRoot()); err == nil && searching() {
		for _, data := range readTree(f, corpusRoot()) {
			if len(data) <= small {
				all = append(all, data)
			}
		}
	}
	return all
}

// searching tells a run with -fuzz from one that only tries the seeds.
func searching() bool {
	f := flag.Lookup("test.fuzz")
	return f != nil && f.Value.String() != ""
}

// FuzzParse: no input makes Parse panic, take long or answer an unknown kind of error; an edit of nothing changes nothing.
func FuzzParse(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			assertKnown(t, err, knownErrors...)
			return
		}
		require.NotEmpty(t, e.Components)
		for _, c := range e.Components {
			assert.False(t, c.Start.IsZero())
			c.Links()
			mark, ok := meet.Asked(c)
			assert.Equal(t, ok, mark.Property != "")
			meet.Topic(c.Summary)
		}
		same, err := e.Patch().Bytes()
		require.NoError(t, err)
		assert.Equal(t, data, same)
	})
}

// FuzzWrite: whatever stands in the event and whatever a detail is made of, a write adds no property that was not meant,
// a second one changes nothing, Erase leaves no trace, and Settle takes no more than the seal and the rulers.
func FuzzWrite(f *testing.F) {
	for i, data := range seeds(f) {
		f.Add(data, "Web meeting", "Join us", "", "+1-412-555-0123", byte(i))
	}
	base := testDetails().Block()
	f.Add(event("LOCATION:@meet"), "a\r\nATTACH:x", "\"b\":;,", "\n", "tel:+1", byte(0))
	f.Add(event("DESCRIPTION:"+block), "Réunion", oldURL, base, "x", byte(1))
	f.Add(event("DESCRIPTION:"+oldText+"\\n\\n"+block, "LOCATION:"+oldURL), "", oldNumber, base, "+41445550123,,1#", byte(2))
	f.Add(event(html+twin+earlierTwin, "CONFERENCE:"+oldURL), "Web meeting", "x", earlierDetails().Block(), "+41 44 555 01 23", byte(3))
	f.Fuzz(func(t *testing.T, data []byte, heading, row, base, phone string, flags byte) {
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			return
		}
		d := testDetails()
		d.Heading, d.Lines = heading, append(d.Lines, row)
		d.Replaces, d.OldNumbers, d.Base = []string{oldURL}, []string{oldNumber}, []string{base}
		d.Phones = []calendar.Phone{{Number: phone, Label: row}, {Number: "+1-412-555-0123", Label: heading}}
		d.KeepLocation = flags&1 != 0
		if flags&2 != 0 {
			d.Only = func(c *calendar.Component) bool { return c.RecurrenceID == "" }
		}
		after, err := e.Write(d)
		if err != nil {
			return
		}
		requireOnlyTargets(t, data, after)
		e, err = calendar.Parse(after, time.UTC)
		require.NoError(t, err)
		for _, c := range e.Components {
			require.True(t, c.Shows(joinURL) || d.Only != nil && !d.Only(c))
		}
		again, err := e.Write(d)
		require.NoError(t, err)
		require.Equal(t, string(after), string(again))
		fuzzErase(t, e, d)
		fuzzSettle(t, e, d)
	})
}

func requireOnlyTargets(t *testing.T, before, after []byte) {
	for _, c := range calendar.Diff(before, after) {
		property, _, _ := strings.Cut(c.Text, ":")
		property, _, _ = strings.Cut(property, ";")
		require.True(t, slices.Contains(targets, strings.ToUpper(property)), c.Text)
	}
}

func fuzzErase(t *testing.T, e *calendar.Event, d calendar.Details) {
	erased, err := e.Erase(d)
	require.NoError(t, err)
	after, err := calendar.Parse(erased, time.UTC)
	require.NoError(t, err)
	for i, c := range after.Components {
		if d.Only == nil || d.Only(c) {
			require.False(t, c.Shows(joinURL))
			require.Empty(t, c.Seal)
		} else {
			require.Equal(t, e.Components[i].Description, c.Description)
		}
	}
}

func fuzzSettle(t *testing.T, e *calendar.Event, d calendar.Details) {
	settled, err := e.Settle(d)
	require.NoError(t, err)
	requireOnlyTargets(t, e.Data(), settled)
	after, err := calendar.Parse(settled, time.UTC)
	require.NoError(t, err)
	for i, c := range after.Components {
		was := e.Components[i]
		require.Empty(t, c.Seal)
		require.Equal(t, []any{was.Location, was.URL, was.Conferences}, []any{c.Location, c.URL, c.Conferences})
		require.Equal(t, was.Shows(joinURL), c.Shows(joinURL))
		require.Equal(t, words(was.Description), words(c.Description))
	}
}

// words are a text without dashes and white space.
func words(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "-", " ")), "")
}

// FuzzScan: Scan agrees with Parse on the UID, with a slow search on the needle, and finds each marker that Markers find.
func FuzzScan(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data, "@meet")
	}
	f.Add(event("SUMMARY:Budget @B\u00dcRO"), "@b\u00fcro")
	f.Add(event("LOCATION:\u041a\r\n \u041e\u041d\xd0\r\n\t\xa4"), "\u043a\u043e\u043d\u0444")
	f.Add(event("CATEGORIES:\u0130\u212a\u017f"), "\u0130\u212a\u017f")
	f.Fuzz(func(t *testing.T, data []byte, needle string) {
		uid, hit := calendar.Scan(data, needles(needle))
		oneWord := needle != "" && utf8.ValidString(needle) && !strings.ContainsAny(needle, " \t\r\n\ufffd")
		if oneWord {
			require.Equal(t, strings.Contains(folded(fold.ReplaceAll(data, nil)), folded([]byte(needle))), hit)
		}
		e, err := calendar.Parse(data, time.UTC)
		if err != nil {
			return
		}
		require.Equal(t, e.UID, uid)
		if oneWord && !strings.ContainsAny(needle, `,;:"\`) {
			requireScanned(t, e, needle)
		}
	})
}

// requireScanned demands that an event with a marker is hit by the needle that is made of that.
func requireScanned(t *testing.T, e *calendar.Event, marker string) {
	t.Helper()
	markers := calendar.Markers{Ask: marker, Decline: marker}
	for _, c := range e.Components {
		_, asked := markers.Asked(c)
		require.Equal(t, asked, markers.Declined(c))
		if asked {
			_, hit := calendar.Scan(e.Data(), needles(strings.ToLower(marker)))
			require.True(t, hit, "%q in %s", marker, e.Data())
		}
	}
}

var fold = regexp.MustCompile(`\r*\n[ \t]`)

// folded is a text with each letter in the first of its cases.
func folded(data []byte) string {
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, string(data))
}
