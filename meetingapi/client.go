// Package meetingapi is the client of the meeting platform's API, version 6: accounts, their admins, meetings, and the
// ICS feed of a user's meetings. The vendor's tutorial is its only contract; what that leaves open is tolerated, never
// relied on.
//
// It sends every call once. It neither repeats calls nor remembers them, and it must not know what a calendar, an
// event or a ledger is: what a failure means for an event is decided by the caller, by the sentinels in errors.go and by
// Definite.
package meetingapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A Doer sends one HTTP request. It must not follow redirects and must not send a request a second time.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Options are the client's limits. The zero value of a field stands for its default.
type Options struct {
	PerSecond   float64 // calls per second; default 4
	InFlight    int     // calls at the same time; default 2
	AllowDelete bool    // DeleteMeeting may be used, though the platform does not document it
	MaxBody     int64   // bytes of an answer or a feed; default 8 MiB
}

// A Client calls one instance of the platform. It is safe for concurrent use.
type Client struct {
	origin      string
	key         func() (string, error)
	doer        Doer
	gate        *gate
	allowDelete bool
	maxBody     int64
}

// New returns a client of the platform at baseURL: https, or http on a loopback address; with or without /api/v6. The
// key is asked for at every call, so that a new one needs no restart.
func New(baseURL string, key func() (string, error), d Doer, o Options) (*Client, error) {
	origin, err := originOf(baseURL)
	if err != nil {
		return nil, fmt.Errorf("platform url: %w", err)
	}
	if o.PerSecond < 0 || o.InFlight < 0 || o.MaxBody < 0 {
		return nil, errors.New("platform limits: calls per second, calls in flight and body size cannot be negative")
	}
	return &Client{
		origin:      origin,
		key:         key,
		doer:        d,
		gate:        newGate(orDefault(o.PerSecond, 4), orDefault(o.InFlight, 2)),
		allowDelete: o.AllowDelete,
		maxBody:     orDefault(o.MaxBody, 8<<20),
	}, nil
}

func orDefault[T int | int64 | float64](value, byDefault T) T {
	if value == 0 {
		return byDefault
	}
	return value
}

// originOf checks a base URL and returns its scheme and host. No error of it repeats the URL, which may hold a password.
func originOf(baseURL string) (string, error) {
	u, err := url.Parse(baseURL)
	switch {
	case err != nil:
		return "", errors.New("not a URL")
	case u.Hostname() == "":
		return "", errors.New("no host in it; write https://meeting.example.com")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("no user, query or fragment may stand in it")
	case strings.TrimSuffix(u.Path, "/") != "" && strings.TrimSuffix(u.Path, "/") != apiPath:
		return "", fmt.Errorf("no path may stand in it but %s", apiPath)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u.Scheme + "://" + u.Host, nil
	}
	return "", errors.New("must start with https:// (http:// is for loopback addresses only)")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// CreateAccount creates an account together with its first meeting organizer. An address exists once in an instance:
// ErrConflict. The platform need not grant what was asked: the answer says what there is.
func (c *Client) CreateAccount(ctx context.Context, r AccountRequest) (Account, error) {
	cl := call{route: createAccount}
	body, err := r.JSON()
	if err != nil {
		return Account{}, cl.notSent(ErrInvalid, err)
	}
	cl.body = body
	data, err := c.send(ctx, &cl)
	if err != nil {
		return Account{}, err
	}
	account, err := parseAccount(data)
	if err != nil {
		return Account{}, cl.unusable(err)
	}
	return account, nil
}

// Admins returns the admins of an account: its first meeting organizer, at least.
func (c *Client) Admins(ctx context.Context, accountID string) ([]User, error) {
	cl := call{route: accountAdmins, arg: accountID}
	data, err := c.send(ctx, &cl)
	if err != nil {
		return nil, err
	}
	users, err := parseUsers(data)
	if err != nil {
		return nil, cl.unusable(err)
	}
	return users, nil
}

// CreateMeeting creates a meeting on behalf of a user. An empty userID goes with an account's own key. A failure that
// is not Definite is ErrUnknownOutcome: a meeting may be there.
func (c *Client) CreateMeeting(ctx context.Context, userID string, r MeetingRequest) (Meeting, error) {
	return c.meeting(ctx, call{route: createMeeting, userID: userID}, r)
}

// UpdateMeeting replaces what a meeting was created with. A failure that is not Definite may still be applied later.
func (c *Client) UpdateMeeting(ctx context.Context, userID, id string, r MeetingRequest) (Meeting, error) {
	return c.meeting(ctx, call{route: updateMeeting, arg: id, userID: userID}, r)
}

func (c *Client) meeting(ctx context.Context, cl call, r MeetingRequest) (Meeting, error) {
	body, err := r.JSON(cl.arg)
	if err != nil {
		return Meeting{}, cl.notSent(ErrInvalid, err)
	}
	cl.body = body
	data, err := c.send(ctx, &cl)
	if err != nil {
		return Meeting{}, err
	}
	read := parseMeeting
	if cl.arg != "" {
		read = func(data []byte) (Meeting, error) { return parseChanged(data, cl.arg) }
	}
	meeting, err := read(data)
	if err != nil {
		return Meeting{}, cl.unusable(err)
	}
	return meeting, nil
}

// DeleteMeeting deletes a meeting for good. It is no documented call: without Options.AllowDelete it fails with
// ErrNotEnabled and sends nothing.
func (c *Client) DeleteMeeting(ctx context.Context, userID, id string) error {
	cl := call{route: deleteMeeting, arg: id, userID: userID}
	if !c.allowDelete {
		return cl.notSent(ErrNotEnabled, nil)
	}
	_, err := c.send(ctx, &cl)
	return err
}

// Feed reads the list of a user's meetings at icsPath (User.ICSPath), a path on the platform itself. The path is a secret
// and goes into no error; the API key is not sent along. A feed that is not complete is an error, never a short list.
func (c *Client) Feed(ctx context.Context, icsPath string) ([]FeedEntry, error) {
	cl := call{route: userFeed}
	token, err := feedToken(icsPath)
	if err != nil {
		return nil, cl.notSent(ErrInvalid, err)
	}
	cl.arg = token
	body, err := c.send(ctx, &cl)
	if err != nil {
		return nil, err
	}
	entries, err := parseFeed(body)
	if err != nil {
		return nil, cl.unusable(err)
	}
	return entries, nil
}
