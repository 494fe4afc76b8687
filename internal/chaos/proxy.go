// Package chaos is a reverse proxy that spoils requests: at random, from a seed, or the next one of a kind. It stands between
// the program and a server in tests, and knows HTTP and nothing of what the requests mean to either of them.
package chaos

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	stdsync "sync"
	"time"
)

// Options say what a Proxy stands before, and how it spoils.
type Options struct {
	Target string                   // URL of the server, without a path
	Kind   func(*http.Request) Kind // Platform or Calendar
	Canary string                   // URL that redirects lead to, without a path
	Seed   uint64
	Rate   float64       // how many of all requests are spoiled: 0.1 is every tenth
	Pause  time.Duration // the longest that a slow request takes longer
}

// A Proxy is an http.Handler. It is safe for concurrent use.
type Proxy struct {
	o         Options
	target    *url.URL
	transport *http.Transport

	mu     stdsync.Mutex
	random *rand.Rand
	rate   float64
	armed  map[Kind][]Fault
	tally  Tally
}

// New makes a proxy.
func New(o Options) (*Proxy, error) {
	target, err := url.Parse(o.Target)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("chaos: %q is no server's URL", o.Target)
	}
	return &Proxy{
		o: o, target: target, transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8},
		random: rand.New(rand.NewPCG(o.Seed, o.Seed)), rate: o.Rate, armed: map[Kind][]Fault{}, tally: Tally{},
	}, nil
}

// SetRate changes how many of all requests are spoiled.
func (p *Proxy) SetRate(rate float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = rate
}

// Arm has the next request of a kind meet a fault, whatever the rate is.
func (p *Proxy) Arm(k Kind, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed[k] = append(p.armed[k], f)
}

// Tally counts the requests so far.
func (p *Proxy) Tally() Tally {
	p.mu.Lock()
	defer p.mu.Unlock()
	copied := Tally{}
	copied.Add(p.tally)
	return copied
}

// Close ends the idle connections to the server.
func (p *Proxy) Close() { p.transport.CloseIdleConnections() }

// ServeHTTP passes a request on, or spoils it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client hung up
	}
	kind := p.o.Kind(r)
	s := p.spoiler(kind)
	a := &answer{status: http.StatusOK, header: http.Header{}}
	if s.fault == Delay {
		time.Sleep(s.pause)
	}
	if s.fault.Applies() {
		if a, err = p.forward(r, body); err != nil {
			a = &answer{status: http.StatusBadGateway, header: http.Header{}, body: []byte(err.Error())}
		}
		if len(a.body) == 0 && (s.fault == Half || s.fault == Trickle) {
			s.fault = None // nothing to halve
		}
	}
	p.mu.Lock()
	p.tally.count(kind, s.fault, 1)
	p.mu.Unlock()
	s.send(w, r, a, p.o.Canary)
}

// A spoiler is the lot that a request has drawn.
type spoiler struct {
	fault  Fault
	pause  time.Duration
	choice int // among several forms of the fault; of one that was armed the first
}

// spoiler draws for the next request. Each draws as often, so that what one meets does not depend on the kind of the others.
func (p *Proxy) spoiler(k Kind) spoiler {
	p.mu.Lock()
	defer p.mu.Unlock()
	hit := p.random.Float64() < p.rate
	s := spoiler{
		fault:  Faults[p.random.IntN(len(Faults))],
		pause:  time.Duration((0.2 + 0.8*p.random.Float64()) * float64(p.o.Pause)),
		choice: p.random.IntN(1 << 16),
	}
	if queue := p.armed[k]; len(queue) > 0 {
		s, p.armed[k] = spoiler{fault: queue[0], pause: p.o.Pause / 2}, queue[1:]
	} else if !hit {
		s.fault = None
	}
	return s
}

// An answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// forward passes a request on to its end: a client that has gone by then does not take back what it sent.
func (p *Proxy) forward(r *http.Request, body []byte) (*answer, error) {
	out := r.Clone(context.WithoutCancel(r.Context()))
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = p.target.Scheme, p.target.Host // Host stays: what the server links to leads here again
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(body) == 0 {
		out.Body = http.NoBody
	}
	for _, name := range []string{"Connection", "Te", "Transfer-Encoding"} {
		out.Header.Del(name)
	}
	out.Header.Del("Accept-Encoding") // half of what is compressed is noticed by itself
	resp, err := p.transport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	whole, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Header.Del("Connection")
	resp.Header.Del("Content-Length")
	return &answer{resp.StatusCode, resp.Header, whole}, nil
}
