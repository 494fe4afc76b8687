package config

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// webURL reads an address that credentials may be sent to: absolute, https except to this machine, and without a
// user, a query or a fragment. The final slash is kept: a CalDAV collection has one.
func webURL(raw any) (*url.URL, error) {
	u, err := parseURL(raw)
	if err != nil {
		return nil, err
	}
	if err := trusted(u); err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("must not have a query or a fragment")
	}
	return u, nil
}

func parseURL(raw any) (*url.URL, error) {
	s, err := text(raw)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(s)
	if err != nil { // its text repeats the value, which may hold a password
		return nil, errors.New("is not a URL")
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// trusted refuses an address that credentials must not be sent to.
func trusted(u *url.URL) error {
	switch {
	case u.User != nil:
		return errors.New("a user or password does not belong in a URL: set username and password_file")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("must begin with https://")
	case u.Hostname() == "" || u.Opaque != "":
		return errors.New("has no host")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("plain http is accepted for loopback addresses only")
	}
	return nil
}

// platformURL is the address below which /api/v6 lies.
func platformURL(raw any) (*url.URL, error) {
	u, err := baseURL(raw)
	if err != nil {
		return nil, err
	}
	if strings.Contains(u.Path+"/", "/api/v6/") {
		return nil, errors.New("leave /api/v6 out: convoke adds it")
	}
	if u.Path != "" {
		return nil, errors.New("must not have a path: the platform's API is below /api/v6 of its host")
	}
	return u, nil
}

// baseURL is webURL for an address that paths are added to: without a final slash.
func baseURL(raw any) (*url.URL, error) {
	u, err := webURL(raw)
	if err != nil {
		return nil, err
	}
	u = u.JoinPath()
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// MeetingID stands in platform.join_url for the number of the meeting.
const MeetingID = "{meetingId}"

// joinURL checks the template with a number in place. Unlike the others it may have a query or a fragment: nothing
// is sent there, people open it.
func joinURL(raw any) (string, error) {
	s, err := text(raw)
	if err != nil {
		return "", err
	}
	if !strings.Contains(s, MeetingID) {
		return "", errors.New("must hold " + MeetingID + ", which stands for the meeting's number")
	}
	filled := strings.ReplaceAll(s, MeetingID, "1")
	if strings.ContainsAny(filled, "{} \t\r\n\"<>\\^`|") {
		return "", errors.New("holds a character that a URL cannot have, or a placeholder other than " + MeetingID)
	}
	base, _, _ := strings.Cut(filled, "#")
	base, _, _ = strings.Cut(base, "?")
	if _, err := webURL(base); err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(s, "://")
	if host, _, _ := strings.Cut(rest, "/"); strings.Contains(host, MeetingID) {
		return "", errors.New(MeetingID + " belongs behind the host and a slash")
	}
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// origin cuts a URL down to scheme and host: what may be shown of one that is a secret as a whole.
func origin(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "…"
	}
	if u.Path == "" && u.RawQuery == "" && u.Fragment == "" {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + "://" + u.Host + "/…"
}

// redact takes user, password and query out of whatever looks like a URL. One that cannot be parsed is cut up to
// its last @: a password may hold any character.
func redact(s string) string {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		return s
	}
	u, err := url.Parse(s)
	if at := strings.LastIndexByte(rest, '@'); at >= 0 && (err != nil || u.User != nil) {
		rest = "…" + rest[at:]
	}
	if before, _, found := strings.Cut(rest, "?"); found {
		rest = before + "?…"
	}
	return scheme + "://" + rest
}
