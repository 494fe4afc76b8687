package caldav

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A request that never left, since its password cannot be read, is none that the server did not answer; and what the Doer names is
// named once.
func TestUnasked(t *testing.T) {
	for text, why := range map[string]error{
		"PROPFIND http://127.0.0.1:1/: secret file: open x: permission denied":                                                            errors.New("secret file: open x: permission denied"),
		"the calendar server does not answer (PROPFIND http://127.0.0.1:1/: unexpected EOF)":                                              io.ErrUnexpectedEOF,
		"the calendar server does not answer (PROPFIND http://127.0.0.1:1/: connection refused); is it running, and is caldav_url right?": syscall.ECONNREFUSED,
	} {
		asked := 0
		_, err := Discover(t.Context(), doerFunc(func(r *http.Request) (*http.Response, error) {
			asked++
			return nil, fmt.Errorf("%s http://127.0.0.1:1: %w", r.Method, why)
		}), "http://127.0.0.1:1/")
		require.ErrorIs(t, err, why)
		assert.Equal(t, 1, asked, "no other place of this server needs to be tried")
		assert.Contains(t, err.Error(), text)
		assert.Equal(t, 1, strings.Count(err.Error(), "PROPFIND"), err)
	}
}
