package people_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/config"
	"convoke/internal/keyring"
	"convoke/internal/people"
	"convoke/internal/transport"
	"convoke/meetingapi"
	"convoke/meetingapi/meetingtest"
	"convoke/store"
	"convoke/store/sqlite"
)

const bob = "bob@example.com"

// A town is people between a platform and a ledger, with a clock.
type town struct {
	*people.People
	platform *meetingtest.Server
	ledger   *sqlite.Ledger
	keys     keyring.Keyring
	account  meetingtest.Account
	user     meetingtest.User
	now      time.Time
	cfg      *config.Config
}

// newTown knows bob from the platform; change alters his section of the configuration.
func newTown(t *testing.T, patient bool, change func(*config.Organizer)) *town {
	w := &town{platform: meetingtest.New(meetingtest.Options{}), keys: keyring.Generate(), now: time.Date(2099, 6, 1, 8, 0, 0, 0, time.UTC)}
	w.account, w.user = w.platform.AddAccount(meetingtest.User{Email: "Bob@Example.com", TimeZone: "Europe/London", Language: "en"})
	server := httptest.NewServer(w.platform)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte(meetingtest.DefaultKey), 0o600))

	cfg := config.Default()
	cfg.Platform.URL, cfg.Platform.APIKeyFile, cfg.Platform.JoinURL = address, key, "https://meeting.example.com/join/{meetingId}"
	cfg.Platform.RequestsPerSecond = 1000
	o := config.Organizer{Email: bob, Aliases: []string{"robert@example.com"}, AccountID: w.account.ID, Mode: config.ModeMarked}
	change(&o)
	cfg.Organizers = []config.Organizer{o}

	w.cfg = &cfg
	w.ledger, err = sqlite.Memory(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { w.ledger.Close() })
	w.People, err = people.New(&cfg, w.ledger, w.keys, transport.NewPool(), "convoke/test", patient, func() time.Time { return w.now })
	require.NoError(t, err)
	return w
}

func (w *town) reads() int { return w.platform.CountCalls(meetingtest.Admins) }

func asIs(*config.Organizer) {}

// A feed may be asked for while a pass is under way, and both ask who the organizers are.
func TestAllAtTheSameTime(t *testing.T) {
	w := newTown(t, true, asIs)
	w.platform.Fail(meetingtest.Admins, meetingtest.ErrorBefore(403), meetingtest.ErrorBefore(403), meetingtest.ErrorBefore(403), meetingtest.ErrorBefore(403))
	var both stdsync.WaitGroup
	for range 4 {
		both.Go(func() {
			_, err := w.All(t.Context())
			assert.NoError(t, err)
		})
	}
	both.Wait()
}

// A platform that does not answer costs a pass one wait for each key, and not one for each organizer; the next pass asks for the next of
// them. Whoever only reads a feed has it asked nothing.
func TestUnansweredIntroduction(t *testing.T) {
	for name, fault := range map[string]meetingtest.Fault{"no answer": meetingtest.LostRequest(), "a proxy": meetingtest.ErrorBefore(http.StatusGatewayTimeout)} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, true, asIs)
			account, _ := w.platform.AddAccount(meetingtest.User{Email: "carol@example.com"})
			w.cfg.Organizers = append(w.cfg.Organizers, config.Organizer{Email: "carol@example.com", AccountID: account.ID, Mode: config.ModeMarked})
			all, err := w.Known(t.Context())
			require.NoError(t, err)
			assert.Len(t, all, 2)
			assert.Zero(t, w.reads())

			w.platform.Fail(meetingtest.Admins, fault)
			all, err = w.All(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 1, w.reads())
			for _, o := range all {
				assert.ErrorIs(t, o.Problem, meetingapi.ErrTransient, o.Email)
			}
			all, err = w.All(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 2, w.reads(), "bob waits, carol does not")
			assert.Error(t, all[0].Problem)
			assert.NoError(t, all[1].Problem)
		})
	}
}

// The configuration wins over what the platform says.
func TestAll(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change  func(*config.Organizer)
		user    string // "" for the one that the platform knows
		zone    string
		reads   int
		problem string
	}{
		"read from the platform": {asIs, "", "Europe/London", 1, ""},
		"a user ID of her own":   {func(o *config.Organizer) { o.UserID = "5e9459c5b863b82cefdddf4e" }, "5e9459c5b863b82cefdddf4e", "Europe/London", 1, ""},
		"a zone of her own":      {func(o *config.Organizer) { o.Timezone = paris }, "", "Europe/Paris", 1, ""},
		"by an alias":            {func(o *config.Organizer) { o.Email, o.Aliases = "rob@example.com", []string{bob} }, "", "Europe/London", 1, ""},
		"no account":             {func(o *config.Organizer) { o.AccountID, o.UserID = "", "5e9459c5b863b82cefdddf4e" }, "5e9459c5b863b82cefdddf4e", "", 0, ""},
		"somebody else's account": {
			func(o *config.Organizer) { o.Email, o.Aliases, o.UserID = "carol@example.com", nil, "" }, "none", "", 1,
			"carol@example.com is none of them",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, true, c.change)
			all, err := w.All(t.Context())
			require.NoError(t, err)
			require.Len(t, all, 1)
			if c.problem != "" {
				require.ErrorContains(t, all[0].Problem, c.problem)
				assert.Empty(t, all[0].UserID)
				return
			}
			require.NoError(t, all[0].Problem)
			if c.user == "" {
				c.user = w.user.ID
			}
			assert.Equal(t, c.user, all[0].UserID)
			if c.zone == "" {
				assert.Nil(t, all[0].Home)
			} else {
				assert.Equal(t, c.zone, all[0].Home.String())
			}
			_, err = w.All(t.Context())
			require.NoError(t, err)
			assert.Equal(t, c.reads, w.reads(), "who is known is not read again")
		})
	}
}

// Whoever cannot be read is read again: by the daemon after a while, longer each time; by hand at once. What is wrong
// stands in the ledger until it is mended, and does not keep discovery from trying (DueAt).
func TestNotReadable(t *testing.T) {
	for name, patient := range map[string]bool{"daemon": true, "by hand": false} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, patient, asIs)
			for range 3 {
				w.platform.Fail(meetingtest.Admins, meetingtest.ErrorBefore(http.StatusForbidden))
			}
			for i, c := range []struct {
				after time.Duration
				reads int // by the daemon
			}{{0, 1}, {30 * time.Second, 1}, {time.Minute, 2}, {time.Minute, 2}, {2 * time.Minute, 3}} {
				if !patient && i == 3 {
					break
				}
				w.now = w.now.Add(c.after)
				all, err := w.All(t.Context())
				require.NoError(t, err)
				require.ErrorIs(t, all[0].Problem, meetingapi.ErrForbidden)
				if !patient {
					c.reads = i + 1
				}
				assert.Equal(t, c.reads, w.reads())
			}
			row, err := w.ledger.Organizer(t.Context(), bob)
			require.NoError(t, err)
			assert.Contains(t, row.State, "does not allow it")
			assert.Equal(t, store.Platform, row.Trouble)
			assert.True(t, row.DueAt.IsZero())

			w.now = w.now.Add(time.Hour)
			all, err := w.All(t.Context())
			require.NoError(t, err)
			require.NoError(t, all[0].Problem)
			row, err = w.ledger.Organizer(t.Context(), bob)
			require.NoError(t, err)
			assert.Empty(t, row.State)
			assert.Equal(t, store.NoTrouble, row.Trouble)
		})
	}
}

// What discovery says is wrong is not talked over.
func TestDiscoveryFailed(t *testing.T) {
	w := newTown(t, true, asIs)
	parked := store.Organizer{Email: bob, State: "wrong password", Attempts: 2, DueAt: w.now.Add(time.Minute)}
	require.NoError(t, w.ledger.SaveOrganizer(t.Context(), parked))
	w.platform.Fail(meetingtest.Admins, meetingtest.ErrorBefore(http.StatusForbidden))
	for range 2 {
		_, err := w.All(t.Context())
		require.NoError(t, err)
		row, err := w.ledger.Organizer(t.Context(), bob)
		require.NoError(t, err)
		assert.Equal(t, parked.State, row.State)
		assert.Equal(t, parked.DueAt, row.DueAt)
		w.now = w.now.Add(time.Minute)
	}
	assert.Equal(t, 2, w.reads())
}

// What the daemon notes of an organizer while the platform is asked for her stays: her password was refused, and an account locks.
func TestAttachForgetsNothing(t *testing.T) {
	w := newTown(t, false, asIs)
	noted := store.Organizer{Email: bob, State: "the password is refused", Trouble: store.Password, Attempts: 3, DueAt: w.now.Add(time.Hour)}
	w.platform.Fail(meetingtest.Admins, meetingtest.Delay(func(ctx context.Context) { assert.NoError(t, w.ledger.SaveOrganizer(ctx, noted)) }))
	_, err := w.Attach(t.Context(), bob, w.account.ID)
	require.NoError(t, err)
	row, err := w.ledger.Organizer(t.Context(), bob)
	require.NoError(t, err)
	assert.Equal(t, w.user.ID, row.UserID)
	row.UserID, row.AccountID, row.TimeZone, row.Language, row.Feed = "", "", "", "", nil
	assert.Equal(t, noted, row)
}

// Whoever is interrupted while an account is made is told what there is to know: its ID, or that it may be there.
func TestAddInterrupted(t *testing.T) {
	for name, c := range map[string]struct {
		route meetingtest.Route
		want  string
	}{
		"when it was made": {meetingtest.Admins, `^account [0-9a-f]{24} was made, but its admin could not be read .*: convoke organizer add dora@example\.com --account [0-9a-f]{24}$`},
		"while it is made": {meetingtest.CreateAccount, `^interrupted, and the account may have been made: .*: convoke organizer add dora@example\.com --account ID$`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, false, asIs)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			w.platform.Fail(c.route, meetingtest.Delay(func(asked context.Context) { interrupt(); <-asked.Done() }))
			_, err := w.Add(ctx, meetingapi.AccountRequest{Email: "dora@example.com", FirstName: "Dora", LastName: "Dorn", Language: "en", Type: "standard", PaidUntil: time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)})
			require.Error(t, err)
			assert.Regexp(t, c.want, err.Error())
			assert.NotErrorIs(t, err, context.Canceled, "else all that is told is that it was interrupted")
			intents, err := w.ledger.Intents(t.Context(), "dora@example.com")
			require.NoError(t, err)
			assert.Equal(t, c.route == meetingtest.CreateAccount, len(intents) == 1)
		})
	}
}

func TestAttachKeepsTheFeedHidden(t *testing.T) {
	w := newTown(t, false, asIs)
	row, err := w.Attach(t.Context(), bob, w.account.ID)
	require.NoError(t, err)
	assert.Equal(t, w.user.ID, row.UserID)
	assert.Equal(t, "Europe/London", row.TimeZone)
	assert.NotContains(t, string(row.Feed), w.user.ICSToken)
	feed, err := w.keys.Reveal(row.Feed, "feed "+bob)
	require.NoError(t, err)
	assert.Equal(t, w.user.ICSPath(), string(feed))
}

func TestAdd(t *testing.T) {
	request := meetingapi.AccountRequest{
		Email: "erin@example.com", FirstName: "Erin", LastName: "Ernst", Language: "en", Type: "standard", PaidUntil: time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	add := func(w *town) error {
		_, err := w.Add(context.Background(), request)
		return err
	}
	t.Run("made and read back", func(t *testing.T) {
		w := newTown(t, false, asIs)
		require.NoError(t, add(w))
		intents, err := w.ledger.Intents(t.Context(), "")
		require.NoError(t, err)
		assert.Empty(t, intents)
		assert.Empty(t, w.platform.Mails())
	})
	t.Run("there already", func(t *testing.T) {
		w := newTown(t, false, asIs)
		require.NoError(t, add(w))
		err := add(w)
		require.ErrorIs(t, err, people.ErrExists)
		require.ErrorContains(t, err, "convoke organizer add erin@example.com --account ID")
		require.ErrorIs(t, add(w), people.ErrExists, "a definite answer leaves nothing open")
	})
	t.Run("no answer, until the account is named", func(t *testing.T) {
		w := newTown(t, false, asIs)
		w.platform.Fail(meetingtest.CreateAccount, meetingtest.LostAnswer())
		require.ErrorIs(t, add(w), meetingapi.ErrUnknownOutcome)
		require.ErrorContains(t, add(w), "may exist")
		assert.Equal(t, 1, w.platform.CountCalls(meetingtest.CreateAccount))
		users := w.platform.Users()
		_, err := w.Attach(t.Context(), request.Email, users[len(users)-1].AccountID)
		require.NoError(t, err)
		intents, err := w.ledger.Intents(t.Context(), "")
		require.NoError(t, err)
		assert.Empty(t, intents)
	})
	t.Run("made, but not readable", func(t *testing.T) {
		w := newTown(t, false, asIs)
		w.platform.Fail(meetingtest.Admins, meetingtest.ErrorBefore(http.StatusForbidden))
		err := add(w)
		require.ErrorContains(t, err, "was made, but its admin could not be read")
		require.ErrorContains(t, err, "--account ")
	})
}
