package people_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/transport"
	"convoke/meetingapi"
)

// A calendar on the platform's own host was told to wait: a creation that was therefore not sent has a known outcome.
func TestNotSentIsKnown(t *testing.T) {
	posts := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts++
		}
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer s.Close()
	pool := transport.NewPool()
	calendar, err := transport.New(transport.Options{Origin: s.URL, Retry: true, Pool: pool})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/bob.ics", nil)
	require.NoError(t, err)
	_, err = calendar.Do(req)
	require.Error(t, err)

	platform, err := transport.New(transport.Options{Origin: s.URL, Pool: pool})
	require.NoError(t, err)
	client, err := meetingapi.New(s.URL, func() (string, error) { return "key", nil }, platform, meetingapi.Options{})
	require.NoError(t, err)
	_, err = client.CreateMeeting(t.Context(), "", meetingapi.MeetingRequest{Topic: "x", Start: time.Now(), End: time.Now().Add(time.Hour), Type: "standard"})
	assert.ErrorIs(t, err, meetingapi.ErrTransient)
	assert.True(t, meetingapi.Definite(err), err)
	assert.Zero(t, posts)
}
