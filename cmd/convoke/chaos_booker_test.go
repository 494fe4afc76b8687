package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/scenario"
)

// An item is an event of the chaos run, as its organizer knows it.
type item struct {
	n        int // stands in the title, which tells whose a meeting is
	booker   *booker
	uid      string
	marker   string // the property that the marker stands in
	version  int
	title    string // without the marker
	at       time.Time
	theirs   []string        // what the organizer wrote, as she wrote it last
	deleted  string          // the object as it was when she deleted it; "" while it is there
	copied   bool            // another one was made of it: it is not deleted
	original *item           // that it is a copy of
	shown    map[string]bool // the numbers that were ever seen in it
}

func (i *item) object() string { return fmt.Sprintf("item-%04d.ics", i.n) }

// A booker is an organizer at her own calendar program, which speaks to the calendar server directly.
type booker struct {
	remote
	email  string
	random *rand.Rand
	from   time.Time // the day before the first one that she books
	items  []*item
	number func() int // of the next item
	did    map[string]int
}

// create books an event on a day; the marker stands in one of four places, and one event in three has an attendee.
func (b *booker) create(t testing.TB, day time.Time) {
	i := &item{n: b.number(), booker: b, shown: map[string]bool{}}
	i.uid = fmt.Sprintf("item-%04d@example.com", i.n)
	i.marker = []string{"LOCATION", "DESCRIPTION", "SUMMARY", "CATEGORIES"}[b.random.IntN(4)]
	text := asRadicaleKeeps.Replace(strings.ReplaceAll(crlf(marked), alice, b.email))
	if b.random.IntN(3) > 0 {
		text = regexp.MustCompile(`(?m)^(?:ORGANIZER|ATTENDEE);.*\r\n`).ReplaceAllString(text, "")
	}
	lines := []string{"UID:" + i.uid, "LOCATION:Room 0", `DESCRIPTION:Note 0.\nAnd a pencil\; really.`}
	switch i.marker {
	case "LOCATION":
		lines[1] += " @meet"
	case "DESCRIPTION":
		lines[2] += `\n@meet\nP.S.`
	case "CATEGORIES":
		lines = append(lines, "CATEGORIES:Money,@meet")
	}
	lines = append(lines, i.retitled(), i.moved(b, day))
	text = b.edited(t, text, strings.Join(lines, "\n"))
	status, body, _ := b.ask(t, http.MethodPut, i.object(), text, "If-None-Match", "*")
	require.Equal(t, http.StatusCreated, status, body)
	i.theirs = users(text)
	b.items = append(b.items, i)
}

// asRadicaleKeeps leaves out what follows commas in values that Radicale takes for lists: it drops that at the first PUT.
var asRadicaleKeeps = strings.NewReplacer(",,,654321", "", "geo:52.5,13.4", "geo:52.5")

// day is a random day that she has time on.
func (b *booker) day() time.Time { return b.from.AddDate(0, 0, 1+b.random.IntN(farthest-1)) }

// retitled is the edit that gives the event its next title.
func (i *item) retitled() string {
	i.version++
	i.title = fmt.Sprintf("Item %04d v%d, Zürich", i.n, i.version)
	line := "SUMMARY:" + strings.ReplaceAll(i.title, ",", `\,`)
	if i.marker == "SUMMARY" {
		line += " @meet"
	}
	return line
}

// moved is the edit that gives the event another time, on that day.
func (i *item) moved(b *booker, day time.Time) string {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		panic(err)
	}
	y, m, d := day.Date()
	i.at = time.Date(y, m, d, 7+b.random.IntN(12), 0, 0, 0, zone)
	local := func(at time.Time) string { return ";TZID=Europe/Brussels:" + at.Format("20060102T150405") }
	return "DTSTART" + local(i.at) + "\nDTEND" + local(i.at.Add(time.Hour))
}

// act does one thing to one event, whatever she can do to it; copy says whether there may be more of them.
func (b *booker) act(t testing.TB, copy bool) {
	i := b.items[b.random.IntN(len(b.items))]
	what, lot := "", b.random.IntN(100)
	switch {
	case i.deleted != "":
		what = "restored"
		b.restore(t, i)
	case lot < 30:
		what = "retitled"
		b.change(t, i, func(string) string { return i.retitled() })
	case lot < 60:
		what = "moved"
		b.change(t, i, func(string) string { return i.moved(b, b.day()) })
	case lot < 80, lot >= 90 && !copy, i.copied && !copy:
		what = "annotated"
		b.change(t, i, func(text string) string {
			return note.FindString(text) + " => Note " + fmt.Sprint(lot) + "-" + fmt.Sprint(i.version) + "."
		})
	case lot < 90 && !i.copied:
		what = "deleted"
		b.remove(t, i)
	default:
		what = "copied"
		b.copy(t, i)
	}
	b.did[what]++
}

var note = regexp.MustCompile(`Note [0-9-]+\.`)

// change edits an event in the copy that she has just fetched; when somebody was faster, in the next one. The edit is the
// same each time, though its text may not be.
func (b *booker) change(t testing.TB, i *item, edit func(text string) string) {
	lines := ""
	for range 50 {
		text, etag := b.fetch(t, i)
		if lines == "" {
			lines = edit(text)
		}
		text = b.edited(t, text, lines+fmt.Sprintf("\nSEQUENCE:%d", b.random.IntN(1000)))
		status, body, _ := b.ask(t, http.MethodPut, i.object(), text, "If-Match", etag)
		if status == http.StatusPreconditionFailed {
			b.did["overtaken"]++
			continue
		}
		require.Equal(t, 2, status/100, body)
		i.theirs = users(text)
		return
	}
	require.Fail(t, "convoke was faster fifty times", i.object())
}

func (b *booker) remove(t testing.TB, i *item) {
	for range 50 {
		text, etag := b.fetch(t, i)
		status, body, _ := b.ask(t, http.MethodDelete, i.object(), "", "If-Match", etag)
		if status == http.StatusPreconditionFailed {
			continue
		}
		require.Equal(t, 2, status/100, body)
		i.deleted = text
		return
	}
	require.Fail(t, "convoke was faster fifty times", i.object())
}

// restore puts an event back as it was.
func (b *booker) restore(t testing.TB, i *item) {
	status, body, _ := b.ask(t, http.MethodPut, i.object(), i.deleted, "If-None-Match", "*")
	require.Equal(t, http.StatusCreated, status, body)
	i.deleted = ""
}

// copy makes another event of one, with whatever stands in it, as calendar programs do, and gives it a title of its own.
func (b *booker) copy(t testing.TB, i *item) {
	text, _ := b.fetch(t, i)
	c := &item{n: b.number(), booker: b, marker: i.marker, at: i.at, original: i, shown: map[string]bool{}}
	c.uid = fmt.Sprintf("item-%04d@example.com", c.n)
	text = b.edited(t, text, "UID:"+c.uid+"\n"+c.retitled())
	status, body, _ := b.ask(t, http.MethodPut, c.object(), text, "If-None-Match", "*")
	require.Equal(t, http.StatusCreated, status, body)
	i.copied, c.theirs = true, users(text)
	b.items = append(b.items, c)
}

// fetch gets an event, unfolded, and wants in it what she wrote last.
func (b *booker) fetch(t testing.TB, i *item) (text, etag string) {
	status, body, etag := b.ask(t, http.MethodGet, i.object(), "", "", "")
	require.Equal(t, http.StatusOK, status, body)
	if !slices.Equal(i.theirs, users(body)) {
		assert.Equal(t, i.theirs, users(body), "what the organizer wrote is not as she wrote it")
	}
	for _, n := range numbersIn(body) {
		i.shown[n] = true
	}
	return strings.ReplaceAll(body, "\r\n ", ""), etag
}

func (b *booker) edited(t testing.TB, text, lines string) string {
	after, err := scenario.Edited(text, lines)
	require.NoError(t, err)
	return after
}

// ask sends one request with one header.
func (b *booker) ask(t testing.TB, method, name, body, header, value string) (status int, answer, etag string) {
	r, err := http.NewRequestWithContext(t.Context(), method, b.calendar+name, strings.NewReader(body))
	require.NoError(t, err)
	r.SetBasicAuth(b.user, b.password)
	if body != "" {
		r.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	}
	if header != "" {
		r.Header.Set(header, value)
	}
	resp, err := ownClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text), resp.Header.Get("ETag")
}
