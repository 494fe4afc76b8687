package feed

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
)

// IsFile tells whether an address is for File: a file: URL or a path.
func IsFile(address string) bool {
	scheme, _, found := strings.Cut(address, ":")
	return !found || strings.EqualFold(scheme, "file") || strings.ContainsAny(scheme, `/.`)
}

// Location reads the web address of a feed: https, and http for loopback addresses only. webcal: and webcals:, which
// programs use for "subscribe to this", stand for https; webcal: on a loopback address for http. A fragment is dropped;
// a user or password is refused.
//
// Its errors do not repeat the address.
func Location(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil { // its text repeats the address
		return nil, errors.New("the address of the feed is not a URL")
	}
	u.Host = strings.ToLower(u.Host)
	u.Scheme = webScheme(u)
	u.Fragment, u.RawFragment = "", ""
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the address of the feed must begin with https://, webcal:// or file:///")
	case u.Opaque != "" || u.Hostname() == "":
		return nil, errors.New("the address of the feed has no host")
	case u.User != nil:
		return nil, errors.New("a user or password does not belong in the address of a feed")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("plain http is accepted for loopback addresses only")
	}
	return u, nil
}

func webScheme(u *url.URL) string {
	switch {
	case u.Scheme == "webcal" && loopback(u.Hostname()):
		return "http"
	case u.Scheme == "webcal" || u.Scheme == "webcals":
		return "https"
	}
	return u.Scheme
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.Unmap().IsLoopback()
}

// localPath is the absolute path that a path or a file: URL (RFC 8089) names.
func localPath(address string) (string, error) {
	path := address
	if scheme, _, found := strings.Cut(address, ":"); found && strings.EqualFold(scheme, "file") {
		u, err := url.Parse(address)
		switch {
		case err != nil:
			return "", fmt.Errorf("%q is not a file: URL", address)
		case u.Host != "" && !strings.EqualFold(u.Host, "localhost"):
			return "", fmt.Errorf("%q is a file on another machine: mount it, and give its path", address)
		case u.Opaque != "" || u.RawQuery != "" || u.Fragment != "":
			return "", fmt.Errorf("%q: write file:///path, with %%23 for # and %%3F for ?", address)
		}
		path = u.Path
	}
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%q is not an absolute path", address)
	}
	return filepath.Clean(path), nil
}
