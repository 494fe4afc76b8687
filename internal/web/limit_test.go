package web

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A listener that is full closes what comes on top, and has room again when a connection ends.
func TestLimit(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := limit(inner, 2)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	dial()
	first := <-accepted
	dial()
	second := <-accepted

	_, err = dial().Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF, "one too many")

	require.NoError(t, first.Close())
	assert.Error(t, first.Close(), "twice gives the place back once")
	dial()
	third := <-accepted
	_, err = dial().Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF, "full again")

	require.NoError(t, second.Close())
	require.NoError(t, third.Close())
	require.NoError(t, l.Close())
	_, open := <-accepted
	assert.False(t, open)
}
