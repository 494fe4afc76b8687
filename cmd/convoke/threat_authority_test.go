package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/meetingapi/meetingtest"
)

// Nothing that an event links to is ever fetched, by no command: the canary hears nothing.
func TestThreatLinksAreNeverFetched(t *testing.T) {
	x := newTarget(t)
	to := func(name string) string { return x.canary.url + "/" + name }
	links := map[string][]string{
		"ATTACH":            {"ATTACH:" + to("attach")},
		"ATTACH of a type":  {"ATTACH;FMTTYPE=text/html:" + to("attach.html")},
		"managed ATTACH":    {"ATTACH;MANAGED-ID=1;FILENAME=a.pdf;SIZE=1:" + to("managed")},
		"URL":               {"URL:" + to("url")},
		"IMAGE":             {"IMAGE;VALUE=URI;DISPLAY=BADGE;FMTTYPE=image/png:" + to("image.png")},
		"CONFERENCE":        {"CONFERENCE;VALUE=URI;FEATURE=VIDEO:" + to("conference")},
		"ALTREP":            {`DESCRIPTION;ALTREP="` + to("altrep") + `":x`},
		"ALTREP of a place": {`LOCATION;ALTREP="` + to("place") + `":@meet`},
		"HTML":              {`X-ALT-DESC;FMTTYPE=text/html:<html><img src="` + to("img.png") + `"><link rel=stylesheet href="` + to("style.css") + `"><script src="` + to("x.js") + `"></script></html>`},
		"STRUCTURED-DATA":   {"STRUCTURED-DATA;VALUE=URI;FMTTYPE=application/ld+json;SCHEMA=\"https://schema.org/Event\":" + to("data")},
		"STYLED":            {"STYLED-DESCRIPTION;VALUE=URI;FMTTYPE=text/html:" + to("styled")},
		"LINK":              {"LINK;LINKREL=SOURCE;VALUE=URI:" + to("link"), "CONCEPT:" + to("concept")},
		"SOURCE":            {"SOURCE;VALUE=URI:" + to("source"), "REFRESH-INTERVAL;VALUE=DURATION:PT1M"},
		"DIR":               {`ATTENDEE;DIR="` + to("dir") + `":mailto:bob@example.com`, "ORGANIZER:mailto:alice@example.com"},
		"ORGANIZER":         {"ORGANIZER:" + to("organizer")},
		"EMAIL":             {`ORGANIZER;SENT-BY="` + to("sentby") + `":mailto:alice@example.com`},
		"alarm":             {"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT1M\r\nATTACH;FMTTYPE=audio/basic:" + to("alarm.wav") + "\r\nEND:VALARM"},
		"procedure":         {"BEGIN:VALARM\r\nACTION:PROCEDURE\r\nTRIGGER:-PT1M\r\nATTACH:" + to("alarm.exe") + "\r\nEND:VALARM"},
		"Apple's map":       {"X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-APPLE-MAPKIT-HANDLE=x:" + to("map")},
		"text":              {`DESCRIPTION:` + to("text") + `\n@meet\n` + to("text2")},
		"a join link's":     {"DESCRIPTION:" + joinStart + "../../../" + strings.TrimPrefix(to("x"), "http://")},
		"title":             {"SUMMARY:" + to("title") + " @meet"},
		"UID":               {"COMMENT:" + to("comment"), "CONTACT;ALTREP=\"" + to("contact") + "\":x", "RESOURCES;ALTREP=\"" + to("resources") + "\":x"},
		"VLOCATION":         {"BEGIN:VLOCATION\r\nUID:v\r\nURL:" + to("vlocation") + "\r\nSTRUCTURED-DATA;VALUE=URI:" + to("vdata") + "\r\nEND:VLOCATION"},
		"FREEBUSY":          {"X-MICROSOFT-SKYPETEAMSMEETINGURL:" + to("teams"), "X-GOOGLE-CONFERENCE:" + to("google")},
	}
	for name, lines := range links {
		object := strings.ReplaceAll(name, " ", "-")
		x.put(object, strings.Replace(booked(object+"@example.com", lines...), "BEGIN:VEVENT",
			"X-WR-RELCALID:x\r\nURL:"+to("calendar")+"\r\nSOURCE;VALUE=URI:"+to("calendar-source")+
				"\r\nBEGIN:VTIMEZONE\r\nTZID:Nowhere\r\nTZURL:"+to("zone")+"\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT", 1))
	}
	for _, args := range [][]string{{"plan"}, {"sync", "-v"}, {"sync"}, {"check"}, {"why", "ATTACH@example.com"}, {"status"}, {"eject"}} {
		o := x.convoke(args...)
		require.NotEqual(t, exitUsage, o.code, o.err)
		assert.Empty(t, lines(x.canary.take()), args)
	}
	assert.Greater(t, x.posts(), len(links)/2)
	x.publish("links in events", len(links), 120, 10*time.Second)
}

// A seal is authority for the event that it was made for, and for nothing else: no copy, no forgery and no old one of it has a meeting
// changed, given up or taken over.
func TestThreatForgedSeal(t *testing.T) {
	x := newTarget(t)
	x.put("victim", booked("victim@example.com", "SUMMARY:Board @meet"))
	require.Equal(t, exitDone, x.convoke("sync").code)
	victim := x.platform.Meetings()[0]
	seal := regexp.MustCompile(`X-CONVOKE[^:]*:(\S+)`).FindStringSubmatch(unfolded(x.object("victim")))[1]
	parts := strings.Split(seal, ".")
	require.Len(t, parts, 5, seal)
	with := func(i int, text string) string {
		changed := append([]string{}, parts...)
		changed[i] = text
		return strings.Join(changed, ".")
	}
	flipped := func(i int) string {
		mac := []byte(parts[4])
		mac[i] = map[bool]byte{true: 'B', false: 'A'}[mac[i] == 'A']
		return with(4, string(mac))
	}
	link := joinStart + victim.Number
	seals := map[string]string{
		"the victim's":       seal,
		"first bit":          flipped(0),
		"middle bit":         flipped(20),
		"no mac":             with(4, ""),
		"short mac":          with(4, parts[4][:20]),
		"long mac":           with(4, parts[4]+"A"),
		"padded mac":         with(4, parts[4]+"="),
		"zero mac":           with(4, strings.Repeat("A", 43)),
		"upper case":         strings.ToUpper(seal),
		"another key":        with(1, "00000000"),
		"no key":             with(1, ""),
		"another version":    with(0, "v2"),
		"no version":         with(0, ""),
		"another generation": with(3, "2"),
		"generation 01":      with(3, "01"),
		"generation +1":      with(3, "+1"),
		"negative":           with(3, "-1"),
		"huge generation":    with(3, strings.Repeat("9", 100)),
		"another meeting":    with(2, "5e9459c5b863b82cffffffff"),
		"a path":             with(2, "../../account"),
		"no meeting":         with(2, ""),
		"too few parts":      strings.Join(parts[:4], "."),
		"too many parts":     seal + ".x",
		"empty":              "",
		"only dots":          "....",
		"spaces":             " " + seal + " ",
		"escaped":            strings.ReplaceAll(seal, ".", `\.`),
		"folded":             seal[:20] + "\r\n " + seal[20:],
		"500 kB":             strings.Repeat("A", 500_000),
		"twice":              seal + "\r\nX-CONVOKE;VALUE=TEXT:" + seal,
		"forged first":       flipped(1) + "\r\nX-CONVOKE;VALUE=TEXT:" + seal,
	}
	places := map[string]func(uid, seal string) string{
		"marked":        func(uid, seal string) string { return booked(uid, "X-CONVOKE;VALUE=TEXT:"+seal) },
		"with the link": func(uid, seal string) string { return booked(uid, "X-CONVOKE;VALUE=TEXT:"+seal, "LOCATION:"+link) },
		"not marked": func(uid, seal string) string {
			return booked(uid, "X-CONVOKE;VALUE=TEXT:"+seal, "SUMMARY:x", "URL:"+link)
		},
		"declining": func(uid, seal string) string {
			return booked(uid, "X-CONVOKE;VALUE=TEXT:"+seal, "LOCATION:"+link, "SUMMARY:x #nomeet")
		},
		"cancelled": func(uid, seal string) string {
			return booked(uid, "X-CONVOKE;VALUE=TEXT:"+seal, "LOCATION:"+link, "STATUS:CANCELLED")
		},
		"an invitation": func(uid, seal string) string {
			return booked(uid, "X-CONVOKE;VALUE=TEXT:"+seal, "ORGANIZER:mailto:mallory@example.net", "LOCATION:"+link)
		},
	}
	payloads := 0
	untouched := func(what string) {
		t.Helper()
		for _, m := range x.platform.Meetings() {
			if m.ID == victim.ID {
				assert.Len(t, m.History, 1, what)
				assert.Zero(t, m.DeletedAt, what)
			}
		}
	}
	for place, event := range places {
		t.Run(place, func(t *testing.T) {
			x := x.in(t)
			names := []string{}
			for name, seal := range seals {
				payloads++
				object := strings.ReplaceAll(place+" "+name, " ", "-")
				names = append(names, object)
				x.put(object, event(object+"@example.com", seal))
			}
			x.convoke("sync")
			untouched("when they come")
			for _, name := range names { // they are moved, and then deleted
				x.put(name, strings.Replace(x.object(name), "DURATION:PT1H", "DURATION:PT2H", 1))
			}
			x.convoke("sync")
			untouched("when they change")
			for _, name := range names {
				require.NoError(t, x.dav.Delete(x.path(name)))
			}
			x.convoke("sync")
			for _, batch := range regexp.MustCompile(`convoke approve (\d+)`).FindAllStringSubmatch(x.convoke("status").out, -1) {
				x.convoke("approve", batch[1])
			}
			x.convoke("sync")
			untouched("when they are gone")
		})
	}
	x.put("victim", strings.Replace(x.object("victim"), "SUMMARY:Board", "SUMMARY:Board 2", 1))
	assert.Contains(t, x.convoke("sync").out, "1 updated", "its own event still has it")
	x.publish("seals", payloads, 200, 20*time.Second)
}

// Whatever the platform calls its users, accounts and meetings, and whatever becomes of an event, the key is used for the documented
// calls alone; none deletes, unless the admin has said so.
func TestThreatKeyIsForDocumentedCallsOnly(t *testing.T) {
	ids := []string{
		"../../account", "..", ".", "", "%2e%2e%2faccount", "x/../../../account", "x/false/../../account/admin/x", "x?y=z", "x#y", "x\r\nX-Evil: 1", "x y", "x\x00",
		`x\..\account`, "//evil.example.net/x", "http://evil.example.net/x", "é", "x;y", "x&y", "x%", strings.Repeat("x", 65), strings.Repeat("x", 100_000), "-", "_", "null", "0",
	}
	documented := regexp.MustCompile(`^(POST /api/v6/account|GET /api/v6/account/admin/[\w-]{1,64}|POST /api/v6/meeting|PUT /api/v6/meeting/[\w-]{1,64}/false|GET /api/v6/meeting/calender/user/[\w-]+)$`)
	for _, action := range []string{"retitle", "delete"} {
		t.Run(action, func(t *testing.T) {
			x := newTarget(t)
			text, err := os.ReadFile(filepath.Join(x.dir, "config.toml"))
			require.NoError(t, err)
			writeFiles(t, x.dir, map[string]string{"config.toml": strings.Replace(string(text), "[cancel]\n", "[cancel]\naction = \""+action+"\"\n", 1)})
			x.platform.Set(func(k *meetingtest.Knobs) { k.AllowDelete = true })
			seen := map[string]bool{}
			for i, id := range append([]string{"the platform's own"}, slices.Concat(ids, ids)...) {
				if i > len(ids) && action == "retitle" {
					continue // the ids of accounts and users are the same whatever becomes of a meeting
				}
				x.forget()
				where := "/api/v6/meeting"
				if i > len(ids) {
					where = "/api/v6/account"
				}
				x.apiFront.answer(tampered(x.platform, func(r *http.Request, answer *httptest.ResponseRecorder) []byte {
					var envelope map[string]any
					if i == 0 || !strings.HasPrefix(r.URL.Path, where) || json.Unmarshal(answer.Body.Bytes(), &envelope) != nil {
						return answer.Body.Bytes()
					}
					rename(envelope, id)
					body, err := json.Marshal(envelope)
					require.NoError(t, err)
					return body
				}))
				x.put("a", booked("a@example.com"))
				x.convoke("sync")
				x.put("a", strings.Replace(x.object("a"), "DURATION:PT1H", "DURATION:PT2H", 1))
				x.convoke("sync")
				require.NoError(t, x.dav.Delete(x.path("a")))
				x.convoke("sync")
				for _, r := range x.apiFront.take() {
					call := r.Method + " " + r.RequestURI
					seen[r.Method] = true
					deletes := action == "delete" && r.Method == http.MethodDelete && regexp.MustCompile(`^/api/v6/meeting/[\w-]{1,64}$`).MatchString(r.RequestURI)
					assert.True(t, deletes || documented.MatchString(call), "%.300s with id %.50q", call, id)
					assert.Empty(t, r.Header["X-Evil"])
					assert.Equal(t, strings.TrimPrefix(x.apiFront.url, "http://"), r.Host)
				}
			}
			assert.Equal(t, map[string]bool{"GET": true, "POST": true, "PUT": true, "DELETE": true}, map[string]bool{
				"GET": seen["GET"], "POST": seen["POST"], "PUT": seen["PUT"], "DELETE": seen["DELETE"] == (action == "delete"),
			})
			x.publish("ids of the platform, cancel.action "+action, x.spent.payloads/3, 120, 10*time.Second)
		})
	}
}

// rename puts another id wherever the platform names something, its users and accounts included.
func rename(value any, id string) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			rename(item, id)
		}
	case map[string]any:
		for key, item := range v {
			if _, isText := item.(string); isText && (key == "id" || key == "accountId" || key == "roomId") {
				v[key] = id
				continue
			}
			if key == "icsPath" {
				v[key] = "/api/v6/meeting/calender/user/" + id
			}
			rename(item, id)
		}
	}
}
