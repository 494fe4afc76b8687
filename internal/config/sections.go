package config

import (
	"path/filepath"
	"slices"
	"strings"
)

// config reads everything. What it returns is to be used only when no fault was found.
func (r *reader) config() *Config {
	c := Default()
	top := r.top()
	r.readTop(top, &c)
	tables := []*table{
		r.readPlatform(top.table("platform"), &c.Platform),
		r.readLimits(top.table("limits"), &c.Limits),
		r.readSelect(top.table("select"), &c.Select),
		r.readMeeting(top.table("meeting"), &c.Meeting),
		r.readSeries(top.table("series")),
		r.readDetails(top.table("details"), &c.Details),
		r.readCancel(top.table("cancel"), &c.Cancel),
	}
	rows := top.tables("organizer")
	c.Organizers = r.readOrganizers(rows, c.Select.Mode)
	r.readPlatformKey(tables[0], rows, &c.Platform)
	for _, t := range append(append(tables, rows...), top) {
		t.done()
	}
	return &c
}

func (r *reader) readTop(t *table, c *Config) {
	read(t, "database", &c.Database, r.database)
	c.KeyFile = filepath.Join(filepath.Dir(c.Database), keyName)
	raw, _ := t.get("key_file")
	if !t.set("key_file") {
		raw = c.KeyFile
	}
	check(t, "key_file", raw, &c.KeyFile, r.keyFile)
	read(t, "schedule", &c.Schedule, schedule)
	notYet(t, "listen", "the status page is not supported yet: leave this out", "127.0.0.1:8330", "")
	notYet(t, "public_url", "the pages it is for are not supported yet: leave this out", "")
}

func (r *reader) readPlatform(t *table, p *Platform) *table {
	readRequired(t, "url", &p.URL, platformURL, "must be set: the address of the meeting platform")
	readRequired(t, "join_url", &p.JoinURL, joinURL,
		"must be set: how a link to a meeting looks on the platform, with "+MeetingID+" for its number")
	read(t, "settle", &p.Settle, duration)
	read(t, "reference", &p.Reference, oneOf(ReferenceAgenda, ReferenceNone))
	read(t, "unknown", &p.Unknown, oneOf(UnknownHold, UnknownRetry))
	read(t, "requests_per_second", &p.RequestsPerSecond, rate)
	read(t, "in_flight", &p.InFlight, count(64))
	return t
}

// readPlatformKey comes after the organizers: when each has a key of his own, there need not be another.
func (r *reader) readPlatformKey(t *table, organizers []*table, p *Platform) {
	without := func(o *table) bool { return !o.set("api_key_file") }
	needed := len(organizers) == 0 || slices.ContainsFunc(organizers, without)
	raw, there := t.get("api_key_file")
	switch {
	case t.set("api_key_file"):
		check(t, "api_key_file", raw, &p.APIKeyFile, r.secretFile)
	case !needed:
		p.APIKeyFile = ""
	case there:
		t.fault("platform.api_key_file", raw, "may be empty only when every organizer has an api_key_file")
	default:
		check(t, "api_key_file", any(p.APIKeyFile), &p.APIKeyFile, r.secretFile)
	}
}

func (r *reader) readLimits(t *table, l *Limits) *table {
	read(t, "workers", &l.Workers, count(64))
	return t
}

func (r *reader) readSelect(t *table, s *Select) *table {
	read(t, "mode", &s.Mode, oneOf(ModeMarked, ModeAttendees, ModeAll))
	read(t, "marker", &s.Marker, marker)
	read(t, "opt_out", &s.OptOut, marker)
	read(t, "existing", &s.Existing, boolean)
	if strings.EqualFold(s.Marker, s.OptOut) {
		t.fault("select.opt_out", s.OptOut, "must differ from select.marker")
	}
	return t
}

func (r *reader) readMeeting(t *table, m *Meeting) *table {
	read(t, "type", &m.Type, text)
	read(t, "recorded", &m.Recorded, boolean)
	read(t, "dialin", &m.Dialin, boolean)
	read(t, "permission_id", &m.PermissionID, optional(platformID))
	return t
}

func (r *reader) readSeries(t *table) *table {
	notYet(t, "window", "series are not supported yet: leave this out", "next", "")
	notYet(t, "roll_after", "series are not supported yet: leave this out", "30m", "")
	return t
}

func (r *reader) readDetails(t *table, d *Details) *table {
	read(t, "quiet", &d.Quiet, duration)
	notYet(t, "language", "not supported yet: the details are in the organizer's own language", "")
	return t
}

func (r *reader) readCancel(t *table, c *Cancel) *table {
	read(t, "action", &c.Action, oneOf(CancelKeep, CancelRetitle, CancelClose, CancelDelete))
	read(t, "undo", &c.Undo, duration)
	return t
}
