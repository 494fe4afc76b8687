package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostileETags are entity tags that are none (RFC 9110, 8.8.3), or that mean something to the header, the ledger or the program.
var hostileETags = map[string]string{
	"empty":               "",
	"empty in quotes":     `""`,
	"weak":                `W/"1"`,
	"weak, lower case":    `w/"1"`,
	"unquoted":            "1",
	"one quote":           `"1`,
	"quote within":        `"1"2"`,
	"a list":              `"1", "2"`,
	"anything":            "*",
	"anything in quotes":  `"*"`,
	"what convoke writes": "-",
	"space":               " ",
	"spaces around":       `  "1"  `,
	"tab":                 "\"1\t2\"",
	"CR/LF":               "\"1\"\r\nX-Evil: 1",
	"LF":                  "\"1\"\nX-Evil: 1",
	"CR":                  "\"1\"\rX-Evil: 1",
	"CR/LF and a request": "\"1\"\r\n\r\nDELETE /calendars/alice/work/budget.ics HTTP/1.1\r\nHost: x\r\n\r\n",
	"NUL":                 "\"1\x002\"",
	"escape":              "\"\x1b[31m1\"",
	"bell":                "\"\a\"",
	"DEL":                 "\"\x7f\"",
	"not ASCII":           `"é"`,
	"not UTF-8":           "\"\xff\xfe\"",
	"NEL":                 "\"1\u0085X-Evil: 1\"",
	"line separator":      "\"1\u2028X-Evil: 1\"",
	"right-to-left":       "\"\u202e1\"",
	"encoded CR/LF":       `"1%0d%0aX-Evil: 1"`,
	"SQL":                 `"1'; DROP TABLE objects; --"`,
	"a template":          `"{{.Key}}${HOME}%s%n"`,
	"a log line":          `"1" level=ERROR msg=forged`,
	"100 kB":              `"` + strings.Repeat("1", 100_000) + `"`,
	"1,000 quotes":        strings.Repeat(`"`, 1000),
	"a number":            "18446744073709551616",
	"null":                "null",
}

// An ETag is what a server says it is. Whatever it is, it adds no header and no request, is never left out of a write, and does not
// keep the event beside it from its meeting. Where it cannot be sent back, the event is not written to.
func TestThreatHostileETags(t *testing.T) {
	x := newTarget(t)
	for name, etag := range hostileETags {
		t.Run(name, func(t *testing.T) {
			x := x.in(t)
			x.forget()
			x.put("bomb", booked("bomb@example.com"))
			x.put("budget", booked("budget@example.com"))
			_, real, _ := x.dav.Get(x.path("bomb"))
			x.davFront.answer(tampered(x.dav, func(r *http.Request, answer *httptest.ResponseRecorder) []byte {
				if r.URL.Path == x.path("bomb") && answer.Header().Get("ETag") != "" {
					answer.Header()["Etag"] = []string{strings.NewReplacer("\r", " ", "\n", " ").Replace(etag)}
				}
				return []byte(strings.ReplaceAll(answer.Body.String(), xmlEscaper.Replace(real), xmlEscaper.Replace(etag)))
			}))
			x.davFront.take()
			posts := x.posts()
			o := x.convoke("sync")
			assert.Contains(t, x.object("budget"), joinStart, o.err)
			for _, r := range x.davFront.take() {
				assert.Empty(t, r.Header["X-Evil"])
				assert.NotEqual(t, "DELETE", r.Method)
				if r.Method == "PUT" {
					require.Len(t, r.Header["If-Match"], 1, "a write without its condition")
					assert.NotEqual(t, "", strings.TrimSpace(r.Header.Get("If-Match")))
					if r.URL.Path == x.path("bomb") {
						assert.NotEqual(t, "*", r.Header.Get("If-Match"), "a write that nothing stops")
					}
				}
			}
			assert.LessOrEqual(t, x.posts()-posts, 2)
			x.convoke("sync")
			assert.LessOrEqual(t, x.posts()-posts, 2, "one meeting each")
			assert.Less(t, len(o.out)+len(o.err), 64<<10, "what is printed is cut")
			assertPlain(t, o)
		})
	}
	x.publish("ETags", len(hostileETags), 120, 20*time.Second)
}

var logLine = regexp.MustCompile(`^time=\S+ level=(DEBUG|INFO|WARN|ERROR) msg=`)

// assertPlain checks what was printed: no control characters but line ends, nothing that turns the direction of text, and on
// standard error nothing but lines of the log and those that the program begins itself.
func assertPlain(t testing.TB, o aftermath) {
	t.Helper()
	assert.NotRegexp(t, "[\\x00-\\x09\\x0b-\\x1f\\x7f\u0080-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]", o.out+o.err)
	for line := range strings.Lines(o.err) {
		if !logLine.MatchString(line) && !strings.HasPrefix(line, "failed: ") && !strings.HasPrefix(line, "convoke: ") {
			t.Errorf("a line of somebody else's: %.200q", line)
		}
		assert.Less(t, len(line), 20_000, "foreign text is cut")
	}
	for _, out := range []string{o.out, o.err} {
		for line := range strings.Lines(out) {
			assert.False(t, strings.HasPrefix(line, "forged") || strings.HasPrefix(line, "level=") || strings.HasPrefix(line, "time=2000"), line)
		}
	}
}
