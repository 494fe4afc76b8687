package chaos

import (
	"net/http"
	"strings"
)

// A Kind is what a request is for, as far as reports tell requests apart.
type Kind string

// The kinds of requests that convoke makes.
const (
	PlatformPost     Kind = "platform POST"
	PlatformPut      Kind = "platform PUT"
	PlatformAdmins   Kind = "platform admins"
	PlatformFeed     Kind = "platform feed"
	CalendarPropfind Kind = "calendar PROPFIND"
	CalendarReport   Kind = "calendar REPORT"
	CalendarGet      Kind = "calendar GET"
	CalendarPut      Kind = "calendar PUT"
)

// Kinds are all of them, in the order of reports.
var Kinds = []Kind{
	PlatformPost, PlatformPut, PlatformAdmins, PlatformFeed, CalendarPropfind, CalendarReport, CalendarGet, CalendarPut,
}

// Platform tells the kind of a request to the meeting platform: by its method, a GET by what it reads.
func Platform(r *http.Request) Kind {
	switch {
	case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/account/admin/"):
		return PlatformAdmins
	case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/meeting/calender/"):
		return PlatformFeed
	}
	return Kind("platform " + r.Method)
}

// Calendar tells the kind of a request to a calendar server: by its method.
func Calendar(r *http.Request) Kind { return Kind("calendar " + r.Method) }
