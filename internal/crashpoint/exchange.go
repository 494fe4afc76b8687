package crashpoint

import (
	"io"
	"net/http"
	"net/http/httptrace"
	stdsync "sync"
)

// RoundTripper puts points along every exchange, named by who is asked and how ("platform POST"): "before" anything is sent,
// "sent" when all of the request was and nothing of the answer was read, "answered" when its header was read, and "read" when
// its body was, or as much of it as anybody wanted.
func (p *Points) RoundTripper(whom func(*http.Request) string, next http.RoundTripper) http.RoundTripper {
	return exchanges{p, whom, next}
}

type exchanges struct {
	points *Points
	whom   func(*http.Request) string
	next   http.RoundTripper
}

// RoundTrip makes one exchange.
func (e exchanges) RoundTrip(r *http.Request) (*http.Response, error) {
	name := e.whom(r) + " " + r.Method
	e.points.Pass(name + " before")
	written := make(chan struct{})
	sent := stdsync.OnceFunc(func() { // a request that met a closed connection is written again
		e.points.Pass(name + " sent")
		close(written)
	})
	trace := &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if info.Err == nil {
			sent()
		}
	}}
	resp, err := e.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, err
	}
	select { // the answer may overtake the word that the request was written
	case <-written:
	case <-r.Context().Done():
	}
	e.points.Pass(name + " answered")
	resp.Body = &body{ReadCloser: resp.Body, read: stdsync.OnceFunc(func() { e.points.Pass(name + " read") })}
	return resp, nil
}

type body struct {
	io.ReadCloser
	read func()
}

// Read reads.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.read()
	}
	return n, err
}

// Close closes.
func (b *body) Close() error {
	b.read()
	return b.ReadCloser.Close()
}
