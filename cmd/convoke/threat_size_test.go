package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
)

// huge are objects that are too large, or large in a way that is slow to read.
func huge() map[string]string {
	filler := func(size int) string { return strings.Repeat("DESCRIPTION:"+strings.Repeat("x", 60)+"\r\n", size/74) }
	folds := func(n int) string { return "X-FOLD:x\r\n" + strings.Repeat(" \r\n", n) }
	const small = 900 << 10 // below the limit of an object
	return map[string]string{
		"50 MB":              booked("50mb@example.com", filler(50_000_000)),
		"50 MB in one line":  booked("line@example.com", "DESCRIPTION:"+strings.Repeat("x", 50_000_000)),
		"50 MB of lines":     booked("lines@example.com", strings.Repeat("X:\r\n", 50_000_000/4)),
		"50 MB of folds":     booked("folds@example.com", folds(50_000_000/3)),
		"a byte too much":    booked("over@example.com", "X:"+strings.Repeat("x", 1<<20)),
		"folds":              booked("small-folds@example.com", folds(small/3)),
		"escapes":            booked("escapes@example.com", "DESCRIPTION:"+strings.Repeat(`\n`, small/2)),
		"parameters":         booked("parameters@example.com", "X-A"+strings.Repeat(";A=B", small/4)+":x"),
		"quotes":             booked("quotes@example.com", "ATTENDEE;CN="+strings.Repeat(`"`, small)+":mailto:a@example.com"),
		"attendees":          booked("attendees@example.com", "ORGANIZER:mailto:"+alice, strings.Repeat("ATTENDEE:mailto:b@example.com\r\n", small/31)),
		"components":         strings.Replace(booked("parts@example.com"), "END:VEVENT", strings.Repeat("BEGIN:VALARM\r\nEND:VALARM\r\n", small/26)+"END:VEVENT", 1),
		"nested components":  strings.Replace(booked("nested@example.com"), "END:VEVENT", strings.Repeat("BEGIN:A\r\n", small/18)+strings.Repeat("END:A\r\n", small/18)+"END:VEVENT", 1),
		"unclosed":           strings.Replace(booked("unclosed@example.com"), "END:VEVENT", strings.Repeat("BEGIN:A\r\n", small/9)+"END:VEVENT", 1),
		"blocks":             booked("blocks@example.com", "DESCRIPTION:"+strings.Repeat(`-------- Web meeting --------\n`, small/31)),
		"rulers":             booked("rulers@example.com", "DESCRIPTION:"+strings.Repeat(`---- a ----\n-----------\n`, small/26)),
		"join links":         booked("links@example.com", "DESCRIPTION:"+strings.Repeat(joinStart+`1 `, small/35)),
		"other tools' links": booked("tools@example.com", "DESCRIPTION:"+strings.Repeat(`https://zoom.us/j/1 `, small/20)),
		"markers":            booked("markers@example.com", "LOCATION:"+strings.Repeat("@meet ", small/6)),
		"categories":         booked("categories@example.com", "CATEGORIES:"+strings.Repeat("a,", small/2)),
		"seals":              booked("seals@example.com", strings.Repeat("X-CONVOKE:v1.aaaaaaaa.x.1.x\r\n", small/29)),
		"conferences":        booked("conferences@example.com", strings.Repeat("CONFERENCE:tel:+1\r\n", small/19)),
		"HTML":               booked("html@example.com", "X-ALT-DESC;FMTTYPE=text/html:"+strings.Repeat("<b><", small/4)),
		"zones":              booked("zones@example.com", "DTSTART;TZID=Nowhere:20990101T000000", "DURATION:PT1H", zones(small)),
		"links":              booked("links@example.com", "DESCRIPTION:"+links(small)),
		"long title":         booked("title@example.com", "SUMMARY:"+strings.Repeat("x", small)+" @meet"),
		"long UID":           booked(strings.Repeat("u", small)),
	}
}

// links are all different.
func links(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "http://%06d ", i)
	}
	return b.String()
}

// zones are many changes of clocks that nobody made.
func zones(size int) string {
	const observance = "BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\n"
	return "END:VEVENT\r\nBEGIN:VTIMEZONE\r\nTZID:Nowhere\r\n" + strings.Repeat(observance, size/len(observance)) +
		"END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:second@example.com\r\nDTSTART:20990101T000000Z"
}

// An object of any size, alone in the report or fetched by itself, costs a bounded amount; what is too large is told with its
// name, and the event beside it gets its meeting.
func TestThreatHugeEvents(t *testing.T) {
	x := newTarget(t)
	payloads := huge()
	for name, data := range payloads {
		for _, by := range []string{"report", "GET"} {
			if by == "GET" && len(data) <= 1<<20 {
				continue // once it has been read, it makes no difference how
			}
			t.Run(name+" by "+by, func(t *testing.T) {
				x := x.in(t)
				x.forget()
				x.dav.Set(func(s *caldavtest.Server) {
					if by == "GET" {
						caldavtest.SyncWithoutData()(s)
						caldavtest.OnAbsent(caldavtest.AbsentAlways)(s)
					}
				})
				defer func() { x.davFront.answer(nil) }()
				x.put("bomb", data)
				x.put("budget", booked("budget@example.com"))
				o := x.convoke("sync")
				t.Logf("%d MiB, %s, exit %d: %.300s", o.peak>>20, o.took, o.code, o.err)
				assert.Contains(t, x.object("budget"), joinStart)
				if len(data) > 1<<20 {
					assert.Equal(t, exitSome, o.code)
					assert.Contains(t, o.err, "bomb.ics")
					assert.Contains(t, o.err, "more than 1 MiB")
					assert.NotContains(t, x.object("bomb"), joinStart)
				}
				assert.Less(t, len(o.out)+len(o.err), 64<<10, "what is printed is cut")
				require.NoError(t, x.dav.Delete(x.path("bomb")))
				require.NoError(t, x.dav.Delete(x.path("budget")))
			})
		}
	}
	x.publish("huge events", x.spent.payloads, 200, 20*time.Second)
}

// A feed and the platform may answer with a bomb, too.
func TestThreatBombsOfFeedAndPlatform(t *testing.T) {
	x := newTarget(t)
	event := "BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260101T080000Z\r\nSUMMARY:x @meet\r\nDTSTART:20990101T080000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
	ics := map[string]string{"Content-Type": "text/calendar"}
	gz := map[string]string{"Content-Type": "text/calendar", "Content-Encoding": "gzip"}
	json := map[string]string{"Content-Type": "application/json"}
	gzJSON := map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}
	const head, tail = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "END:VCALENDAR\r\n"
	feeds := []bomb{
		{"feed without end", ics, endless(head, event), false},
		{"feed of one event without end", ics, endless(head+"BEGIN:VEVENT\r\n", "X:x\r\n"), false},
		{"feed of one line without end", ics, endless(head+"X:", "x"), false},
		{"feed, gzip of 1 GiB", gz, gzipped(head, "X:x\r\n ", 1<<30, tail), false},
		{"feed, gzip of 1 GiB of events", gz, gzipped(head, event, 1<<30, tail), false},
		{"feed of 60 MiB of one event's lines", ics, repeated(head+"BEGIN:VEVENT\r\nUID:a\r\n", "X:x\r\n", 60<<20, "END:VEVENT\r\n"+tail), false},
		{"feed of 100,000 events", ics, func(w io.Writer) error {
			_, err := io.WriteString(w, head)
			for i := 0; i < 100_000 && err == nil; i++ {
				_, err = fmt.Fprintf(w, event, i)
			}
			if err == nil {
				_, err = io.WriteString(w, tail)
			}
			return err
		}, false},
	}
	answers := []bomb{
		{"answer without end", json, endless(`{"responseCode":0,"data":{"id":"`, "x"), false},
		{"answer, gzip of 1 GiB", gzJSON, gzipped(`{"responseCode":0,"data":{"id":"`, "x", 1<<30, `"}}`), false},
		{"answer nested a million deep", json, repeated(`{"responseCode":0,"data":`, "[", 1<<20, ""), false},
		{"answer of half a million numbers to dial", json, repeated(`{"responseCode":0,"data":{"id":"5e9459c5b863b82c00000001","meetingId":"1","isDialin":true,"dialInNumbers":[`, `"+14125550123",`, 7<<20, `"1"]}}`), true},
		{"answer with a number of a million digits", json, repeated(`{"responseCode":`, "9", 1<<20, `,"data":{}}`), false},
		{"answer of fields without end", json, endless(`{`, `"a":1,`), false},
		{"message of 7 MiB", json, repeated(`{"responseCode":-1,"message":"`, "x", 7<<20, `"}`), false},
		{"1 MiB of headers", map[string]string{"X-Long": strings.Repeat("x", 1<<20)}, text(`{}`), false},
	}
	source := newFront(t, http.NotFoundHandler())
	x.subscribe(source.url + "/alice.ics")
	for _, b := range feeds {
		t.Run(b.name, func(t *testing.T) {
			x := x.in(t)
			x.forget()
			source.answer(ok(b))
			o := x.convoke("sync")
			t.Logf("%d MiB, %s, exit %d: %.300s", o.peak>>20, o.took, o.code, o.err)
			assert.Equal(t, exitSome, o.code)
			assert.Less(t, len(o.out)+len(o.err), 64<<10, "what is printed is cut")
			assert.Zero(t, x.posts())
		})
	}
	feedFigures := *x.spent
	*x.spent = figures{}
	x.configure(`calendars = ["Work"]`)
	for _, b := range answers {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(b.name+" to "+method, func(t *testing.T) {
				x := x.in(t)
				x.forget()
				x.put("budget", booked("budget@example.com"))
				x.apiFront.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == method {
						ok(b).ServeHTTP(w, r)
						return
					}
					x.platform.ServeHTTP(w, r)
				}))
				o := x.convoke("sync")
				t.Logf("%d MiB, %s, exit %d: %.300s", o.peak>>20, o.took, o.code, o.err)
				if !b.valid {
					assert.Equal(t, exitSome, o.code)
					assert.NotContains(t, x.object("budget"), joinStart)
				}
				assert.Less(t, len(x.object("budget")), 64<<10)
				assert.Less(t, len(o.out)+len(o.err), 64<<10, "what is printed is cut")
			})
		}
	}
	x.publish("bombs of the platform", 2*len(answers), 200, 20*time.Second)
	*x.spent = feedFigures
	x.publish("bombs of a feed", len(feeds), 400, 20*time.Second)
}

// ok sends a bomb with status 200.
func ok(b bomb) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.ServeHTTP(statusOK{w}, r) })
}

type statusOK struct{ http.ResponseWriter }

func (w statusOK) WriteHeader(int) { w.ResponseWriter.WriteHeader(http.StatusOK) }
