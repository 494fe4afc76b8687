package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	stdsync "sync"
	"syscall"
	"time"

	"convoke/calendar/feed"
	"convoke/internal/config"
	"convoke/internal/web"
)

// feeds are the subscriptions that convoke publishes, one for each organizer whose calendar cannot be written to. It is a
// web.FeedSource.
type feeds struct {
	app *app

	mu    stdsync.Mutex
	built map[string]*published // by organizer

	reading turn // guards known
	known   addresses
}

// A published feed is what was built last, or why it could not be.
type published struct {
	building turn // guards the rest: one slow subscription keeps nobody waiting but its own readers
	ics      []byte
	etag     string
	err      error
	at       time.Time
}

// addresses are the tokens that are valid, and whose they are.
type addresses struct {
	who, tokens []string
	revocations string // when one was revoked last, before they were read
	at          time.Time
}

const (
	keepFor      = 30 * time.Second // a feed that was built, or could not be, is handed out again for so long, whoever asks
	keepTokenFor = 10 * time.Minute // tokens are read again after this, though none was revoked
)

func newFeeds(a *app) *feeds {
	return &feeds{app: a, built: map[string]*published{}, reading: newTurn()}
}

// A turn is a lock that nobody waits for longer than he wants.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) (giveBack func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Feed returns the feed that a token is for.
func (f *feeds) Feed(ctx context.Context, token string) (ics []byte, etag string, ok bool, err error) {
	known, err := f.addresses(ctx)
	if err != nil {
		return nil, "", false, err
	}
	i := web.Match(token, known.tokens)
	if i < 0 {
		return nil, "", false, nil
	}
	ics, etag, err = f.build(ctx, known.who[i])
	return ics, etag, err == nil, err
}

// addresses costs one look into the ledger as long as none was revoked: whoever tries addresses makes no more work than that.
func (f *feeds) addresses(ctx context.Context) (addresses, error) {
	giveBack, err := f.reading.take(ctx)
	if err != nil {
		return addresses{}, err
	}
	defer giveBack()
	revocations, err := f.app.ledger.Notes(ctx, revocationsKey)
	if err != nil {
		return addresses{}, err
	}
	if !f.known.at.IsZero() && f.known.revocations == revocations && time.Since(f.known.at) < keepTokenFor {
		return f.known, nil
	}
	now := addresses{revocations: revocations, at: time.Now()}
	for _, o := range f.app.cfg.Organizers {
		if o.ICSURL.IsZero() {
			continue
		}
		token, err := f.app.feedToken(ctx, o.Email)
		if err != nil {
			return addresses{}, err
		}
		now.who, now.tokens = append(now.who, o.Email), append(now.tokens, token)
	}
	f.known = now
	return now, nil
}

func (f *feeds) build(ctx context.Context, organizer string) (ics []byte, etag string, err error) {
	p := f.of(organizer)
	giveBack, err := p.building.take(ctx)
	if err != nil {
		return nil, "", err
	}
	defer giveBack()
	if !p.at.IsZero() && time.Since(p.at) < keepFor {
		return p.ics, p.etag, p.err
	}
	objects, err := f.app.publisher.Publish(ctx, organizer)
	if err == nil {
		ics, err = feed.Build(organizer, objects)
	}
	if ctx.Err() != nil { // he has left, which says nothing to the next
		return nil, "", context.Cause(ctx)
	}
	p.ics, p.etag, p.err, p.at = nil, "", err, time.Now()
	if err == nil {
		p.ics, p.etag = ics, feed.ETag(ics)
	}
	return p.ics, p.etag, p.err
}

func (f *feeds) of(organizer string) *published {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.built[organizer] == nil {
		f.built[organizer] = &published{building: newTurn()}
	}
	return f.built[organizer]
}

// revocationsKey is the note of when an address was revoked last: a daemon that serves feeds reads that one instead of all.
const revocationsKey = "feed-revoked"

func versionKey(organizer string) string { return "feed-version/" + organizer }

// feedVersion counts how often the address of an organizer's feed was revoked, from 1.
func (a *app) feedVersion(ctx context.Context, organizer string) (int, error) {
	note, err := a.ledger.Notes(ctx, versionKey(organizer))
	if err != nil || note == "" {
		return 1, err
	}
	return strconv.Atoi(note)
}

func (a *app) feedToken(ctx context.Context, organizer string) (string, error) {
	version, err := a.feedVersion(ctx, organizer)
	if err != nil {
		return "", fmt.Errorf("version of the feed: %w", err)
	}
	return web.Token(a.keys.Feed(), organizer, version), nil
}

// revokeFeed makes the address of an organizer's feed another one.
func (a *app) revokeFeed(ctx context.Context, organizer string) error {
	version, err := a.feedVersion(ctx, organizer)
	if err != nil {
		return err
	}
	if err := a.ledger.Note(ctx, versionKey(organizer), strconv.Itoa(version+1)); err != nil {
		return err
	}
	return a.ledger.Note(ctx, revocationsKey, time.Now().UTC().Format(time.RFC3339Nano))
}

// hasFeed reports whether a feed is published for an organizer.
func (a *app) hasFeed(organizer string) bool {
	return slices.ContainsFunc(a.cfg.Organizers, func(o config.Organizer) bool { return o.Email == organizer && !o.ICSURL.IsZero() })
}

// feedURL is where an organizer's feed is published; "" when none is.
func (a *app) feedURL(ctx context.Context, o config.Organizer) (string, error) {
	if o.ICSURL.IsZero() || a.cfg.Listen == "" {
		return "", nil
	}
	token, err := a.feedToken(ctx, o.Email)
	if err != nil {
		return "", err
	}
	return web.FeedURL(a.publicURL(), a.cfg.Listen, token)
}

func (a *app) publicURL() string {
	if a.cfg.PublicURL == nil {
		return ""
	}
	return a.cfg.PublicURL.String()
}

// listen opens the daemon's listener; nil where it is turned off.
func (a *app) listen() (*web.Server, error) {
	if a.cfg.Listen == "" {
		return nil, nil
	}
	return web.New(a.page())
}

func (a *app) page() web.Options {
	return web.Options{Addr: a.cfg.Listen, PublicURL: a.publicURL(), Feeds: newFeeds(a), Metrics: a.metrics(), Log: a.log}
}

// listenAfter opens the listener of a new configuration, while that of the old one is still open.
func (a *app) listenAfter(old *app, page *web.Server) (*web.Server, error) {
	if page != nil && a.cfg.Listen == old.cfg.Listen {
		return page.Next(a.page())
	}
	next, err := a.listen()
	if errors.Is(err, syscall.EADDRINUSE) && page != nil && port(a.cfg.Listen) == port(old.cfg.Listen) {
		return nil, fmt.Errorf("another address in listen with the same port takes a restart: %w", err)
	}
	return next, err
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}
