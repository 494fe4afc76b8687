package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"convoke/internal/wording"
)

// config reads everything. What it returns is to be used only when no fault was found.
func (r *reader) config() *Config {
	c := Default()
	top := r.top()
	r.readTop(top, &c)
	platform, rows := top.table("platform"), top.tables("organizer")
	r.readPlatform(platform, &c.Platform)
	r.readLimits(top.table("limits"), &c.Limits)
	r.readSelect(top.table("select"), &c.Select)
	r.readMeeting(top.table("meeting"), &c.Meeting)
	c.Presets = r.readPresets(top.table("preset"), c.Meeting)
	r.readSeries(top.table("series"), &c.Series)
	r.readDetails(top.table("details"), &c.Details)
	r.readCancel(top.table("cancel"), &c.Cancel)
	c.Organizers = r.readOrganizers(rows, Organizer{Mode: c.Select.Mode, Language: c.Details.Language})
	r.readPlatformKey(platform, rows, &c.Platform)
	r.publishable(rows, c.Listen)
	for _, t := range append(r.opened, top) {
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
	c.Stamp = c.KeyFile + stampSuffix
	if name, _ := raw.(string); !filepath.IsAbs(name) || r.credentials != "" && filepath.Dir(c.KeyFile) == r.credentials {
		// It may be one of systemd's credentials, which are not ours to write to, and which a command by hand does not have:
		// the daemon and that command mean the same stamp.
		c.Stamp = filepath.Join(filepath.Dir(c.Database), filepath.Base(c.KeyFile)+stampSuffix)
	}
	read(t, "stamp_file", &c.Stamp, r.path)
	read(t, "schedule", &c.Schedule, schedule)
	read(t, "listen", &c.Listen, optional(listen))
	read(t, "public_url", &c.PublicURL, optional(baseURL))
}

func (r *reader) readPlatform(t *table, p *Platform) {
	readRequired(t, "url", &p.URL, platformURL, "must be set: the address of the meeting platform")
	readRequired(t, "join_url", &p.JoinURL, joinURL,
		"must be set: how a link to a meeting looks on the platform, with "+MeetingID+" for its number")
	read(t, "settle", &p.Settle, duration)
	read(t, "reference", &p.Reference, oneOf(ReferenceAgenda, ReferenceNone))
	read(t, "unknown", &p.Unknown, oneOf(UnknownHold, UnknownRetry))
	read(t, "requests_per_second", &p.RequestsPerSecond, rate)
	read(t, "in_flight", &p.InFlight, count(1, 64))
}

// publishable comes after `listen` and the organizers: nothing can be written into a subscription, so its details are
// published in a feed of convoke's own.
func (r *reader) publishable(organizers []*table, listen string) {
	for _, o := range organizers {
		if o.set("ics_url") && listen == "" {
			o.fault(join(o.path, "ics_url"), o.values["ics_url"],
				"needs listen, which is off: join details of a subscription are published in a feed of convoke's own")
		}
	}
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

func (r *reader) readLimits(t *table, l *Limits) {
	read(t, "workers", &l.Workers, count(1, 64))
	read(t, "creations_per_hour", &l.CreationsPerHour, count(0, 1_000_000))
	read(t, "creations_per_day", &l.CreationsPerDay, count(0, 1_000_000))
	read(t, "creations_overall", &l.CreationsOverall, count(0, 1_000_000))
}

func (r *reader) readSelect(t *table, s *Select) {
	read(t, "mode", &s.Mode, oneOf(ModeMarked, ModeAttendees, ModeAll))
	read(t, "marker", &s.Marker, marker)
	read(t, "opt_out", &s.OptOut, marker)
	read(t, "existing", &s.Existing, boolean)
	if strings.EqualFold(s.Marker, s.OptOut) {
		t.fault("select.opt_out", s.OptOut, "must differ from select.marker")
	}
	read(t, "min_duration", &s.MinDuration, duration)
	read(t, "max_duration", &s.MaxDuration, duration)
	if s.MaxDuration > 0 && s.MinDuration > s.MaxDuration {
		t.fault("select.min_duration", t.values["min_duration"], fmt.Sprintf("must not be above select.max_duration, %s", s.MaxDuration))
	}
	read(t, "horizon", &s.Horizon, duration)
	read(t, "private", &s.Private, oneOf(PrivateMeet, PrivateNeutral, PrivateSkip))
}

func (r *reader) readMeeting(t *table, m *Meeting) {
	read(t, "type", &m.Type, text)
	read(t, "recorded", &m.Recorded, boolean)
	read(t, "dialin", &m.Dialin, boolean)
	read(t, "permission_id", &m.PermissionID, optional(platformID))
}

var presetName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// readPresets reads [preset.NAME]. The defaults are those of [meeting].
func (r *reader) readPresets(t *table, m Meeting) map[string]Preset {
	var presets map[string]Preset
	for _, name := range slices.Sorted(maps.Keys(t.values)) {
		preset, p := t.table(name), Preset{Meeting: m}
		if !presetName.MatchString(name) {
			t.fault(preset.path, nil, "the name of a preset is 1 to 32 of a-z, 0-9 and -")
		}
		r.readMeeting(preset, &p.Meeting)
		read(preset, "agenda", &p.Agenda, prose)
		if presets == nil {
			presets = map[string]Preset{}
		}
		presets[name] = p
	}
	return presets
}

func (r *reader) readSeries(t *table, s *Series) {
	read(t, "window", &s.Window, oneOf(WindowNext, WindowSpan))
	read(t, "roll_after", &s.RollAfter, atMost(24*time.Hour))
}

func (r *reader) readDetails(t *table, d *Details) {
	read(t, "quiet", &d.Quiet, duration)
	read(t, "templates", &d.Templates, optional(r.folder))
	r.words, _ = wording.Load(d.Templates) // what is wrong with a template is told by whoever uses it
	read(t, "language", &d.Language, optional(r.language))
	read(t, "mail_budget", &d.MailBudget, count(0, 100))
}

func (r *reader) readCancel(t *table, c *Cancel) {
	read(t, "action", &c.Action, oneOf(CancelKeep, CancelRetitle, CancelClose, CancelDelete))
	read(t, "undo", &c.Undo, duration)
}
