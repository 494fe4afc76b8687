// Package calendars finds and opens the calendars of the configuration: on a CalDAV server or in a folder. It chooses
// among what a server shows, and knows nothing of events.
package calendars

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"

	"convoke/calendar"
	"convoke/calendar/caldav"
	"convoke/calendar/feed"
	"convoke/calendar/vdir"
	"convoke/internal/config"
	"convoke/internal/secret"
	"convoke/internal/transport"
	"convoke/store"
	"convoke/sync"
)

// Calendars are those of one configuration; it is a sync.Calendars.
type Calendars struct {
	organizers map[string]config.Organizer
	pool       *transport.Pool
	userAgent  string

	mu      stdsync.Mutex
	clients map[string]*transport.Client  // by e-mail address, made when first needed
	feeds   map[string]*feed.Subscription // likewise
}

// New asks nobody.
func New(cfg *config.Config, pool *transport.Pool, userAgent string) *Calendars {
	c := &Calendars{organizers: map[string]config.Organizer{}, pool: pool, userAgent: userAgent, clients: map[string]*transport.Client{}, feeds: map[string]*feed.Subscription{}}
	for _, o := range cfg.Organizers {
		c.organizers[o.Email] = o
	}
	return c
}

// client returns the organizer's client. Scheme is how her server asked for the password in an earlier life, or "": with
// it the first request after a restart needs no refusal before it.
func (c *Calendars) client(o config.Organizer, scheme string) (*transport.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.clients[o.Email]; client != nil {
		return client, nil
	}
	origin := o.ICSURL.Reveal()
	if o.CalDAVURL != nil {
		origin = o.CalDAVURL.String()
	}
	client, err := transport.New(transport.Options{
		Origin: origin, Auth: auth(o, scheme), Redirects: true, Retry: true, UserAgent: c.userAgent, Pool: c.pool,
	})
	if err != nil {
		return nil, fmt.Errorf("organizer %s: %w", o.Email, err)
	}
	c.clients[o.Email] = client
	return client, nil
}

func auth(o config.Organizer, scheme string) *transport.Auth {
	if o.Username == "" {
		return nil
	}
	file := secret.NewFile(o.PasswordFile)
	return &transport.Auth{Username: o.Username, Password: file.Read, Scheme: scheme}
}

// remote is a calendar on a server. Its profile remembers how the server asks for the password, too.
type remote struct {
	*caldav.Calendar
	client *transport.Client
}

// Server is what a writer should know of it.
func (r *remote) Server() calendar.Server {
	t := r.Traits()
	return calendar.Server{Schedules: t.Schedules, LocationResets: t.LocationResets}
}

// subscription is an ICS feed. Its details are published in convoke's own.
type subscription struct{ *feed.Subscription }

// Server is what a writer should know of it.
func (subscription) Server() calendar.Server { return calendar.Server{ReadOnly: true} }

// Profile is what is known of the server.
func (r *remote) Profile() string { return profile(r.client, r.Calendar.Profile()) }

func profile(c *transport.Client, server string) string { return c.Scheme() + " " + server }

// Source tells where an organizer's calendars are configured to be.
func (c *Calendars) Source(organizer string) string {
	o := c.organizers[organizer]
	switch {
	case o.VDir != "":
		return o.VDir
	case !o.ICSURL.IsZero():
		return subscribed(o)
	}
	return strings.Join(append([]string{o.CalDAVURL.String(), o.Username}, o.Calendars...), " ")
}

// Find returns the calendars of an organizer that are to be watched.
func (c *Calendars) Find(ctx context.Context, organizer string) (sync.Found, error) {
	o, ok := c.organizers[organizer]
	if !ok {
		return sync.Found{}, fmt.Errorf("organizer %s is not configured", organizer)
	}
	switch {
	case o.VDir != "":
		return c.folder(o)
	case !o.ICSURL.IsZero():
		name := subscribed(o)
		return sync.Found{Calendars: []store.Calendar{{Organizer: o.Email, URL: name, Name: "Subscription", Source: name}}}, nil
	}
	client, err := c.client(o, "")
	if err != nil {
		return sync.Found{}, err
	}
	account, err := caldav.Discover(ctx, client, o.CalDAVURL.String())
	if err != nil {
		return sync.Found{}, fmt.Errorf("find the calendars of %s: %w", o.Email, err)
	}
	chosen, err := choose(o, account.Calendars)
	if err != nil {
		return sync.Found{}, fmt.Errorf("find the calendars of %s: %w", o.Email, err)
	}
	var rows []store.Calendar
	for _, i := range chosen {
		rows = append(rows, store.Calendar{
			Organizer: o.Email, URL: i.URL, Name: name(i), Source: c.Source(organizer), Profile: profile(client, i.Profile), TimeZone: i.TimeZone, Shared: !i.Own,
		})
	}
	return sync.Found{Calendars: rows, Addresses: account.Addresses}, nil
}

func (c *Calendars) folder(o config.Organizer) (sync.Found, error) {
	f, err := vdir.Open(o.VDir)
	if err != nil {
		return sync.Found{}, fmt.Errorf("find the calendar of %s: %w; make the folder, or mend vdir", o.Email, err)
	}
	return sync.Found{Calendars: []store.Calendar{{Organizer: o.Email, URL: o.VDir, Name: f.Name(), Source: o.VDir}}}, nil
}

// Open opens a calendar of the ledger.
func (c *Calendars) Open(row store.Calendar) (calendar.Collection, error) {
	o, ok := c.organizers[row.Organizer]
	switch {
	case !ok:
		return nil, fmt.Errorf("organizer %s is not configured any more", row.Organizer)
	case o.VDir != "":
		return vdir.Open(row.URL)
	case !o.ICSURL.IsZero():
		return c.subscribe(o)
	}
	scheme, server, _ := strings.Cut(row.Profile, " ")
	client, err := c.client(o, scheme)
	if err != nil {
		return nil, err
	}
	cal, err := caldav.Open(client, row.URL, server)
	if err != nil {
		return nil, err
	}
	return &remote{cal, client}, nil
}

// subscribed names a feed in the ledger: its address is a secret, so a digest of it stands there.
func subscribed(o config.Organizer) string {
	return fmt.Sprintf("feed:%x", sha256.Sum256([]byte(o.ICSURL.Reveal())))[:len("feed:")+16]
}

// subscribe opens an organizer's feed, the same one each time: it keeps what it has downloaded.
func (c *Calendars) subscribe(o config.Organizer) (calendar.Collection, error) {
	c.mu.Lock()
	s := c.feeds[o.Email]
	c.mu.Unlock()
	if s != nil {
		return subscription{s}, nil
	}
	var err error
	if o.ICSURL.IsFile() {
		s, err = feed.File(o.ICSURL.Reveal())
	} else {
		var client *transport.Client
		if client, err = c.client(o, ""); err == nil {
			s, err = feed.Open(client, o.ICSURL.Reveal())
		}
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.feeds[o.Email] = s
	return subscription{s}, nil
}

// choose picks the calendars to watch: the one that the URL names, those that are named, or all of her own that hold events
// and can be written to.
func choose(o config.Organizer, all []caldav.Info) ([]caldav.Info, error) {
	if len(o.Calendars) > 0 {
		return named(o, all)
	}
	var own []caldav.Info
	mistyped := false
	for _, i := range all {
		if sameURL(i.URL, o.CalDAVURL.String()) {
			return []caldav.Info{i}, i.Err
		}
		mistyped = mistyped || beside(i.URL, o.CalDAVURL.String())
		if i.Err == nil && i.Own && i.Writable && i.Events {
			own = append(own, i)
		}
	}
	if mistyped {
		return nil, fmt.Errorf("caldav_url is none of her calendars; %s", ThereAre(names(all)))
	}
	if len(own) == 0 {
		return nil, fmt.Errorf("no calendar of her own that holds events and can be written to; %s; a shared one must be named in `calendars`", ThereAre(names(all)))
	}
	return own, nil
}

// notThere says that a calendar of the configuration is missing on a server that shows others.
type notThere struct{ text string }

func (n *notThere) Error() string        { return n.text }
func (n *notThere) Is(target error) bool { return target == calendar.ErrMissing }

func named(o config.Organizer, all []caldav.Info) ([]caldav.Info, error) {
	var found []caldav.Info
	for _, want := range o.Calendars {
		i := slices.IndexFunc(all, func(i caldav.Info) bool { return i.Name == want || isURL(o, want, i.URL) })
		if i < 0 {
			return nil, &notThere{fmt.Sprintf("calendar %q is not there; %s", want, ThereAre(names(all)))}
		}
		if all[i].Err != nil {
			return nil, fmt.Errorf("calendar %q: %w", want, all[i].Err)
		}
		if !slices.ContainsFunc(found, func(f caldav.Info) bool { return f.URL == all[i].URL }) {
			found = append(found, all[i])
		}
	}
	return found, nil
}

// isURL reports whether want, a URL or a path on the organizer's server, is the calendar at u.
func isURL(o config.Organizer, want, u string) bool {
	ref, err := url.Parse(want)
	if err != nil || !strings.Contains(want, "/") {
		return false
	}
	return sameURL(o.CalDAVURL.ResolveReference(ref).String(), u)
}

// sameURL compares without the final slash and without the ways to write a percent sign.
func sameURL(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && strings.EqualFold(x.Host, y.Host) && strings.TrimSuffix(x.Path, "/") == strings.TrimSuffix(y.Path, "/")
}

// beside reports whether a and b are in the same collection: where one is a calendar, the other was meant to be one. What
// lies at the top of a server may be anything.
func beside(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	if errX != nil || errY != nil || !strings.EqualFold(x.Host, y.Host) {
		return false
	}
	parent := path.Dir(strings.TrimSuffix(x.Path, "/"))
	return parent != "/" && parent == path.Dir(strings.TrimSuffix(y.Path, "/"))
}

func name(i caldav.Info) string {
	if i.Name != "" {
		return i.Name
	}
	u, err := url.Parse(i.URL)
	if err != nil {
		return i.URL
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	return parts[len(parts)-1]
}

func names(all []caldav.Info) []string {
	var out []string
	for _, i := range all {
		out = append(out, name(i))
	}
	return out
}

// ThereAre says which calendars there are, for somebody who has named another.
func ThereAre(names []string) string {
	if len(names) == 0 {
		return "there are none"
	}
	var quoted []string
	for _, n := range names {
		quoted = append(quoted, strconv.Quote(n))
	}
	is := "are"
	if len(names) == 1 {
		is = "is"
	}
	return fmt.Sprintf("there %s %s", is, strings.Join(quoted, ", "))
}
