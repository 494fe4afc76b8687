package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Origin returns the scheme://host[:port] of an absolute URL, lower case and without the scheme's own port: what
// Options.Origin takes.
func Origin(rawURL string) (string, error) {
	u, err := parseOrigin(rawURL)
	if err != nil {
		return "", err
	}
	return origin(u), nil
}

// parseOrigin refuses what no credentials may be sent to. The errors do not hold the text: it may be a secret, and
// those of net/url quote it.
func parseOrigin(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return nil, errors.New("not an absolute URL: https://host[:port]/… is expected")
	}
	if u.User != nil {
		return nil, fmt.Errorf("%s: %w", origin(u), errUserinfo)
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, fmt.Errorf("%s: %w", origin(u), ErrPlain)
	default:
		return nil, fmt.Errorf("%s: the scheme must be https", origin(u))
	}
	return u, nil
}

// origin is the ASCII serialisation of a URL's origin (RFC 6454, 6.2).
func origin(u *url.URL) string {
	if u == nil {
		return ""
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if port == "" || port == defaultPort(scheme) {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return scheme + "://" + host
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

func safeOrigin(rawURL string) string {
	if text, err := Origin(rawURL); err == nil {
		return text
	}
	return "?"
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

// isLoopback reports whether a configured host is this machine by its very name (RFC 6761, 6.3) or address.
func isLoopback(host string) bool {
	if isLocalhost(host) {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

func isLocalhost(host string) bool { return strings.EqualFold(host, "localhost") }
