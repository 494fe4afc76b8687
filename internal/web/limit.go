package web

import (
	"net"
	stdsync "sync"
)

// A limited listener has no more than so many connections open; it closes those that come on top. They cost a file
// descriptor each, and the daemon needs some for its own calls.
type limited struct {
	net.Listener
	slots chan struct{}
}

func limit(l net.Listener, connections int) net.Listener {
	return &limited{l, make(chan struct{}, connections)}
}

// Accept waits for a connection that has room.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.slots <- struct{}{}:
			return &slot{Conn: c, leave: stdsync.OnceFunc(func() { <-l.slots })}, nil
		default:
			_ = c.Close()
		}
	}
}

// A slot is a connection that counts until it is closed.
type slot struct {
	net.Conn
	leave func()
}

func (s *slot) Close() error {
	defer s.leave()
	return s.Conn.Close()
}
