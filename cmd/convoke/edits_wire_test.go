package main

import (
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A care is how much of the daemon's care reaches the calendar server.
type care int

const (
	careful       care = iota // all of it
	unconditional             // no If-Match: an event is fetched just before, but written whatever became of it meanwhile
	stale                     // nor that: what is written was read when the pass looked at the calendar
)

func (c care) String() string {
	return [...]string{"with care", "without If-Match", "without care"}[c]
}

// A wire is a proxy between the daemon and a calendar server. It counts what becomes of the daemon's PUTs, and can keep its
// care from the server: the daemon behind it is the same, but a careless one.
type wire struct {
	care  care
	proxy *httputil.ReverseProxy
	paths []string // of the events
	tally *tally

	mu   stdsync.Mutex
	seen map[string]*httptest.ResponseRecorder // stale: the events as the last look found them, by path
}

// newWire starts a wire before the server of a site, and returns its address.
func newWire(t testing.TB, s site, c care, paths []string, counts *tally) string {
	t.Helper()
	target, err := url.Parse(s.address)
	require.NoError(t, err)
	w := &wire{care: c, paths: paths, tally: counts, seen: map[string]*httptest.ResponseRecorder{}}
	w.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.Host = r.In.Host // what the server puts into redirects leads here again
		},
		ErrorLog: log.New(io.Discard, "", 0), // a daemon that stops hangs up
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Method == http.MethodPut {
				counts.note(func(o *outcome) { o.writes.count(r.StatusCode) })
			}
			return nil
		},
	}
	return serve(t, w)
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		if old := w.take(r.URL.Path); old != nil {
			maps.Copy(rw.Header(), old.Header())
			_, _ = rw.Write(old.Body.Bytes())
			return
		}
	case http.MethodPut:
		if w.care != careful {
			r.Header.Del("If-Match")
		}
	}
	w.proxy.ServeHTTP(rw, r)
	if r.Method == "REPORT" && w.care == stale {
		w.look(r)
	}
}

// take hands out an event as the last look found it, once: what is read back after a PUT is what is there.
func (w *wire) take(path string) *httptest.ResponseRecorder {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.seen[path]
	delete(w.seen, path)
	return old
}

// look fetches all events with the password of a report.
func (w *wire) look(report *http.Request) {
	for _, path := range w.paths {
		r := httptest.NewRequestWithContext(report.Context(), http.MethodGet, path, nil)
		r.Host = report.Host
		r.Header.Set("Authorization", report.Header.Get("Authorization"))
		answer := httptest.NewRecorder()
		w.proxy.ServeHTTP(answer, r)
		if answer.Code == http.StatusOK {
			w.mu.Lock()
			w.seen[path] = answer
			w.mu.Unlock()
		}
	}
}
