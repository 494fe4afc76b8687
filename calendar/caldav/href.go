package caldav

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// An Href of this package is the path of a resource in one fixed encoding: every octet but letters, digits, "-", ".",
// "_", "~" and the slashes that separate segments is %XX with upper-case digits. Servers tell the same resource as
// "%c3%bc", "%C3%BC" or "ü", with "@", "(" and "+" encoded or not; a slash within a segment stays %2F. All of them take
// the fixed form back. Scheme and host are left out: they are the calendar's.

const upperHex = "0123456789ABCDEF"

// canonicalPath brings an encoded path to that form.
func canonicalPath(path string) string {
	var b strings.Builder
	b.Grow(len(path))
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '/' {
			b.WriteByte(c)
			continue
		}
		if c == '%' && i+2 < len(path) {
			if hi, lo := unhex(path[i+1]), unhex(path[i+2]); hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		if unreserved(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

var errOrigin = errors.New("another server than the calendar's; it is not asked")

// A place is an origin and a path on it.
type place struct {
	scheme, host string
	path         string // canonical
}

// parsePlace reads an absolute http or https URL; user, query and fragment are dropped.
func parsePlace(raw string) (place, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return place{}, errors.New("not a URL") // the error of net/url would print a password
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return place{}, fmt.Errorf("%q is not an http or https URL", u.Redacted())
	}
	return place{u.Scheme, strings.ToLower(u.Host), canonicalPath(rooted(u.EscapedPath()))}, nil
}

func rooted(path string) string {
	if !strings.HasPrefix(path, "/") {
		return "/" + path
	}
	return path
}

func (p place) String() string { return p.scheme + "://" + p.host + p.path }

// at is another path on the same origin.
func (p place) at(path string) place {
	p.path = path
	return p
}

// dir is the place as a collection: with a slash at its end.
func (p place) dir() place {
	if !strings.HasSuffix(p.path, "/") {
		p.path += "/"
	}
	return p
}

func (p place) sameOrigin(q place) bool {
	return p.scheme == q.scheme && withPort(p) == withPort(q)
}

func withPort(p place) string {
	switch {
	case p.scheme == "https":
		return strings.TrimSuffix(p.host, ":443")
	case p.scheme == "http":
		return strings.TrimSuffix(p.host, ":80")
	}
	return p.host
}

// resolve reads an href that was found at p: an absolute path, a whole URL or (seldom) a relative path. One on
// another origin is returned with errOrigin.
func (p place) resolve(href string) (place, error) {
	href, _, _ = strings.Cut(href, "#")
	href, _, _ = strings.Cut(href, "?")
	switch {
	case href == "":
		return place{}, errors.New("an empty href")
	case strings.HasPrefix(href, "//"):
		href = p.scheme + ":" + href
	case strings.HasPrefix(href, "/"):
		return p.at(canonicalPath(cleanDots(href))), nil
	}
	if scheme, rest, ok := strings.Cut(href, "://"); ok && !strings.Contains(scheme, "/") {
		host, path, _ := strings.Cut(rest, "/")
		host = host[strings.LastIndexByte(host, '@')+1:]
		q := place{strings.ToLower(scheme), strings.ToLower(host), canonicalPath(cleanDots("/" + path))}
		if !p.sameOrigin(q) {
			return q, fmt.Errorf("%s://%s: %w", q.scheme, q.host, errOrigin)
		}
		return p.at(q.path), nil
	}
	return p.at(canonicalPath(cleanDots(p.path[:strings.LastIndexByte(p.path, '/')+1] + href))), nil
}

// cleanDots takes "." and ".." segments out (RFC 3986, 5.2.4).
func cleanDots(path string) string {
	if !strings.Contains(path, "/.") && !strings.Contains(strings.ToLower(path), "/%2e") {
		return path
	}
	var kept []string
	segments := strings.Split(path[1:], "/")
	for i, seg := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(seg), "%2e", ".") {
		case ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, seg)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}
