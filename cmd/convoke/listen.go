package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	stdsync "sync"
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
	built map[string]published // by organizer
}

type published struct {
	ics  []byte
	etag string
	at   time.Time
}

// keepFor is how long a feed that was built is handed out again, whoever asks.
const keepFor = 30 * time.Second

func newFeeds(a *app) *feeds { return &feeds{app: a, built: map[string]published{}} }

// Feed returns the feed that a token is for.
func (f *feeds) Feed(ctx context.Context, token string) (ics []byte, etag string, ok bool, err error) {
	var who, tokens []string
	for _, o := range f.app.cfg.Organizers {
		if o.ICSURL.IsZero() {
			continue
		}
		valid, err := f.app.feedToken(ctx, o.Email)
		if err != nil {
			return nil, "", false, err
		}
		who, tokens = append(who, o.Email), append(tokens, valid)
	}
	i := web.Match(token, tokens)
	if i < 0 {
		return nil, "", false, nil
	}
	p, err := f.build(ctx, who[i])
	return p.ics, p.etag, err == nil, err
}

func (f *feeds) build(ctx context.Context, organizer string) (published, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, ok := f.built[organizer]; ok && time.Since(p.at) < keepFor {
		return p, nil
	}
	objects, err := f.app.publisher.Publish(ctx, organizer)
	if err != nil {
		return published{}, err
	}
	ics, err := feed.Build(organizer, objects)
	if err != nil {
		return published{}, err
	}
	p := published{ics: ics, etag: feed.ETag(ics), at: time.Now()}
	f.built[organizer] = p
	return p, nil
}

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
	return a.ledger.Note(ctx, versionKey(organizer), strconv.Itoa(version+1))
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
	return web.New(web.Options{Addr: a.cfg.Listen, PublicURL: a.publicURL(), Feeds: newFeeds(a), Metrics: a.metrics(), Log: a.log})
}
