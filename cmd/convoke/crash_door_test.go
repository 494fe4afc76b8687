package main

import (
	"net"
	"net/http"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A door is where a server lets clients in. Behind a closed one nothing happens any more: what a process had sent when it was
// killed has been carried out.
type door struct {
	address string
	mu      stdsync.Mutex
	changed *stdsync.Cond
	there   map[string]bool // by the client's address; false when it has left
}

func (d *door) state(c net.Conn, s http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.there[c.RemoteAddr().String()] = s != http.StateClosed
	d.changed.Broadcast()
}

// empty waits until everybody has left. Clients are let in one after the other: when we were, so were those before us.
func (d *door) empty(t testing.TB) {
	c, err := net.Dial("tcp", d.address)
	require.NoError(t, err)
	me := c.LocalAddr().String()
	require.NoError(t, c.Close())
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		if there, came := d.there[me]; came && !there && d.alone() {
			clear(d.there)
			return
		}
		d.changed.Wait()
	}
}

func (d *door) alone() bool {
	for _, there := range d.there {
		if there {
			return false
		}
	}
	return true
}
