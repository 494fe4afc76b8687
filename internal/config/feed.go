package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// A Feed is where an ICS subscription is: an address or a file. Whoever knows the address reads the calendar, so no
// formatting verb, logger or encoder shows more of it than the host; only Reveal gives it away. The zero Feed is none.
type Feed struct {
	where *string // behind a pointer: fmt looks into unexported fields without asking
	file  bool
}

// Reveal returns the address, which begins with https:// or, on a loopback address, http://; or the absolute path of a
// file; "" for none.
func (f Feed) Reveal() string {
	if f.where == nil {
		return ""
	}
	return *f.where
}

// IsZero tells that there is no feed.
func (f Feed) IsZero() bool { return f.where == nil }

// IsFile tells that Reveal returns a path.
func (f Feed) IsFile() bool { return f.file }

// String returns the address up to its host, or the path of a file.
func (f Feed) String() string {
	if f.IsZero() || f.file {
		return f.Reveal()
	}
	return origin(f.Reveal())
}

// Format prints String for every verb; a Stringer alone would be bypassed by one such as %d.
func (f Feed) Format(s fmt.State, _ rune) { io.WriteString(s, f.String()) }

// LogValue returns String, for log/slog.
func (f Feed) LogValue() slog.Value { return slog.StringValue(f.String()) }

// MarshalText returns String, for JSON and TOML.
func (f Feed) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// feed accepts an address, a file: URL (RFC 8089), or a path. The file itself need not be there: other programs write
// it. But a folder that is not there is more likely an address that lacks its beginning.
func (r *reader) feed(raw any) (Feed, error) {
	s, err := text(raw)
	if err != nil {
		return Feed{}, err
	}
	path := s
	switch scheme, _, found := strings.Cut(s, ":"); {
	case found && strings.EqualFold(scheme, "file"):
		path, err = filePath(s)
	case found && !strings.ContainsAny(scheme, "/."):
		return webFeed(s)
	}
	if err != nil {
		return Feed{}, err
	}
	if path, err = r.path(path); err != nil {
		return Feed{}, err
	}
	if !isFolder(filepath.Dir(path)) {
		return Feed{}, errors.New("is neither an address, which begins with https:// or webcal://, nor a file: its folder is not there")
	}
	return Feed{where: &path, file: true}, nil
}

func webFeed(s string) (Feed, error) {
	u, err := parseURL(s)
	if err != nil {
		return Feed{}, err
	}
	switch loop := loopback(u.Hostname()); {
	case u.Scheme == "webcal" && loop:
		u.Scheme = "http"
	case u.Scheme == "webcal" || u.Scheme == "webcals": // what programs write for "subscribe to this"
		u.Scheme = "https"
	case u.Scheme != "https" && u.Scheme != "http":
		return Feed{}, errors.New("must begin with https://, webcal:// or file:///, or be the path of a file")
	}
	u.Fragment, u.RawFragment = "", "" // never sent
	if err := trusted(u); err != nil {
		return Feed{}, err
	}
	where := u.String()
	return Feed{where: &where}, nil
}

func filePath(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Opaque != "" || u.Path == "" || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("is not the URL of a file, such as file:///srv/bob.ics: write %23 for # and %3F for ?")
	case u.Host != "" && !strings.EqualFold(u.Host, "localhost"):
		return "", errors.New("is on another machine: mount it, and give its path")
	}
	return u.Path, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || errors.Is(err, fs.ErrPermission)
}

// isFeed tells of a value that it is the address of a feed, also of one that stands behind the wrong key.
func isFeed(key, value string) bool {
	value = strings.ToLower(value)
	address, _, _ := strings.Cut(value, "#")
	address, _, _ = strings.Cut(address, "?")
	return strings.Contains(strings.ToLower(key), "ics") || strings.HasPrefix(value, "webcal") ||
		strings.Contains(address, "://") && strings.HasSuffix(address, ".ics")
}

// showFeed is what may be shown of the value of ics_url: anything but an absolute path and a bare name may be an
// address, whatever else is wrong with it.
func showFeed(value string) string {
	absolute := strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//")
	if absolute || strings.HasPrefix(value, "file:///") || !strings.ContainsAny(value, "/:?@") {
		return value
	}
	return origin(value)
}
