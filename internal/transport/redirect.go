package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

const maxRedirects = 5

// followed sends a message and follows where it is sent on to. net/http does not do: it turns PROPFIND and REPORT into
// GET on 301 and 302, and takes credentials to subdomains.
func (c *Client) followed(m *message) (*http.Response, error) {
	for hops := 0; ; hops++ {
		resp, err := c.exchange(m)
		if err != nil || !c.redirects || !isRedirect(resp) || !repeatable(m.method) {
			return resp, err
		}
		resp.Body.Close()
		if hops == maxRedirects {
			return nil, fail(m.method, m.url, ErrRedirect)
		}
		next, err := c.target(m.url, resp.Header.Get("Location"))
		if err != nil {
			return nil, &Error{Method: m.method, Origin: origin(m.url), Sent: true, Err: err}
		}
		m = m.to(next)
	}
}

func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

// target returns the URL that a redirect leads to, if it may.
func (c *Client) target(from *url.URL, location string) (*url.URL, error) {
	u, err := from.Parse(location)
	if err != nil || strings.ContainsFunc(u.Host, unicode.IsControl) {
		return nil, errors.New("redirect to something that is no URL")
	}
	u.Fragment, u.RawFragment = "", ""
	switch {
	case u.User != nil:
		return nil, fmt.Errorf("redirect: %w", errUserinfo)
	case from.Scheme == "https" && u.Scheme != "https":
		return nil, fmt.Errorf("redirect to %s: %w", origin(u), ErrPlain)
	case c.hosts[origin(u)] == nil:
		return nil, fmt.Errorf("redirect to %s: %w", origin(u), ErrOrigin)
	}
	return u, nil
}
