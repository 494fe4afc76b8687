package transport

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"regexp"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/secret"
)

func basicServer(t *testing.T, want func() string) *recorder {
	return serve(t, func(w http.ResponseWriter, req *http.Request) {
		if name, got, _ := req.BasicAuth(); name != "alice" || got != want() {
			w.Header().Set("WWW-Authenticate", `Basic realm="calendars", charset="UTF-8"`)
			w.WriteHeader(401)
			return
		}
		ok(w, req)
	})
}

// A digestServer checks answers with its own arithmetic, and takes a nonce n times.
type digestServer struct {
	*recorder
	newHash   func() hash.Hash
	challenge string // with NONCE in it
	uses      int    // of one nonce

	mu    stdsync.Mutex
	nonce int
	used  int
	bad   int // answers that were wrong
}

func serveDigest(t *testing.T, newHash func() hash.Hash, challenge string, uses int) *digestServer {
	d := &digestServer{newHash: newHash, challenge: challenge, uses: uses}
	d.recorder = serve(t, func(w http.ResponseWriter, req *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.accepts(req) {
			ok(w, req)
			return
		}
		d.nonce, d.used = d.nonce+1, 0
		w.Header().Set("WWW-Authenticate", strings.ReplaceAll(d.challenge, "NONCE", fmt.Sprintf("n%d", d.nonce)))
		w.WriteHeader(401)
	})
	return d
}

var parameter = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

func (d *digestServer) accepts(req *http.Request) bool {
	text, found := strings.CutPrefix(req.Header.Get("Authorization"), "Digest ")
	p := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		p[m[1]] = m[2]
	}
	if !found || p["nonce"] != fmt.Sprintf("n%d", d.nonce) || d.used >= d.uses || p["uri"] != req.RequestURI {
		return false
	}
	h := func(text string) string {
		sum := d.newHash()
		sum.Write([]byte(text))
		return hex.EncodeToString(sum.Sum(nil))
	}
	middle := p["nonce"]
	if p["qop"] != "" {
		if p["nc"] != fmt.Sprintf("%08x", d.used+1) {
			return false
		}
		middle += ":" + p["nc"] + ":" + p["cnonce"] + ":" + p["qop"]
	}
	want := h(h("alice:cal dav:"+canary) + ":" + middle + ":" + h(req.Method+":"+req.RequestURI))
	if p["response"] != want {
		d.bad++
		return false
	}
	d.used++
	return true
}

func TestBasicIsSentOnceItWasAskedFor(t *testing.T) {
	home := basicServer(t, func() string { return canary })
	c := newClient(t, Options{Origin: home.URL, Auth: &Auth{"alice", password(canary), ""}})
	assert.Empty(t, c.Scheme())
	for range 3 {
		resp, _ := do(t, c, "PROPFIND", home.URL+"/cal/", "<x/>")
		assert.Equal(t, 200, resp.StatusCode)
	}
	assert.Len(t, home.seen(), 4, "one 401 for three requests")
	assert.Empty(t, home.seen()[0].Header.Get("Authorization"))
	assert.Equal(t, Basic, c.Scheme())
}

func TestRememberedSchemeSavesTheFirst401(t *testing.T) {
	home := basicServer(t, func() string { return canary })
	c := newClient(t, Options{Origin: home.URL, Auth: &Auth{"alice", password(canary), Basic}})
	resp, _ := do(t, c, "GET", home.URL, "")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Len(t, home.seen(), 1)
}

func TestRememberedSchemeThatIsWrongByNow(t *testing.T) {
	home := serveDigest(t, md5.New, `Digest realm="cal dav", nonce="NONCE", qop="auth"`, 100)
	c := newClient(t, Options{Origin: home.URL, Auth: &Auth{"alice", password(canary), Basic}})
	resp, _ := do(t, c, "GET", home.URL, "")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Equal(t, Digest, c.Scheme())
}

func TestDigest(t *testing.T) {
	for name, tc := range map[string]struct {
		newHash   func() hash.Hash
		challenge string
	}{
		"MD5":              {md5.New, `Digest realm="cal dav", nonce="NONCE", qop="auth", algorithm=MD5, opaque="o"`},
		"no algorithm":     {md5.New, `Digest realm="cal dav",qop="auth-int, auth",nonce="NONCE",opaque="df58bdff8cf60599c939187d0b5c54de"`},
		"without qop":      {md5.New, `Digest realm="cal dav", nonce="NONCE"`},
		"SHA-256":          {sha256.New, `Digest realm="cal dav", nonce="NONCE", qop="auth", algorithm=SHA-256`},
		"besides Basic":    {md5.New, `Basic realm="cal, dav", Digest realm="cal dav", nonce="NONCE", qop="auth"`},
		"in another case":  {md5.New, `digest realm="cal dav", nonce="NONCE", qop="AUTH", algorithm=md5`},
		"after Negotiate":  {md5.New, `Negotiate, Digest realm="cal dav", nonce="NONCE", qop="auth"`},
		"SHA-256 and auth": {sha256.New, `Digest realm="cal dav", nonce="x", qop="auth", Digest realm="cal dav", nonce="NONCE", qop="auth", algorithm=SHA-256`},
		"SHA-256 first":    {sha256.New, `Digest realm="cal dav", nonce="NONCE", algorithm=SHA-256, Digest realm="cal dav", nonce="x", Basic realm="x"`},
	} {
		t.Run(name, func(t *testing.T) {
			home := serveDigest(t, tc.newHash, tc.challenge, 100)
			c := newClient(t, Options{Origin: home.URL, Auth: &Auth{"alice", password(canary), ""}})
			for i := range 3 {
				resp, _ := do(t, c, "PROPFIND", fmt.Sprintf("%s/cal/%d%%40x/?q=%d", home.URL, i, i), "<x/>")
				assert.Equal(t, 200, resp.StatusCode)
			}
			assert.Len(t, home.seen(), 4, "the nonce is used again")
			assert.Zero(t, home.bad)
			assert.Equal(t, Digest, c.Scheme())
		})
	}
}

func TestDigestWithANewNonce(t *testing.T) {
	for name, challenge := range map[string]string{
		"stale":          `Digest realm="cal dav", nonce="NONCE", qop="auth", stale=true`,
		"without saying": `Digest realm="cal dav", nonce="NONCE", qop="auth"`,
	} {
		t.Run(name, func(t *testing.T) {
			home := serveDigest(t, md5.New, challenge, 2)
			c := newClient(t, Options{Origin: home.URL, Auth: &Auth{"alice", password(canary), ""}})
			for i := range 6 {
				resp, _ := do(t, c, "PUT", fmt.Sprintf("%s/%d.ics", home.URL, i), "BEGIN:VCALENDAR")
				require.Equal(t, 200, resp.StatusCode)
			}
			assert.Len(t, home.seen(), 9, "a 401 for each of three nonces")
			for i, body := range home.bodies {
				assert.Equal(t, "BEGIN:VCALENDAR", body, i)
			}
		})
	}
}

func TestWrongPasswordIsTriedOncePerRequest(t *testing.T) {
	for _, tc := range []struct{ scheme, remembered string }{{Basic, ""}, {Basic, Basic}, {Digest, ""}, {Digest, Digest}} {
		t.Run(tc.scheme+", remembered "+tc.remembered, func(t *testing.T) {
			r := basicServer(t, func() string { return canary })
			if tc.scheme == Digest {
				r = serveDigest(t, md5.New, `Digest realm="cal dav", nonce="NONCE", qop="auth"`, 100).recorder
			}
			c := newClient(t, Options{Origin: r.URL, Retry: true, Auth: &Auth{"alice", password("wrong"), tc.remembered}})
			for range 3 {
				resp, _ := do(t, c, "GET", r.URL, "")
				assert.Equal(t, 401, resp.StatusCode)
			}
			tries := 0
			for _, req := range r.seen() {
				if req.Header.Get("Authorization") != "" {
					tries++
				}
			}
			assert.Equal(t, 3, tries)
		})
	}
}

func TestNewPasswordNeedsNoRestart(t *testing.T) {
	current, onServer := "old", "old"
	home := basicServer(t, func() string { return onServer })
	c := newClient(t, Options{Origin: home.URL, Auth: &Auth{"alice", func() (secret.Secret, error) { return secret.New(current), nil }, ""}})
	for _, step := range []struct {
		mine, its string
		want      int
	}{{"old", "old", 200}, {"old", "new", 401}, {"new", "new", 200}} {
		current, onServer = step.mine, step.its
		resp, _ := do(t, c, "GET", home.URL, "")
		assert.Equal(t, step.want, resp.StatusCode)
	}
}

func TestPasswordThatCannotBeRead(t *testing.T) {
	home := basicServer(t, func() string { return canary })
	broken := errors.New("no such file")
	c := newClient(t, Options{Origin: home.URL, Retry: true, Auth: &Auth{"alice", func() (secret.Secret, error) { return secret.Secret{}, broken }, ""}})
	for range 2 {
		_, err := c.Do(request(t, "GET", home.URL, ""))
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, `password of "alice"`)
	}
	assert.Len(t, home.seen(), 1, "only the first request, which nothing had been asked for")
}

func TestColonInAUserName(t *testing.T) {
	home := basicServer(t, func() string { return canary })
	c := newClient(t, Options{Origin: home.URL, Auth: &Auth{"alice:x", password(canary), ""}})
	_, err := c.Do(request(t, "GET", home.URL, ""))
	require.ErrorContains(t, err, "colon")
}

func TestUnknownSchemesAreNotAnswered(t *testing.T) {
	for _, challenge := range []string{"", "Negotiate", `Bearer realm="x"`, `Digest realm="x", nonce="n", algorithm=MD5-sess, qop="auth"`,
		`Digest realm="x", nonce="n", qop="auth-int"`, `Digest realm="x`, ",,", `"`} {
		home := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(401)
		})
		c := newClient(t, Options{Origin: home.URL, Auth: &Auth{"alice", password(canary), ""}})
		resp, _ := do(t, c, "GET", home.URL, "")
		assert.Equal(t, 401, resp.StatusCode, challenge)
		assert.Len(t, home.seen(), 1, challenge)
	}
}

// A nonce that comes twice with one count is what a replay looks like.
func TestDigestByManyAtOnce(t *testing.T) {
	var mu stdsync.Mutex
	nonces, answers, replays := 0, map[string]int{}, 0
	key := regexp.MustCompile(`nonce="(n\d+)".* nc=(\w+)`)
	home := serve(t, func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		found := key.FindString(req.Header.Get("Authorization"))
		if answers[found]++; found != "" && answers[found] > 1 {
			replays++
		}
		if found == "" || len(answers)%16 == 0 { // now and then the nonce has expired
			nonces++
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="x", nonce="n%d", qop="auth"`, nonces))
			w.WriteHeader(401)
		}
	})
	c := newClient(t, Options{Origin: home.URL, PerHost: 8, Auth: &Auth{"alice", password(canary), ""}})
	var wg stdsync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				resp, err := c.Do(request(t, "GET", home.URL, ""))
				if assert.NoError(t, err) {
					resp.Body.Close()
				}
			}
		})
	}
	wg.Wait()
	assert.Zero(t, replays)
	assert.Greater(t, nonces, 1)
	assert.Less(t, len(home.seen()), 2*8*20, "most requests need no challenge")
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Basic realm="a, b", Digest realm="x", nonce="y", qop="auth,auth-int"`)
	f.Add(`Negotiate abc==,, Digest a = "\"", b`)
	f.Fuzz(func(t *testing.T, line string) {
		scheme, c := choose(http.Header{"Www-Authenticate": {line}})
		if (scheme == Digest) != (c != nil) {
			t.Fatalf("%q: scheme %q, challenge %v", line, scheme, c)
		}
	})
}

func TestChallengesAreTakenApart(t *testing.T) {
	for name, tc := range map[string]struct{ lines, want []string }{
		"none":             {nil, nil},
		"one":              {[]string{`Basic realm="x"`}, []string{`Basic realm="x"`}},
		"two lines":        {[]string{`Basic realm="x"`, `Digest a=b, c="d"`}, []string{`Basic realm="x"`, `Digest a=b, c="d"`}},
		"one line":         {[]string{`Basic realm="x", Digest a=b,c="d"`}, []string{`Basic realm="x"`, `Digest a=b, c="d"`}},
		"commas in quotes": {[]string{`Basic realm="a, Digest b", charset="UTF-8"`}, []string{`Basic realm="a, Digest b", charset="UTF-8"`}},
		"escaped quotes":   {[]string{`Basic realm="a\", Digest b"`}, []string{`Basic realm="a\", Digest b"`}},
		"bare schemes":     {[]string{`Negotiate, NTLM, Basic realm="x"`}, []string{`Negotiate`, `NTLM`, `Basic realm="x"`}},
		"a token":          {[]string{`Negotiate abc==, Basic realm="x"`}, []string{`Negotiate abc==`, `Basic realm="x"`}},
		"spaces around =":  {[]string{`Digest realm = "x", nonce = "y"`}, []string{`Digest realm = "x", nonce = "y"`}},
		"empty items":      {[]string{`, Basic realm="x",, Negotiate,`}, []string{`Basic realm="x"`, `Negotiate`}},
	} {
		assert.Equal(t, tc.want, split(tc.lines), name)
	}
}
