package meetingapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"convoke/meetingapi"
	"convoke/meetingapi/meetingtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var now = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// A platform is the client and the simulator that it talks to.
type platform struct {
	*meetingapi.Client
	server  *meetingtest.Server
	account meetingtest.Account
	alice   meetingtest.User
	origin  string
	doer    meetingapi.Doer
}

// transports are the two ways to a simulator.
var transports = map[string]func(*testing.T, *meetingtest.Server) (string, meetingapi.Doer){
	"network": func(t *testing.T, s *meetingtest.Server) (string, meetingapi.Doer) {
		return overNetwork(t, httptest.NewServer(s))
	},
	"memory": func(_ *testing.T, s *meetingtest.Server) (string, meetingapi.Doer) {
		return "https://meeting.example.com", s
	},
}

func overNetwork(t *testing.T, h *httptest.Server) (string, meetingapi.Doer) {
	t.Cleanup(h.Close)
	c := h.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return h.URL, c
}

// everywhere runs a test over each transport, with an organizer that is there already.
func everywhere(t *testing.T, knobs meetingtest.Knobs, test func(*testing.T, *platform)) {
	t.Helper()
	for name, connect := range transports {
		t.Run(name, func(t *testing.T) {
			p := &platform{server: meetingtest.New(meetingtest.Options{Knobs: knobs})}
			p.server.SetNow(now)
			p.account, p.alice = p.server.AddAccount(meetingtest.User{Email: "alice@example.com", FirstName: "Alice", LastName: "A"})
			p.origin, p.doer = connect(t, p.server)
			p.Client = p.with(t, meetingtest.DefaultKey)
			test(t, p)
			assert.Empty(t, p.server.Mails(), "calendars do the inviting")
		})
	}
}

// with returns a client with another key.
func (p *platform) with(t *testing.T, key string) *meetingapi.Client {
	t.Helper()
	c, err := meetingapi.New(p.origin, func() (string, error) { return key, nil }, p.doer,
		meetingapi.Options{PerSecond: 1e6, InFlight: 8, AllowDelete: true})
	require.NoError(t, err)
	return c
}

func request(topic string, start time.Time) meetingapi.MeetingRequest {
	return meetingapi.MeetingRequest{Topic: topic, Start: start, End: start.Add(time.Hour), Type: "standard"}
}

func (p *platform) create(t *testing.T, r meetingapi.MeetingRequest) meetingapi.Meeting {
	t.Helper()
	m, err := p.CreateMeeting(t.Context(), p.alice.ID, r)
	require.NoError(t, err)
	return m
}

func TestAccountAndItsAdmin(t *testing.T) {
	everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
		r := meetingapi.AccountRequest{
			Type: "trial", FirstName: "Bob", LastName: "B", Email: "bob@example.com", Language: "fr",
			PaidUntil: now.AddDate(1, 0, 0),
		}
		account, err := p.CreateAccount(t.Context(), r)
		require.NoError(t, err)
		assert.Equal(t, now.AddDate(0, 0, 14), account.PaidUntil, "a trial's is not what was asked for")
		assert.Equal(t, "bob@example.com", account.Name)

		users, err := p.Admins(t.Context(), account.ID)
		require.NoError(t, err)
		require.Len(t, users, 1)
		assert.Equal(t, []string{"bob@example.com", "fr", "Europe/Paris"}, []string{users[0].Email, users[0].Language, users[0].TimeZone})
		entries, err := p.Feed(t.Context(), users[0].ICSPath)
		require.NoError(t, err)
		assert.Empty(t, entries)

		r.Email = "BOB@example.com"
		_, err = p.CreateAccount(t.Context(), r)
		assert.ErrorIs(t, err, meetingapi.ErrConflict)
		assert.True(t, meetingapi.Definite(err))
		_, err = p.Admins(t.Context(), "5e9459c5b863b82cefdddf4f")
		assert.ErrorIs(t, err, meetingapi.ErrNotFound)
	})
}

func TestPasswordMailIsAskedFor(t *testing.T) {
	s := meetingtest.New(meetingtest.Options{})
	c, err := meetingapi.New("https://meeting.example.com", func() (string, error) { return meetingtest.DefaultKey, nil }, s, meetingapi.Options{})
	require.NoError(t, err)
	_, err = c.CreateAccount(t.Context(), meetingapi.AccountRequest{SendPassword: true, Type: "trial", Email: "bob@example.com", PaidUntil: now})
	require.NoError(t, err)
	assert.Equal(t, []meetingtest.Mail{{To: "bob@example.com", About: "password"}}, s.Mails())
}

func TestMeetingIsMadeAndChanged(t *testing.T) {
	everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
		m := p.create(t, request("Budget", now.Add(time.Hour)))
		assert.Regexp(t, `^[0-9a-f]{24}$`, m.ID)
		assert.Regexp(t, `^\d{4}-\d{4}-\d{4}-\d{4}$`, m.Number)
		assert.False(t, m.IsClosed)
		assert.Equal(t, time.Hour, m.Duration)

		changed, err := p.UpdateMeeting(t.Context(), p.alice.ID, m.ID, request("Budget 2", now.Add(2*time.Hour)))
		require.NoError(t, err)
		assert.Equal(t, []string{m.ID, m.Number}, []string{changed.ID, changed.Number})
		assert.Equal(t, now.Add(2*time.Hour), changed.Start)

		there := p.server.Meetings()
		require.Len(t, there, 1)
		assert.Equal(t, "Budget 2", there[0].Topic)
		assert.Len(t, there[0].History, 2)
		assert.Equal(t, 1, p.server.CountCalls(meetingtest.CreateMeeting))
		assert.Equal(t, 1, p.server.CountCalls(meetingtest.UpdateMeeting))
	})
}

func TestMeetingThatIsOver(t *testing.T) {
	for name, stays := range map[string]bool{"reopens": false, "closed stays closed": true} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, meetingtest.Knobs{ClosedStays: stays}, func(t *testing.T, p *platform) {
				m := p.create(t, request("Budget", now))
				assert.True(t, m.IsOpen)
				p.server.SetNow(now.Add(2 * time.Hour))
				m, err := p.UpdateMeeting(t.Context(), p.alice.ID, m.ID, request("Budget", now.Add(24*time.Hour)))
				require.NoError(t, err)
				assert.Equal(t, stays, m.IsClosed, "with a window in the future")
				assert.Equal(t, stays, !m.DtClosedAt.IsZero())
				over := p.create(t, request("Past", now.Add(-24*time.Hour)))
				assert.True(t, over.IsClosed)
			})
		})
	}
}

func TestAgenda(t *testing.T) {
	r := request("Budget", now)
	r.Agenda = "reference ABC"
	for name, tc := range map[string]struct {
		knob meetingtest.Agenda
		want string
	}{"accepted": {meetingtest.AgendaAccepted, r.Agenda}, "ignored": {meetingtest.AgendaIgnored, ""}} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, meetingtest.Knobs{Agenda: tc.knob}, func(t *testing.T, p *platform) {
				m := p.create(t, r)
				assert.Equal(t, tc.want, m.Agenda)
				m, err := p.UpdateMeeting(t.Context(), p.alice.ID, m.ID, request("Budget", now))
				require.NoError(t, err)
				assert.Equal(t, tc.want, m.Agenda, "an update without it leaves it alone")
			})
		})
	}
	t.Run("refused", func(t *testing.T) {
		everywhere(t, meetingtest.Knobs{Agenda: meetingtest.AgendaRefused}, func(t *testing.T, p *platform) {
			_, err := p.CreateMeeting(t.Context(), p.alice.ID, r)
			assert.ErrorIs(t, err, meetingapi.ErrInvalid)
			assert.True(t, meetingapi.Definite(err))
			assert.ErrorContains(t, err, "agenda is not a known field")
			p.create(t, request("Budget", now))
		})
	})
}

func TestWhatIsGranted(t *testing.T) {
	r := request("Budget", now)
	r.Recorded, r.Dialin, r.PermissionID = true, true, "p1"
	numbers := []any{"+41 22 123 45 67", map[string]any{"number": "+33 1 23 45 67", "country": "France"}}
	everywhere(t, meetingtest.Knobs{DialIns: numbers}, func(t *testing.T, p *platform) {
		m := p.create(t, r)
		assert.True(t, m.Recorded && m.Dialin)
		assert.Equal(t, []meetingapi.DialIn{{Number: "+41 22 123 45 67"}, {Number: "+33 1 23 45 67", Label: "France"}}, m.DialInNumbers)
		assert.Equal(t, []string{"4711", "p1"}, []string{m.DialInPin, m.PermissionID})

		p.server.Set(func(k *meetingtest.Knobs) { k.Stingy = true })
		m = p.create(t, r)
		assert.False(t, m.Recorded || m.Dialin)
		assert.Empty(t, m.DialInNumbers)
	})
}

func TestFeed(t *testing.T) {
	r := request("Budget, 2nd; \"β\"", now.Add(time.Hour))
	r.Agenda = "reference ABC"
	everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
		m := p.create(t, r)
		entries, err := p.Feed(t.Context(), p.alice.ICSPath())
		require.NoError(t, err)
		require.Len(t, entries, 1)
		e := entries[0]
		assert.Equal(t, []any{r.Topic, r.Start, r.End, "", "", ""}, []any{e.Summary, e.Start, e.End, e.Description, e.Location, e.URL})
		assert.NotEmpty(t, e.UID)
		for _, hidden := range []string{m.ID, m.Number, "ABC"} {
			assert.NotContains(t, e.Raw, hidden)
		}

		p.server.Set(func(k *meetingtest.Knobs) { k.FeedDetails = true })
		entries, err = p.Feed(t.Context(), p.alice.ICSPath())
		require.NoError(t, err)
		for _, shown := range []string{m.ID, m.Number, r.Agenda} {
			assert.Contains(t, entries[0].Description, shown)
			assert.Contains(t, entries[0].Raw, shown)
		}
		for _, c := range p.server.Calls() {
			assert.Equal(t, c.Route == meetingtest.Feed, c.UserID == "")
		}
	})
}

func TestFeedLag(t *testing.T) {
	everywhere(t, meetingtest.Knobs{FeedLag: time.Minute}, func(t *testing.T, p *platform) {
		topics := func() (topics []string) {
			entries, err := p.Feed(t.Context(), p.alice.ICSPath())
			require.NoError(t, err)
			for _, e := range entries {
				topics = append(topics, e.Summary)
			}
			return topics
		}
		m := p.create(t, request("one", now))
		assert.Empty(t, topics())
		p.server.SetNow(now.Add(time.Minute))
		assert.Equal(t, []string{"one"}, topics())
		_, err := p.UpdateMeeting(t.Context(), p.alice.ID, m.ID, request("two", now))
		require.NoError(t, err)
		assert.Equal(t, []string{"one"}, topics())
		p.server.SetNow(now.Add(2 * time.Minute))
		assert.Equal(t, []string{"two"}, topics())
		p.server.Drop(m.ID)
		assert.Equal(t, []string{"two"}, topics())
		p.server.SetNow(now.Add(3 * time.Minute))
		assert.Empty(t, topics())
	})
}

func TestFeedIsOnesOwn(t *testing.T) {
	everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
		_, bob := p.server.AddAccount(meetingtest.User{Email: "bob@example.com"})
		p.create(t, request("Budget", now))
		entries, err := p.Feed(t.Context(), bob.ICSPath())
		require.NoError(t, err)
		assert.Empty(t, entries)
		_, err = p.Feed(t.Context(), p.alice.ICSPath()+"0")
		assert.ErrorIs(t, err, meetingapi.ErrNotFound)
		assert.NotContains(t, err.Error(), p.alice.ICSToken)
	})
}

func TestDelete(t *testing.T) {
	everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
		m := p.create(t, request("Budget", now))
		err := p.DeleteMeeting(t.Context(), p.alice.ID, m.ID)
		assert.ErrorIs(t, err, meetingapi.ErrNotFound, "the platform has no such call")
		p.server.Set(func(k *meetingtest.Knobs) { k.AllowDelete = true })
		require.NoError(t, p.DeleteMeeting(t.Context(), p.alice.ID, m.ID))
		assert.Equal(t, now, p.server.Meetings()[0].DeletedAt)
		assert.ErrorIs(t, p.DeleteMeeting(t.Context(), p.alice.ID, m.ID), meetingapi.ErrNotFound)
		_, err = p.UpdateMeeting(t.Context(), p.alice.ID, m.ID, request("Budget", now))
		assert.ErrorIs(t, err, meetingapi.ErrNotFound)
	})
}

func TestKeys(t *testing.T) {
	everywhere(t, meetingtest.Knobs{}, func(t *testing.T, p *platform) {
		other, bob := p.server.AddAccount(meetingtest.User{Email: "bob@example.com"})
		r := request("Budget", now)
		m := p.create(t, r)
		own, others, none := p.with(t, p.server.AddAccountKey(p.account.ID)), p.with(t, p.server.AddAccountKey(other.ID)), p.with(t, "wrong")
		calls := map[string]struct {
			call func(ctx context.Context) error
			want error
		}{
			"instance key without a user": {func(ctx context.Context) error { _, err := p.CreateMeeting(ctx, "", r); return err }, meetingapi.ErrInvalid},
			"instance key, unknown user":  {func(ctx context.Context) error { _, err := p.CreateMeeting(ctx, "nobody", r); return err }, meetingapi.ErrForbidden},
			"account key without a user":  {func(ctx context.Context) error { _, err := own.CreateMeeting(ctx, "", r); return err }, nil},
			"account key, its user":       {func(ctx context.Context) error { _, err := own.UpdateMeeting(ctx, p.alice.ID, m.ID, r); return err }, nil},
			"account key, other's user":   {func(ctx context.Context) error { _, err := own.CreateMeeting(ctx, bob.ID, r); return err }, meetingapi.ErrForbidden},
			"account key, its admins":     {func(ctx context.Context) error { _, err := own.Admins(ctx, p.account.ID); return err }, nil},
			"account key, other's admins": {func(ctx context.Context) error { _, err := own.Admins(ctx, other.ID); return err }, meetingapi.ErrForbidden},
			"account key, new account": {func(ctx context.Context) error {
				_, err := own.CreateAccount(ctx, meetingapi.AccountRequest{Email: "c@example.com", Type: "trial", PaidUntil: now})
				return err
			}, meetingapi.ErrForbidden},
			"other account's meeting": {func(ctx context.Context) error { _, err := others.UpdateMeeting(ctx, "", m.ID, r); return err }, meetingapi.ErrForbidden},
			"wrong key":               {func(ctx context.Context) error { _, err := none.Admins(ctx, p.account.ID); return err }, meetingapi.ErrAuth},
		}
		for name, tc := range calls {
			t.Run(name, func(t *testing.T) { assert.ErrorIs(t, tc.call(t.Context()), tc.want) })
		}
		p.server.Expire(p.account.ID)
		_, err := p.CreateMeeting(t.Context(), p.alice.ID, r)
		assert.ErrorIs(t, err, meetingapi.ErrForbidden)
		assert.ErrorContains(t, err, "the account has expired")
		p.server.RemoveKey(meetingtest.DefaultKey)
		_, err = p.Admins(t.Context(), p.account.ID)
		assert.ErrorIs(t, err, meetingapi.ErrAuth)
	})
}
