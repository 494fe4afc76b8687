package sync_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/store"
	"convoke/sync"
)

// passed makes a pass and tells what was done, how every event stands, and what the platform holds.
func (p *play) passed() string {
	p.t.Helper()
	p.steps, p.engine.Workers = nil, 1
	report := p.try()
	for _, s := range p.steps {
		p.rules[string(s.Rule)] = true
	}
	return p.masked(showSteps(p.steps) + showProblems(report) + p.calls() + p.events() + p.gone() + p.states() + p.held())
}

// showSteps tells steps: rule, place, call, and the lines that changed in the event, stamps left out.
func showSteps(steps []sync.Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "> %s %s", s.Rule, s.UID)
		if s.Call != "" {
			fmt.Fprintf(&b, ": %s", s.Call)
		}
		b.WriteString("\n")
		for _, l := range s.Lines {
			if strings.HasPrefix(l.Text, "DTSTAMP") || strings.HasPrefix(l.Text, "LAST-MODIFIED") {
				continue
			}
			fmt.Fprintf(&b, "    %s %s\n", map[bool]string{true: "-", false: "+"}[l.Removed], l.Text)
		}
	}
	return b.String()
}

func showProblems(r sync.Report) string {
	var b strings.Builder
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "! %s\n", e)
	}
	return b.String()
}

// calls counts what the platform was asked and what the calendars were told.
func (p *play) calls() string {
	var said []string
	methods := map[string]int{}
	all := p.platform.Calls()
	for _, c := range all[p.told:] {
		methods[c.Method]++
	}
	p.told = len(all)
	for _, m := range []string{"POST", "PUT", "DELETE"} {
		if methods[m] > 0 {
			said = append(said, fmt.Sprintf("%d %s", methods[m], m))
		}
	}
	puts := p.dav.Counts()["PUT"]
	if puts > p.puts {
		said = append(said, fmt.Sprintf("%d to the calendar", puts-p.puts))
	}
	p.puts = puts
	if said == nil {
		return "calls: none\n"
	}
	return "calls: " + strings.Join(said, ", ") + "\n"
}

// events tells, of every event that is there, the rule under which it stands, and what people are told of it.
func (p *play) events() string {
	var b strings.Builder
	for _, o := range p.people {
		for _, c := range p.calendarsOf(o.Email) {
			for _, row := range p.objects(c) {
				line := p.decided(store.Link{Organizer: o.Email, UID: row.UID, Calendar: c.ID, Href: row.Href})
				row.Href = p.place(row.Href)
				if row.Error != "" {
					line += " (" + row.Error + ")"
				}
				if row.DueAt.After(p.clock.Now()) {
					line += ", again " + row.DueAt.UTC().Format("2006-01-02 15:04:05")
				}
				fmt.Fprintf(&b, "%s: %s\n", row.Href, line)
			}
		}
	}
	return b.String()
}

func (p *play) calendarsOf(organizer string) []store.Calendar {
	p.t.Helper()
	rows, err := p.ledger.Calendars(p.t.Context(), organizer)
	require.NoError(p.t, err)
	return rows
}

// objects are the rows of what is in a calendar.
func (p *play) objects(c store.Calendar) []store.ObjectRow {
	p.t.Helper()
	var hrefs []string
	require.NoError(p.t, p.ledger.ETags(p.t.Context(), c.ID, func(href, _ string) { hrefs = append(hrefs, href) }))
	slices.Sort(hrefs)
	var rows []store.ObjectRow
	for _, href := range hrefs {
		row, err := p.ledger.Object(p.t.Context(), c.ID, href)
		require.NoError(p.t, err)
		if row.Seen == "" {
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// place is an href as scenarios write it.
func (p *play) place(href string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(href, p.dav.Prefix()+"/calendars/"), "alice/"), ".ics")
}

// decided is the last rule that was applied to an event where it stands, or stood.
func (p *play) decided(at store.Link) string {
	p.t.Helper()
	all, err := p.ledger.Decisions(p.t.Context(), at.UID)
	require.NoError(p.t, err)
	last := "nothing recorded"
	for _, d := range slices.Backward(all) {
		if d.Organizer == at.Organizer && d.Calendar == at.Calendar && d.Href == at.Href && at.UID != "" {
			last = d.Rule
			p.rules[d.Rule] = true
		}
	}
	return last
}

// gone tells of the events that are not there any more and had a meeting.
func (p *play) gone() string {
	p.t.Helper()
	var b strings.Builder
	for _, o := range p.people {
		links, err := p.ledger.Links(p.t.Context(), o.Email)
		require.NoError(p.t, err)
		for _, l := range links {
			rows, err := p.ledger.ObjectsByUID(p.t.Context(), o.Email, l.UID)
			require.NoError(p.t, err)
			if slices.ContainsFunc(rows, func(r store.ObjectRow) bool { return r.Seen != "" }) {
				continue
			}
			fmt.Fprintf(&b, "%s is gone: %s", l.UID, p.decided(l))
			if l.State == store.Ending {
				fmt.Fprintf(&b, ", until %s", l.DueAt.UTC().Format("2006-01-02 15:04:05"))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// states tells what is wrong with calendars and with people.
func (p *play) states() string {
	p.t.Helper()
	var b strings.Builder
	for _, o := range p.people {
		if row, err := p.ledger.Organizer(p.t.Context(), o.Email); err == nil && row.State != "" {
			fmt.Fprintf(&b, "%s: %s\n", o.Email, row.State)
		}
		for _, c := range p.calendarsOf(o.Email) {
			if c.State != "" {
				fmt.Fprintf(&b, "calendar %s: %s\n", c.Name, c.State)
			}
		}
	}
	return b.String()
}

// held are the meetings that the platform holds.
func (p *play) held() string {
	var b strings.Builder
	for i, m := range p.platform.Meetings() {
		fmt.Fprintf(&b, "meeting #%d %q %s – %s", i+1, m.Topic, m.Start.UTC().Format("Mon 2006-01-02 15:04"), m.End.UTC().Format("15:04"))
		if !strings.HasPrefix(m.End.UTC().Format("2006-01-02"), m.Start.UTC().Format("2006-01-02")) {
			fmt.Fprintf(&b, " on %s", m.End.UTC().Format("2006-01-02"))
		}
		if m.UserID != p.people[0].UserID {
			b.WriteString(", not alice's")
		}
		for word, is := range map[string]bool{"type " + m.Type: m.Type != "standard"} {
			if is {
				b.WriteString(", " + word)
			}
		}
		if m.Recorded {
			b.WriteString(", recorded")
		}
		if m.Dialin {
			b.WriteString(", dial-in")
		}
		if agenda, _, _ := strings.Cut(m.Agenda, "Reference: "); strings.TrimSpace(agenda) != "" {
			fmt.Fprintf(&b, ", agenda %q", strings.TrimSpace(agenda))
		}
		if !m.DeletedAt.IsZero() {
			b.WriteString(", deleted")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// why is what Explain says of an event.
func (p *play) why(uid string) string {
	p.t.Helper()
	all, err := p.engine.Explain(p.t.Context(), uid)
	require.NoError(p.t, err)
	var b strings.Builder
	for _, x := range all {
		fmt.Fprintf(&b, "%s %s: %s: %s\n", x.Organizer, x.Calendar, x.Rule, x.Text)
		fmt.Fprintf(&b, "    seal: %s; link: %s; meeting: %s\n", x.Seal, x.Link, x.Meeting)
		p.rules[string(x.Rule)] = true
	}
	return p.masked(b.String())
}

// mails are the messages that the calendar server sent to attendees since the last question, and their answers as the
// organizer sees them.
func (p *play) mails() string {
	var b strings.Builder
	sent := p.dav.Messages()
	for _, m := range sent[p.mailed:] {
		fmt.Fprintf(&b, "%s %s to %s: %s\n", m.Method, m.UID, m.To, m.Because)
	}
	for _, name := range p.dav.List(p.dav.Calendar("alice", "work")) {
		ev, err := calendar.Parse([]byte(p.text(name)), nil)
		require.NoError(p.t, err)
		for line := range strings.SplitSeq(p.text(name), "\r\n") {
			if strings.HasPrefix(line, "ATTENDEE") {
				fmt.Fprintf(&b, "%s: %s\n", ev.UID, line)
			}
		}
	}
	p.mailed = len(sent)
	return b.String()
}

var seals = regexp.MustCompile(`v1\.[0-9a-f]{8}\.([^.\s]+)\.(\d+)\.[A-Za-z0-9_-]+`)

// block is the text that convoke writes into a DESCRIPTION, and as it stands in HTML.
const block = `-------- Web meeting --------\nJoin: {join %[1]s}\nMeeting number: %[1]s\n-----------------------------`

// masked puts #1, #2 … in the place of meeting numbers and ids, in the order in which the platform made them, a word in the
// place of join links and whole blocks, and takes the secret part out of seals.
func (p *play) masked(text string) string {
	for i, m := range slices.Backward(p.platform.Meetings()) {
		number := fmt.Sprintf("#%d", i+1)
		text = strings.NewReplacer(joinPrefix+m.Number, "{join "+number+"}", m.Number, number, m.ID, "id"+number).Replace(text)
		text = strings.ReplaceAll(text, fmt.Sprintf(block, number), "{block "+number+"}")
	}
	return seals.ReplaceAllString(text, "{seal of $1.$2}")
}

// unmasked is the other way round, for meeting numbers, links and blocks in what people type.
func (p *play) unmasked(text string) string {
	for i, m := range slices.Backward(p.platform.Meetings()) {
		number := fmt.Sprintf("#%d", i+1)
		text = strings.ReplaceAll(text, "{block "+number+"}", fmt.Sprintf(block, number))
		text = strings.NewReplacer("{join "+number+"}", joinPrefix+m.Number, number, m.Number).Replace(text)
	}
	return text
}
