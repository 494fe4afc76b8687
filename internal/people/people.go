// Package people knows the organizers: who they are in the configuration, what the platform said of them, and which
// client of the platform acts for each. It hands them to the passes and enrols new ones. It decides nothing about events.
package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"
	"time"

	"convoke/calendar"
	"convoke/internal/config"
	"convoke/internal/keyring"
	"convoke/internal/secret"
	"convoke/internal/terminal"
	"convoke/internal/transport"
	"convoke/internal/wording"
	"convoke/meetingapi"
	"convoke/store"
	"convoke/sync"
)

// People are the organizers of one configuration.
type People struct {
	cfg     *config.Config
	ledger  store.Ledger
	keys    keyring.Keyring
	now     func() time.Time
	join    calendar.JoinTemplate
	words   *wording.Words
	clients map[string]*meetingapi.Client // by the path of the API key
	owners  map[string]string             // by address
	patient bool

	introducing stdsync.Mutex    // guards delays: a feed may be asked for while a pass is under way
	delays      map[string]delay // by address
}

// A delay is how long an organizer is not read from the platform again, after that failed.
type delay struct {
	until    time.Time
	attempts int
	why      error
}

// New opens a client of the platform for every API key of the configuration. A patient caller, the daemon, waits: after
// failures, and until an event with other attendees was left alone for details.quiet.
func New(cfg *config.Config, ledger store.Ledger, keys keyring.Keyring, pool *transport.Pool, userAgent string, patient bool, now func() time.Time) (*People, error) {
	join, err := calendar.ParseJoinTemplate(cfg.Platform.JoinURL)
	if err != nil {
		return nil, fmt.Errorf("platform.join_url: %w", err)
	}
	words, err := wording.Load(cfg.Details.Templates)
	if err != nil {
		return nil, fmt.Errorf("details.templates: %w", err)
	}
	p := &People{
		words: words, cfg: cfg, ledger: ledger, keys: keys, now: now, join: join, clients: map[string]*meetingapi.Client{},
		patient: patient, delays: map[string]delay{}, owners: owners(cfg.Organizers),
	}
	files := map[string]bool{cfg.Platform.APIKeyFile: true}
	for _, o := range cfg.Organizers {
		files[keyFile(cfg, o)] = true
	}
	for file := range files {
		if file == "" {
			continue
		}
		if p.clients[file], err = p.client(file, pool, userAgent); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func keyFile(cfg *config.Config, o config.Organizer) string {
	if o.APIKeyFile != "" {
		return o.APIKeyFile
	}
	return cfg.Platform.APIKeyFile
}

// client is a client of the platform with the key in a file, read again when it changes.
func (p *People) client(file string, pool *transport.Pool, userAgent string) (*meetingapi.Client, error) {
	platform := p.cfg.Platform
	t, err := transport.New(transport.Options{Origin: platform.URL.String(), UserAgent: userAgent, MaxBody: 16 << 20, PerHost: platform.InFlight, Pool: pool})
	if err != nil {
		return nil, err
	}
	key := secret.NewFile(file)
	read := func() (string, error) {
		s, err := key.Read()
		if err != nil {
			return "", err
		}
		return s.Reveal(), nil
	}
	return meetingapi.New(platform.URL.String(), read, t, meetingapi.Options{
		PerSecond: platform.RequestsPerSecond, InFlight: platform.InFlight, AllowDelete: p.cfg.Cancel.Action == config.CancelDelete,
	})
}

// Join is the template of join URLs.
func (p *People) Join() calendar.JoinTemplate { return p.join }

// Client is the platform's client for an organizer, or nil when no API key is configured for her.
func (p *People) Client(o config.Organizer) *meetingapi.Client { return p.clients[keyFile(p.cfg, o)] }

// All returns the organizers, as passes want them. Whoever has an account ID in the configuration and has not been read
// from the platform yet is read now; when that fails her calendars are looked at all the same. Where the platform does not
// answer, it is not asked for the next one: that waits for the next call.
func (p *People) All(ctx context.Context) ([]sync.Organizer, error) {
	silent := map[*meetingapi.Client]error{}
	return p.list(ctx, func(o config.Organizer, row store.Organizer) (store.Organizer, error, error) {
		return p.introduce(ctx, o, row, silent)
	})
}

// Known is All without a question to the platform.
func (p *People) Known(ctx context.Context) ([]sync.Organizer, error) {
	return p.list(ctx, func(_ config.Organizer, row store.Organizer) (store.Organizer, error, error) { return row, nil, nil })
}

func (p *People) list(ctx context.Context, introduce func(config.Organizer, store.Organizer) (store.Organizer, error, error)) ([]sync.Organizer, error) {
	var all []sync.Organizer
	for _, o := range p.cfg.Organizers {
		row, err := p.row(ctx, o.Email)
		if err != nil {
			return nil, err
		}
		var problem error
		if o.AccountID != "" && row.AccountID != o.AccountID {
			row, problem, err = introduce(o, row)
			if err != nil {
				return nil, err
			}
		}
		s := p.organizer(o, row)
		if problem != nil && s.UserID == "" {
			s.Problem = problem
		}
		all = append(all, s)
	}
	return all, nil
}

// introduce reads an organizer from the platform. Its first error is the platform's. What is wrong goes into the ledger for
// status; when to try again does not: DueAt there is about her calendars, which do not wait for the platform. Silent has the
// clients that have just got no answer.
func (p *People) introduce(ctx context.Context, o config.Organizer, row store.Organizer, silent map[*meetingapi.Client]error) (store.Organizer, error, error) {
	p.introducing.Lock()
	defer p.introducing.Unlock()
	d := p.delays[o.Email]
	if p.patient && p.now().Before(d.until) {
		return row, d.why, nil
	}
	client := p.Client(o)
	if why := silent[client]; why != nil {
		return row, why, nil
	}
	user, why := p.admin(ctx, o, o.AccountID)
	if why == nil {
		delete(p.delays, o.Email)
		row, err := p.keep(ctx, o.Email, o.AccountID, user)
		return row, nil, err
	}
	if unanswered(why) {
		silent[client] = why
	}
	wait := min(time.Minute<<min(d.attempts, 6), time.Hour)
	p.delays[o.Email] = delay{until: p.now().Add(wait), attempts: d.attempts + 1, why: why}
	if noted, err := p.row(ctx, o.Email); err != nil {
		return row, why, err
	} else if row = noted; row.State == why.Error() || !row.DueAt.IsZero() { // discovery has failed, which says more
		return row, why, nil
	}
	row.State, row.Trouble = why.Error(), store.Platform
	return row, why, p.ledger.SaveOrganizer(ctx, row)
}

// unanswered reports whether the platform did not answer, or a proxy did in its stead.
func unanswered(why error) bool {
	var api *meetingapi.Error
	if !errors.As(why, &api) || !errors.Is(api, meetingapi.ErrTransient) {
		return false
	}
	return slices.Contains([]int{0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, api.Status)
}

func (p *People) row(ctx context.Context, email string) (store.Organizer, error) {
	row, err := p.ledger.Organizer(ctx, email)
	if errors.Is(err, store.ErrNotFound) {
		return store.Organizer{Email: email}, nil
	}
	return row, err
}

// organizer joins what the configuration and the ledger know; the configuration wins.
func (p *People) organizer(o config.Organizer, row store.Organizer) sync.Organizer {
	s := sync.Organizer{
		Email: o.Email, Addresses: append([]string{o.Email}, o.Aliases...), Owners: p.owners, UserID: o.UserID, Home: o.Timezone,
		Rules: p.rules(o, row), Modes: modes(o), Agenda: p.cfg.Platform.Reference == config.ReferenceAgenda,
	}
	if s.UserID == "" {
		s.UserID = row.UserID
	}
	if s.Home == nil && row.TimeZone != "" {
		if zone, err := time.LoadLocation(row.TimeZone); err == nil {
			s.Home = zone
		}
	}
	if c := p.Client(o); c != nil {
		s.Platform = c
	} else {
		s.Problem = errors.New("no API key is configured: set platform.api_key_file, or api_key_file of the organizer")
	}
	s.Feed = p.feed(o, row)
	return s
}

// feed reads an organizer's meetings as the platform lists them; nil when it has not told where.
func (p *People) feed(o config.Organizer, row store.Organizer) func(context.Context) ([]meetingapi.FeedEntry, error) {
	client := p.Client(o)
	if client == nil || row.Feed == nil {
		return nil
	}
	return func(ctx context.Context) ([]meetingapi.FeedEntry, error) {
		path, err := p.keys.Reveal(row.Feed, "feed "+row.Email)
		if err != nil {
			return nil, fmt.Errorf("where the feed is was stored with another key: convoke organizer add %s --account %s reads it again: %w", row.Email, row.AccountID, err)
		}
		return client.Feed(ctx, string(path))
	}
}

// owners tells whose each address of the configuration is.
func owners(all []config.Organizer) map[string]string {
	out := map[string]string{}
	for _, o := range all {
		for _, a := range append([]string{o.Email}, o.Aliases...) {
			out[a] = o.Email
		}
	}
	return out
}

func (p *People) rules(o config.Organizer, row store.Organizer) sync.Rules {
	c, quiet := p.cfg, time.Duration(0)
	if p.patient {
		quiet = c.Details.Quiet
	}
	return sync.Rules{
		Mode: sync.Mode(o.Mode), Markers: calendar.Markers{Ask: c.Select.Marker, Decline: c.Select.OptOut}, Existing: c.Select.Existing,
		Preset: preset(config.Preset{Meeting: c.Meeting}), Presets: presets(c.Presets), MinDuration: c.Select.MinDuration,
		MaxDuration: c.Select.MaxDuration, Horizon: c.Select.Horizon, Caps: sync.Caps{
			PerHour: c.Limits.CreationsPerHour, PerDay: c.Limits.CreationsPerDay, Overall: c.Limits.CreationsOverall,
		}, Private: sync.PrivateMode(c.Select.Private),
		Window: sync.WindowMode(c.Series.Window), RollAfter: c.Series.RollAfter, MailBudget: c.Details.MailBudget, Words: p.worded(cmp.Or(o.Language, row.Language)),
		Join: p.join, Quiet: quiet, Cancel: sync.CancelAction(c.Cancel.Action), Undo: c.Cancel.Undo,
		RetryUnknown: c.Platform.Unknown == config.UnknownRetry, Settle: c.Platform.Settle,
	}
}

// worded are the words that go into events and topics, in a language.
func (p *People) worded(language string) sync.Words {
	return sync.Words{
		Untitled:  p.words.Heading(language),
		Private:   p.words.Private(language),
		Cancelled: func(topic string) string { return p.words.Cancelled(language, topic) },
		Block: func(t sync.Text) (string, []string) {
			d := wording.Data{JoinURL: t.JoinURL, Number: t.Number, PIN: t.PIN}
			for _, n := range t.Phones {
				d.Dial = append(d.Dial, wording.Dial{Number: n.Number, Label: n.Label})
			}
			return p.words.Heading(language), p.words.Lines(language, d)
		},
	}
}

func preset(c config.Preset) sync.Preset {
	return sync.Preset{Type: c.Type, Recorded: c.Recorded, Dialin: c.Dialin, PermissionID: c.PermissionID, Agenda: c.Agenda}
}

func presets(all map[string]config.Preset) map[string]sync.Preset {
	out := map[string]sync.Preset{}
	for name, c := range all {
		out[name] = preset(c)
	}
	return out
}

// modes are those of calendars that have one of their own.
func modes(o config.Organizer) map[string]sync.Mode {
	out := map[string]sync.Mode{}
	for _, r := range o.CalendarRules {
		for _, name := range o.Spellings(r) {
			out[name] = sync.Mode(r.Mode)
		}
	}
	return out
}

// admin reads the admins of an account and finds the organizer among them: the one with her address, or an alias of hers.
func (p *People) admin(ctx context.Context, o config.Organizer, account string) (meetingapi.User, error) {
	client := p.Client(o)
	if client == nil {
		return meetingapi.User{}, errors.New("no API key is configured: set platform.api_key_file, or api_key_file of the organizer")
	}
	users, err := client.Admins(ctx, account)
	if errors.Is(err, meetingapi.ErrNotFound) {
		return meetingapi.User{}, fmt.Errorf("read the admins of account %s: %w; check account_id", account, err)
	}
	if err != nil {
		return meetingapi.User{}, fmt.Errorf("read the admins of account %s: %w", account, err)
	}
	for _, address := range append([]string{o.Email}, o.Aliases...) {
		for _, u := range users {
			if strings.EqualFold(u.Email, address) {
				return u, nil
			}
		}
	}
	return meetingapi.User{}, fmt.Errorf("account %s has %s, and %s is none of them; check account_id, or add the address that the platform has to aliases", account, terminal.Count(len(users), "admin"), o.Email)
}

// keep writes what the platform said of an organizer into the ledger, beside what was noted there while it was asked; the path of her
// feed is a secret, so it is hidden.
func (p *People) keep(ctx context.Context, email, account string, u meetingapi.User) (store.Organizer, error) {
	row, err := p.row(ctx, email)
	if err != nil {
		return row, err
	}
	row.UserID, row.AccountID, row.TimeZone, row.Language = u.ID, account, u.TimeZone, u.Language
	if row.DueAt.IsZero() {
		row.State, row.Trouble = "", store.NoTrouble
	}
	row.Feed = nil
	if u.ICSPath != "" {
		row.Feed = p.keys.Hide([]byte(u.ICSPath), "feed "+row.Email)
	}
	return row, p.ledger.SaveOrganizer(ctx, row)
}
