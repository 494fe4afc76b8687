package calendar

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

const meetingIDPlace = "{meetingId}"

// A JoinTemplate says what the join URLs of the platform look like, such as https://meeting.example.com/join/{meetingId}.
type JoinTemplate struct {
	before, after string // scheme and host in lower case
	host          int    // where in before the path begins
}

// ParseJoinTemplate reads a template: https (http on a loopback address only), and {meetingId} once, behind the host.
func ParseJoinTemplate(s string) (JoinTemplate, error) {
	before, after, ok := strings.Cut(s, meetingIDPlace)
	if !ok || strings.Contains(after, meetingIDPlace) {
		return JoinTemplate{}, fmt.Errorf("join URL %q: %s must stand in it exactly once", s, meetingIDPlace)
	}
	u, err := url.Parse(before)
	switch {
	case err != nil:
		return JoinTemplate{}, fmt.Errorf("join URL %q: %w", s, err)
	case hasControl(s) || strings.ContainsAny(s, " \"<>\\"):
		return JoinTemplate{}, fmt.Errorf("join URL %q: spaces, quotes and the like do not belong in it", s)
	case u.Host == "" || u.User != nil || u.Path == "" || u.Fragment != "" && u.Path == "":
		return JoinTemplate{}, fmt.Errorf("join URL %q: want scheme://host/path with %s behind the host", s, meetingIDPlace)
	}
	if err := secureScheme(u); err != nil {
		return JoinTemplate{}, fmt.Errorf("join URL %q: %w", s, err)
	}
	host := originLength(before)
	return JoinTemplate{before: strings.ToLower(before[:host]) + before[host:], after: after, host: host}, nil
}

func secureScheme(u *url.URL) error {
	ip, err := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	if s := strings.ToLower(u.Scheme); s == "https" || s == "http" && loopback {
		return nil
	}
	return errors.New("must be https (http is accepted for loopback addresses only)")
}

// originLength is the length of scheme://host of a link; 0 when it is none.
func originLength(link string) int {
	_, rest, ok := strings.Cut(link, "://")
	if !ok {
		return 0
	}
	if n := strings.IndexAny(rest, "/?#"); n >= 0 {
		return len(link) - len(rest) + n
	}
	return len(link)
}

// URL is the join URL of a meeting number. The place holder itself may be passed, for a plan.
func (t JoinTemplate) URL(number string) string {
	if number != meetingIDPlace {
		number = url.PathEscape(number)
	}
	return t.before + number + t.after
}

// Number tells whether a link is a join URL of the platform, and of which meeting.
func (t JoinTemplate) Number(link string) (number string, ok bool) {
	n := originLength(link)
	if t.before == "" || n != t.host || !strings.EqualFold(link[:n], t.before[:n]) {
		return "", false
	}
	rest, ok := strings.CutPrefix(link[n:], t.before[t.host:])
	if !ok {
		return "", false
	}
	end := 0
	for end < len(rest) && (rest[end] == '-' || rest[end] == '_' || isAlnum(rest[end])) {
		end++
	}
	for ; end > 0; end-- { // what follows the number in the template may look like a part of it
		after, ok := strings.CutPrefix(rest[end:], t.after)
		if ok && (after == "" || strings.ContainsRune("/?#&", rune(after[0]))) {
			return rest[:end], true
		}
	}
	return "", false
}

// Prefix is what every join URL begins with; scheme and host are in lower case.
func (t JoinTemplate) Prefix() string { return t.before }
