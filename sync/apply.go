package sync

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// ledgerError marks an error of the ledger: it stops the pass, where any other stops one event.
type ledgerError struct{ err error }

func (e *ledgerError) Error() string { return e.err.Error() }
func (e *ledgerError) Unwrap() error { return e.err }

func ledger(err error) error {
	if err == nil {
		return nil
	}
	return &ledgerError{err}
}

// broke is the ledger's own error; nil when it was another one.
func broke(err error) error {
	if broken := (*ledgerError)(nil); errors.As(err, &broken) {
		return broken.err
	}
	return nil
}

// apply carries out the one action of a decision and returns the object as the calendar holds it afterwards. A step that
// has begun is finished: it does not stop half way because the pass is to stop.
func (p *pass) apply(ctx context.Context, w *watched, s Situation, d Decision, o calendar.Object) (calendar.Object, error) {
	ctx = context.WithoutCancel(ctx)
	step := Step{Organizer: p.o.Email, Calendar: w.Name, Href: s.Href, Rule: d.Rule, Text: d.Text, UID: d.Action.Link.UID}
	if s.Event != nil {
		step.Title = s.component().Summary
	}
	var err error
	switch a := *d.Action; a.Kind {
	case CreateMeeting:
		if step.Call, err = p.create(ctx, s, a); err == nil {
			err = p.follow(ctx, s)
		}
	case UpdateMeeting:
		step.Call, err = p.update(ctx, s, a)
	case DeleteMeeting:
		step.Call, err = p.delete(ctx, a)
	case SaveLink:
		err = p.take(ctx, s, a)
	case WriteDetails, EraseDetails, SettleDetails:
		o, step.Lines, err = p.edit(ctx, w, s, a)
	}
	if err != nil {
		return o, err
	}
	p.links = nil
	if d.Rule == Forget {
		if err := p.rouse(ctx, s); err != nil {
			return o, err
		}
	}
	if step.Call == "" && step.Lines == nil && d.Action.Kind != SaveLink {
		return o, nil // there was nothing to write after all
	}
	p.report.did(d)
	p.tell(step)
	p.Log.Info("done", "rule", string(d.Rule), "calendar_id", w.ID, "calendar", w.Name, "uid", step.UID, "call", step.Call != "", "lines", len(step.Lines))
	return o, nil
}

// agendaRefused is the note that the platform does not take a request with an agenda.
const agendaRefused = "platform/agenda-refused"

// create makes a meeting: intent, call, rows. A creation that carries an agenda with our reference, which is not a
// documented field of requests, is tried once without it when the platform definitely refuses it, and that is remembered.
func (p *pass) create(ctx context.Context, s Situation, a Action) (string, error) {
	if err := p.silenced(); err != nil {
		return "", err // before an earlier creation is given up
	}
	a.Meeting.Token = p.Token(s.Organizer, s.Event.UID, a.Meeting.Generation)
	refused, err := p.Ledger.Notes(ctx, agendaRefused)
	if err != nil {
		return "", ledger(err)
	}
	if s.Pending != nil { // decided: it is given up, and may have left a meeting behind
		if err := p.Ledger.Failed(ctx, s.Pending.ID, store.GivenUp, "not waited for after platform.settle; a meeting may be left over", p.Now()); err != nil {
			return "", ledger(err)
		}
	}
	if p.o.Agenda {
		a.Request.Agenda = strings.TrimSpace(a.Request.Agenda + "\nReference: " + a.Meeting.Token)
	}
	carries := a.Request.Agenda != "" && refused == ""
	if carries {
		call, err := p.post(ctx, s, a)
		if !errors.Is(err, meetingapi.ErrInvalid) {
			return call, err
		}
	}
	a.Request.Agenda = ""
	call, err := p.post(ctx, s, a)
	if err == nil && carries {
		err = ledger(p.Ledger.Note(ctx, agendaRefused, "yes"))
	}
	return call, err
}

// post is one attempt to create a meeting.
func (p *pass) post(ctx context.Context, s Situation, a Action) (string, error) {
	in := store.Intent{
		Kind: store.CreateMeeting, UID: s.Event.UID, Shared: s.component().Organizer == "",
		Token: a.Meeting.Token, Generation: a.Meeting.Generation,
	}
	var err error
	if in.Request, err = a.Request.JSON(""); err != nil {
		return "", err
	}
	var answer meetingapi.Meeting
	id, err := p.call(ctx, in, func() (err error) {
		answer, err = p.o.Platform.CreateMeeting(ctx, p.o.UserID, a.Request)
		return err
	})
	if err != nil {
		return "", err
	}
	m := p.answered(a.Meeting, answer)
	m.PlatformID, m.Number, m.CreatedAt = answer.ID, answer.Number, p.Now()
	a.Link.UpdatedAt = p.Now()
	if _, _, err := p.Ledger.Made(ctx, id, m, a.Link); err != nil {
		return "", ledger(err)
	}
	p.granted(a, answer)
	return "POST /meeting " + describe(a.Request), nil
}

// update changes a meeting: intent, call, rows.
func (p *pass) update(ctx context.Context, s Situation, a Action) (string, error) {
	in := store.Intent{
		Kind: store.UpdateMeeting, UID: a.Link.UID, Meeting: a.Meeting.ID, Token: a.Meeting.Token, Generation: a.Meeting.Generation,
		Shared: s.Link.State == store.Ended && s.Event != nil && s.component().Organizer == "", // it is taken up again
	}
	var err error
	if in.Request, err = a.Request.JSON(a.Meeting.PlatformID); err != nil {
		return "", err
	}
	var answer meetingapi.Meeting
	id, err := p.call(ctx, in, func() (err error) {
		answer, err = p.o.Platform.UpdateMeeting(ctx, p.o.UserID, a.Meeting.PlatformID, a.Request)
		return err
	})
	if errors.Is(err, meetingapi.ErrNotFound) {
		return "", p.unfound(ctx, *s.Meeting)
	}
	if err != nil {
		return "", err
	}
	if err := p.changed(ctx, id, p.answered(a.Meeting, answer), a.Link); err != nil {
		return "", err
	}
	return "PUT /meeting/" + a.Meeting.PlatformID + " " + describe(a.Request), nil
}

// delete deletes a meeting: intent, call, rows. One that is not there any more is deleted.
func (p *pass) delete(ctx context.Context, a Action) (string, error) {
	in := store.Intent{Kind: store.DeleteMeeting, UID: a.Link.UID, Meeting: a.Meeting.ID, Token: a.Meeting.Token, Generation: a.Meeting.Generation}
	id, err := p.call(ctx, in, func() error {
		err := p.o.Platform.DeleteMeeting(ctx, p.o.UserID, a.Meeting.PlatformID)
		if errors.Is(err, meetingapi.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	a.Meeting.MissingAt, a.Meeting.UpdatedAt = time.Time{}, p.Now()
	return "DELETE /meeting/" + a.Meeting.PlatformID, p.changed(ctx, id, a.Meeting, a.Link)
}

// call writes the intent, makes the call, and closes the intent when the call failed. Once the platform has refused the
// key or asked for patience, nothing more is sent to it in this pass.
func (p *pass) call(ctx context.Context, in store.Intent, send func() error) (int64, error) {
	if err := p.silenced(); err != nil {
		return 0, err
	}
	in.Organizer, in.SentAt = p.o.Email, p.Now()
	id, err := p.Ledger.Begin(ctx, in)
	if errors.Is(err, store.ErrClaimed) || errors.Is(err, store.ErrUnknown) {
		return 0, err
	}
	if err != nil {
		return 0, ledger(err)
	}
	if err := p.attest(ctx, id); err != nil { // else a later process could not tell an old copy of the ledger
		return 0, ledger(errors.Join(err, p.Ledger.Failed(ctx, id, store.Refused, "not sent", p.Now())))
	}
	why := send()
	if why == nil {
		p.accepted, p.forbidden = true, false
		return id, nil
	}
	state := store.Unknown
	if meetingapi.Definite(why) {
		state = store.Refused
	}
	if err := p.Ledger.Failed(ctx, id, state, why.Error(), p.Now()); err != nil {
		return 0, ledger(err)
	}
	switch {
	case errors.Is(why, meetingapi.ErrAuth), errors.Is(why, meetingapi.ErrRateLimited), leftAlone(why), errors.Is(why, meetingapi.ErrForbidden) && (p.forbidden || in.Kind == store.CreateMeeting):
		p.refusal = kind(why)
	case errors.Is(why, meetingapi.ErrForbidden): // of one meeting perhaps, and not of all: the next call will tell
		p.forbidden = true
	}
	return 0, why
}

// leftAlone reports whether nothing was sent since the platform is to be left alone for a while.
func leftAlone(why error) bool {
	var api *meetingapi.Error
	return errors.As(why, &api) && api.RetryAfter > 0 && meetingapi.Definite(why)
}

// silenced says why the platform is not asked; nil when it may be.
func (p *pass) silenced() error {
	if p.o.Problem != nil {
		return p.o.Problem
	}
	if p.refusal != nil {
		return &notAsked{p.refusal}
	}
	return nil
}

// notAsked says that a call was not made, since the platform refuses everything just now.
type notAsked struct{ why error }

func (n *notAsked) Error() string {
	return "not asked, since the platform refused an earlier call of this pass: " + n.why.Error()
}

func (n *notAsked) Unwrap() error { return n.why }

// kind is what a refusal says of every other call: its kind, and how long to wait.
func kind(why error) error {
	var api *meetingapi.Error
	if !errors.As(why, &api) || api.RetryAfter > 0 {
		return why
	}
	return api.Kind
}

// changed closes a change, and with it the earlier calls about the same meeting that got no answer: they are overtaken, and as long
// as they may still be carried out they are given up, so that what holds is sent once more afterwards (sweep).
func (p *pass) changed(ctx context.Context, intent int64, m store.Meeting, l store.Link) error {
	l.UpdatedAt = p.Now()
	if err := p.Ledger.Changed(ctx, intent, m, l); err != nil {
		return ledger(err)
	}
	intents, err := p.Ledger.Intents(ctx, p.o.Email)
	if err != nil {
		return ledger(err)
	}
	given, err := p.Ledger.GivenUp(ctx, p.o.Email)
	if err != nil {
		return ledger(err)
	}
	for _, in := range append(intents, given...) {
		if in.Meeting != m.ID || in.State == store.Open {
			continue
		}
		state := store.Refused
		if in.Kind == store.UpdateMeeting && p.Now().Before(in.ClosedAt.Add(p.o.Rules.Settle)) {
			if in.State == store.GivenUp {
				continue
			}
			state = store.GivenUp
		}
		if err := p.Ledger.Failed(ctx, in.ID, state, "overtaken by a later call", p.Now()); err != nil {
			return ledger(err)
		}
	}
	return nil
}

// take records a link and, where it adopts a meeting, what follows from that for the one in whose place it comes.
func (p *pass) take(ctx context.Context, s Situation, a Action) error {
	if a.Meeting.PlatformID == "" {
		return p.save(ctx, s, a)
	}
	s, err := p.replaced(ctx, s, a)
	if err == nil {
		err = p.save(ctx, s, a)
	}
	if err != nil {
		return err
	}
	return p.follow(ctx, s)
}

// save records a link, and first the meeting that it adopts. Where a creation of it got no answer, this is the answer.
func (p *pass) save(ctx context.Context, s Situation, a Action) error {
	now := p.Now()
	a.Link.UpdatedAt = now
	if a.Meeting.PlatformID != "" {
		a.Meeting.CreatedAt, a.Meeting.UpdatedAt = time.Time{}, now
		a.Meeting.Token = p.Token(p.o.Email, a.Link.UID, a.Meeting.Generation)
		creation, err := p.creation(ctx, s, a.Meeting.Token)
		if err != nil {
			return ledger(err)
		}
		if creation != 0 {
			_, _, err := p.Ledger.Made(ctx, creation, a.Meeting, a.Link)
			return ledger(err)
		}
		id, err := p.Ledger.SaveMeeting(ctx, a.Meeting)
		if err != nil {
			return ledger(err)
		}
		a.Link.Meeting = id
	}
	_, err := p.Ledger.SaveLink(ctx, a.Link)
	return ledger(err)
}

// creation is the intent without an outcome that announced a meeting, or 0.
func (p *pass) creation(ctx context.Context, s Situation, token string) (int64, error) {
	if s.Pending != nil && s.Pending.Token == token {
		return s.Pending.ID, nil
	}
	given, err := p.Ledger.GivenUp(ctx, p.o.Email)
	if err != nil {
		return 0, err
	}
	for _, in := range given {
		if in.Kind == store.CreateMeeting && in.Token == token {
			return in.ID, nil
		}
	}
	return 0, nil
}

// answered is the meeting as the platform acknowledged it.
func (p *pass) answered(m store.Meeting, answer meetingapi.Meeting) store.Meeting {
	m.Closed, m.MissingAt, m.UpdatedAt = answer.IsClosed, time.Time{}, p.Now()
	if _, err := meetingapi.ReadMeeting(answer.Raw); err == nil { // else the last whole one tells more, about dial-in say
		m.Answer = answer.Raw
	}
	return m
}

// granted says so when the platform granted less than was asked.
func (p *pass) granted(a Action, answer meetingapi.Meeting) {
	if (a.Request.Dialin && !answer.Dialin) || (a.Request.Recorded && !answer.Recorded) {
		p.Log.Warn("the platform granted less than was asked: its meeting type may not allow dial-in or recording",
			"uid", a.Link.UID, "type", a.Request.Type, "dialin", answer.Dialin, "recorded", answer.Recorded)
	}
}

// describe is the request in a few words, for people.
func describe(r meetingapi.MeetingRequest) string {
	return fmt.Sprintf("%q %s – %s", r.Topic, r.Start.UTC().Format("2006-01-02 15:04"), r.End.UTC().Format("15:04 UTC"))
}
