package meetingtest

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// whitelabelID is the same for all of an instance.
const whitelabelID = "5c737902b377b0f7fbf81fce"

// A Meeting is a meeting of the platform, with all that became of it.
type Meeting struct {
	ID        string
	Number    string
	AccountID string
	UserID    string    // whose it is
	Version             // as it is now
	History   []Version // its creation and every PUT
	DeletedAt time.Time // zero while it is there
}

// A Version is what a meeting was created with, or changed to.
type Version struct {
	At           time.Time
	Topic        string
	Start, End   time.Time
	Duration     int // minutes
	Type         string
	Recorded     bool
	Dialin       bool
	PermissionID string
	Agenda       string
	Body         []byte // the request, as it came
}

type meeting struct {
	Meeting
	token    string
	closedAt time.Time // see Knobs.ClosedStays
}

// meetingBody is a meeting request.
type meetingBody struct {
	ID                  string
	Topic               string
	StartTime, EndTime  instant
	Duration            int
	Type                string
	IsRecorded          bool
	IsDialin            bool
	InvitedParticipants []json.RawMessage
	MeetingPermissionID *string
	Agenda              *string
}

// createMeeting is POST /meeting.
func (s *Server) createMeeting(c caller, body []byte) (any, *refusal) {
	user, refused := s.organizer(c)
	if refused != nil {
		return nil, refused
	}
	version, refused := s.version(body, Version{}, "")
	if refused != nil {
		return nil, refused
	}
	id := s.nextID()
	m := &meeting{token: token(id), Meeting: Meeting{ID: id, Number: number(id), AccountID: user.AccountID, UserID: user.ID}}
	m.add(version)
	s.meetings = append(s.meetings, m)
	return s.answer(m), nil
}

// updateMeeting is PUT /meeting/{id}/false.
func (s *Server) updateMeeting(c caller, id string, body []byte) (any, *refusal) {
	m, refused := s.meetingOf(c, id)
	if refused != nil {
		return nil, refused
	}
	version, refused := s.version(body, m.Version, id)
	if refused != nil {
		return nil, refused
	}
	s.isClosed(m) // with the old window: it may have closed for good
	m.add(version)
	return s.answer(m), nil
}

// deleteMeeting is DELETE /meeting/{id}.
func (s *Server) deleteMeeting(c caller, id string) (any, *refusal) {
	m, refused := s.meetingOf(c, id)
	if refused != nil {
		return nil, refused
	}
	m.DeletedAt = s.now()
	return map[string]any{"id": m.ID}, nil
}

// organizer is on whose behalf a meeting call is made: X-USER-ID, else the first user of the key's account.
func (s *Server) organizer(c caller) (*User, *refusal) {
	user := c.user
	for _, u := range s.users {
		if user == nil && u.AccountID == c.account {
			user = u
		}
	}
	if user == nil {
		return nil, forbidden("the account has no organizer")
	}
	if !s.now().Before(s.accountByID(user.AccountID).PaidUntil) {
		return nil, forbidden("the account has expired")
	}
	return user, nil
}

// meetingOf finds a meeting that a caller may change: one of his account.
func (s *Server) meetingOf(c caller, id string) (*meeting, *refusal) {
	user, refused := s.organizer(c)
	if refused != nil {
		return nil, refused
	}
	i := slices.IndexFunc(s.meetings, func(m *meeting) bool { return m.ID == id && m.DeletedAt.IsZero() })
	switch {
	case i < 0:
		return nil, notFound("no such meeting")
	case s.meetings[i].AccountID != user.AccountID:
		return nil, forbidden("the meeting is another account's")
	}
	return s.meetings[i], nil
}

// version reads a request; id is the one in the path of an update. An agenda that is not in the request stays.
func (s *Server) version(body []byte, old Version, id string) (Version, *refusal) {
	documented, optional := meetingRequest, []field{agendaField}
	if id != "" {
		documented = append(slices.Clone(documented), idField)
	}
	if s.knobs.Agenda == AgendaRefused {
		optional = nil
	}
	var r meetingBody
	switch refused := read(body, &r, documented, optional...); {
	case refused != nil:
		return Version{}, refused
	case r.ID != id:
		return Version{}, invalid("id is not the one in the path")
	case r.EndTime.Before(r.StartTime.Time):
		return Version{}, invalid("endTime lies before startTime")
	}
	for _, participant := range r.InvitedParticipants {
		s.mails = append(s.mails, Mail{To: string(participant), About: "invitation"})
	}
	return s.versionOf(r, old, body), nil
}

func (s *Server) versionOf(r meetingBody, old Version, body []byte) Version {
	v := Version{
		At: s.now(), Topic: r.Topic, Start: r.StartTime.Time, End: r.EndTime.Time, Duration: r.Duration, Type: r.Type,
		Recorded: r.IsRecorded && !s.knobs.Stingy, Dialin: r.IsDialin && !s.knobs.Stingy, Agenda: old.Agenda, Body: body,
	}
	if r.MeetingPermissionID != nil {
		v.PermissionID = *r.MeetingPermissionID
	}
	if r.Agenda != nil && s.knobs.Agenda == AgendaAccepted {
		v.Agenda = *r.Agenda
	}
	return v
}

func (m *meeting) add(v Version) {
	m.Version = v
	m.History = append(m.History, v)
}

// isClosed reports that a meeting's window is over, or was once, where closing sticks.
func (s *Server) isClosed(m *meeting) bool {
	over := !s.now().Before(m.End)
	if over && s.knobs.ClosedStays && m.closedAt.IsZero() {
		m.closedAt = m.End
	}
	return over || !m.closedAt.IsZero()
}

// answer has the fields of the tutorial with their oddities: a duration in quotes, a time zone that is nobody's, a
// recurrence that ended before the meeting was made.
func (s *Server) answer(m *meeting) map[string]any {
	closed := s.isClosed(m)
	open := !closed && !s.now().Before(m.Start) // before the start is not documented
	user := s.userByID(m.UserID)
	data := map[string]any{
		"invitedParticipants": []string{},
		"meetingId":           m.Number,
		"id":                  m.ID,
		"topic":               m.Topic,
		"startTime":           instant{m.Start},
		"endTime":             instant{m.End},
		"duration":            strconv.Itoa(m.Duration),
		"type":                m.Type,
		"roomId":              s.accountByID(m.AccountID).roomID,
		"isRecurring":         false,
		"isDialin":            m.Dialin,
		"recurring":           staleRecurrence(m.History[0].At),
		"isRecorded":          m.Recorded,
		"agenda":              m.Agenda,
		"documents":           []string{},
		"meetingPermissionId": orNull(m.PermissionID),
		"videoResolution":     "standard",
		"dtClosedAt":          instant{m.closedAt},
		"whitelabelId":        whitelabelID,
		"addedByUserId":       user.ID,
		"addedByUserEmail":    user.Email,
		"accountId":           m.AccountID,
		"addedByUserName":     user.FirstName + " " + user.LastName,
		"timezone":            "Europe/Zurich",
		"privateDataVisible":  true,
		"icalSequence":        strconv.Itoa(len(m.History) - 1),
		"icsToken":            m.token,
		"isActive":            false,
		"isClosed":            closed,
		"isOpen":              open,
		"isDemo":              false,
		"isPromo":             false,
	}
	s.addDialIn(m, data)
	return data
}

func staleRecurrence(createdAt time.Time) map[string]any {
	return map[string]any{
		"frequencyType":  "",
		"frequency":      nil,
		"monthlyPattern": "",
		"endsType":       "",
		"endsOn":         instant{createdAt.Add(-16 * time.Minute)},
		"endsAfter":      0,
	}
}

func (s *Server) addDialIn(m *meeting, data map[string]any) {
	data["dialInConferenceRoom"], data["dialInPin"], data["sipProxy"], data["sipDomain"] = nil, nil, nil, nil
	data["dialInNumbers"] = []any{}
	if m.Dialin && len(s.knobs.DialIns) > 0 {
		data["dialInNumbers"], data["dialInPin"] = s.knobs.DialIns, "4711"
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
