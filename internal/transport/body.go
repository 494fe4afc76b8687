package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdsync "sync"
	"time"
)

// What is read of an answer that its reader has left, so that the connection can be used again: XML and JSON end before
// the last line end does.
const (
	drainBytes = 16 << 10
	drainTime  = 250 * time.Millisecond
)

// A body is an answer's body with a limit, decompressed already, and with the deadline of its exchange.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelFunc
	limit  int64
	from   *Error // says where the body comes from

	read int64
	err  error // sticky
	once stdsync.Once
}

// Read fails with ErrTooLarge beyond the limit.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	switch {
	case b.read > b.limit:
		n = max(0, n-int(b.read-b.limit))
		b.err = b.fail(fmt.Errorf("%w: more than %d bytes", ErrTooLarge, b.limit))
	case errors.Is(err, io.EOF):
		b.err = io.EOF
	case err != nil && b.ctx.Err() != nil:
		b.err = b.fail(context.Cause(b.ctx))
	case err != nil:
		b.err = b.fail(fmt.Errorf("the answer broke off: %w", err))
	}
	return n, b.err
}

func (b *body) fail(err error) error {
	return &Error{Method: b.from.Method, Origin: b.from.Origin, Sent: true, Err: err}
}

// Close ends the exchange. It waits no longer than a moment for the rest of the body.
func (b *body) Close() error {
	var err error
	b.once.Do(func() {
		if b.err == nil {
			timer := time.AfterFunc(drainTime, b.cancel)
			io.CopyN(io.Discard, b.ReadCloser, drainBytes)
			timer.Stop()
		}
		err = b.ReadCloser.Close()
		b.cancel()
	})
	return err
}
