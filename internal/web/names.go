package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// names are the host names that the server answers to. A page of another site whose name was made to lead here (DNS
// rebinding) asks with the name of that site.
type names map[string]bool

func newNames(addr, publicURL string) (names, error) {
	host, _, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		return nil, fmt.Errorf("listen %q: %w", addr, err)
	case host == "":
		return nil, fmt.Errorf("listen %q: say which address is meant: 127.0.0.1%[1]s is this machine only, 0.0.0.0%[1]s every network", addr)
	}
	n := names{"localhost": true, "127.0.0.1": true, "::1": true, plain(host): true}
	if publicURL != "" {
		u, err := url.Parse(publicURL)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errors.New("public_url is not an http or https URL")
		}
		n[plain(u.Hostname())] = true
	}
	return n, nil
}

func plain(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// only refuses requests for other hosts.
func (n names) only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !n.has(r) {
			http.Error(w, "convoke does not answer to this name: set public_url", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// has tells whether the request asks for one of the names, at whatever port, or for the very address that it came to: on
// 0.0.0.0 these are not known before, and no name can be made to lead to an address that stands there itself.
func (n names) has(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = plain(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if n[host] {
		return true
	}
	asked, err := netip.ParseAddr(host)
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return err == nil && ok && asked.Unmap() == local.AddrPort().Addr().Unmap().WithZone("")
}
