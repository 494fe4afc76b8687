package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A running daemon is one under attack.
type running struct {
	pid  int
	log  *strings.Builder
	stop func()
}

// daemon starts convoke as main does, with a generous umask, and waits for its first pass.
func (x *target) daemon(args ...string) running {
	x.Helper()
	c := x.command(context.Background(), append([]string{"run"}, args...)...)
	c.Args[0], c.Path = "sh", "/bin/sh" // the umask of others is not the program's
	c.Args = append([]string{"sh", "-c", `umask 0; exec "$0" "$@"`, filepath.Join(x.bin, program)}, c.Args[1:]...)
	pipe, err := c.StderrPipe()
	require.NoError(x, err)
	require.NoError(x, c.Start())
	r := running{pid: c.Process.Pid, log: &strings.Builder{}}
	passed, ended := make(chan bool, 1), make(chan bool)
	go func() {
		defer close(ended)
		for in := bufio.NewScanner(pipe); in.Scan(); {
			r.log.WriteString(in.Text() + "\n")
			if strings.Contains(in.Text(), "msg=pass ") {
				select {
				case passed <- true:
				default:
				}
			}
		}
	}()
	r.stop = func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		<-ended
		_ = c.Wait()
	}
	x.Cleanup(func() { _ = c.Process.Kill() })
	select {
	case <-passed:
	case <-ended:
		x.Fatal(r.log.String())
	case <-time.After(time.Minute):
		x.Fatal("no pass")
	}
	return r
}

// spellings are the forms in which a secret may leak.
func spellings(secrets map[string]string) map[string]string {
	all := map[string]string{}
	for name, s := range secrets {
		quoted, _ := json.Marshal(s)
		for form, text := range map[string]string{
			"": s, "base64": base64.StdEncoding.EncodeToString([]byte(s)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(s)),
			"hex": hex.EncodeToString([]byte(s)), "query": url.QueryEscape(s), "JSON": strings.Trim(string(quoted), `"`),
			"reversed case": strings.ToUpper(s),
		} {
			all[strings.TrimSpace(name+" "+form)] = text
		}
	}
	return all
}

// Secrets are in no log at any level, no output, no error that a server provokes, no page, no process list, and not in the ledger or
// the files beside it: while the daemon runs and afterwards, in no spelling.
func TestThreatSecretsNowhere(t *testing.T) {
	x := newTarget(t)
	address := x.subscribe(x.davFront.url + "/hook/" + canaryPassword + "/alice.ics?token=" + canaryPassword)
	ics := strings.Replace(booked("a@example.com"), "SUMMARY", "X-WR-CALNAME:x\r\nSUMMARY", 1)
	feed := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/calendar")
		_, _ = io.WriteString(w, ics)
	})
	x.davFront.answer(feed)
	first := x.convoke("sync", "-v")
	require.Equal(t, exitDone, first.code, first.err)
	urls := x.convoke("organizer", "list", "--urls")
	at := strings.Index(urls.out, "/feed/")
	require.Positive(t, at)
	token := urls.out[at+len("/feed/"):][:43]
	key, err := os.ReadFile(filepath.Join(x.dir, "convoke.key"))
	require.NoError(t, err)
	raw, err := base64.StdEncoding.DecodeString(strings.Fields(string(key))[1])
	require.NoError(t, err)
	secrets := spellings(map[string]string{
		"API key": canaryKey, "password": canaryPassword, "token of the platform's feed": x.user.ICSToken, "token of convoke's feed": token,
		"key file": string(raw), "key file's text": strings.Fields(string(key))[1], "name and password": "alice:" + canaryPassword,
	})
	clean := func(where, text string) {
		for name, s := range secrets {
			if at := strings.Index(text, s); at >= 0 {
				t.Errorf("%s in %s: %.300q", name, where, text[max(0, at-150):])
			}
		}
	}
	folder := func() {
		assert.NoError(t, filepath.WalkDir(x.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || strings.Contains(e.Name(), "password") || strings.Contains(e.Name(), "api-key") || e.Name() == "convoke.key" || e.Name() == "config.toml" {
				return err
			}
			data, err := os.ReadFile(path)
			clean(e.Name(), string(data))
			return err
		}))
	}
	clean("sync", first.out+first.err)

	d := x.daemon("-v")
	for _, name := range []string{"cmdline", "environ", "comm"} {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", d.pid, name))
		require.NoError(t, err)
		clean(name, string(data))
	}
	for _, path := range []string{"/", "/healthz", "/metrics", "/debug/pprof/", "/debug/vars", "/status", "/feed/", "/feed/x.ics", "/feed/" + token[:42] + "x.ics", "/feed/" + token + ".ics"} {
		status, body, _ := fetch(t, "http://"+address+path, "")
		clean(path, fmt.Sprint(status, body))
	}
	folder()
	d.stop()
	clean("the daemon's log", d.log.String())
	folder()

	// Servers that give back what they were given, and failures of every kind.
	echo := func(status int, plain bool) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, password, _ := r.BasicAuth()
			given := strings.ReplaceAll(password+r.Header.Get("X-API-KEY")+fmt.Sprint(r.URL, r.Header), `"`, "'")
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("WWW-Authenticate", `Basic realm="`+given+`"`)
			w.Header().Set("Location", "/"+url.PathEscape(given))
			w.Header().Set("Retry-After", given)
			if plain {
				w.Header().Set("Content-Type", "text/calendar")
			}
			w.WriteHeader(status)
			if plain {
				_, _ = io.WriteString(w, given+"\r\n"+strings.ReplaceAll(ics, "SUMMARY:", "SUMMARY:"+given))
				return
			}
			_, _ = fmt.Fprintf(w, `{"responseCode":"%s","message":%q,"error":%q}`, given, given, given)
		})
	}
	payloads := 0
	for _, kind := range []string{"feed", "calendar"} {
		if kind == "calendar" {
			x.configure(`calendars = ["Work"]`)
			x.put("a", booked("a@example.com"))
		}
		for _, status := range []int{200, 204, 301, 400, 401, 403, 404, 409, 429, 500, 503} {
			for _, who := range []string{"calendar", "platform"} {
				payloads++
				x.forget()
				if kind == "feed" {
					x.davFront.answer(feed)
				} else {
					x.davFront.answer(nil)
				}
				x.apiFront.answer(nil)
				if who == "calendar" {
					if status == 429 || status == 503 {
						continue // told by Retry-After above
					}
					x.davFront.answer(echo(status, true))
				} else {
					x.apiFront.answer(echo(status, false))
				}
				for _, args := range [][]string{{"sync", "-v"}, {"status"}} {
					o := x.convoke(args...)
					clean(fmt.Sprintf("convoke %v, %s %d", args, who, status), o.out+o.err)
				}
				folder()
			}
		}
	}
	for name, text := range map[string]string{
		"a password in a URL":      `caldav_url = "http://alice:` + canaryPassword + `@127.0.0.1:1/"`,
		"a password in a feed":     `ics_url = "http://alice:` + canaryPassword + `@127.0.0.1:1/x.ics"`,
		"an address that is none":  `ics_url = "ftp://example.com/` + canaryPassword + `"`,
		"a password as a key":      `password = "` + canaryPassword + `"`,
		"an unknown key's value":   `token = "` + canaryKey + `"`,
		"a password file's name":   `password_file = "alice.password" # ` + canaryPassword,
		"a feed and another thing": `ics_url = "https://example.com/` + canaryPassword + `"` + "\nvdir = \"x\"",
	} {
		payloads++
		writeFiles(t, x.dir, map[string]string{"config.toml": configuration(x.apiFront.url, x.account.ID, text)})
		o := x.convoke("check")
		assert.NotEqual(t, exitDone, o.code)
		assert.NotContains(t, o.out+o.err, canaryPassword, name)
		assert.NotContains(t, o.out+o.err, canaryKey, name)
	}
	x.publish("secrets", payloads*len(secrets), 120, 20*time.Second)
}

// What convoke keeps is its owner's alone, whatever the umask is that it was started with: the ledger and its journal while they are
// in use, the key, and what lies beside them. A secret that others can read is not used.
func TestThreatFilesAreNobodyElses(t *testing.T) {
	x := newTarget(t)
	x.put("a", booked("a@example.com"))
	d := x.daemon()
	seen := map[string]bool{}
	private := func() {
		assert.NoError(t, filepath.WalkDir(x.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || path == x.dir {
				return err
			}
			info, err := e.Info()
			if err == nil {
				seen[e.Name()] = true
				assert.Zero(t, info.Mode().Perm()&0o077, "%s %s", e.Name(), info.Mode())
			}
			return nil
		}))
	}
	private()
	for _, name := range []string{"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock", "convoke.key"} {
		assert.True(t, seen[name], name)
	}
	d.stop()
	private()

	payloads := 0
	for _, file := range []string{"platform-api-key", "alice.password", "convoke.key"} {
		path := filepath.Join(x.dir, file)
		for _, mode := range []fs.FileMode{0o644, 0o604, 0o601, 0o602, 0o666, 0o777, 0o645, 0o607, 0o444, 0o404} {
			payloads++
			require.NoError(t, os.Chmod(path, mode))
			x.put("a", booked("a@example.com", fmt.Sprintf("COMMENT:%d", payloads)))
			x.put("b", booked(fmt.Sprintf("%d@example.com", payloads)))
			x.davFront.take()
			posts := x.posts()
			o := x.convoke("sync")
			assert.NotEqual(t, exitDone, o.code, "%s %o", file, mode)
			assert.Contains(t, o.err, file)
			assert.Regexp(t, "others can read it|is open to everybody", o.err, "%s %o", file, mode)
			assert.Equal(t, posts, x.posts())
			if file == "alice.password" {
				for _, r := range x.davFront.take() {
					assert.Empty(t, r.Header.Get("Authorization"))
				}
			}
		}
		for _, mode := range []fs.FileMode{0o600, 0o400, 0o640, 0o440} {
			require.NoError(t, os.Chmod(path, mode))
			o := x.convoke("sync")
			assert.NotRegexp(t, "others can read it|is open to everybody", o.err, "%s %o", file, mode)
		}
		require.NoError(t, os.Chmod(path, 0o600))
	}
	x.publish("secret files", payloads, 120, 20*time.Second)
}

// assertCounts wants a word on health, or metrics that are nothing but numbers by kinds out of closed sets.
func assertCounts(t testing.TB, path, page string) {
	t.Helper()
	if path != "/metrics" {
		assert.Equal(t, "ok\n", page, path)
		return
	}
	metric := regexp.MustCompile(`^(#.*|convoke_[a-z_]+({[a-z]+="[a-z-]+"})? [0-9.e+]+)$`)
	for line := range strings.Lines(page) {
		assert.Regexp(t, metric, strings.TrimSpace(line))
	}
}

// Who has no log-in gets a word on whether the daemon is well, and nothing of what is in it: no title, no address, no name, no link.
// No request changes anything, none is answered in another's name, and every answer forbids a browser all it can.
func TestThreatPageWithoutLogIn(t *testing.T) {
	x := newTarget(t)
	address := x.subscribe(x.davFront.url + "/alice.ics")
	x.davFront.answer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/calendar")
		_, _ = io.WriteString(w, booked("uid-canary@example.com", "SUMMARY:title-canary @meet"))
	}))
	d := x.daemon()
	defer d.stop()
	require.Equal(t, 1, x.posts())
	before, err := os.ReadFile(filepath.Join(x.dir, "ledger.db"))
	require.NoError(t, err)
	calls, requests := len(x.platform.Calls()), 0
	private := []string{"title-canary", "uid-canary", "alice", "Liddell", x.platform.Meetings()[0].Number, x.platform.Meetings()[0].ID, x.user.ID, x.account.ID, "127.0.0.1:" + strings.Split(x.apiFront.url, ":")[2], x.dir}
	paths := []string{
		"/", "/healthz", "/metrics", "/status", "/status.json", "/api", "/login", "/admin", "/debug/pprof/", "/debug/vars", "/config.toml", "/ledger.db",
		"/feed", "/feed/", "/feed/alice.ics", "/feed/alice@example.com.ics", "/feed/../healthz", "/feed/%2e%2e/ledger.db", "/feed/..%2f..%2fconvoke.key",
		"//healthz", "/healthz/", "/healthz?x=<script>alert(1)</script>", "/<script>alert(1)</script>", "/%0d%0aX-Evil:1", "/feed/" + strings.Repeat("A", 43) + ".ics",
		"/feed/" + strings.Repeat("A", 10_000) + ".ics", "/.git/config", "/favicon.ico", "/robots.txt", "/.well-known/caldav",
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, host := range []string{address, "evil.example.net", "127.0.0.1.evil.example.net", "localhost", "", "[::1]", "169.254.169.254"} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
			for _, path := range paths {
				requests++
				req, err := http.NewRequestWithContext(t.Context(), method, "http://"+address, strings.NewReader("x=y"))
				require.NoError(t, err)
				req.URL.Opaque, req.Host = path, host
				req.Header.Set("Origin", "https://evil.example.net")
				req.Header.Set("Sec-Fetch-Site", "cross-site")
				resp, err := client.Do(req)
				require.NoError(t, err)
				data, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				resp.Body.Close()
				body := string(data) + fmt.Sprint(resp.Header)
				for _, text := range private {
					assert.NotContains(t, body, text, "%s %s as %s", method, path, host)
				}
				assert.NotContains(t, string(data), "<script>")
				assert.Empty(t, resp.Header.Get("X-Evil"))
				assert.NotContains(t, resp.Header.Get("Location"), "evil")
				if resp.StatusCode != http.StatusBadRequest { // which net/http answers by itself
					assert.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'", "%s %s", method, path)
					assert.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
				}
				if strings.Contains(host, "evil") || host == "169.254.169.254" {
					assert.Equal(t, http.StatusMisdirectedRequest, resp.StatusCode)
				}
				if resp.StatusCode == http.StatusOK && method == "GET" {
					assertCounts(t, path, string(data))
				}
			}
		}
	}
	after, err := os.ReadFile(filepath.Join(x.dir, "ledger.db"))
	require.NoError(t, err)
	assert.Equal(t, before, after)
	assert.Len(t, x.platform.Calls(), calls)
	t.Logf("figures: page without log-in: %d requests", requests)
}
