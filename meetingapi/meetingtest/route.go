package meetingtest

import (
	"net/http"
	"strings"
)

// A Route is a documented call.
type Route string

const (
	CreateAccount Route = "POST /api/v6/account"
	Admins        Route = "GET /api/v6/account/admin/{id}"
	CreateMeeting Route = "POST /api/v6/meeting"
	UpdateMeeting Route = "PUT /api/v6/meeting/{id}/false"
	DeleteMeeting Route = "DELETE /api/v6/meeting/{id}" // not documented; see Knobs.AllowDelete
	Feed          Route = "GET /api/v6/meeting/calender/user/{token}"
)

// Routes are all of them.
var Routes = []Route{CreateAccount, Admins, CreateMeeting, UpdateMeeting, DeleteMeeting, Feed}

// match finds the route of a request, "" when there is none.
func match(method, path string) (Route, string) {
	for _, route := range Routes {
		if arg, ok := route.match(method, path); ok {
			return route, arg
		}
	}
	return "", ""
}

func (r Route) match(method, path string) (arg string, ok bool) {
	wantMethod, wantPath, _ := strings.Cut(string(r), " ")
	want, got := strings.Split(wantPath, "/"), strings.Split(path, "/")
	if method != wantMethod || len(want) != len(got) {
		return "", false
	}
	for i, segment := range want {
		switch {
		case strings.HasPrefix(segment, "{") && got[i] != "":
			arg = got[i]
		case segment != got[i]:
			return "", false
		}
	}
	return arg, true
}

// A caller is whom a key and a user ID stand for.
type caller struct {
	account string // of an account-level key; "" for the instance
	user    *User  // X-USER-ID; nil when there is none
}

// authenticate checks the headers of an API call. An instance-level key needs X-USER-ID on the meeting calls; with an
// account-level key it is optional, and must be of that account.
func (s *Server) authenticate(req request) (caller, *refusal) {
	account, ok := s.keys[req.header.Get("X-Api-Key")]
	if !ok {
		return caller{}, &refusal{http.StatusUnauthorized, codeSession, "API key not valid"}
	}
	if req.header.Get("Content-Type") != "application/json" {
		return caller{}, &refusal{http.StatusUnsupportedMediaType, codeInvalid, "content-type must be application/json"}
	}
	c := caller{account: account}
	id := req.header.Get("X-User-Id")
	switch {
	case !req.route.onMeetings():
		return c, nil
	case id == "" && account == "":
		return c, invalid("X-USER-ID is missing")
	case id == "":
		return c, nil
	}
	c.user = s.userByID(id)
	if c.user == nil || (account != "" && c.user.AccountID != account) {
		return c, forbidden("X-USER-ID is not a user of this account")
	}
	return c, nil
}

func (r Route) onMeetings() bool {
	return r == CreateMeeting || r == UpdateMeeting || r == DeleteMeeting
}
