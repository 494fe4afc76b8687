package transport

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnswerOfAnySizeUpToTheLimit(t *testing.T) {
	const limit = 100_000
	for name, tc := range map[string]struct {
		size  int
		fits  bool
		gzip  bool
		plain bool // without Content-Length
	}{
		"below":               {size: limit - 1, fits: true},
		"exactly":             {size: limit, fits: true},
		"exactly, chunked":    {size: limit, fits: true, plain: true},
		"exactly, gzip":       {size: limit, fits: true, gzip: true},
		"one byte more":       {size: limit + 1},
		"one byte more, gzip": {size: limit + 1, gzip: true},
		"a gzip bomb":         {size: 256 << 20, gzip: true},
	} {
		t.Run(name, func(t *testing.T) {
			home := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				var out io.Writer = w
				if tc.gzip {
					w.Header().Set("Content-Encoding", "gzip")
					z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
					defer z.Close()
					out = z
				} else if !tc.plain {
					w.Header().Set("Content-Length", fmt.Sprint(tc.size))
				}
				for block, left := make([]byte, 1<<16), tc.size; left > 0; left -= len(block) {
					if _, err := out.Write(block[:min(left, len(block))]); err != nil {
						return // the reader has had enough
					}
				}
			})
			c := newClient(t, Options{Origin: home.URL, MaxBody: limit})
			resp, err := c.Do(request(t, "REPORT", home.URL, "<x/>"))
			require.NoError(t, err)
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if tc.fits {
				require.NoError(t, err)
				assert.Len(t, got, tc.size)
				return
			}
			require.ErrorIs(t, err, ErrTooLarge)
			require.ErrorContains(t, err, "more than 100000 bytes")
			assert.Len(t, got, limit)
			_, err = resp.Body.Read(make([]byte, 1))
			require.ErrorIs(t, err, ErrTooLarge, "and stays so")
		})
	}
}

func TestIdentityIsLeftToTheCaller(t *testing.T) {
	home := serve(t, ok)
	c := newClient(t, Options{Origin: home.URL})
	do(t, c, "REPORT", home.URL, "<x/>")
	req := request(t, "GET", home.URL, "")
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := c.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, "gzip", home.seen()[0].Header.Get("Accept-Encoding"))
	assert.Equal(t, "identity", home.seen()[1].Header.Get("Accept-Encoding"))
}

func TestAnswerThatBreaksOff(t *testing.T) {
	home := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "half")
	})
	c := newClient(t, Options{Origin: home.URL})
	resp, err := c.Do(request(t, "GET", home.URL+"/private-"+canary, ""))
	require.NoError(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, "GET "+home.URL+": the answer broke off")
	assert.NotContains(t, err.Error(), canary)
	assert.Equal(t, "half", string(got))
}

// An XML or JSON reader stops at the last bracket; the connection is used again all the same.
func TestConnectionIsUsedAgainAfterAnUnreadRest(t *testing.T) {
	home := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}"+strings.Repeat("\n", 5000)) })
	c := newClient(t, Options{Origin: home.URL})
	for range 5 {
		resp, err := c.Do(request(t, "GET", home.URL, ""))
		require.NoError(t, err)
		_, err = io.ReadFull(resp.Body, make([]byte, 2))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.NoError(t, resp.Body.Close(), "twice")
	}
	assert.Equal(t, int32(1), home.conns.Load())
}

func TestHangingServer(t *testing.T) {
	for name, before := range map[string]func(w http.ResponseWriter){
		"before the header": func(http.ResponseWriter) {},
		"in the body": func(w http.ResponseWriter) {
			fmt.Fprint(w, "half")
			w.(http.Flusher).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			home := serve(t, func(w http.ResponseWriter, req *http.Request) {
				before(w)
				<-req.Context().Done()
			})
			c := newClient(t, Options{Origin: home.URL, Timeout: 500 * time.Millisecond, Retry: true})
			resp, err := c.Do(request(t, "GET", home.URL, ""))
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			require.ErrorContains(t, err, "no complete answer within 500ms")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			var timeout net.Error
			require.ErrorAs(t, err, &timeout)
			assert.True(t, timeout.Timeout())
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.True(t, e.Sent)
			assert.Len(t, home.seen(), 1, "not asked again")
		})
	}
}

func TestLeavingAHangingAnswerTakesAMoment(t *testing.T) {
	home := serve(t, func(w http.ResponseWriter, req *http.Request) {
		w.(http.Flusher).Flush()
		<-req.Context().Done()
	})
	c := newClient(t, Options{Origin: home.URL})
	resp, err := c.Do(request(t, "GET", home.URL, ""))
	require.NoError(t, err)
	start := time.Now()
	resp.Body.Close()
	assert.Less(t, time.Since(start), 10*time.Second)
}

func TestCallerWhoGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	home := serve(t, func(_ http.ResponseWriter, req *http.Request) {
		cancel()
		<-req.Context().Done()
	})
	c := newClient(t, Options{Origin: home.URL, Retry: true})
	_, err := c.Do(request(t, "GET", home.URL, "").WithContext(ctx))
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, home.seen(), 1)
}
