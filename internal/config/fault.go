package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Fault is one thing that is wrong with a configuration file.
type Fault struct {
	Key     string // dotted, organizers counted from 0: organizer[1].caldav_url; "" for a syntax error
	Value   string // as TOML, shortened and without secrets; "" when there is none to show
	Line    int    // counted from 1; 0 when the key and its table are missing
	Message string
}

// Invalid is the error for a file that could be read but not accepted. It has all faults, by line.
type Invalid struct {
	File   string // as given to Load
	Faults []Fault
}

// Error has one line for each fault: file:line: key = value: message.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = e.File + f.String()
	}
	return strings.Join(lines, "\n")
}

// String is what follows the file's name: ":line: key = value: message".
func (f Fault) String() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	b.WriteString(": ")
	if f.Key != "" {
		b.WriteString(f.Key)
		if f.Value != "" {
			b.WriteString(" = " + f.Value)
		}
		b.WriteString(": ")
	}
	return b.String() + f.Message
}

// sortFaults orders by line, with what is missing altogether last.
func sortFaults(faults []Fault) {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Compare(a.Line, b.Line)
	})
}

const maxShown = 100 // runes of a value

// show renders a value for a fault. Lists and tables are left out: their elements are reported one by one. So is a
// date, which no key accepts.
func show(key string, raw any) string {
	switch v := raw.(type) {
	case string:
		if secretKey(key) {
			return ""
		}
		s := []rune(redact(v))
		if isFeed(key, v) {
			s = []rune(showFeed(v))
		}
		if len(s) > maxShown {
			s = append(s[:maxShown], '…')
		}
		return strconv.Quote(string(s))
	case nil, time.Time, []any, map[string]any, []map[string]any:
		return ""
	default:
		if secretKey(key) {
			return ""
		}
		return fmt.Sprint(v)
	}
}

// secretKey tells of a key, also one that does not exist, that somebody may have put a secret behind. Names of
// files are no secrets.
func secretKey(key string) bool {
	key = strings.ToLower(key)
	if strings.HasSuffix(key, "_file") {
		return false
	}
	for _, word := range []string{"pass", "secret", "token", "api", "key", "credential", "auth"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}
