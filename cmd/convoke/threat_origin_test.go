package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// elsewhere are places that an attacker would have convoke ask, as redirects and hrefs may name them. There is no name for the
// port of a canary but its own, so that every spelling that a client may fall for leads to it.
func elsewhere(canary, own string) map[string]string {
	c, _ := url.Parse(canary)
	o, _ := url.Parse(own)
	return map[string]string{
		"absolute":               canary + "/x.ics",
		"scheme-relative":        "//" + c.Host + "/x.ics",
		"upper-case scheme":      "HTTP://" + c.Host + "/x.ics",
		"backslashes":            `\\` + c.Host + `\x.ics`,
		"slash and backslash":    `/\` + c.Host + "/x.ics",
		"three slashes":          "///" + c.Host + "/x.ics",
		"own host as user":       "http://" + o.Host + "@" + c.Host + "/x.ics",
		"own host as user, pass": "http://" + o.Hostname() + ":x@" + c.Host + "/x.ics",
		"user of her own":        "http://mallory:x@" + c.Host + "/x.ics",
		"own host in a fragment": canary + "#@" + o.Host + "/x.ics",
		"own host in a query":    canary + "?@" + o.Host + "/x.ics",
		"backslash before user":  "http://" + c.Host + `\@` + o.Host + "/x.ics",
		"by name":                "http://localhost:" + c.Port() + "/x.ics",
		"by IPv6":                "http://[::ffff:127.0.0.1]:" + c.Port() + "/x.ics",
		"by a number":            "http://2130706433:" + c.Port() + "/x.ics",
		"short address":          "http://127.1:" + c.Port() + "/x.ics",
		"octal":                  "http://0177.0.0.1:" + c.Port() + "/x.ics",
		"dot at the end":         "http://127.0.0.1.:" + c.Port() + "/x.ics",
		"tab in the scheme":      "ht\ttp://" + c.Host + "/x.ics",
		"space before":           " " + canary + "/x.ics",
		"https":                  "https://" + c.Host + "/x.ics",
		"file":                   "file:///etc/passwd",
		"gopher":                 "gopher://" + c.Host + "/x.ics",
		"javascript":             "javascript:alert(1)",
		"data":                   "data:text/calendar,BEGIN:VCALENDAR",
		"metadata service":       "http://169.254.169.254/latest/meta-data/",
		"unspecified address":    "http://0.0.0.0:" + c.Port() + "/x.ics",
		"CR/LF":                  "/x\r\nHost: " + c.Host,
		"encoded CR/LF":          "/%0d%0aHost:%20" + c.Host,
	}
}

// A calendar server, a feed and the platform that send convoke on to another host do not get it there, by no status and with no
// method; nothing secret leaves, and nothing is made, changed or lost because of that.
func TestThreatRedirectLeaksNoCredentials(t *testing.T) {
	x := newTarget(t)
	x.put("budget", booked("budget@example.com"))
	require.Equal(t, exitDone, x.convoke("sync").code)
	x.canary.take()
	payloads, statuses := 0, []int{301, 302, 303, 307, 308}
	for name, location := range elsewhere(x.canary.url, x.davFront.url) {
		location = strings.NewReplacer("\r", "", "\n", "").Replace(location) // net/http would not send them either
		for i, method := range []string{"PROPFIND", "REPORT", "GET", "PUT", "POST"} {
			payloads++
			status := statuses[(payloads+i)%len(statuses)]
			redirect := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Location"] = []string{location}
				w.WriteHeader(status)
			})
			t.Run(fmt.Sprintf("%s to %s %d", method, name, status), func(t *testing.T) {
				x := x.in(t)
				only := func(h http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.Method == method {
							redirect(w, r)
							return
						}
						h.ServeHTTP(w, r)
					})
				}
				x.davFront.answer(only(x.dav))
				x.apiFront.answer(only(x.platform))
				x.put("budget", booked("budget@example.com"))
				x.put("next", booked("next@example.com"))
				x.forget()
				o := x.convoke("sync")
				assert.Equal(t, exitSome, o.code, o.out)
				assert.Empty(t, lines(x.canary.take()))
				require.NoError(t, x.dav.Delete(x.path("next")))
			})
		}
	}
	t.Run("feed", func(t *testing.T) {
		x := x.in(t)
		source := newFront(t, http.NotFoundHandler())
		x.subscribe(source.url + "/secret.ics?token=" + canaryPassword)
		x.apiFront.answer(nil)
		for name, location := range elsewhere(x.canary.url, source.url) {
			payloads++
			source.answer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Location"] = []string{strings.NewReplacer("\r", "", "\n", "").Replace(location)}
				w.WriteHeader(http.StatusFound)
			}))
			x.forget()
			o := x.convoke("sync")
			assert.Equal(t, exitSome, o.code, name)
			assert.NotContains(t, o.err, canaryPassword)
			assert.Empty(t, lines(x.canary.take()), name)
		}
	})
	x.configure(`calendars = ["Work"]`)
	x.davFront.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, moved := strings.CutPrefix(r.URL.Path, "/old"); moved {
			http.Redirect(w, r, path, http.StatusPermanentRedirect)
			return
		}
		x.dav.ServeHTTP(w, r)
	}))
	x.apiFront.answer(nil)
	x.forget()
	x.put("budget", booked("budget@example.com"))
	assert.Contains(t, x.convoke("sync").out, "1 created, 1 written", "all is well without them")
	x.publish("redirects", payloads, 120, 20*time.Second)
}

// hostileHrefs name what is not in the calendar: on another host, in another calendar of hers or somebody else's, or nowhere.
func hostileHrefs(canary, own string) map[string]string {
	all := elsewhere(canary, own)
	for name, href := range map[string]string{
		"sister calendar":      "/calendars/alice/private/diary.ics",
		"dots":                 "/calendars/alice/work/../private/diary.ics",
		"encoded dots":         "/calendars/alice/work/%2e%2e/private/diary.ics",
		"half-encoded dots":    "/calendars/alice/work/.%2E/private/diary.ics",
		"dots and slash":       "/calendars/alice/work/..%2fprivate/diary.ics",
		"double-encoded dots":  "/calendars/alice/work/%252e%252e/private/diary.ics",
		"dots, backslash":      `/calendars/alice/work/..\private\diary.ics`,
		"relative dots":        "../private/diary.ics",
		"own origin, dots":     own + "/calendars/alice/work/../private/diary.ics",
		"own origin, userinfo": strings.Replace(own, "://", "://mallory:x@", 1) + "/calendars/alice/private/diary.ics",
		"own origin, sister":   own + "/calendars/alice/private/diary.ics",
		"principal":            "/principals/alice/",
		"root":                 "/",
		"API of the platform":  "/api/v6/meeting",
		"empty":                "",
		"query":                "/calendars/alice/private/diary.ics?x=/calendars/alice/work/x.ics",
		"NUL":                  "/calendars/alice/private/diary.ics%00.ics",
		"only a fragment":      "#/calendars/alice/work/x.ics",
		"a folder within":      "/calendars/alice/work/folder/x.ics",
		"no path":              own,
		"100 kB":               "/calendars/alice/private/" + strings.Repeat("x", 100_000),
		"a thousand dots":      "/calendars/alice/work/" + strings.Repeat("../", 1000) + "calendars/alice/private/diary.ics",
		"bare percent":         "/calendars/alice/private/%",
		"not UTF-8":            "/calendars/alice/private/\xff\xfe.ics",
		"right-to-left":        "/calendars/alice/private/\u202escx.ics",
	} {
		all[name] = href
	}
	return all
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", "\r", "&#13;", "\n", "&#10;", "\t", "&#9;")

// A calendar that aims its hrefs at another host, at another calendar or at anything else has convoke ask for nothing but what lies
// in it, and write to nothing else.
func TestThreatHrefsLeadNowhereElse(t *testing.T) {
	x := newTarget(t)
	diary := x.dav.AddCalendar("alice", "private", "Private") + "diary.ics"
	secret := booked("diary@example.com")
	require.NoError(t, x.dav.Put(diary, secret))
	hrefs := hostileHrefs(x.canary.url, x.davFront.url)
	x.put("budget", booked("budget@example.com"))
	x.put("target", booked("target@example.com"))
	for name, href := range hrefs {
		for _, withData := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, data %v", name, withData), func(t *testing.T) {
				x := x.in(t)
				x.forget()
				x.put("budget", booked("budget@example.com"))
				var met atomic.Bool
				x.davFront.answer(tampered(x.dav, func(r *http.Request, answer *httptest.ResponseRecorder) []byte {
					body := answer.Body.String()
					if r.Method == "REPORT" {
						met.Store(met.Load() || strings.Contains(body, x.path("target")))
						body = strings.ReplaceAll(body, x.path("target"), xmlEscaper.Replace(href))
					}
					if !withData {
						body = calendarData.ReplaceAllString(body, "")
					}
					return []byte(body)
				}))
				x.davFront.take()
				o := x.convoke("sync")
				require.True(t, met.Load(), "the href came")
				if href == "" { // who cannot be named may be anybody: the look is not believed
					assert.Equal(t, exitSome, o.code)
					assert.Contains(t, o.err, `calendar "Work"`)
					return
				}
				assert.Contains(t, x.object("budget"), joinStart, o.err)
				assert.Empty(t, lines(x.canary.take()))
				work := x.dav.Calendar("alice", "work")
				for _, r := range x.davFront.take() {
					inside := strings.HasPrefix(r.URL.Path, work) && !slices.Contains(strings.Split(r.URL.Path, "/"), "..")
					assert.True(t, inside || r.Method == "PROPFIND" || r.Method == "OPTIONS", "%s %.200s", r.Method, r.RequestURI)
					if r.Method == "PUT" {
						assert.Equal(t, x.path("budget"), r.URL.Path)
					}
				}
				kept, _, _ := x.dav.Get(diary)
				assert.Equal(t, secret, string(kept))
				assert.Less(t, len(o.out)+len(o.err), 64<<10, "what is printed is cut")
			})
		}
	}
	x.publish("hrefs", 2*len(hrefs), 120, 20*time.Second)
}

var calendarData = regexp.MustCompile(`(?s)<C:calendar-data>.*?</C:calendar-data>`)

// What a server says of where the principal, the home and the calendars are leads to no other host either.
func TestThreatDiscoveryLeadsNowhereElse(t *testing.T) {
	x := newTarget(t)
	payloads := 0
	for name, href := range elsewhere(x.canary.url, x.davFront.url) {
		for _, property := range []string{"current-user-principal", "calendar-home-set", "response", "owner"} {
			payloads++
			t.Run(property+" "+name, func(t *testing.T) {
				x := x.in(t)
				x.forget()
				inside := regexp.MustCompile(`(<[DC]:` + property + `>\s*<D:href>)[^<]*(</D:href>)`)
				var met atomic.Bool
				x.davFront.answer(tampered(x.dav, func(r *http.Request, answer *httptest.ResponseRecorder) []byte {
					if r.Method != "PROPFIND" {
						return answer.Body.Bytes()
					}
					met.Store(met.Load() || inside.Match(answer.Body.Bytes()))
					return inside.ReplaceAll(answer.Body.Bytes(), []byte("${1}"+strings.ReplaceAll(xmlEscaper.Replace(href), "$", "$$")+"${2}"))
				}))
				o := x.convoke("sync")
				require.True(t, met.Load(), "the href came")
				assert.Empty(t, lines(x.canary.take()), o.err)
				assert.NotContains(t, o.err, canaryPassword)
			})
		}
	}
	x.publish("discovery", payloads, 120, 20*time.Second)
}
