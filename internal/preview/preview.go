// Package preview stands in for the platform and for calendars when a pass is only to show what it would do: the platform
// makes meetings that are placeholders, and a calendar keeps what is written to it in memory. Nothing leaves this process
// but what a pass reads.
package preview

import (
	"context"
	"fmt"
	stdsync "sync"
	"time"

	"convoke/calendar"
	"convoke/meetingapi"
	"convoke/store"
	"convoke/sync"
)

// What stands where a value is not known yet.
const (
	MeetingID = "{meetingId}"
	Seal      = "{seal}"
	Now       = "{now}"
)

// Of turns an engine into one that shows what it would do. Its ledger must be a copy already.
func Of(e *sync.Engine) {
	people := e.People
	platform := &Platform{}
	e.People = func(ctx context.Context) ([]sync.Organizer, error) {
		all, err := people(ctx)
		for i := range all {
			all[i].Platform = platform
		}
		return all, err
	}
	e.Calendars = calendars{e.Calendars}
	e.Seals = seals{e.Seals}
	e.Stamp = func(time.Time) string { return Now }
	if e.Witness != nil {
		e.Witness = witness{e.Witness}
	}
}

// witness keeps nothing.
type witness struct{ sync.Witness }

func (witness) Write(string) error { return nil }

// Existing makes the pass look at every event as if it were there for the first time, and select.existing were true.
func Existing(e *sync.Engine) {
	people := e.People
	e.People = func(ctx context.Context) ([]sync.Organizer, error) {
		all, err := people(ctx)
		for i := range all {
			all[i].Rules.Existing = true
		}
		return all, err
	}
}

// Platform answers as the platform would when all goes well.
type Platform struct {
	mu   stdsync.Mutex
	made int
}

// CreateMeeting makes a placeholder.
func (p *Platform) CreateMeeting(_ context.Context, _ string, r meetingapi.MeetingRequest) (meetingapi.Meeting, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
	return answer(fmt.Sprintf("%s #%d", MeetingID, p.made), r), nil
}

// UpdateMeeting agrees.
func (p *Platform) UpdateMeeting(_ context.Context, _, id string, r meetingapi.MeetingRequest) (meetingapi.Meeting, error) {
	return answer(id, r), nil
}

// DeleteMeeting agrees.
func (p *Platform) DeleteMeeting(context.Context, string, string) error { return nil }

func answer(id string, r meetingapi.MeetingRequest) meetingapi.Meeting {
	return meetingapi.Meeting{ID: id, Number: MeetingID, Topic: r.Topic, Start: r.Start, End: r.End, Type: r.Type, Dialin: r.Dialin, Recorded: r.Recorded}
}

// seals makes placeholders, and checks real seals.
type seals struct{ sync.Seals }

func (seals) Seal(string, string, string, int) string { return Seal }

// calendars opens calendars that are not written to.
type calendars struct{ sync.Calendars }

func (c calendars) Open(row store.Calendar) (calendar.Collection, error) {
	real, err := c.Calendars.Open(row)
	if err != nil {
		return nil, err
	}
	return &collection{Collection: real, written: map[string]calendar.Object{}}, nil
}

// collection keeps in memory what is written.
type collection struct {
	calendar.Collection
	written map[string]calendar.Object
}

func (c *collection) Get(ctx context.Context, href string) (calendar.Object, error) {
	if o, ok := c.written[href]; ok {
		return o, nil
	}
	return c.Collection.Get(ctx, href)
}

// Server is what a writer should know of the calendar that stands behind.
func (c *collection) Server() calendar.Server {
	if s, ok := c.Collection.(interface{ Server() calendar.Server }); ok {
		return s.Server()
	}
	return calendar.Server{}
}

func (c *collection) Put(_ context.Context, o calendar.Object) (calendar.Object, error) {
	o.ETag = fmt.Sprintf(`"preview-%d"`, len(c.written)+1)
	c.written[o.Href] = o
	return o, nil
}
