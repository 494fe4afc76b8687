package meetingtest

import (
	"slices"
	"time"
)

// A Call is a request that reached the server, whatever became of it.
type Call struct {
	At     time.Time
	Route  Route // "" for a method and path that are not documented
	Method string
	Path   string
	UserID string // X-USER-ID
	Body   []byte
}

// A Mail is one that the platform would have sent.
type Mail struct {
	To    string // an address, or a participant as the request had it
	About string // password, invitation
}

// Calls returns all calls in the order of their arrival.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// CountCalls returns how many calls there were of some routes, or of all.
func (s *Server) CountCalls(routes ...Route) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if len(routes) == 0 || slices.Contains(routes, c.Route) {
			n++
		}
	}
	return n
}

// Mails returns what would have been sent; convoke never wants any.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Meetings returns all meetings in the order of their creation, deleted ones too.
func (s *Server) Meetings() []Meeting {
	s.mu.Lock()
	defer s.mu.Unlock()
	meetings := make([]Meeting, 0, len(s.meetings))
	for _, m := range s.meetings {
		one := m.Meeting
		one.History = slices.Clone(one.History)
		meetings = append(meetings, one)
	}
	return meetings
}

// Users returns all users in the order of their creation.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]User, 0, len(s.users))
	for _, u := range s.users {
		users = append(users, *u)
	}
	return users
}

// Drop makes a meeting vanish without a trace in the feed or the API, as the platform's own clean-up does.
func (s *Server) Drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.meetings {
		if m.ID == id && m.DeletedAt.IsZero() {
			m.DeletedAt = s.now()
		}
	}
}
