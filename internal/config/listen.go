package config

import (
	"errors"
	"net"
	"net/netip"
	"regexp"
	"strconv"
)

// hostName is a name that cannot be taken for an incomplete address: its last label begins with a letter.
var hostName = regexp.MustCompile(`^([A-Za-z0-9-]+\.)*[A-Za-z][A-Za-z0-9-]*$`)

// listen accepts host:port. That everybody may connect has to be said: ":8330" is refused.
func listen(raw any) (string, error) {
	s, err := text(raw)
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", errors.New(`is not an address with a port, such as "127.0.0.1:8330" or "[::1]:8330"`)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", errors.New("needs a port between 1 and 65535")
	}
	if host == "" {
		return "", errors.New(`needs an address before the port: "[::]" is every address of this machine`)
	}
	if _, err := netip.ParseAddr(host); err != nil && !hostName.MatchString(host) {
		return "", errors.New("has neither an IP address nor a name before the port")
	}
	return s, nil
}
