// Package caldav is the client of a CalDAV server (RFC 4791, 6578): it finds a person's calendars, reports what has
// changed in one, reads objects and replaces them on condition. It trusts no server further than it must; what is known
// of their ways stands in the comments here, learned from seven of them.
//
// It knows nothing of passwords, redirects, retries and time limits, which are the Doer's, nor of what the events mean.
package caldav

import (
	"context"
	"fmt"
	"net/http"
	stdsync "sync"
	"time"

	"convoke/calendar"
)

// A Doer sends a request. It adds credentials, for their own origin only; follows redirects within the origin, with
// method and body kept, for reads only; limits time and size; and may repeat reads, but never a PUT.
// *http.Client is none: it turns a redirected PROPFIND into a GET.
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// A Calendar is one CalDAV collection. It implements calendar.Collection.
type Calendar struct {
	client
	at  place
	now func() time.Time

	mu      stdsync.Mutex
	profile profile
}

var _ calendar.Collection = (*Calendar)(nil)

// Open makes a Calendar of a collection's URL without asking anything. profile is what Profile returned earlier, or
// Info.Profile; "" when nothing is known.
func Open(d Doer, collectionURL, profile string) (*Calendar, error) {
	at, err := parsePlace(collectionURL)
	if err != nil {
		return nil, fmt.Errorf("open calendar: %w", err)
	}
	return &Calendar{client: client{d}, at: at.dir(), now: time.Now, profile: parseProfile(profile)}, nil
}

// Profile is what is known of the server now, for Open. It is opaque, short, and changes seldom.
func (c *Calendar) Profile() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.profile.String()
}

// Traits says how the server treats what is written to it, as far as it is known.
func (c *Calendar) Traits() Traits {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.profile.traits()
}

// known returns a copy of the profile.
func (c *Calendar) known() profile {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.profile
}

// learn changes the profile.
func (c *Calendar) learn(f func(*profile)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.profile)
}

// ask sends a PROPFIND or REPORT about the collection and reads the multistatus. An answer from elsewhere is none:
// Cyrus redirects from a calendar that is not ours to see to one that does not exist.
func (c *Calendar) ask(ctx context.Context, q query, fn func(*response) error) (answer, error) {
	a, err := c.multistatus(ctx, q, fn)
	if err != nil {
		return a, err
	}
	c.learn(func(p *profile) { p.recognise(a.header) })
	return a, nil
}

// within returns the path of an object of this calendar, for an href.
func (c *Calendar) within(href string) (place, error) {
	p, err := c.at.resolve(href)
	if err != nil {
		return p, err
	}
	if kind := c.member(p.path); kind != memberObject {
		return p, fmt.Errorf("%s is no object of %s", p.path, c.at)
	}
	return p, nil
}

type memberKind int

const (
	memberObject  memberKind = iota
	memberSelf               // the collection itself
	memberNested             // a collection in it, or something in that
	memberOutside            // not below the collection
)

// member says what a canonical path is to the calendar.
func (c *Calendar) member(path string) memberKind {
	if path == c.at.path || path+"/" == c.at.path {
		return memberSelf
	}
	if len(path) <= len(c.at.path) || path[:len(c.at.path)] != c.at.path {
		return memberOutside
	}
	for i := len(c.at.path); i < len(path); i++ {
		if path[i] == '/' {
			return memberNested
		}
	}
	return memberObject
}
