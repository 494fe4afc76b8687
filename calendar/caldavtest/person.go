package caldavtest

import "strings"

// address reads the calendar user's address of an ATTENDEE or ORGANIZER line (RFC 5545, 3.3.3): lower case, without mailto.
func address(line string) string {
	_, value, _ := cutValue(line)
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(value)), "mailto:")
}

// parameter returns the value of a line's parameter, "" for none.
func parameter(line, key string) string {
	for _, p := range parameters(line) {
		if k, v, _ := strings.Cut(p, "="); strings.EqualFold(k, key) {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

// withParameter sets a line's parameter; "" takes it away.
func withParameter(line, key, value string) string {
	_, rest, _ := cutValue(line)
	out, done := name(line), false
	for _, p := range parameters(line) {
		if k, _, _ := strings.Cut(p, "="); strings.EqualFold(k, key) {
			if p, done = key+"="+value, true; value == "" {
				continue
			}
		}
		out += ";" + p
	}
	if !done && value != "" {
		out += ";" + key + "=" + value
	}
	return out + ":" + rest
}

// parameters are the parts between the name and the value.
func parameters(line string) []string {
	head, _, _ := cutValue(line)
	var out []string
	quoted, from := false, len(name(line))+1
	for i := from; i <= len(head); i++ {
		switch {
		case i == len(head), head[i] == ';' && !quoted:
			if i > from {
				out = append(out, head[from:i])
			}
			from = i + 1
		case head[i] == '"':
			quoted = !quoted
		}
	}
	return out
}

// attendees are the addresses of all who are invited, each once, with their lines.
func (c content) attendees() (addresses []string, lines map[string]string) {
	lines = map[string]string{}
	for _, l := range c {
		if l.event < 0 || name(l.text) != "ATTENDEE" {
			continue
		}
		a := address(l.text)
		if lines[a] == "" {
			addresses = append(addresses, a)
			lines[a] = l.text
		}
	}
	return addresses, lines
}

// organizer is the address of the first ORGANIZER, "" for none.
func (c content) organizer() string {
	for _, l := range c {
		if l.event >= 0 && name(l.text) == "ORGANIZER" {
			return address(l.text)
		}
	}
	return ""
}

// answers are what a person says, by RECURRENCE-ID; "" for the series or the only event.
func (c content) answers(who *user) map[string]string {
	out := map[string]string{}
	for _, l := range c {
		if l.event < 0 || name(l.text) != "ATTENDEE" || !who.has(address(l.text)) {
			continue
		}
		partstat := strings.ToUpper(parameter(l.text, "PARTSTAT"))
		if partstat == "" {
			partstat = "NEEDS-ACTION" // RFC 5545, 3.2.12
		}
		out[c.id(l)] = partstat
	}
	return out
}

// answer sets what attendees say, where said has something for an address and a RECURRENCE-ID, and the status of having been
// heard where there is one.
func (c content) answer(said func(address, id string) string, status string) content {
	return c.each("ATTENDEE", func(l contentLine) string {
		partstat := said(address(l.text), c.id(l))
		if partstat == "" {
			return l.text
		}
		line := withParameter(l.text, "PARTSTAT", partstat)
		if status != "" {
			line = withParameter(line, "SCHEDULE-STATUS", status)
		}
		return line
	})
}

// only is an answer of one person.
func only(who, partstat string) func(address, id string) string {
	return func(a, _ string) string {
		if a == who {
			return partstat
		}
		return ""
	}
}

// id is the RECURRENCE-ID of the VEVENT that a line stands in.
func (c content) id(l contentLine) string {
	return strings.Join(c.values(l.event, "RECURRENCE-ID"), "")
}
