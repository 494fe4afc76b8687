package caldavtest

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A change is what one person did to an object of hers.
type change struct {
	*Server
	rules    *scheduling
	who      *user
	name     string  // the object's
	old, now content // nil where there is none
	changed  []string
}

// schedule carries a change to those whom it concerns. It returns the object as the server is to keep it; body is nil for
// a deletion. The caller holds the lock.
func (s *Server) schedule(owner, name string, old *object, body []byte) []byte {
	c := &change{Server: s, rules: s.cfg.schedule, who: s.users[owner], name: name, now: readContent(body)}
	if c.rules == nil || c.who == nil {
		return body
	}
	if old != nil {
		c.old = readContent(old.data)
	}
	organizer := c.now.organizer()
	if organizer == "" {
		organizer = c.old.organizer()
	}
	switch {
	case organizer == "":
		return body
	case c.who.has(organizer):
		c.changed = changes(c.old, c.now)
		c.organize()
	case c.old != nil:
		c.attend(organizer)
	}
	return c.now.bytes()
}

// organize tells attendees of what their organizer did (RFC 6638, 3.2.1).
func (c *change) organize() {
	if c.now != nil {
		c.prepare()
	}
	before, _ := c.old.attendees()
	invited, lines := c.now.attendees()
	sent := c.now
	for _, to := range invited {
		if c.who.has(to) || c.letAlone(lines[to]) {
			continue
		}
		if status := c.request(to, !slices.Contains(before, to), sent); status != "" && c.rules.elsewhere != "" {
			c.now = c.now.each("ATTENDEE", func(l contentLine) string {
				if address(l.text) == to {
					return withParameter(l.text, "SCHEDULE-STATUS", status)
				}
				return l.text
			})
		}
	}
	_, lines = c.old.attendees()
	for _, to := range before {
		if !slices.Contains(invited, to) && !c.who.has(to) && !c.letAlone(lines[to]) {
			c.cancel(to)
		}
	}
}

// prepare does what a server does to the organizer's own copy.
func (c *change) prepare() {
	if c.rules.dropsSelf || c.rules.takesAgent {
		c.now = c.now.each("ATTENDEE", func(l contentLine) string {
			if c.rules.dropsSelf && c.who.has(address(l.text)) {
				return ""
			}
			return withParameter(l.text, "SCHEDULE-AGENT", "")
		})
	}
	if c.old == nil || c.rules.own || !anyOf(c.changed, c.rules.resets) {
		return
	}
	c.now = c.now.answer(func(a, _ string) string {
		if c.who.has(a) {
			return ""
		}
		return "NEEDS-ACTION"
	}, "")
	if c.rules.raises {
		c.now = c.now.set("SEQUENCE", next)
	}
}

func next(sequence string) string {
	n, _ := strconv.Atoi(sequence)
	return strconv.Itoa(n + 1)
}

// letAlone says that the organizer's program does the telling (RFC 6638, 7.1).
func (c *change) letAlone(attendee string) bool {
	agent := parameter(attendee, "SCHEDULE-AGENT")
	return !c.rules.takesAgent && agent != "" && !strings.EqualFold(agent, "SERVER")
}

// request invites an attendee, or tells him what is new, if the rules say so. It returns his new SCHEDULE-STATUS, "" for
// the old one.
func (c *change) request(to string, isNew bool, sent content) string {
	m := Message{Method: "REQUEST", UID: c.now.first("UID"), To: to, Because: strings.Join(c.changed, ",")}
	if isNew {
		m.Because = "new"
	}
	u := c.userAt(to)
	switch {
	case u == nil && c.rules.noMail:
		return c.rules.elsewhere
	case u == nil && (isNew || c.rules.worthMail(c.changed)):
		m.Mail = true
		c.send(m)
		return c.rules.elsewhere
	case u != nil && c.deliver(u, to, isNew, sent):
		c.send(m)
		return "1.2"
	case u != nil && c.rules.taken != nil:
		return "1.2"
	}
	return ""
}

func (r *scheduling) worthMail(changed []string) bool {
	if r.mailed == nil {
		return anyOf(changed, r.told)
	}
	return anyOf(changed, r.mailed)
}

// deliver puts the organizer's state into an attendee's calendar, and says whether there was something to put.
func (c *change) deliver(u *user, to string, isNew bool, sent content) bool {
	m, o := c.copyOf(u, c.now.first("UID"))
	var copied content
	switch {
	case o != nil && c.rules.taken != nil && !isNew:
		copied = readContent(o.data).take(sent, c.rules.taken)
	case isNew, c.rules.always, c.rules.taken != nil, anyOf(c.changed, c.rules.told):
		copied = sent.each("ATTENDEE", func(l contentLine) string { return withParameter(l.text, "SCHEDULE-STATUS", "") })
	default:
		return false
	}
	if c.rules.own && c.old != nil && anyOf(c.changed, c.rules.resets) {
		copied = copied.answer(only(to, "NEEDS-ACTION"), "")
	}
	data := rewritten(copied.bytes(), c.cfg.rewrites)
	if m == nil || o != nil && !c.rules.always && bytes.Equal(data, o.data) {
		return false
	}
	m.put(c.nameFor(m, o), "text/calendar; charset=utf-8", data, c.cfg)
	return true
}

// nameFor is the name of an attendee's copy: that of the one he has, else the organizer's, where it is free.
func (c *change) nameFor(m *mount, o *object) string {
	if o != nil {
		return o.name
	}
	name := c.name
	for m.get(name) != nil {
		name = "from-" + c.who.name + "-" + name
	}
	return name
}

// cancel tells somebody that he is not invited any more.
func (c *change) cancel(to string) {
	uid := c.old.first("UID")
	m := Message{Method: "CANCEL", UID: uid, To: to, Because: "removed"}
	if c.now == nil {
		m.Because = "deleted"
	}
	u := c.userAt(to)
	if m.Mail = u == nil; !m.Mail || !c.rules.noMail {
		c.send(m)
	}
	if u == nil {
		return
	}
	in, o := c.copyOf(u, uid)
	switch {
	case o == nil:
	case c.rules.keepsDead:
		dead := readContent(o.data).set("STATUS", func(string) string { return "CANCELLED" }).set("SEQUENCE", next)
		in.put(o.name, o.kind, dead.bytes(), c.cfg)
	default:
		in.remove(o.name, c.cfg)
	}
}

// attend tells the organizer what an attendee answers (RFC 6638, 3.2.2); to delete an invitation is to decline it.
func (c *change) attend(organizer string) {
	was := c.old.answers(c.who)
	is := map[string]string{}
	if c.now != nil {
		is = c.now.answers(c.who)
	} else if strings.EqualFold(c.old.first("STATUS"), "CANCELLED") {
		return
	}
	said := map[string]string{} // by RECURRENCE-ID
	for id, partstat := range was {
		if is[id] == "" {
			is[id] = "DECLINED"
		}
		if is[id] != partstat {
			said[id] = is[id]
		}
	}
	if len(said) > 0 {
		c.reply(organizer, said)
	}
}

func (c *change) reply(organizer string, said map[string]string) {
	uid := c.old.first("UID")
	u := c.userAt(organizer)
	c.send(Message{Method: "REPLY", UID: uid, To: organizer, Mail: u == nil, Because: "reply"})
	if u == nil {
		return
	}
	m, o := c.copyOf(u, uid)
	if o == nil {
		return
	}
	status := "2.0"
	if c.rules.elsewhere == "" {
		status = ""
	}
	heard := readContent(o.data).answer(func(a, id string) string {
		if c.who.has(a) {
			return said[id]
		}
		return ""
	}, status)
	m.put(o.name, o.kind, heard.bytes(), c.cfg)
}

// copyOf finds a person's object with a UID in her own calendars, and where it is, or else would be put; o is nil when
// there is none, m when there is no place for it.
func (s *Server) copyOf(u *user, uid string) (m *mount, o *object) {
	var own []*mount
	for _, m := range s.mounts {
		if m.owner == u.name && m.user == u.name {
			own = append(own, m)
		}
	}
	sort.Slice(own, func(i, j int) bool { return own[i].path < own[j].path })
	for _, m := range own {
		for _, o := range m.since(present) {
			if readContent(o.data).first("UID") == uid {
				return m, o
			}
		}
	}
	return s.mounts[s.cfg.prefix+"/calendars/"+u.name+"/work/"], nil
}

// Reply answers an invitation for a user, in all its occurrences, as his own program would: partstat is ACCEPTED,
// DECLINED or TENTATIVE (RFC 5545, 3.2.12).
func (s *Server) Reply(name, uid, partstat string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[name]
	if u == nil {
		return fmt.Errorf("caldavtest: reply: no user %s", name)
	}
	m, o := s.copyOf(u, uid)
	if o == nil {
		return fmt.Errorf("caldavtest: reply: %s has no event %s", name, uid)
	}
	now := readContent(o.data).answer(func(a, _ string) string {
		if u.has(a) {
			return partstat
		}
		return ""
	}, "")
	m.put(o.name, o.kind, s.schedule(name, o.name, o, now.bytes()), s.cfg)
	return nil
}
