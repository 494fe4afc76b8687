// Package feed reads calendars that are published as one iCalendar file (RFC 5545) at a web address or on disk, and
// builds the file that convoke publishes itself. What is read is split into one object for each event, byte for byte as
// it stands in the feed, and is a calendar.Collection that cannot be written to.
//
// The address of a feed is mostly a secret: whoever knows it reads the calendar. It stands in no error and in no token.
//
// The package knows nothing of passwords, redirects, retries and time limits, which are the Doer's, nor of what the
// events mean.
package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	stdsync "sync"

	"convoke/calendar"
)

// Limits of what is read. An object is limited by calendar.MaxObject, too.
const (
	MaxSize   = 64 << 20 // bytes of a feed, after decompression
	MaxEvents = 20_000   // objects of a feed: events with their overrides
)

// What can be wrong with a feed as a whole. Nothing is concluded from such a feed.
var (
	ErrNoCalendar = errors.New("not an iCalendar file")
	ErrIncomplete = errors.New("the iCalendar file breaks off")
)

// A Doer sends a request. It adds credentials, for their own origin only; follows redirects as far as they are allowed;
// limits time and size; and may repeat reads.
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// A Subscription is a feed as a calendar. It keeps the last download in memory: Get and Objects answer from it, and where
// it says what the caller's token says, its newer validators are used. So one Subscription is best kept for as long as
// its feed is configured. It may be used by several goroutines.
type Subscription struct {
	source source

	mu   stdsync.Mutex
	last *snapshot // nil before the first download
}

var _ calendar.Collection = (*Subscription)(nil)

// A source is where a feed comes from.
type source interface {
	// fetch reads the feed, unless it is as it was when its validators were these.
	fetch(ctx context.Context, known validators) (download, error)
	// String names the source without what is secret of it.
	String() string
}

// A download is the answer of a source.
type download struct {
	unchanged  bool // nothing else is set then
	body       string
	validators validators
}

// Open makes a Subscription of a web address without asking anything; see Location for the addresses it takes.
func Open(d Doer, address string) (*Subscription, error) {
	u, err := Location(address)
	if err != nil {
		return nil, fmt.Errorf("open feed: %w", err)
	}
	return &Subscription{source: &remote{doer: d, url: u}}, nil
}

// File makes a Subscription of a file, given as a path or as a file: URL, without looking at it.
func File(path string) (*Subscription, error) {
	name, err := localPath(path)
	if err != nil {
		return nil, fmt.Errorf("open feed: %w", err)
	}
	return &Subscription{source: file(name)}, nil
}

// String names the feed for people: a file by its path, a web address by no more than its host.
func (s *Subscription) String() string { return s.source.String() }

// Changes implements calendar.Collection with one GET. Where the token says that nothing has changed, there are no rows
// and the look is not complete; else all objects are reported, and it is. Objects are compared without the stamps that
// many servers renew with each download.
func (s *Subscription) Changes(ctx context.Context, since calendar.Since, fn func(calendar.Change) error) (calendar.Look, error) {
	known := parseToken(since.Token)
	if since.Full {
		known = token{}
	}
	got, err := s.source.fetch(ctx, s.newest(known))
	switch {
	case err != nil:
		return calendar.Look{}, fmt.Errorf("look at feed: %w", err)
	case got.unchanged:
		s.confirm(known)
		return calendar.Look{Token: since.Token}, nil
	}
	now, err := s.keep(got)
	switch {
	case err != nil:
		return calendar.Look{}, fmt.Errorf("look at feed: %s: %w", s.source, err)
	case now.digest == known.Digest:
		return calendar.Look{Token: now.token()}, nil
	}
	for _, e := range now.entries {
		if err := ctx.Err(); err != nil {
			return calendar.Look{}, fmt.Errorf("look at feed: %s: %w", s.source, err)
		}
		if err := fn(e.change(since.ETag(e.href))); err != nil {
			return calendar.Look{}, err
		}
	}
	return calendar.Look{Token: now.token(), Complete: true}, nil
}

// newest is what to ask the source with: the validators of the last download where it is what the token speaks of.
func (s *Subscription) newest(known token) validators {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known.Digest != "" && s.last != nil && s.last.digest == known.Digest {
		return s.last.validators
	}
	return known.validators
}

// confirm forgets the last download when it is not what the source has again by now.
func (s *Subscription) confirm(known token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && s.last.digest != known.Digest {
		s.last = nil
	}
}

// keep remembers a download. One that differs in nothing but stamps does not take the place of the last one, so that
// what is published stays the same, too.
func (s *Subscription) keep(got download) (*snapshot, error) {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	var now *snapshot
	if last != nil && last.body == got.body {
		now = last.with(got.validators)
	} else {
		var err error
		if now, err = newSnapshot(got); err != nil {
			return nil, err
		}
		if last != nil && last.digest == now.digest {
			now = last.with(got.validators)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = now
	return now, nil
}

// current is the last download, or a first one.
func (s *Subscription) current(ctx context.Context) (*snapshot, error) {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last != nil {
		return last, nil
	}
	got, err := s.source.fetch(ctx, validators{})
	if err != nil {
		return nil, err
	}
	now, err := s.keep(got)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.source, err)
	}
	return now, nil
}

// Get implements calendar.Collection. It answers from the last download, which Changes renews or finds unchanged; only
// where there is none yet, it makes one.
func (s *Subscription) Get(ctx context.Context, href string) (calendar.Object, error) {
	now, err := s.current(ctx)
	if err != nil {
		return calendar.Object{}, fmt.Errorf("get object of feed: %w", err)
	}
	e, ok := now.index[href]
	switch {
	case !ok:
		return calendar.Object{}, fmt.Errorf("get object of feed: %s: %.200q: %w", s.source, href, calendar.ErrNotFound)
	case e.err != nil:
		return calendar.Object{}, fmt.Errorf("get object of feed: %s: %w", s.source, e.err)
	}
	return e.object(), nil
}

// Put fails with calendar.ErrReadOnly.
func (s *Subscription) Put(context.Context, calendar.Object) (calendar.Object, error) {
	return calendar.Object{}, fmt.Errorf("put object into feed: %s: a subscription is read only: %w", s.source, calendar.ErrReadOnly)
}

// Objects returns all events of the last download, or of a first one, in the order of the feed: for publishing them, also
// those that Changes reports with an error, as long as their components are whole.
func (s *Subscription) Objects(ctx context.Context) ([]calendar.Object, error) {
	now, err := s.current(ctx)
	if err != nil {
		return nil, fmt.Errorf("read feed: %w", err)
	}
	all := make([]calendar.Object, 0, len(now.entries))
	for _, e := range now.entries {
		if !e.broken {
			all = append(all, e.object())
		}
	}
	return all, nil
}
