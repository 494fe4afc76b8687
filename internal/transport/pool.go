package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	stdsync "sync"
	"sync/atomic"
	"time"
)

// How long the steps of an exchange may take, besides Options.Timeout for all of it.
const (
	tlsTimeout    = 10 * time.Second
	headerTimeout = time.Minute
	idleTimeout   = 90 * time.Second // longer than the usual schedule of a minute
	pingTimeout   = 15 * time.Second
	maxHeader     = 256 << 10 // bytes
)

// silence is how long a host that has not answered in time is not asked again: of the order of a pass, so that it costs a pass
// one such wait, and not one for each organizer who has a calendar there.
const silence = time.Minute

// A Pool is what the clients of one process share: by host, the connections, the number of requests under way, and the
// time before which the host does not want to be asked.
type Pool struct {
	// Around, where it is set before the pool is used, is put around what carries out each exchange.
	Around func(http.RoundTripper) http.RoundTripper

	resolver resolver
	dial     dialFunc

	mu    stdsync.Mutex
	hosts map[hostKey]*host
}

// A hostKey tells apart what must not share connections: other certificates trusted, other addresses allowed.
type hostKey struct {
	origin, caFile string
	allowPrivate   bool
}

// NewPool returns an empty pool.
func NewPool() *Pool {
	return &Pool{
		resolver: net.DefaultResolver,
		dial:     (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext,
		hosts:    map[hostKey]*host{},
	}
}

func (p *Pool) host(u *url.URL, o Options) (*host, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := hostKey{origin(u), o.CAFile, o.AllowPrivate}
	if h, ok := p.hosts[key]; ok {
		return h, nil
	}
	roots, err := roots(o.CAFile)
	if err != nil {
		return nil, err
	}
	perHost := orDefault(o.PerHost, DefaultPerHost)
	g := &guard{host: plainHost(u.Hostname()), allowPrivate: o.AllowPrivate, resolver: p.resolver, dial: p.dial}
	h := &host{name: u.Host, transport: newTransport(g, roots, perHost), slots: make(chan struct{}, perHost)}
	if p.Around != nil {
		h.transport = enclosed{p.Around(h.transport), h.transport}
	}
	p.hosts[key] = h
	return h, nil
}

func newTransport(g *guard, roots *x509.CertPool, perHost int) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // see the package comment
		DialContext:            g.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    2 * perHost, // a body may still be read on one while the next request takes another
		MaxResponseHeaderBytes: maxHeader,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingTimeout, PingTimeout: pingTimeout},
	}
}

// roots returns the system's certificates and those of a file; nil, which means the system's, without one.
func roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("CA file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file %s: no certificate in PEM form in it", file)
	}
	return pool, nil
}

// A host is one server, as all clients of a pool see it.
type host struct {
	name      string
	transport interface {
		http.RoundTripper
		CloseIdleConnections()
	}
	slots chan struct{}

	mu       stdsync.Mutex
	until    time.Time // not to be asked before
	silent   time.Time // … since it did not answer in time
	answered time.Time // last
}

// enclosed is a transport with something around it.
type enclosed struct {
	http.RoundTripper
	idle interface{ CloseIdleConnections() }
}

func (e enclosed) CloseIdleConnections() { e.idle.CloseIdleConnections() }

type limits struct {
	timeout time.Duration
	maxBody int64
}

// send is one exchange. The request has its turn until the answer's header is there: that is the server's work. It does
// not keep it while the body is read, since who reads a long report may want to ask for something else meanwhile, and
// all turns could be taken by readers who wait for one.
func (h *host) send(req *http.Request, l limits) (*http.Response, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-req.Context().Done():
		return nil, fail(req.Method, req.URL, context.Cause(req.Context()))
	}
	if err := h.parked(); err != nil {
		return nil, fail(req.Method, req.URL, err)
	}
	ctx, cancel := context.WithTimeoutCause(req.Context(), l.timeout, timeoutError("no complete answer within "+l.timeout.String()))
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	began := time.Now()
	resp, err := h.transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	h.heard(began, err, req.Context())
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel()
		return nil, &Error{req.Method, origin(req.URL), connected.Load(), err, transient(err)}
	}
	resp.Body = &body{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, limit: l.maxBody, from: fail(req.Method, req.URL, nil)}
	return resp, nil
}

// parked returns a *RetryAfterError while the host does not want to be asked, and a *SilentError while it is left alone since it
// did not answer.
func (h *host) parked() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	switch {
	case now.Before(h.until):
		return &RetryAfterError{Host: h.name, Until: h.until}
	case now.Before(h.silent):
		return &SilentError{Host: h.name, Until: h.silent}
	}
	return nil
}

// heard notes what came of an exchange. A host that let it end by its time, and has answered nobody else meanwhile, is left
// alone for a while; one that answers others only takes long for this.
func (h *host) heard(began time.Time, err error, asker context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch late, ok := errors.AsType[net.Error](err); {
	case err == nil:
		h.answered, h.silent = time.Now(), time.Time{}
	case ok && late.Timeout() && asker.Err() == nil && h.answered.Before(began):
		h.silent = time.Now().Add(silence)
	}
}

// park keeps everybody from asking the host for a time.
func (h *host) park(wait time.Duration) *RetryAfterError {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := time.Now().Add(wait); until.After(h.until) {
		h.until = until
	}
	return &RetryAfterError{Host: h.name, Until: h.until}
}
