package chaos_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/chaos"
)

// ownClient has connections of its own: closing any httptest.Server closes those of http.DefaultTransport.
var ownClient = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}

const whole = "this is the whole answer"

// A server answers with a text, and counts what reaches it.
type server struct{ requests atomic.Int32 }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	if body, _ := io.ReadAll(r.Body); len(body) == 0 && r.Method == http.MethodPut {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Etag", `"1"`)
	_, _ = io.WriteString(w, whole)
}

func start(t *testing.T, o chaos.Options) (*chaos.Proxy, *server, string) {
	t.Helper()
	s := &server{}
	behind := httptest.NewServer(s)
	t.Cleanup(behind.Close)
	o.Target, o.Canary = behind.URL, "http://127.0.0.2:1"
	if o.Kind == nil {
		o.Kind = chaos.Calendar
	}
	p, err := chaos.New(o)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	before := httptest.NewServer(p)
	t.Cleanup(before.Close)
	return p, s, before.URL
}

// A seen is what a client sees of an answer.
type seen struct {
	status  int
	header  http.Header
	body    string
	err     error // of the exchange
	bodyErr error
}

func ask(t *testing.T, method, url, body string) seen {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url+"/a?b=c", strings.NewReader(body))
	require.NoError(t, err)
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // else net/http repeats what met a reset
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return seen{err: err}
	}
	defer resp.Body.Close()
	text, bodyErr := io.ReadAll(resp.Body)
	return seen{resp.StatusCode, resp.Header, string(text), nil, bodyErr}
}

// Each fault does what its comment says, once.
func TestFaults(t *testing.T) {
	looks := map[chaos.Fault]func(*testing.T, seen){
		chaos.HTML: func(t *testing.T, s seen) {
			assert.Equal(t, 200, s.status)
			assert.Contains(t, s.body, "<form")
		},
		chaos.Half: func(t *testing.T, s seen) {
			assert.NoError(t, s.bodyErr)
			assert.Equal(t, whole[:len(whole)/2], s.body)
			assert.Equal(t, `"1"`, s.header.Get("Etag"))
		},
		chaos.Cut: func(t *testing.T, s seen) {
			assert.ErrorIs(t, s.bodyErr, io.ErrUnexpectedEOF)
			assert.Equal(t, whole[:len(whole)/2], s.body)
		},
		chaos.ErrorBefore: func(t *testing.T, s seen) { assert.Equal(t, 5, s.status/100) },
		chaos.ErrorAfter:  func(t *testing.T, s seen) { assert.Equal(t, 5, s.status/100) },
		chaos.RetrySeconds: func(t *testing.T, s seen) {
			assert.Equal(t, 429, s.status)
			assert.Equal(t, "1", s.header.Get("Retry-After"))
		},
		chaos.RetryDate: func(t *testing.T, s seen) {
			assert.Equal(t, 503, s.status)
			at, err := http.ParseTime(s.header.Get("Retry-After"))
			require.NoError(t, err)
			assert.WithinDuration(t, time.Now(), at, 3*time.Second)
		},
		chaos.ResetBefore: assertReset,
		chaos.ResetAfter:  assertReset,
		chaos.Delay:       func(t *testing.T, s seen) { assert.Equal(t, whole, s.body) },
		chaos.Trickle:     func(t *testing.T, s seen) { assert.Equal(t, whole, s.body) },
		chaos.Redirect: func(t *testing.T, s seen) {
			assert.Equal(t, 3, s.status/100)
			assert.Equal(t, "http://127.0.0.2:1/a?b=c", s.header.Get("Location"))
		},
	}
	for _, fault := range chaos.Faults {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			p, s, url := start(t, chaos.Options{Pause: 100 * time.Millisecond})
			p.Arm(chaos.CalendarPut, fault)
			assert.Equal(t, whole, ask(t, http.MethodGet, url, "").body, "another kind")
			begin, before := time.Now(), s.requests.Load()
			answer := ask(t, http.MethodPut, url, "data")
			looks[fault](t, answer)
			assert.Equal(t, fault.Applies(), s.requests.Load() > before)
			if fault == chaos.Delay || fault == chaos.Trickle {
				assert.Greater(t, time.Since(begin), 15*time.Millisecond)
			}
			assert.Equal(t, whole, ask(t, http.MethodPut, url, "data").body, "the next one")
			assert.Equal(t, map[chaos.Fault]int{fault: 1, chaos.None: 1}, p.Tally()[chaos.CalendarPut])
		})
	}
}

func assertReset(t *testing.T, s seen) {
	var op *net.OpError
	require.True(t, errors.As(s.err, &op), "%v", s.err)
	assert.ErrorIs(t, op, syscall.ECONNRESET)
}

// An answer without a body cannot be halved, and counts as let through; cut off, not even its header comes whole.
func TestNothingToHalve(t *testing.T) {
	p, s, url := start(t, chaos.Options{Pause: time.Millisecond})
	for _, fault := range []chaos.Fault{chaos.Half, chaos.Trickle} {
		p.Arm(chaos.CalendarPut, fault)
		assert.Equal(t, http.StatusNoContent, ask(t, http.MethodPut, url, "").status)
	}
	p.Arm(chaos.CalendarPut, chaos.Cut)
	assert.Error(t, ask(t, http.MethodPut, url, "").err)
	assert.EqualValues(t, 3, s.requests.Load())
	assert.Equal(t, map[chaos.Fault]int{chaos.None: 2, chaos.Cut: 1}, p.Tally()[chaos.CalendarPut])
}

// The same seed spoils the same requests in the same way, as many of them as the rate says; other kinds in between change nothing.
func TestSeed(t *testing.T) {
	run := func(seed uint64) chaos.Tally {
		p, _, url := start(t, chaos.Options{Seed: seed, Rate: 0.3, Pause: time.Millisecond})
		for range 200 {
			_ = ask(t, http.MethodGet, url, "")
		}
		p.SetRate(0)
		for range 20 {
			assert.Equal(t, whole, ask(t, "REPORT", url, "").body)
		}
		return p.Tally()
	}
	one, again, other := run(1), run(1), run(2)
	assert.Equal(t, one, again)
	assert.NotEqual(t, one, other)
	assert.InDelta(t, 60, one.Spoiled(), 25)
	assert.Equal(t, 220, one.Requests())
	assert.Contains(t, one.String(), "calendar REPORT")
}

// A request reaches the server although its client has gone.
func TestPassedOnWithoutItsClient(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	p, s, url := start(t, chaos.Options{Pause: 300 * time.Millisecond, Kind: func(r *http.Request) chaos.Kind {
		hangUp()
		return chaos.Calendar(r)
	}})
	p.Arm(chaos.CalendarPut, chaos.Delay)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader("data"))
	require.NoError(t, err)
	_, err = ownClient.Do(req)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, s.requests.Load())
	assert.Eventually(t, func() bool { return s.requests.Load() == 1 }, 10*time.Second, 5*time.Millisecond)
}

func TestKinds(t *testing.T) {
	for want, request := range map[chaos.Kind]string{
		chaos.PlatformPost: "POST /api/v6/meeting", chaos.PlatformPut: "PUT /api/v6/meeting/1/false",
		chaos.PlatformAdmins: "GET /api/v6/account/admin/1", chaos.PlatformFeed: "GET /api/v6/meeting/calender/user/1",
	} {
		method, path, _ := strings.Cut(request, " ")
		assert.Equal(t, want, chaos.Platform(httptest.NewRequest(method, path, nil)))
	}
	assert.Equal(t, chaos.CalendarReport, chaos.Calendar(httptest.NewRequest("REPORT", "/", nil)))
}

func TestCanary(t *testing.T) {
	c := &chaos.Canary{}
	host := httptest.NewServer(c)
	t.Cleanup(host.Close)
	var all stdsync.WaitGroup
	for range 3 {
		all.Go(func() {
			resp, err := ownClient.Get(host.URL + "/path")
			if assert.NoError(t, err) {
				resp.Body.Close()
			}
		})
	}
	all.Wait()
	require.Len(t, c.Hits(), 3)
	assert.Equal(t, "/path", c.Hits()[0].Path)
	assert.Equal(t, "GET", c.Hits()[0].Method)
}

func TestNoServer(t *testing.T) {
	_, err := chaos.New(chaos.Options{Target: "nowhere"})
	assert.ErrorContains(t, err, "nowhere")
}
