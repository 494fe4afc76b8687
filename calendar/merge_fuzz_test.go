package calendar_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

// special is what a write may exchange or take as the end of a block: text of the author's without it is to stay as it is.
var special = regexp.MustCompile(`(?i)----|meet|[0-9]{4}-|https?:|convoke|<|>|\r`)

// alone is the old link or number as a word of its own, and not a part of a longer one.
var alone = regexp.MustCompile(`(?m)(^|\s)(` + regexp.QuoteMeta(oldURL) + "|" + oldNumber + `)(\s|$)`)

// FuzzMerge: whatever the author made of the block that was written, what he wrote around it stays, in DESCRIPTION and in HTML, and
// so does what he wrote into it as long as the link is there. The link is not lost, and a second write changes nothing.
func FuzzMerge(f *testing.F) {
	written := earlierDetails().Block()
	f.Add("Agenda:\n1. Budget", written, "Bye", true)
	f.Add("", strings.Replace(written, "Rejoindre", "Venez tous", 1), "\n\n-- \nAlice", false)
	f.Add("a\\n\\;,b", "", "\\", true)
	f.Add(" ", written[:20], " x\n", false)
	f.Add("x", written+"\n"+written, "y", true)
	f.Add("é", strings.ReplaceAll(written, "\n", " \r\n"), "\n", true)
	f.Add("x", oldURL, "y", false)
	f.Add("x", strings.ReplaceAll(written, "-", "—"), "\t", true)
	f.Fuzz(func(t *testing.T, before, middle, after string, known bool) {
		if special.MatchString(before) || special.MatchString(after) || strings.Count(middle, "----") > 8 {
			return
		}
		text := before + "\n" + middle + "\n" + after
		inHTML := before + "<p>" + strings.ReplaceAll(middle, "\n", "<br>") + "</p>" + earlierTwin + after
		data := event("DESCRIPTION:"+encoded(text), html+encoded(inHTML))
		e, err := calendar.Parse(data, time.UTC)
		if err != nil || len(e.Components) != 1 {
			return
		}
		d := mergeDetails()
		if !known {
			d.Base = nil
		}
		out, err := e.Write(d)
		if err != nil {
			require.ErrorIs(t, err, calendar.ErrControl)
			return
		}
		requireOnlyTargets(t, data, out)
		w, err := calendar.Parse(out, time.UTC)
		require.NoError(t, err)
		c := w.Components[0]
		require.True(t, strings.HasPrefix(c.Description, before), "before: %q in %q", before, c.Description)
		require.Contains(t, c.Description, after)
		require.True(t, strings.HasPrefix(c.HTML, before), "before: %q in %q", before, c.HTML)
		require.True(t, strings.HasSuffix(c.HTML, after) || strings.Contains(middle, "<") || strings.Contains(c.HTML, after+"<div"), "after: %q in %q", after, c.HTML)
		require.True(t, c.Shows(joinURL))
		again, err := w.Write(d)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))

		erased := parse(t, mustErase(t, d, out)).Components[0]
		for _, his := range []string{strings.TrimSpace(before), strings.TrimSpace(after)} {
			require.Contains(t, erased.Description, his)
			require.Contains(t, erased.HTML, his)
		}

		exchanged := alone.ReplaceAllStringFunc(middle, anew)
		if known && !strings.Contains(text, "\n----") && !strings.Contains(middle, "<") && !strings.Contains(exchanged, oldNumber) {
			require.Equal(t, strings.TrimSpace(exchanged), strings.TrimSpace(within(c.Description, before, after)), "his own words")
		}
	})
}

// within is what stands between two texts, of which the last may have got the block behind it.
func within(text, before, after string) string {
	text, _, _ = strings.Cut(strings.TrimPrefix(text, before), "\n\n--------")
	return strings.TrimSuffix(text, after)
}

// FuzzRepeated: no text takes long because it repeats itself, wherever in the event it stands: reading it, looking for markers,
// links and dates, and writing into it cost what its length costs, not the square of that.
func FuzzRepeated(f *testing.F) {
	for i, unit := range []string{
		"@meet ", "http://a/) ", ")", ";a=b", `"`, "<", "<!--", "-------- x --------\\n", "---- x ----\\n---- xx ----\\n------------\\n-----------\\n", `\\n`, `<div class=""convoke-meeting"">`, "\r\nX:y", "\r\nBEGIN:VALARM",
		"\r\nRDATE;TZID=Nowhere:20261006T100000", "\r\nEXDATE:20261006T100000Z,20261007T100000Z", "\r\n ", "\r\nCATEGORIES:a,b", "\r\nATTENDEE:mailto:a@b.c", ",",
		"\r\nRRULE:FREQ=DAILY", "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTART:20261010T100000Z\r\nRECURRENCE-ID:20261010T100000Z", oldURL + " ", "&amp;",
		"\r\nCONFERENCE:tel:+14125550123", "\r\nURL:", "%25", "http://", "...",
	} {
		f.Add(uint8(1), unit)
		f.Add(uint8(i), unit)
	}
	f.Fuzz(func(t *testing.T, head uint8, unit string) {
		if unit == "" || len(unit) > 400 {
			return
		}
		requireLinear(t, repeatedHeads[int(head)%len(repeatedHeads)], unit, 32_000)
	})
}

// requireLinear demands that four times as much takes about four times as long, and not sixteen times. A busy machine is no
// fault of the text, so it has five tries; and what takes next to no time has no proportions.
func requireLinear(t *testing.T, head, unit string, size int) {
	t.Helper()
	elapsed := func(size int) time.Duration {
		data := event(head + strings.Repeat(unit, size/len(unit)))
		begin := time.Now()
		everything(data)
		return time.Since(begin)
	}
	for range 5 {
		if long := elapsed(size); long < 60*time.Millisecond || long < 9*elapsed(size/4) {
			return
		}
	}
	t.Errorf("four times as much of %q takes more than nine times as long", unit)
}

// TestRepeated has what took minutes in a megabyte before it was found.
func TestRepeated(t *testing.T) {
	requireLinear(t, "SUMMARY:", "@meet ", 100_000)
	requireLinear(t, "DESCRIPTION:http://a", ")", 1_000_000)
	requireLinear(t, "DESCRIPTION:", joinURL+" ", 1_000_000)
}

// repeatedHeads are what the repeated text is the value of, or the parameters.
var repeatedHeads = []string{"SUMMARY:", "DESCRIPTION:", html, "DESCRIPTION;ALTREP=\"data:text/html,", "LOCATION:", "X-A", "RRULE:FREQ=DAILY;COUNT=9",
	"DESCRIPTION:http://a",
}

// everything is what a pass does with an event that it finds marked.
func everything(data []byte) {
	calendar.Scan(data, needles("@meet", "#nomeet", joinURL))
	e, err := calendar.Parse(data, time.UTC)
	if err != nil {
		return
	}
	for _, c := range e.Components {
		meet.Asked(c)
		meet.Declined(c)
		meet.Topic(c.Summary)
		c.Links()
		c.Shows(joinURL)
	}
	_ = e.Occurrences(longAgo, never, func(calendar.Occurrence) bool { return true }) // only the time counts
	_, _, _ = e.Bounds()
	if out, err := e.Write(mergeDetails()); err == nil {
		calendar.Diff(data, out)
		if e, err = calendar.Parse(out, time.UTC); err == nil {
			_, _ = e.Settle(mergeDetails())
			_, _ = e.Erase(mergeDetails())
		}
	}
}
