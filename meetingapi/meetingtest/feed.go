package meetingtest

import (
	"net/http"
	"time"

	ics "github.com/arran4/golang-ical"
)

// feed is GET on a user's icsPath. It needs no key: the token in the path is the secret.
func (s *Server) feed(req request) reply {
	for _, u := range s.users {
		if u.ICSToken == req.arg {
			text := s.calendarOf(u).Serialize(ics.WithNewLineWindows)
			return reply{status: http.StatusOK, contentType: "text/calendar; charset=utf-8", body: []byte(text)}
		}
	}
	return s.knobs.Failures.reply(notFound("no such calendar"))
}

// calendarOf lists a user's meetings as they were FeedLag ago.
func (s *Server) calendarOf(u *User) *ics.Calendar {
	cal := ics.NewCalendarFor("meetingtest")
	at := s.now().Add(-s.knobs.FeedLag)
	for _, m := range s.meetings {
		version, ok := m.versionAt(at)
		if !ok || m.UserID != u.ID {
			continue
		}
		event := cal.AddEvent(m.token)
		event.SetDtStampTime(version.At)
		event.SetSummary(version.Topic)
		event.SetStartAt(version.Start)
		event.SetEndAt(version.End)
		if s.knobs.FeedDetails {
			event.SetDescription(version.Agenda + "\n\nMeeting number: " + m.Number + "\nMeeting id: " + m.ID)
		}
	}
	return cal
}

// versionAt returns a meeting as it was at a time; false when it was not there.
func (m *meeting) versionAt(at time.Time) (version Version, ok bool) {
	if !m.DeletedAt.IsZero() && !m.DeletedAt.After(at) {
		return Version{}, false
	}
	for _, v := range m.History {
		if !v.At.After(at) {
			version, ok = v, true
		}
	}
	return version, ok
}
