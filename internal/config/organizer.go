package config

import (
	"path/filepath"
	"slices"
	"strings"
)

func (r *reader) readOrganizers(rows []*table, mode Mode) []Organizer {
	var organizers []Organizer
	addresses, sources := map[string]string{}, []source{}
	for _, t := range rows {
		faults := len(r.faults)
		o := r.readOrganizer(t, mode)
		whole := len(r.faults) == faults
		t.uniqueAddresses(o, addresses)
		if whole { // what could not be read cannot be compared
			sources = t.uniqueSource(o, sources)
		}
		organizers = append(organizers, o)
	}
	return organizers
}

func (r *reader) readOrganizer(t *table, mode Mode) Organizer {
	var o Organizer
	readRequired(t, "email", &o.Email, email, "must be set: the address that this organizer is known by")
	readList(t, "aliases", &o.Aliases, email)
	read(t, "user_id", &o.UserID, optional(platformID))
	read(t, "account_id", &o.AccountID, optional(platformID))
	read(t, "api_key_file", &o.APIKeyFile, optional(r.secretFile))
	read(t, "timezone", &o.Timezone, optional(timezone))
	read(t, "language", &o.Language, optional(language))
	o.Mode = mode
	if t.set("mode") {
		read(t, "mode", &o.Mode, oneOf(ModeMarked, ModeAttendees, ModeAll))
	} else {
		t.get("mode")
	}
	r.readSource(t, &o)
	return o
}

// readSource reads where the calendars are: on a server or in a folder.
func (r *reader) readSource(t *table, o *Organizer) {
	read(t, "caldav_url", &o.CalDAVURL, optional(webURL))
	read(t, "username", &o.Username, optional(text))
	read(t, "password_file", &o.PasswordFile, optional(r.secretFile))
	readList(t, "calendars", &o.Calendars, once(calendarName))
	read(t, "vdir", &o.VDir, optional(r.path))
	notYet(t, "ics_url", "read-only subscriptions are not supported yet", "")
	t.oneSource()
}

// oneSource checks which keys go together.
func (t *table) oneSource() {
	caldav, vdir, feed := t.set("caldav_url"), t.set("vdir"), t.set("ics_url")
	switch {
	case caldav && vdir:
		t.fault(join(t.path, "vdir"), t.values["vdir"], "an organizer has either caldav_url or vdir")
	case !caldav && !vdir && !feed:
		t.fault(t.path, nil, "has no calendar: set caldav_url or vdir")
	}
	if list, ok := t.values["calendars"].([]any); ok && len(list) > 0 && !caldav {
		t.fault(join(t.path, "calendars"), nil, "goes with caldav_url only")
	}
	for _, pair := range [][2]string{{"username", "password_file"}, {"password_file", "username"}} {
		if !t.set(pair[0]) {
			continue
		}
		if !caldav {
			t.fault(join(t.path, pair[0]), t.values[pair[0]], "goes with caldav_url only")
		} else if !t.set(pair[1]) {
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

// uniqueAddresses reports an address that is known already: events could not be told apart by it.
func (t *table) uniqueAddresses(o Organizer, seen map[string]string) {
	report := func(key, address string) {
		if owner, taken := seen[address]; taken {
			t.fault(key, address, "is "+owner+" already")
			return
		}
		seen[address] = key
	}
	if o.Email != "" {
		report(join(t.path, "email"), o.Email)
	}
	for i, a := range o.Aliases {
		report(index(join(t.path, "aliases"), i), a)
	}
}

// A source is where one organizer's calendars are, in a form that can be compared.
type source struct {
	path      string // organizer[0]
	url       string // of the server; "" for a folder
	username  string
	calendars []string
	folder    string // with symbolic links resolved
}

func newSource(path string, o Organizer) source {
	s := source{path: path, username: o.Username, calendars: o.Calendars, folder: o.VDir}
	if o.CalDAVURL != nil {
		s.url = strings.TrimRight(o.CalDAVURL.String(), "/")
	}
	if real, err := filepath.EvalSymlinks(o.VDir); err == nil && o.VDir != "" {
		s.folder = real
	}
	return s
}

// overlaps tells whether two sources name the same collection. Without names a source has all calendars of its
// user. What only the server can tell, such as two paths to one calendar, is not seen here.
func (s source) overlaps(other source) bool {
	shared := func(name string) bool { return slices.Contains(other.calendars, name) }
	isURL := func(name string) bool { return strings.Contains(name, "://") && shared(name) }
	switch {
	case s.folder != "" || other.folder != "":
		return s.folder == other.folder
	case slices.ContainsFunc(s.calendars, isURL):
		return true
	case s.url != other.url || s.username != other.username:
		return false
	}
	return len(s.calendars) == 0 || len(other.calendars) == 0 || slices.ContainsFunc(s.calendars, shared)
}

// uniqueSource reports a collection that another organizer has: two would write to the same events.
func (t *table) uniqueSource(o Organizer, seen []source) []source {
	s := newSource(t.path, o)
	for _, other := range seen {
		if !s.overlaps(other) {
			continue
		}
		key, raw := join(t.path, "caldav_url"), t.values["caldav_url"]
		if s.folder != "" {
			key, raw = join(t.path, "vdir"), t.values["vdir"]
		}
		t.fault(key, raw, "a calendar belongs to one organizer, and "+other.path+" has this one")
		break
	}
	return append(seen, s)
}
