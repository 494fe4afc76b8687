package transport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	stdsync "sync"
	"time"
)

const connectTimeout = 10 * time.Second

type (
	resolver interface {
		LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	}
	dialFunc func(ctx context.Context, network, address string) (net.Conn, error)
)

// A guard decides which addresses a configured host may lead to, and connects to them. It resolves the name itself and
// dials the very addresses that it has checked, so that a name which changes in between (DNS rebinding) gains nothing.
//
//   - A host that is configured as an address leads there and nowhere else.
//   - "localhost" leads to this machine, without asking anybody.
//   - Any other name leads to public addresses. It may lead into a private network too if it did so the first time that
//     it was resolved, which is normal for the server of a company, or if AllowPrivate is set. A name that was public
//     when the program started and then points inwards is an attack or an accident: refused.
//   - A name leads to this machine with AllowPrivate only, and to a link-local address never.
//   - Nothing leads to metadata services, multicast or reserved addresses.
type guard struct {
	host         string // as configured, lower case
	allowPrivate bool
	resolver     resolver
	dial         dialFunc

	mu      stdsync.Mutex
	decided bool
	private bool       // the name led into a private network at first
	last    netip.Addr // the address that could be reached last
}

// DialContext connects to one of the host's addresses; it fits http.Transport.
func (g *guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, connectTimeout, errConnect)
	defer cancel()
	addrs, err := g.addresses(ctx)
	if err != nil {
		return nil, err
	}
	return g.connect(ctx, network, addrs, port)
}

var errConnect error = timeoutError("no connection within " + connectTimeout.String())

// connect tries the addresses one after the other. The one that worked last comes first: where IPv6 leads nowhere, that
// is found out once.
func (g *guard) connect(ctx context.Context, network string, addrs []netip.Addr, port string) (net.Conn, error) {
	var errs []error
	for i, a := range addrs {
		conn, err := g.connectOne(ctx, network, net.JoinHostPort(a.String(), port), len(addrs)-i)
		if err == nil {
			g.mu.Lock()
			g.last = a
			g.mu.Unlock()
			return conn, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return nil, errs[0]
}

// connectOne gives one of n addresses its share of the time that is left.
func (g *guard) connectOne(ctx context.Context, network, address string, n int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && n > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(time.Until(deadline)/time.Duration(n), 2*time.Second))
		defer cancel()
	}
	return g.dial(ctx, network, address)
}

// addresses returns the addresses that the host leads to and may lead to.
func (g *guard) addresses(ctx context.Context) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(g.host); err == nil {
		if reachOf(a) == never {
			return nil, fmt.Errorf("%w: %s is reserved, or the metadata service of a cloud", ErrAddress, a)
		}
		return []netip.Addr{a}, nil
	}
	if isLocalhost(g.host) {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	found, err := g.resolver.LookupNetIP(ctx, "ip", g.host)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: g.host, IsNotFound: true}
	}
	return g.permitted(found)
}

func (g *guard) permitted(found []netip.Addr) ([]netip.Addr, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.decide(found)
	var may []netip.Addr
	for _, a := range found {
		if g.permits(reachOf(a)) {
			may = append(may, a.Unmap())
		}
	}
	if len(may) == 0 {
		return nil, g.refusal(found[0])
	}
	if i := slices.Index(may, g.last); i > 0 {
		may[0], may[i] = may[i], may[0]
	}
	return may, nil
}

// decide takes the first answer that is of any use as what the admin meant.
func (g *guard) decide(found []netip.Addr) {
	if g.decided {
		return
	}
	for _, a := range found {
		r := reachOf(a)
		g.private = g.private || r == private
		g.decided = g.decided || r == private || r == global
	}
}

func (g *guard) permits(r reach) bool {
	switch r {
	case global:
		return true
	case private:
		return g.private || g.allowPrivate
	case loopback:
		return g.allowPrivate
	}
	return false
}

func (g *guard) refusal(a netip.Addr) error {
	var advice string
	switch reachOf(a) {
	case private:
		advice = ", and did not when convoke started; if that is right, restart it"
	case loopback:
		advice = "; if that is right, allow private addresses for this host, or configure localhost"
	}
	return fmt.Errorf("%w: %s leads to the %s address %s%s", ErrAddress, g.host, reachOf(a), a, advice)
}

// A timeoutError is a deadline of ours that has passed.
type timeoutError string

func (e timeoutError) Error() string        { return string(e) }
func (e timeoutError) Timeout() bool        { return true } // net.Error
func (e timeoutError) Temporary() bool      { return true }
func (e timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// plainHost returns the name that a URL's host is resolved by.
func plainHost(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }
