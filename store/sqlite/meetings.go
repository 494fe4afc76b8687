package sqlite

import (
	"context"

	"convoke/store"
)

const (
	meetingKey    = "organizer, platform_id"
	meetingValues = "number, token, generation, state, topic, start_at, end_at, type, recorded, dialin, permission," +
		" closed, missing_at, answer, created_at, updated_at"

	selectMeetings      = "SELECT id, " + meetingKey + ", " + meetingValues + " FROM meetings"
	meetingByID         = selectMeetings + " WHERE id = ?"
	meetingByPlatformID = selectMeetings + " WHERE organizer = ? AND platform_id = ?"
	allMeetings         = selectMeetings + " ORDER BY id"
	meetingsOf          = selectMeetings + " WHERE organizer = ? ORDER BY id"
	missingMeetings     = selectMeetings + " INDEXED BY meetings_missing WHERE missing_at IS NOT NULL ORDER BY id"
)

var saveMeeting = upsert("meetings", meetingKey, meetingValues)

func scanMeeting(r row) (m store.Meeting, err error) {
	err = r.Scan(&m.ID, &m.Organizer, &m.PlatformID, &m.Number, &m.Token, &m.Generation, &m.State, &m.Topic,
		when{&m.Start}, when{&m.End}, &m.Type, &m.Recorded, &m.Dialin, &m.Permission, &m.Closed, when{&m.MissingAt}, &m.Answer,
		when{&m.CreatedAt}, when{&m.UpdatedAt})
	return m, err
}

// Meeting returns one meeting by the ledger's id, or store.ErrNotFound.
func (l *Ledger) Meeting(ctx context.Context, id int64) (store.Meeting, error) {
	m, err := one(ctx, l.read, scanMeeting, meetingByID, id)
	return m, fail("meeting", err)
}

// MeetingByPlatformID returns one meeting by the platform's internal id, or store.ErrNotFound.
func (l *Ledger) MeetingByPlatformID(ctx context.Context, organizer, platformID string) (store.Meeting, error) {
	m, err := one(ctx, l.read, scanMeeting, meetingByPlatformID, organizer, platformID)
	return m, fail("meeting by platform id", err)
}

// Meetings returns the meetings of one organizer or ("") of all, ordered by ID.
func (l *Ledger) Meetings(ctx context.Context, organizer string) ([]store.Meeting, error) {
	all, err := ofOne(ctx, l.read, scanMeeting, allMeetings, meetingsOf, organizer)
	return all, fail("meetings", err)
}

// MissingMeetings returns the meetings that the platform did not find when it was asked last, ordered by ID.
func (l *Ledger) MissingMeetings(ctx context.Context) ([]store.Meeting, error) {
	all, err := many(ctx, l.read, scanMeeting, missingMeetings)
	return all, fail("missing meetings", err)
}

// SaveMeeting adds a meeting or replaces the one of that organizer and platform id.
func (l *Ledger) SaveMeeting(ctx context.Context, m store.Meeting) (id int64, err error) {
	err = l.write.transact(ctx, func(t *tx) error {
		kept, err := t.saveMeeting(ctx, m)
		id = kept.ID
		return err
	})
	return id, fail("save meeting", err)
}

// saveMeeting returns the meeting as it is kept.
func (t *tx) saveMeeting(ctx context.Context, m store.Meeting) (store.Meeting, error) {
	_, err := t.exec(ctx, saveMeeting, m.Organizer, m.PlatformID, m.Number, m.Token, m.Generation, m.State, m.Topic,
		seconds(m.Start), seconds(m.End), m.Type, m.Recorded, m.Dialin, m.Permission, m.Closed, seconds(m.MissingAt), blob(m.Answer),
		seconds(m.CreatedAt), seconds(m.UpdatedAt))
	if err != nil {
		return store.Meeting{}, err
	}
	return one(ctx, t, scanMeeting, meetingByPlatformID, m.Organizer, m.PlatformID)
}
