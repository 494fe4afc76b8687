package sync

import "fmt"

// A Report counts what a pass did.
type Report struct {
	Created   int       `json:"created"`
	Updated   int       `json:"updated"`
	Rolled    int       `json:"rolled"`
	Cancelled int       `json:"cancelled"`
	Written   int       `json:"written"`   // events that were changed
	Unchanged int       `json:"unchanged"` // events looked at whose meeting agrees
	Skipped   int       `json:"skipped"`   // events looked at that get no meeting
	Held      int       `json:"held"`      // events that wait for time to pass or for a person
	Failed    int       `json:"failed"`    // events and calendars
	Errors    []Problem `json:"errors"`
}

// A Problem is something that went wrong with one organizer, calendar or event.
type Problem struct {
	Organizer string `json:"organizer"`
	Calendar  string `json:"calendar,omitempty"`
	UID       string `json:"uid,omitempty"`
	Message   string `json:"message"`
}

// String names the event or calendar first.
func (p Problem) String() string {
	switch {
	case p.UID != "":
		return fmt.Sprintf("%s, calendar %q, event %q: %s", p.Organizer, p.Calendar, p.UID, p.Message)
	case p.Calendar != "":
		return fmt.Sprintf("%s, calendar %q: %s", p.Organizer, p.Calendar, p.Message)
	}
	return p.Organizer + ": " + p.Message
}

// Steps is how many steps were carried out.
func (r Report) Steps() int { return r.Created + r.Updated + r.Rolled + r.Cancelled + r.Written }

func (r *Report) add(o Report) {
	r.Created += o.Created
	r.Updated += o.Updated
	r.Rolled += o.Rolled
	r.Cancelled += o.Cancelled
	r.Written += o.Written
	r.Unchanged += o.Unchanged
	r.Skipped += o.Skipped
	r.Held += o.Held
	r.Failed += o.Failed
	r.Errors = append(r.Errors, o.Errors...)
}

// did counts a step that was carried out.
func (r *Report) did(d Decision) {
	switch d.Action.Kind {
	case CreateMeeting:
		r.Created++
	case WriteDetails, EraseDetails, SettleDetails:
		r.Written++
	case UpdateMeeting, DeleteMeeting:
		switch d.Rule {
		case Cancel:
			r.Cancelled++
		case Roll:
			r.Rolled++
		default:
			r.Updated++
		}
	}
}

// rests counts an event for which nothing is left to do.
func (r *Report) rests(rule Rule) {
	switch {
	case rule == Unchanged || rule == Finished:
		r.Unchanged++
	case rule == Undo || rule == Quiet || rule == Unsettled || held[rule]:
		r.Held++
	case rule != Gone:
		r.Skipped++
	}
}
