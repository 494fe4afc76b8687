package config

import (
	"path/filepath"
	"slices"
	"strings"
)

// readSource reads where the calendars are: on a server, in a folder or in a feed.
func (r *reader) readSource(t *table, o *Organizer) {
	read(t, "caldav_url", &o.CalDAVURL, optional(webURL))
	read(t, "username", &o.Username, optional(text))
	read(t, "password_file", &o.PasswordFile, optional(r.secretFile))
	readList(t, "calendars", &o.Calendars, once(calendarName))
	o.CalendarRules = t.readCalendarRules(o)
	read(t, "vdir", &o.VDir, optional(r.path))
	read(t, "ics_url", &o.ICSURL, optional(r.feed))
	t.oneSource()
	t.onlyWithCalDAV(o)
	t.credentials(t.set("caldav_url") || t.set("ics_url") && !o.ICSURL.IsFile())
}

// readCalendarRules reads [[organizer.calendar]]. A rule for a calendar that is not watched would never apply.
func (t *table) readCalendarRules(o *Organizer) []CalendarRule {
	var rules []CalendarRule
	name := once(calendarName)
	for _, row := range t.tables("calendar") {
		rule := CalendarRule{Mode: o.Mode}
		readRequired(row, "name", &rule.Name, name, "must be set: the name or the URL of the calendar")
		readOwn(row, "mode", &rule.Mode, oneOf(ModeMarked, ModeAttendees, ModeAll))
		if rule.Name != "" && len(o.Calendars) > 0 && !slices.Contains(o.Calendars, rule.Name) {
			t.fault(join(row.path, "name"), rule.Name, "must be one of calendars, spelled as it is there")
		}
		rules = append(rules, rule)
	}
	return rules
}

// oneSource checks that the calendars are in one place.
func (t *table) oneSource() {
	sources := slices.DeleteFunc([]string{"caldav_url", "vdir", "ics_url"}, func(key string) bool { return !t.set(key) })
	if len(sources) == 0 {
		t.fault(t.path, nil, "has no calendar: set caldav_url, vdir or ics_url")
		return
	}
	for _, key := range sources[1:] {
		t.fault(join(t.path, key), t.values[key], "an organizer has only one of caldav_url, vdir and ics_url")
	}
}

// onlyWithCalDAV checks the keys that choose among several calendars, which only a server has.
func (t *table) onlyWithCalDAV(o *Organizer) {
	if t.set("caldav_url") {
		return
	}
	if len(o.Calendars) > 0 {
		t.fault(join(t.path, "calendars"), nil, "goes with caldav_url only")
	}
	if len(o.CalendarRules) > 0 {
		t.fault(join(t.path, "calendar"), nil, "goes with caldav_url only")
	}
}

// credentials checks that name and password are both there, or neither; and that there is a server that may ask for them.
func (t *table) credentials(server bool) {
	for _, pair := range [][2]string{{"username", "password_file"}, {"password_file", "username"}} {
		switch {
		case !t.set(pair[0]):
		case !server:
			t.fault(join(t.path, pair[0]), t.values[pair[0]], "goes with caldav_url, or a web address in ics_url, only")
		case !t.set(pair[1]):
			t.fault(join(t.path, pair[1]), nil, "must be set, since "+pair[0]+" is")
		}
	}
}

// calendarName accepts a display name, or a URL, which gets the same credentials as caldav_url and so obeys the same rules.
func calendarName(raw any) (string, error) {
	s, err := text(raw)
	if err != nil || !strings.Contains(s, "://") {
		return s, err
	}
	u, err := webURL(raw)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// A source is where one organizer's calendars are, in a form that can be compared.
type source struct {
	path      string // organizer[0]; of the others, what does not apply is ""
	url       string // of the CalDAV server
	username  string
	calendars []string
	folder    string // with symbolic links resolved
	feed      string
}

func newSource(path string, o Organizer) source {
	s := source{path: path, username: o.Username, calendars: o.Calendars, folder: o.VDir}
	if o.CalDAVURL != nil {
		s.url = strings.TrimRight(o.CalDAVURL.String(), "/")
	}
	if o.VDir != "" {
		s.folder = realPath(o.VDir)
	}
	if s.feed = o.ICSURL.Reveal(); o.ICSURL.IsFile() {
		s.feed = realPath(s.feed)
	}
	return s
}

// realPath resolves symbolic links as far as the path is there.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// overlaps tells whether two sources name the same collection. Without names a source has all calendars of its
// user. What only the server can tell, such as two paths to one calendar, is not seen here.
func (s source) overlaps(other source) bool {
	shared := func(name string) bool { return slices.Contains(other.calendars, name) }
	isURL := func(name string) bool { return strings.Contains(name, "://") && shared(name) }
	switch {
	case s.folder != "" || other.folder != "":
		return s.folder == other.folder
	case s.feed != "" || other.feed != "":
		return s.feed == other.feed
	case slices.ContainsFunc(s.calendars, isURL):
		return true
	case s.url != other.url || s.username != other.username:
		return false
	}
	return len(s.calendars) == 0 || len(other.calendars) == 0 || slices.ContainsFunc(s.calendars, shared)
}

// keys are what two sources that overlap have one of in common.
func (s source) keys() []string {
	switch {
	case s.folder != "":
		return []string{"folder " + s.folder}
	case s.feed != "":
		return []string{"feed " + s.feed}
	}
	keys := []string{"server " + s.url + " " + s.username}
	for _, name := range s.calendars {
		if strings.Contains(name, "://") {
			keys = append(keys, "calendar "+name)
		}
	}
	return keys
}

// sources are those that were read so far, by their keys: with thousands of organizers not every two can be compared.
type sources struct {
	all   []source
	byKey map[string][]int // places in all
}

// like returns the first source that overlaps with s.
func (x *sources) like(s source) (source, bool) {
	var places []int
	for _, key := range s.keys() {
		places = append(places, x.byKey[key]...)
	}
	slices.Sort(places)
	for _, i := range places {
		if s.overlaps(x.all[i]) {
			return x.all[i], true
		}
	}
	return source{}, false
}

func (x *sources) add(s source) {
	for _, key := range s.keys() {
		x.byKey[key] = append(x.byKey[key], len(x.all))
	}
	x.all = append(x.all, s)
}

// uniqueSource reports a collection that another organizer has: two would write to the same events.
func (t *table) uniqueSource(o Organizer, seen *sources) {
	s := newSource(t.path, o)
	if other, taken := seen.like(s); taken {
		key := "caldav_url"
		switch {
		case s.folder != "":
			key = "vdir"
		case s.feed != "":
			key = "ics_url"
		}
		t.fault(join(t.path, key), t.values[key], "a calendar belongs to one organizer, and "+other.path+" has this one")
	}
	seen.add(s)
}
