package meetingapi_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"convoke/meetingapi"
	"convoke/meetingapi/meetingtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each refusal in each style: what it is, and whether it is certain that nothing was done.
func TestFailureStyles(t *testing.T) {
	refusals := map[string]func(context.Context, *testing.T, *platform) error{
		"auth": func(ctx context.Context, t *testing.T, p *platform) error {
			_, err := p.with(t, "wrong").CreateMeeting(ctx, p.alice.ID, request("x", now))
			return err
		},
		"forbidden": func(ctx context.Context, _ *testing.T, p *platform) error {
			_, err := p.CreateMeeting(ctx, "nobody", request("x", now))
			return err
		},
		"invalid": func(ctx context.Context, _ *testing.T, p *platform) error {
			_, err := p.CreateMeeting(ctx, "", request("x", now))
			return err
		},
		"exists": func(ctx context.Context, _ *testing.T, p *platform) error {
			_, err := p.CreateAccount(ctx, meetingapi.AccountRequest{Email: p.alice.Email, Type: "trial", PaidUntil: now})
			return err
		},
		"not found": func(ctx context.Context, _ *testing.T, p *platform) error {
			_, err := p.UpdateMeeting(ctx, p.alice.ID, "5e945c36b863b82cefdddf54", request("x", now))
			return err
		},
	}
	auth, forbidden, invalid, exists, notFound := meetingapi.ErrAuth, meetingapi.ErrForbidden, meetingapi.ErrInvalid, meetingapi.ErrConflict, meetingapi.ErrNotFound
	unknown, transient := meetingapi.ErrUnknownOutcome, meetingapi.ErrTransient
	want := map[meetingtest.FailureStyle]map[string]error{
		meetingtest.FailStatus:     {"auth": auth, "forbidden": forbidden, "invalid": invalid, "exists": exists, "not found": notFound},
		meetingtest.FailCode:       {"auth": auth, "forbidden": forbidden, "invalid": invalid, "exists": exists, "not found": invalid},
		meetingtest.FailCodeString: {"auth": auth, "forbidden": forbidden, "invalid": invalid, "exists": exists, "not found": invalid},
		meetingtest.FailNoData:     {"auth": unknown, "forbidden": unknown, "invalid": unknown, "exists": unknown, "not found": transient},
		meetingtest.FailHTML:       {"auth": auth, "forbidden": unknown, "invalid": unknown, "exists": unknown, "not found": notFound},
		meetingtest.FailEmpty:      {"auth": auth, "forbidden": forbidden, "invalid": invalid, "exists": exists, "not found": notFound},
	}
	for _, style := range meetingtest.FailureStyles {
		for name, call := range refusals {
			t.Run(style.String()+" "+name, func(t *testing.T) {
				everywhere(t, meetingtest.Knobs{Failures: style}, func(t *testing.T, p *platform) {
					err := call(t.Context(), t, p)
					kind := want[style][name]
					require.NotNil(t, kind)
					assert.ErrorIs(t, err, kind)
					assert.Equal(t, kind != unknown && kind != transient, meetingapi.Definite(err))
					assert.Empty(t, p.server.Meetings())
				})
			})
		}
	}
}

// Each fault of a creation and of a change: what the client says of it, and what is true.
func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		fault   meetingtest.Fault
		kind    error // of a change; a creation that is not definite is of unknown outcome
		certain bool
		applied bool
	}{
		"lost request":      {meetingtest.LostRequest(), meetingapi.ErrTransient, false, false},
		"lost answer":       {meetingtest.LostAnswer(), meetingapi.ErrTransient, false, true},
		"late":              {meetingtest.Late(), meetingapi.ErrTransient, false, false},
		"500 before":        {meetingtest.ErrorBefore(500), meetingapi.ErrTransient, false, false},
		"502 after":         {meetingtest.ErrorAfter(502), meetingapi.ErrTransient, false, true},
		"429":               {meetingtest.RateLimited(""), meetingapi.ErrRateLimited, true, false},
		"truncated":         {meetingtest.Truncated(), meetingapi.ErrTransient, false, true},
		"cut":               {meetingtest.Cut(), meetingapi.ErrTransient, false, true},
		"html, 200":         {meetingtest.HTML(0), meetingapi.ErrTransient, false, false},
		"html, 503":         {meetingtest.HTML(503), meetingapi.ErrTransient, false, false},
		"redirect":          {meetingtest.Redirect("https://elsewhere.example.net/"), meetingapi.ErrTransient, false, false},
		"empty but applied": {meetingtest.Fault{Answer: meetingtest.AnswerEmpty}, meetingapi.ErrTransient, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
				m := p.create(t, request("first", now))
				p.server.Fail(meetingtest.UpdateMeeting, tc.fault)
				_, err := p.UpdateMeeting(t.Context(), p.alice.ID, m.ID, request("second", now))
				assert.ErrorIs(t, err, tc.kind)
				assert.Equal(t, tc.certain, meetingapi.Definite(err))
				assert.Equal(t, tc.applied, p.server.Meetings()[0].Topic == "second")
				assert.Equal(t, 1, p.server.CountCalls(meetingtest.UpdateMeeting))

				p.server.Fail(meetingtest.CreateMeeting, tc.fault)
				_, err = p.CreateMeeting(t.Context(), p.alice.ID, request("third", now))
				want := meetingapi.ErrUnknownOutcome
				if tc.certain {
					want = tc.kind
				}
				assert.ErrorIs(t, err, want)
				assert.Equal(t, tc.certain, meetingapi.Definite(err))
				assert.Equal(t, tc.applied, len(p.server.Meetings()) == 2)
				assert.Equal(t, 2, p.server.CountCalls(meetingtest.CreateMeeting), "sent once")
				p.create(t, request("fourth", now))
			})
		})
	}
}

func TestFaultsOfTheFeedAreNeverAShortList(t *testing.T) {
	for name, fault := range map[string]meetingtest.Fault{
		"lost":      meetingtest.LostRequest(),
		"500":       meetingtest.ErrorBefore(500),
		"truncated": meetingtest.Truncated(),
		"cut":       meetingtest.Cut(),
		"html":      meetingtest.HTML(200),
		"empty":     {Answer: meetingtest.AnswerEmpty},
		"redirect":  meetingtest.Redirect("/elsewhere"),
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
				p.create(t, request("Budget", now))
				// net/http sends a GET again when its connection is lost: the second time it is answered.
				p.server.Fail(meetingtest.Feed, fault, fault)
				entries, err := p.Feed(t.Context(), p.alice.ICSPath())
				assert.ErrorIs(t, err, meetingapi.ErrTransient)
				assert.Nil(t, entries)
				assert.NotContains(t, err.Error(), p.alice.ICSToken)
			})
		})
	}
}

func TestLateCallIsAppliedOnRelease(t *testing.T) {
	everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
		p.server.Fail(meetingtest.CreateMeeting, meetingtest.Late())
		_, err := p.CreateMeeting(t.Context(), p.alice.ID, request("Budget", now))
		require.ErrorIs(t, err, meetingapi.ErrUnknownOutcome)
		assert.Empty(t, p.server.Meetings())
		assert.Equal(t, 1, p.server.ReleaseLate())
		assert.Len(t, p.server.Meetings(), 1)
		assert.Zero(t, p.server.ReleaseLate())
	})
}

func TestCallThatIsGivenUp(t *testing.T) {
	everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
		ctx, cancel := context.WithCancel(t.Context())
		p.server.Fail(meetingtest.CreateMeeting, meetingtest.Delay(func(inner context.Context) {
			cancel()
			<-inner.Done()
		}))
		_, err := p.CreateMeeting(ctx, p.alice.ID, request("Budget", now))
		assert.ErrorIs(t, err, meetingapi.ErrUnknownOutcome)
		assert.ErrorIs(t, err, context.Canceled)
		assert.False(t, meetingapi.Definite(err))
		assert.Equal(t, 1, p.server.CountCalls(meetingtest.CreateMeeting))
	})
}

func TestRateLimitForms(t *testing.T) {
	for name, form := range map[string]string{
		"seconds":   "90",
		"http date": now.Add(90 * time.Second).Format(http.TimeFormat),
		"iso 8601":  now.Add(90 * time.Second).Format(time.RFC3339),
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
				p.server.Fail(meetingtest.CreateMeeting, meetingtest.RateLimited(form))
				_, err := p.CreateMeeting(t.Context(), p.alice.ID, request("Budget", now))
				var e *meetingapi.Error
				require.True(t, errors.As(err, &e))
				assert.ErrorIs(t, err, meetingapi.ErrRateLimited)
				assert.Equal(t, 90*time.Second, e.RetryAfter)

				_, err = p.Admins(t.Context(), p.account.ID)
				assert.ErrorIs(t, err, meetingapi.ErrRateLimited, "held back by the client")
				assert.Zero(t, p.server.CountCalls(meetingtest.Admins))
			})
		})
	}
}

// Nothing of a call is sent when there is no connection, or none that TLS trusts; and over HTTP/2 as over HTTP/1.1 a
// lost answer leaves the outcome open.
func TestWhatTheConnectionTells(t *testing.T) {
	create := func(t *testing.T, origin string, d meetingapi.Doer, userID string) error {
		c, err := meetingapi.New(origin, func() (string, error) { return meetingtest.DefaultKey, nil }, d, meetingapi.Options{})
		require.NoError(t, err)
		_, err = c.CreateMeeting(t.Context(), userID, request("Budget", now))
		return err
	}
	t.Run("refused", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		origin := "http://" + l.Addr().String()
		require.NoError(t, l.Close())
		err = create(t, origin, &http.Client{}, "u1")
		assert.ErrorIs(t, err, meetingapi.ErrTransient)
		assert.True(t, meetingapi.Definite(err), "%v", err)
	})
	t.Run("certificate not trusted", func(t *testing.T) {
		s := meetingtest.New(meetingtest.Options{})
		h := httptest.NewUnstartedServer(s)
		h.Config.ErrorLog = log.New(io.Discard, "", 0)
		h.StartTLS()
		defer h.Close()
		err := create(t, h.URL, &http.Client{Transport: &http.Transport{}}, "u1")
		assert.ErrorIs(t, err, meetingapi.ErrTransient)
		assert.True(t, meetingapi.Definite(err), "%v", err)
		assert.Zero(t, s.CountCalls())
	})
	for name, http2 := range map[string]bool{"http/1.1": false, "http/2": true} {
		t.Run(name+" with TLS", func(t *testing.T) {
			s := meetingtest.New(meetingtest.Options{})
			_, alice := s.AddAccount(meetingtest.User{Email: "alice@example.com"})
			h := httptest.NewUnstartedServer(s)
			h.EnableHTTP2 = http2
			h.StartTLS()
			origin, d := overNetwork(t, h)
			require.NoError(t, create(t, origin, d, alice.ID))
			s.Fail(meetingtest.CreateMeeting, meetingtest.LostAnswer())
			err := create(t, origin, d, alice.ID)
			assert.ErrorIs(t, err, meetingapi.ErrUnknownOutcome, "on a connection that was used before")
			assert.False(t, meetingapi.Definite(err))
			assert.Len(t, s.Meetings(), 2)
			assert.Equal(t, 2, s.CountCalls())
		})
	}
}
