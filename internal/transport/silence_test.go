package transport

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A host that does not answer costs one wait a pass, and not one for each of the organizers who have a calendar there. What is not
// asked meanwhile was certainly not sent.
func TestSilentHostIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, _ := fakeNetwork(map[string][]string{"dav.example.com": {"203.0.113.7"}, "other.example.com": {"203.0.113.8"}})
		dialled := map[string]int{}
		pool.dial = func(ctx context.Context, _, address string) (net.Conn, error) {
			dialled[address]++
			<-ctx.Done()
			return nil, ctx.Err()
		}
		ask := func(method, origin string) (*Error, time.Duration) {
			c, err := New(Options{Origin: origin, Pool: pool, Retry: true})
			require.NoError(t, err)
			req, err := http.NewRequestWithContext(t.Context(), method, origin+"/", nil)
			require.NoError(t, err)
			began := time.Now()
			_, err = c.Do(req)
			var e *Error
			require.ErrorAs(t, err, &e)
			return e, time.Since(began)
		}
		_, took := ask("GET", "https://dav.example.com")
		assert.Equal(t, connectTimeout, took)
		for _, method := range []string{"PROPFIND", "POST"} {
			e, took := ask(method, "https://dav.example.com")
			var silent *SilentError
			require.ErrorAs(t, e, &silent)
			assert.Equal(t, "dav.example.com", silent.Host)
			assert.Zero(t, took)
			assert.True(t, e.NotSent())
			assert.ErrorContains(t, e, "not asked: dav.example.com has just not answered in time, and is left alone until ")
		}
		assert.Equal(t, map[string]int{"203.0.113.7:443": 1}, dialled)
		ask("GET", "https://other.example.com")
		assert.Equal(t, 1, dialled["203.0.113.8:443"], "another host is asked")

		time.Sleep(silence)
		ask("GET", "https://dav.example.com")
		assert.Equal(t, 2, dialled["203.0.113.7:443"], "in the next pass it is asked again")
	})
}

// A host that takes long for one answer and gives others meanwhile is no silent one.
func TestHostThatAnswersOthersIsNotSilent(t *testing.T) {
	arrived := make(chan struct{})
	home := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-r.Context().Done()
			return
		}
		ok(w, r)
	})
	pool := NewPool()
	slow := newClient(t, Options{Origin: home.URL, Pool: pool, Timeout: 500 * time.Millisecond})
	other := newClient(t, Options{Origin: home.URL, Pool: pool})
	do(t, other, "GET", home.URL, "")
	ended := make(chan error)
	go func() {
		_, err := slow.Do(request(t, "GET", home.URL+"/slow", ""))
		ended <- err
	}()
	<-arrived
	do(t, other, "GET", home.URL, "")
	require.ErrorContains(t, <-ended, "no complete answer")
	do(t, other, "GET", home.URL, "")
}

// Nor is one whose asker did not want to wait.
func TestAskerThatLeavesMakesNoHostSilent(t *testing.T) {
	home := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			return
		}
		ok(w, r)
	})
	c := newClient(t, Options{Origin: home.URL})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := c.Do(request(t, "GET", home.URL+"/slow", "").WithContext(ctx))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	do(t, c, "GET", home.URL, "")
}
