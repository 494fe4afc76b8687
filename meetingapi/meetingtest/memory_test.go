package meetingtest_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"convoke/meetingapi/meetingtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDoWithoutANetwork(t *testing.T) {
	s, u := server(meetingtest.Knobs{})
	get := func(ctx context.Context) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://meeting.example.com"+u.ICSPath(), nil)
		require.NoError(t, err)
		return s.Do(r)
	}
	t.Run("an answer", func(t *testing.T) {
		resp, err := get(t.Context())
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.EqualValues(t, len(text), resp.ContentLength)
		assert.Contains(t, string(text), "END:VCALENDAR\r\n")
		assert.Equal(t, now.Format(http.TimeFormat), resp.Header.Get("Date"))
	})
	t.Run("a lost one", func(t *testing.T) {
		s.Fail(meetingtest.Feed, meetingtest.LostAnswer())
		_, err := get(t.Context())
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
	t.Run("half of one", func(t *testing.T) {
		s.Fail(meetingtest.Feed, meetingtest.Cut())
		resp, err := get(t.Context())
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Contains(t, string(text), "BEGIN:VCALENDAR")
	})
	t.Run("context ended before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		before := s.CountCalls()
		_, err := get(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, before, s.CountCalls())
	})
	t.Run("context ended meanwhile", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s.Fail(meetingtest.Feed, meetingtest.Delay(func(context.Context) { cancel() }))
		_, err := get(ctx)
		assert.ErrorIs(t, err, context.Canceled)
	})
	t.Run("a panic of a hook is not hidden", func(t *testing.T) {
		s.Fail(meetingtest.Feed, meetingtest.Delay(func(context.Context) { panic("hook") }))
		assert.PanicsWithValue(t, "hook", func() { _, _ = get(t.Context()) })
	})
}
