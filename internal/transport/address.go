package transport

import (
	"net/netip"
	"slices"
)

// A reach says how far away an address is, and thereby who may lead convoke there.
type reach int

const (
	global reach = iota
	private
	linkLocal
	loopback
	never // of no use to a client, or the metadata service of a cloud, which gives credentials to who asks
)

func (r reach) String() string {
	return [...]string{"public", "private", "link-local", "loopback", "reserved"}[r]
}

// Addresses that net/netip has no word for. From the IANA special-purpose address registries (RFC 6890).
var (
	neverPrefixes = prefixes(
		"0.0.0.0/8", "192.0.0.0/24", "240.0.0.0/4", // "this network", protocol assignments, reserved and broadcast
		"::/96", "2001::/32", "64:ff9b:1::/48", "100::/64", // IPv4-compatible, Teredo, local translation, discard
		"169.254.169.254/32", "169.254.170.2/32", "fd00:ec2::254/128", // metadata: most clouds, Amazon ECS, Amazon
		"100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", // metadata: Alibaba, Azure, Oracle
	)
	privatePrefixes = prefixes(
		"100.64.0.0/10", "198.18.0.0/15", "fec0::/10", // carrier-grade NAT, benchmarking, site-local
	)
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: an IPv4 address in the last four bytes
	sixTo4 = netip.MustParsePrefix("2002::/16")    // RFC 3056: an IPv4 address in bytes 2 to 5
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// reachOf classifies an address. One that wraps an IPv4 address is what it wraps.
func reachOf(a netip.Addr) reach {
	a = unwrap(a)
	contains := func(p netip.Prefix) bool { return p.Contains(a) }
	switch {
	case a.IsLoopback():
		return loopback
	case a.IsUnspecified(), a.IsMulticast(), slices.ContainsFunc(neverPrefixes, contains):
		return never
	case a.IsLinkLocalUnicast():
		return linkLocal
	case a.IsPrivate(), slices.ContainsFunc(privatePrefixes, contains):
		return private
	}
	return global
}

func unwrap(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixTo4.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}
