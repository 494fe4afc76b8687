package transport

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReach(t *testing.T) {
	for want, addresses := range map[reach]string{
		global: "1.1.1.1 203.0.113.7 172.32.0.1 100.63.255.255 100.128.0.1 2606:4700::1111 64:ff9b::101:101 2002:101:101::1",
		private: "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 198.18.0.1 fc00::1 fd12::1 fec0::1 ::ffff:10.0.0.1 " +
			"64:ff9b::a00:1 2002:a00:1::1",
		linkLocal: "169.254.1.1 fe80::1 fe80::1%eth0 ::ffff:169.254.1.1",
		loopback:  "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1",
		never: "0.0.0.0 :: 0.1.2.3 224.0.0.1 239.1.1.1 ff02::1 255.255.255.255 240.0.0.1 ::7f00:1 2001::1 64:ff9b:1::1 " +
			"169.254.169.254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 169.254.170.2 fd00:ec2::254 100.100.100.200 168.63.129.16",
	} {
		for text := range strings.FieldsSeq(addresses) {
			assert.Equal(t, want, reachOf(netip.MustParseAddr(text)), text)
		}
	}
}

func TestWhereAHostMayLead(t *testing.T) {
	const name = "dav.example.com"
	for _, tc := range []struct {
		title, host  string
		answers      string // addresses of a lookup; lookups apart by "/"
		allowPrivate bool
		want         string // dialled in the last lookup; "" for a refusal
	}{
		{"a public name", name, "203.0.113.7", false, "203.0.113.7"},
		{"a name that moves", name, "203.0.113.7 / 198.51.100.1", false, "198.51.100.1"},
		{"an intranet name", name, "10.0.0.5", false, "10.0.0.5"},
		{"an intranet name that moves", name, "10.0.0.5 / 192.168.7.7", false, "192.168.7.7"},
		{"an intranet name that becomes public", name, "10.0.0.5 / 203.0.113.7", false, "203.0.113.7"},
		{"and back", name, "10.0.0.5 / 203.0.113.7 / 10.0.0.5", false, "10.0.0.5"},
		{"both from the start", name, "203.0.113.7 fd00::5 / fd00::5", false, "fd00::5"},
		{"DNS rebinding to the intranet", name, "203.0.113.7 / 10.0.0.5", false, ""},
		{"DNS rebinding in one answer", name, "203.0.113.7 / 10.0.0.5 203.0.113.7", false, "203.0.113.7"},
		{"DNS rebinding, mapped", name, "203.0.113.7 / ::ffff:10.0.0.5", false, ""},
		{"DNS rebinding, NAT64", name, "203.0.113.7 / 64:ff9b::a00:5", false, ""},
		{"DNS rebinding to this machine", name, "10.0.0.5 / 127.0.0.1", false, ""},
		{"rebinding with permission", name, "203.0.113.7 / 10.0.0.5", true, "10.0.0.5"},
		{"a name of this machine", name, "127.0.1.1", false, ""},
		{"a useless answer decides nothing", name, "127.0.1.1 / 10.0.0.5", false, "10.0.0.5"},
		{"a name of this machine, allowed", name, "127.0.1.1", true, "127.0.1.1"},
		{"a link-local name", name, "fe80::1", true, ""},
		{"a name of the metadata service", name, "169.254.169.254", true, ""},
		{"multicast", name, "224.0.0.1", true, ""},
		{"unspecified", name, "0.0.0.0", true, ""},
		{"a literal public address", "203.0.113.7", "", false, "203.0.113.7"},
		{"a literal private address", "10.0.0.5", "", false, "10.0.0.5"},
		{"a literal link-local address", "fe80::1", "", false, "fe80::1"},
		{"a literal loopback address", "127.0.0.9", "", false, "127.0.0.9"},
		{"the literal metadata service", "169.254.169.254", "", true, ""},
		{"the literal metadata service, mapped", "::ffff:a9fe:a9fe", "", true, ""},
		{"this machine", "localhost", "203.0.113.7", false, "127.0.0.1"},
	} {
		t.Run(tc.title, func(t *testing.T) {
			pool, n := fakeNetwork(map[string][]string{})
			if strings.Contains(tc.host, ":") {
				tc.host = "[" + tc.host + "]"
			}
			c := newClient(t, Options{Origin: "https://" + tc.host, AllowPrivate: tc.allowPrivate, Pool: pool})
			var err error
			for answer := range strings.SplitSeq(tc.answers, "/") {
				n.names[tc.host], n.dialled = strings.Fields(answer), nil
				_, err = c.Do(request(t, "GET", "https://"+tc.host+"/", ""))
				require.Error(t, err)
			}
			if tc.want == "" {
				require.ErrorIs(t, err, ErrAddress)
				assert.Empty(t, n.dialled)
				return
			}
			require.ErrorIs(t, err, errNetwork)
			require.NotEmpty(t, n.dialled)
			assert.Equal(t, net.JoinHostPort(tc.want, "443"), n.dialled[0])
		})
	}
}

func TestRefusalSaysWhatToDo(t *testing.T) {
	g := &guard{host: "dav.example.com"}
	assert.ErrorContains(t, g.refusal(netip.MustParseAddr("10.0.0.5")), "dav.example.com leads to the private address 10.0.0.5")
	assert.ErrorContains(t, g.refusal(netip.MustParseAddr("10.0.0.5")), "restart")
	assert.ErrorContains(t, g.refusal(netip.MustParseAddr("127.0.1.1")), "allow private addresses")
}

func TestRefusedAddressIsNotTriedAgain(t *testing.T) {
	pool, n := fakeNetwork(map[string][]string{"dav.example.com": {"127.0.0.1"}})
	c := newClient(t, Options{Origin: "https://dav.example.com", Pool: pool, Retry: true})
	_, err := c.Do(request(t, "GET", "https://dav.example.com/", ""))
	require.ErrorIs(t, err, ErrAddress)
	assert.Equal(t, 1, n.lookups)
}

func TestNameWithoutAddressIsNotTriedAgain(t *testing.T) {
	pool, n := fakeNetwork(nil)
	c := newClient(t, Options{Origin: "https://dav.example.com", Pool: pool, Retry: true})
	_, err := c.Do(request(t, "GET", "https://dav.example.com/", ""))
	var e *net.DNSError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 1, n.lookups)
}

func TestAddressThatWorkedComesFirst(t *testing.T) {
	_, n := fakeNetwork(map[string][]string{"dav.example.com": {"2001:db8::1", "203.0.113.7"}})
	n.works["203.0.113.7"] = true
	g := &guard{host: "dav.example.com", resolver: n, dial: n.connect}
	for range 2 {
		conn, err := g.DialContext(t.Context(), "tcp", "dav.example.com:443")
		require.NoError(t, err)
		conn.Close()
	}
	assert.Equal(t, []string{"[2001:db8::1]:443", "203.0.113.7:443", "203.0.113.7:443"}, n.dialled)
}

func TestConnectingTakesTenSecondsAtMost(t *testing.T) {
	for name, addresses := range map[string][]string{"one address": {"203.0.113.7"}, "four": {"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool, n := fakeNetwork(map[string][]string{"dav.example.com": addresses})
				tried := 0
				pool.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
					tried++
					<-ctx.Done()
					return nil, ctx.Err()
				}
				c, err := New(Options{Origin: "https://dav.example.com", Pool: pool, Retry: true})
				require.NoError(t, err)
				start := time.Now()
				req, err := http.NewRequestWithContext(t.Context(), "GET", "https://dav.example.com/", nil)
				require.NoError(t, err)
				_, err = c.Do(req)
				var e *Error
				require.ErrorAs(t, err, &e)
				assert.True(t, e.NotSent())
				var timeout net.Error
				require.ErrorAs(t, err, &timeout)
				assert.True(t, timeout.Timeout())
				assert.Equal(t, connectTimeout, time.Since(start))
				assert.Equal(t, len(addresses), tried)
				assert.Equal(t, 1, n.lookups)
			})
		})
	}
}
