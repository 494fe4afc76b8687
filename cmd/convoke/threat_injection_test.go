package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// breaks are characters that end a line somewhere: for a parser of iCalendar, a library that splits lines as Unicode does, a header,
// a terminal or a page; or that make a text look like another one.
var breaks = map[string]string{
	"CR/LF": "\r\n", "LF": "\n", "CR": "\r", "LF CR": "\n\r", "two CR/LF": "\r\n\r\n", "CR CR LF": "\r\r\n", "CR/LF and a space": "\r\n ",
	"VT": "\v", "FF": "\f", "FS": "\x1c", "GS": "\x1d", "RS": "\x1e", "US": "\x1f", "NEL": "\u0085", "LS": "\u2028", "PS": "\u2029",
	"NUL": "\x00", "backspace": "\b", "escape": "\x1b[2K\x1b[1A", "OSC": "\x1b]0;x\a", "CSI": "\u009b2K", "DEL": "\x7f", "SUB": "\x1a",
	"right-to-left": "\u202e", "isolate": "\u2066", "mark": "\u200f", "half a character": "\xe2\x80", "overlong CR": "\xc0\x8d", "surrogate": "\xed\xa0\x8a",
	"backslash n": `\n`, "backslash N": `\N`, "two backslashes n": `\\n`, "encoded": "%0d%0a", "entity": "&#13;&#10;", "JSON": `\u000d\u000a`,
	"quote": `"`, "quote and colon": `":`, "semicolon": ";X=", "caret n": "^n", "caret quote": "^'", "BOM": "\ufeff", "zero width": "\u200b",
}

// payload is a text with something behind a break that would be a property, a header or a line of its own.
func payload(br string) string {
	return "1234" + br + "ATTENDEE:mailto:mallory@example.net" + br + "X-EVIL: 1" + br + "END:VEVENT" + br + "BEGIN:VEVENT" + br + "forged"
}

// added are the properties that convoke puts into an event.
var added = []string{"LOCATION", "DESCRIPTION", "URL", "CONFERENCE", "X-CONVOKE"}

// assertHarmless reads what convoke wrote as strictly, and as loosely, as there are readers: nothing is in it that is not one of its
// own properties.
func assertHarmless(t testing.TB, before, after string) {
	t.Helper()
	for _, end := range []string{"\u0085", "\u2028", "\u2029", "\v", "\f", "\x1c", "\x1d", "\x1e"} {
		after = strings.ReplaceAll(after, end, "\r\n") // as Python's splitlines does
	}
	after = strings.ReplaceAll(strings.ReplaceAll(after, "\r\n", "\n"), "\r", "\n")
	old := map[string]int{}
	for _, p := range properties(before) {
		old[p.path+p.name]++
	}
	for _, p := range properties(after) {
		if old[p.path+p.name] > 0 {
			old[p.path+p.name]--
			continue
		}
		assert.True(t, p.path == "VCALENDAR/VEVENT" && slices.Contains(added, p.name), "%s", p)
		assert.NotRegexp(t, "[\\x00-\\x08\\x0b-\\x1f\\x7f]", p.value+strings.Join(p.params, ""))
	}
	for name, n := range old {
		assert.Zero(t, n, "%s is gone", name)
	}
}

// What the platform says of a meeting, its number, the numbers to dial, their labels and the PIN, goes into the event as text and as
// nothing else.
func TestThreatInjectionByThePlatform(t *testing.T) {
	x := newTarget(t, "[meeting]\ndialin = true\n")
	for field, set := range map[string]func(data map[string]any, text string){
		"number": func(d map[string]any, text string) { d["meetingId"] = text },
		"PIN": func(d map[string]any, text string) {
			d["dialInNumbers"], d["dialInPin"] = []string{"+1 412 555 0123"}, text
		},
		"number to dial": func(d map[string]any, text string) {
			d["dialInNumbers"] = []any{text, "+1 412 555 0123" + text, map[string]string{"number": "+1 412 555 0124" + text}}
		},
		"label": func(d map[string]any, text string) {
			d["dialInNumbers"] = []any{map[string]string{"number": "+1 412 555 0123", "label": text}, map[string]string{"number": "+32 2 555 01 23", "country": text}}
		},
		"topic": func(d map[string]any, text string) { d["topic"] = text },
		"id":    func(d map[string]any, text string) { d["id"] = text },
	} {
		t.Run(field, func(t *testing.T) {
			x := x.in(t)
			x.forget()
			before := map[string]string{}
			for name := range breaks {
				before[name] = booked(strings.ReplaceAll(name, "/", "-")+"@example.com", "SUMMARY:"+name+" @meet")
				require.NoError(t, x.dav.Put(x.path(strings.ReplaceAll(name, "/", "-")), before[name]))
			}
			x.apiFront.answer(tampered(x.platform, func(r *http.Request, answer *httptest.ResponseRecorder) []byte {
				if r.Method != http.MethodPost {
					return answer.Body.Bytes()
				}
				var envelope map[string]any
				require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &envelope))
				data := envelope["data"].(map[string]any)
				set(data, payload(breaks[data["topic"].(string)]))
				body, err := json.Marshal(envelope)
				require.NoError(t, err)
				return body
			}))
			o := x.convoke("sync")
			written := 0
			for name, was := range before {
				now := x.object(strings.ReplaceAll(name, "/", "-"))
				assertHarmless(t, was, now)
				if now != was {
					written++
				}
			}
			t.Logf("%d of %d events were written to", written, len(breaks))
			if field == "topic" || field == "number to dial" {
				assert.Equal(t, len(breaks), written, o.err)
			}
			assertPlain(t, o)
			assertPlain(t, x.convoke("status"))
			assertPlain(t, x.convoke("sync"))
		})
	}
	x.publish("injection by the platform", 6*len(breaks), 120, 20*time.Second)
}

// What stands in a title goes to the platform as one line, and what stands elsewhere in an event stays where it is: the author's text
// is as it was, and nothing becomes a property that was none.
func TestThreatInjectionByTheCalendar(t *testing.T) {
	x := newTarget(t)
	payloads := 0
	for field, event := range map[string]func(uid, text string) string{
		"title":    func(uid, text string) string { return booked(uid, "SUMMARY:"+text+" @meet") },
		"location": func(uid, text string) string { return booked(uid, "LOCATION:"+text+"\\, @meet") },
		"label":    func(uid, text string) string { return booked(uid, `CONFERENCE;LABEL="`+text+`":tel:+1`) },
		"text":     func(uid, text string) string { return booked(uid, "DESCRIPTION:"+text+`\n@meet\nx`) },
		"HTML":     func(uid, text string) string { return booked(uid, "X-ALT-DESC;FMTTYPE=text/html:<p>"+text+"</p>") },
		"UID":      func(uid, text string) string { return booked(uid + text) },
		"category": func(uid, text string) string { return booked(uid, "CATEGORIES:"+text+",@meet") },
	} {
		t.Run(field, func(t *testing.T) {
			x := x.in(t)
			x.forget()
			sent := map[string]string{}
			for name, br := range breaks {
				if strings.ContainsAny(br, "\r\n") {
					continue // there it is another property from the start
				}
				payloads++
				object := strings.ReplaceAll(name, "/", "-")
				sent[object] = event(strings.ReplaceAll(object, " ", "-")+"@example.com", payload(br))
				require.NoError(t, x.dav.PutRaw(x.path(object), "text/calendar; charset=utf-8", []byte(sent[object])))
			}
			calls := len(x.platform.Calls())
			o := x.convoke("sync")
			assert.Greater(t, len(x.platform.Calls()), calls+len(sent)/2, o.err)
			for name, data := range sent {
				now := unfolded(x.object(name))
				for line := range strings.Lines(data) {
					if property, _, _ := strings.Cut(line, ":"); property == "SUMMARY" || property == "UID" || property == "CATEGORIES" {
						assert.Contains(t, now, line, "the author's own stays")
					}
				}
				assert.Equal(t, strings.Count(data, "BEGIN:VEVENT\r\n"), strings.Count(now, "BEGIN:VEVENT\r\n"))
				assert.Equal(t, strings.Count(data, "\nATTENDEE"), strings.Count(now, "\nATTENDEE"))
			}
			for _, c := range x.platform.Calls()[calls:] {
				var body struct{ Topic string }
				if c.Route == meetingtest.CreateMeeting {
					require.NoError(t, json.Unmarshal(c.Body, &body))
					assert.NotRegexp(t, "[\\x00-\\x1f\\x7f\u0080-\u009f\u2028\u2029]", body.Topic)
				}
			}
			assertPlain(t, o)
			require.NoError(t, x.dav.Delete(x.path("NUL")))
			for name := range sent {
				_ = x.dav.Delete(x.path(name))
			}
		})
	}
	x.publish("injection by an event", payloads, 120, 20*time.Second)
}

func unfolded(data string) string { return strings.ReplaceAll(data, "\r\n ", "") }

// Log lines, and what commands print, are one line each whatever stands in them: names of calendars, hrefs, titles, UIDs, and what
// servers answer in their errors.
func TestThreatLogInjection(t *testing.T) {
	x := newTarget(t)
	forged := func(br string) string {
		return "x" + br + "time=2000-01-01T00:00:00Z level=ERROR msg=forged" + br + "level=INFO" + br + "forged" + strings.Repeat("z", 10_000)
	}
	oneLine := strings.NewReplacer("\r", "", "\n", "")
	messages := [][]byte{}
	x.configure("")
	for name, br := range breaks {
		text := forged(br)
		clean := strings.Map(printable, strings.ToValidUTF8(text, ""))
		name = strings.NewReplacer("/", "-", " ", "-").Replace(name)
		path := x.dav.AddCalendar("alice", "trap-"+name, clean)
		for object, data := range map[string]string{
			"a":              booked("a-"+name+"@example.com", "SUMMARY:"+oneLine.Replace(text)+" @meet"),
			"b":              booked("b" + name + oneLine.Replace(text) + "@example.com"),
			"c":              booked("c-"+name+"@example.com", "DTSTART:"+oneLine.Replace(text)),
			"d" + clean[:50]: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
		} {
			require.NoError(t, x.dav.PutRaw(path+object+".ics", "text/calendar", []byte(data)))
		}
		message, err := json.Marshal(map[string]any{"responseCode": "-7" + text, "message": text, "error": text})
		require.NoError(t, err)
		messages = append(messages, message)
	}
	all := func(what string, commands ...[]string) {
		for _, args := range commands {
			t.Run(fmt.Sprintf("convoke %v, %s", args, what), func(t *testing.T) { assertPlain(t, x.in(t).convoke(args...)) })
		}
	}
	all("", []string{"plan"}, []string{"plan", "-v"}, []string{"check", "-v"})
	var turn atomic.Int64
	next := func() []byte { return messages[int(turn.Add(1))%len(messages)] }
	x.apiFront.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			x.platform.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(next())
	}))
	all("a platform that says no", []string{"sync", "-v"}, []string{"sync"}, []string{"status"}, []string{"check"})
	assert.Greater(t, int(turn.Load()), len(messages), "each of its messages came")
	x.apiFront.answer(nil)
	before := turn.Load()
	x.davFront.answer(tampered(x.dav, func(r *http.Request, answer *httptest.ResponseRecorder) []byte {
		if r.Method == "PROPFIND" || r.Header.Get("Authorization") == "" {
			return answer.Body.Bytes()
		}
		text := string(next())
		answer.Code = http.StatusForbidden
		answer.Header().Set("Content-Type", "application/xml")
		return []byte(`<?xml version="1.0"?><D:error xmlns:D="DAV:"><D:` + text[:100] + `/></D:error>` + text)
	}))
	all("a calendar server that says no", []string{"sync", "-v"}, []string{"status"}, []string{"check"})
	assert.Greater(t, turn.Load(), before, "its messages came")
	x.davFront.answer(nil)
	all("mended", []string{"sync", "-v"}, []string{"sync"}, []string{"status"}, []string{"why", "a-LF@example.com"}, []string{"organizer", "list"})
	assert.Greater(t, len(x.platform.Meetings()), len(breaks))
	x.publish("log injection", 7*len(breaks), 200, 60*time.Second)
}

// printable leaves out what cannot stand in XML 1.0 or in a header.
func printable(r rune) rune {
	if r < ' ' && r != '\n' || r == 0x7f {
		return -1
	}
	return r
}
