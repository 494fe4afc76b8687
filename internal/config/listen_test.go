package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestListen(t *testing.T) {
	for _, c := range []struct{ name, text, wrong string }{
		{name: "loopback", text: "127.0.0.1:8330"},
		{name: "IPv6", text: "[::1]:8330"},
		{name: "an interface", text: "[fe80::1%eth0]:80"},
		{name: "everywhere", text: "0.0.0.0:65535"},
		{name: "a name", text: "convoke.example.com:80"},
		{name: "localhost", text: "localhost:80"},
		{name: "no port", text: "127.0.0.1", wrong: "an address with a port"},
		{name: "no brackets", text: "::1:8330", wrong: "an address with a port"},
		{name: "an empty port", text: "127.0.0.1:", wrong: "needs a port"},
		{name: "port 0", text: "127.0.0.1:0", wrong: "needs a port"},
		{name: "port too high", text: "127.0.0.1:65536", wrong: "needs a port"},
		{name: "a port by name", text: "127.0.0.1:http", wrong: "needs a port"},
		{name: "a signed port", text: "127.0.0.1:+80", wrong: "needs a port"},
		{name: "only a port", text: ":8330", wrong: "needs an address before the port"},
		{name: "part of an address", text: "127.1:8330", wrong: "neither an IP address nor a name"},
		{name: "a wrong address", text: "127.0.0.256:8330", wrong: "neither an IP address nor a name"},
		{name: "a URL", text: "http://127.0.0.1:8330", wrong: "an address with a port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := listen(c.text)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.text, got)
		})
	}
}

func TestListenIsTurnedOff(t *testing.T) {
	c, err := load(t, "listen = \"\"\n"+minimal)
	require.NoError(t, err)
	assert.Empty(t, c.Listen)
	assert.Nil(t, c.PublicURL)
}
