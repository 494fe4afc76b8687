package transport

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A nameServer answers every question for a name with the next of its answers, which nobody may keep (TTL 0): what an attacker
// runs who owns the name.
type nameServer struct {
	resolver *net.Resolver

	mu        stdsync.Mutex
	answers   [][]netip.Addr // the last one stays
	questions map[uint16]int // by type
}

func newNameServer(t *testing.T, answers ...[]netip.Addr) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	n := &nameServer{answers: answers, questions: map[uint16]int{}}
	n.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	go func() {
		for buffer := make([]byte, 4096); ; {
			size, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(n.answer(buffer[:size]), from)
		}
	}()
	return n
}

// answer makes an answer of a question (RFC 1035, 4.1): its header and name, and the addresses of the family that it asks for.
func (n *nameServer) answer(question []byte) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	kind := binary.BigEndian.Uint16(question[end+1:])
	out := append([]byte{}, question[:end+5]...)
	out[2], out[3] = 0x81, 0x80
	count := uint16(0)
	for _, a := range n.next(kind, string(question[12:end])) {
		if a.Is4() != (kind == 1) {
			continue
		}
		data := a.AsSlice()
		out = append(out, 0xc0, 12)
		out = binary.BigEndian.AppendUint16(out, kind)
		out = append(out, 0, 1, 0, 0, 0, 0, 0, byte(len(data)))
		out = append(out, data...)
		count++
	}
	binary.BigEndian.PutUint16(out[6:], count)
	clear(out[8:12])
	return out
}

// next are the addresses of one lookup, which asks for each family once; other names, of search lists, have none.
func (n *nameServer) next(kind uint16, name string) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if name != "\x06rebind\x07example\x03com" {
		return nil
	}
	n.questions[kind]++
	return n.answers[min(n.questions[kind], len(n.answers))-1]
}

// A name that is public when it is checked and leads inwards when it is used gains nothing: each connection is made to an address
// that was checked itself. The names come from a real resolver and a real name server, which changes its mind with every question.
func TestThreatRebinding(t *testing.T) {
	const public = "203.0.113.7"
	inside := strings.Fields("127.0.0.1 127.1.2.3 10.0.0.5 172.16.0.1 192.168.1.1 100.64.0.1 169.254.1.1 169.254.169.254 0.0.0.0 224.0.0.1 " +
		"255.255.255.255 198.18.0.1 ::1 fd00::5 fe80::1 fec0::1 ff02::1 64:ff9b::7f00:1 64:ff9b::a00:5 2002:7f00:1::1 2002:a00:5::1 fd00:ec2::254")
	addrs := func(texts ...string) (all []netip.Addr) {
		for _, text := range texts {
			all = append(all, netip.MustParseAddr(text))
		}
		return all
	}
	payloads, longest := 0, time.Duration(0)
	for _, target := range inside {
		for title, answers := range map[string][][]netip.Addr{
			"from the start":              {addrs(target)},
			"at the second question":      {addrs(public), addrs(target)},
			"at the third":                {addrs(public), addrs(public), addrs(target)},
			"beside the public one":       {addrs(public), addrs(target, public)},
			"in turn":                     {addrs(public), addrs(target), addrs(public), addrs(target)},
			"after nothing":               {addrs(public), nil, addrs(target)},
			"among many":                  {addrs(public), addrs(append([]string{target}, inside...)...)},
			"after a public one, private": {addrs(public), addrs("10.0.0.5"), addrs(target)},
		} {
			start := netip.MustParseAddr(target)
			if title == "from the start" && reachOf(start) == private {
				continue // the server of a company: what the admin configured
			}
			payloads++
			t.Run(target+" "+title, func(t *testing.T) {
				names, pool := newNameServer(t, answers...), NewPool()
				var dialled []string
				var mu stdsync.Mutex
				pool.resolver = names.resolver
				pool.dial = func(_ context.Context, _, address string) (net.Conn, error) {
					mu.Lock()
					defer mu.Unlock()
					dialled = append(dialled, address)
					return nil, errNetwork // what is dialled is all that counts
				}
				c := newClient(t, Options{Origin: "https://rebind.example.com", Pool: pool, Redirects: true, Auth: &Auth{Username: "alice", Password: password("x")}})
				began := time.Now()
				for range len(answers) + 2 {
					_, err := c.Do(request(t, "PROPFIND", "https://rebind.example.com/", ""))
					require.Error(t, err)
				}
				longest = max(longest, time.Since(began))
				mu.Lock()
				defer mu.Unlock()
				for _, address := range dialled {
					assert.Equal(t, net.JoinHostPort(public, "443"), address)
				}
				names.mu.Lock()
				defer names.mu.Unlock()
				assert.GreaterOrEqual(t, names.questions[1], len(answers), "every lookup is a question: nothing is kept")
			})
		}
	}
	t.Logf("figures: DNS that changes: %d payloads, longest %s", payloads, longest.Round(time.Millisecond))
}
