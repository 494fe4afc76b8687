// Package transport is everything between convoke and another host: credentials and the origin they are for, redirects,
// limits, retries, and which network addresses may be reached at all. A Client has the one method that the packages
// caldav, feed and meetingapi ask for. It knows nothing of calendars and meetings, and takes no decision on an answer
// beyond those of HTTP.
//
// No proxy is used, whatever the environment says: a proxy resolves names itself, and the guard against addresses that
// nobody configured would guard nothing.
package transport

import (
	"fmt"
	"maps"
	"net/http"
	"time"

	"convoke/internal/secret"
)

// What a zero field of Options stands for.
const (
	DefaultTimeout = 2 * time.Minute
	DefaultPerHost = 2
	DefaultMaxBody = 64 << 20
)

// Options configure a Client.
type Options struct {
	// Origin is the scheme://host[:port] that Auth and Header were given for; a path behind it is ignored. Requests to
	// another origin are refused with ErrOrigin before anything is sent, unless it is in AllowOrigins.
	Origin string
	// AllowOrigins may be asked too, but without Auth and Header, and without headers that could carry a secret.
	AllowOrigins []string

	Auth   *Auth
	Header map[string]string // set on every request to Origin, an API key for example

	// Redirects makes GET, HEAD, OPTIONS, PROPFIND and REPORT follow 301, 302, 307 and 308, at most five in a row, with
	// method, body and headers kept, within Origin and AllowOrigins and never from https to http. Otherwise, and with
	// every other method, the answer is returned as it is.
	Redirects bool

	// Retry repeats the same methods when a connection breaks or cannot be made, and on 429, 502, 503 and 504; Retry-After
	// is honoured. Nothing else is ever sent twice, but for a request that was answered 401.
	Retry bool

	MaxBody   int64         // bytes of an answer, after decompression: beyond it reading fails with ErrTooLarge
	Timeout   time.Duration // of one exchange, until its body is read
	PerHost   int           // requests that wait for an answer of one host at the same time; the first client of a Pool decides
	UserAgent string        // "convoke/1.2.3"
	CAFile    string        // PEM, trusted besides the system's certificates

	// AllowPrivate lets a host's name lead into private networks and to this machine, whatever it led to at first; see
	// the type guard. Names that lead there from the start need no permission, but for this machine.
	AllowPrivate bool

	Pool *Pool // shares connections, limits and waiting times between clients; nil for a pool of its own
}

// Auth is a name and password. What the server asks for decides how they are sent: Digest (RFC 7616) where it is
// offered, else Basic (RFC 7617). The password is read each time that it is sent, so that a new one needs no restart.
type Auth struct {
	Username string
	Password func() (secret.Secret, error)
	Scheme   string // what Client.Scheme returned in an earlier life: "Basic" saves the first 401
}

// String says which origin the options are for, and none of their secrets.
func (o Options) String() string { return fmt.Sprintf("transport.Options(%s)", safeOrigin(o.Origin)) }

// GoString is String.
func (o Options) GoString() string { return o.String() }

// A Client sends requests to one origin. It may be used by several goroutines.
type Client struct {
	origin    string
	hosts     map[string]*host // by origin: all that may be asked
	auth      *authenticator   // nil for none
	header    http.Header
	userAgent string
	redirects bool
	retry     bool
	limits    limits
}

// New checks the options. It connects to nothing.
func New(o Options) (*Client, error) {
	c := &Client{
		hosts:     map[string]*host{},
		header:    http.Header{},
		userAgent: o.UserAgent,
		redirects: o.Redirects,
		retry:     o.Retry,
		limits:    limits{timeout: orDefault(o.Timeout, DefaultTimeout), maxBody: orDefault(o.MaxBody, DefaultMaxBody)},
	}
	for name, value := range o.Header {
		c.header.Set(name, value)
	}
	if o.Pool == nil {
		o.Pool = NewPool()
	}
	for i, text := range append([]string{o.Origin}, o.AllowOrigins...) {
		u, err := parseOrigin(text)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			c.origin = origin(u)
		}
		if c.hosts[origin(u)], err = o.Pool.host(u, o); err != nil {
			return nil, err
		}
	}
	var err error
	c.auth, err = newAuthenticator(o.Auth)
	return c, err
}

func orDefault[T int | int64 | time.Duration](value, otherwise T) T {
	if value <= 0 {
		return otherwise
	}
	return value
}

// Scheme returns how the server has asked for the password: "Basic", "Digest" or "" when it has not. It is worth keeping:
// see Auth.Scheme.
func (c *Client) Scheme() string {
	if c.auth == nil {
		return ""
	}
	return c.auth.currentScheme()
}

// String says which origin the client is for, and none of its secrets.
func (c *Client) String() string { return fmt.Sprintf("transport.Client(%s)", c.origin) }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// Do sends a request and returns the answer, whatever its status; the caller closes its body. The request's body is
// read into memory, so that it always has a Content-Length and can follow a redirect. The Request of the answer tells
// the URL that answered at last, and holds no credentials. Errors are of type *Error.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	m, err := newMessage(req)
	if err != nil {
		return nil, fail(req.Method, req.URL, err)
	}
	if c.retry && repeatable(m.method) {
		return c.retried(m)
	}
	return c.followed(m)
}

// exchange sends a message once; a second time when the server asks for the password, or for it in another way.
func (c *Client) exchange(m *message) (*http.Response, error) {
	h, ok := c.hosts[origin(m.url)]
	switch {
	case m.url.User != nil:
		return nil, fail(m.method, m.url, errUserinfo)
	case !ok:
		return nil, fail(m.method, m.url, ErrOrigin)
	case origin(m.url) != c.origin || c.auth == nil:
		return c.send(h, m, "")
	}
	return c.authenticated(h, m)
}

func (c *Client) authenticated(h *host, m *message) (*http.Response, error) {
	used, err := c.auth.credentials(m.method, m.url.RequestURI())
	if err != nil {
		return nil, fail(m.method, m.url, err)
	}
	resp, err := c.send(h, m, used.header)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !c.auth.challenged(resp.Header, used) {
		return resp, err
	}
	used, err = c.auth.credentials(m.method, m.url.RequestURI())
	if err != nil {
		resp.Body.Close()
		return nil, fail(m.method, m.url, err)
	}
	resp.Body.Close()
	resp, err = c.send(h, m, used.header)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		c.auth.refused(used)
	}
	return resp, err
}

// send makes the request that goes out, and hides what was added to it from the answer.
func (c *Client) send(h *host, m *message, authorization string) (*http.Response, error) {
	header := m.header.Clone()
	if origin(m.url) == c.origin {
		maps.Copy(header, c.header)
	} else {
		header = public(header)
	}
	if header.Get("User-Agent") == "" {
		header.Set("User-Agent", c.userAgent) // set though it may be empty: else net/http gives its own
	}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	resp, err := h.send(m.request(header), c.limits)
	if err != nil {
		return nil, err
	}
	resp.Request = m.request(public(m.header))
	return resp, nil
}

// CloseIdleConnections closes the connections that are not in use, after a change of configuration.
func (c *Client) CloseIdleConnections() {
	for _, h := range c.hosts {
		h.transport.CloseIdleConnections()
	}
}
