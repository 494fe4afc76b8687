package sync

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	stdsync "sync"
	"time"

	"golang.org/x/sync/errgroup"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
)

// Platform is what a pass asks of the meeting platform; *meetingapi.Client is one.
type Platform interface {
	CreateMeeting(ctx context.Context, userID string, r meetingapi.MeetingRequest) (meetingapi.Meeting, error)
	UpdateMeeting(ctx context.Context, userID, id string, r meetingapi.MeetingRequest) (meetingapi.Meeting, error)
	DeleteMeeting(ctx context.Context, userID, id string) error
}

// An Organizer is a person whose calendars are watched, with all that a pass needs to act for her.
type Organizer struct {
	Email     string
	Addresses []string          // Email and her aliases, lower case
	Owners    map[string]string // of every organizer's addresses: her Email; one map for all
	UserID    string
	Home      *time.Location // hers; nil: each calendar's own
	Rules     Rules
	Modes     map[string]Mode // of calendars, by URL or name, that have one of their own
	Platform  Platform
	Agenda    bool                                                      // the platform's agenda may carry our reference
	Feed      func(ctx context.Context) ([]meetingapi.FeedEntry, error) // her meetings, as the platform lists them; nil: it does not
	Problem   error                                                     // why the platform cannot be asked for her; her calendars are looked at all the same
}

// Found is what discovery found for an organizer.
type Found struct {
	Calendars []store.Calendar // to be watched: URL, Name, Source, Profile, TimeZone, Shared
	Addresses []string         // hers, as her server says (calendar-user-address-set)
}

// Calendars finds and opens what is watched for an organizer.
type Calendars interface {
	// Source tells what is configured; when it changes, Find is asked again.
	Source(organizer string) string
	// Find runs discovery.
	Find(ctx context.Context, organizer string) (Found, error)
	// Open opens a calendar that Find found, now or earlier, without asking anybody.
	Open(c store.Calendar) (calendar.Collection, error)
}

// Seals makes and checks the seals of events; calendar.Sealer is one.
type Seals interface {
	Seal(organizer, uid, meetingID string, generation int) string
	Valid(seal calendar.Seal, organizer, uid string) bool
}

// An Engine runs passes. All its fields but Witness, Uptime, Step and Progress must be set.
type Engine struct {
	Ledger    store.Ledger
	People    func(ctx context.Context) ([]Organizer, error) // asked at the start of each pass
	Calendars Calendars
	Seals     Seals
	Token     func(organizer, uid string, generation int) string // our reference of a meeting
	Witness   Witness                                            // nil: the ledger is never in doubt
	Now       func() time.Time
	Uptime    func() time.Duration   // by a clock that nobody sets; nil: Now is never set
	Stamp     func(time.Time) string // DTSTAMP and LAST-MODIFIED of what we write
	Workers   int                    // organizers at once
	Patient   bool                   // times to wait for after a failure are kept; the daemon's way
	Log       *slog.Logger           // neither titles nor addresses at level info and above
	Step      func(Step)             // told of each step that was carried out; one call at a time
	Progress  func(Progress)         // told of long looks; one call at a time

	telling   stdsync.Mutex // guards Step and Progress
	learning  stdsync.Mutex // guards what is learned of the platform's feed
	attesting stdsync.Mutex // guards attest
	clocks    clocks        // at the start of the last pass that came to its end
}

// A Step is one action that a pass carried out.
type Step struct {
	Organizer string                `json:"organizer"`
	Calendar  string                `json:"calendar"`
	Href      string                `json:"href"`
	UID       string                `json:"uid"`
	Title     string                `json:"title,omitempty"`
	Rule      Rule                  `json:"rule"`
	Text      string                `json:"text"`
	Call      string                `json:"call,omitempty"`  // the platform was asked this
	Lines     []calendar.LineChange `json:"lines,omitempty"` // the event was changed so
}

// Progress tells how far a look at a calendar is.
type Progress struct {
	Organizer, Calendar string
	Objects             int
}

// Stamp is the form of DTSTAMP and LAST-MODIFIED (RFC 5545, 3.8.7).
func Stamp(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// Pass looks once at all calendars of all organizers, or of the one named, and acts. What goes wrong with a calendar or
// an event is in the Report and stops nothing else; the error is for what stops everything: the ledger, the people. The
// caller holds the ledger's lock.
func (e *Engine) Pass(ctx context.Context, only string) (Report, error) {
	people, err := e.People(ctx)
	if err != nil {
		return Report{}, err
	}
	clocks := e.readClocks()
	moved := clocks.moved(e.clocks)
	recovery, err := e.recovery(ctx, moved)
	if err != nil {
		return Report{}, err
	}
	var total Report
	var merging stdsync.Mutex // guards total
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(max(1, e.Workers))
	for _, o := range people {
		if only != "" && o.Email != only {
			continue
		}
		g.Go(func() error {
			p := pass{Engine: e, o: o, recovery: recovery, clockSet: moved}
			err := p.guarded(within)
			merging.Lock()
			defer merging.Unlock()
			total.add(p.report)
			return err
		})
	}
	err = g.Wait()
	if err == nil && only == "" {
		e.clocks = clocks
		err = e.recovered(ctx, recovery, people, total)
	}
	if err == nil {
		err = e.Ledger.Prune(ctx, e.Now().Add(-decisionsKept))
	}
	return total, err
}

// guarded makes a pass in which a fault of the program stops one organizer's pass and not the daemon.
func (p *pass) guarded(ctx context.Context) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			p.failed(nil, "", fmt.Errorf("a fault of convoke: %v; please report it with the log", fault))
			p.Log.Error("pass stopped by a fault", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
		}
	}()
	return p.run(ctx)
}

// decisionsKept is how long decisions and closed intents are kept.
const decisionsKept = 90 * 24 * time.Hour
