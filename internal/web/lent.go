package web

import (
	"net"
	"net/http"
	stdsync "sync"
	"sync/atomic"
	"time"
)

// A lent listener is one that outlives its server where another takes its place.
type lent struct {
	*net.TCPListener
	kept, closed atomic.Bool
}

// lend keeps the address for another server.
func (l *lent) lend() *lent {
	l.kept.Store(true)
	return &lent{TCPListener: l.TCPListener}
}

// begin lets connections in again after the server before.
func (l *lent) begin() error { return l.SetDeadline(time.Time{}) }

// Accept fails with net.ErrClosed after Close, also where the address is kept.
func (l *lent) Accept() (net.Conn, error) {
	c, err := l.TCPListener.Accept()
	if err != nil && l.closed.Load() {
		return nil, net.ErrClosed
	}
	return c, err
}

// Close ends Accept, and gives the address back when nobody else has it.
func (l *lent) Close() error {
	if l.closed.Swap(true) {
		return net.ErrClosed
	}
	if l.kept.Load() {
		return l.SetDeadline(time.Unix(1, 0))
	}
	return l.TCPListener.Close()
}

// silent are the connections on which nothing has come yet. net/http waits for those when it shuts down (http.Server.Shutdown), as
// long as they are young: any of them would hold up a reload.
type silent struct {
	mu    stdsync.Mutex
	conns map[net.Conn]bool
	ended bool
}

func (s *silent) changed(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(s.conns, c)
	case s.ended:
		_ = c.Close()
	default:
		if s.conns == nil {
			s.conns = map[net.Conn]bool{}
		}
		s.conns[c] = true
	}
}

func (s *silent) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for c := range s.conns {
		_ = c.Close()
	}
}
