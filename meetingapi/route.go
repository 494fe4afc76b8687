package meetingapi

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
)

const (
	apiPath = "/api/v6"

	// updateSegment is the last segment of an update's path. The tutorial sends it and does not say what it means.
	updateSegment = "false"

	// feedPath is where feeds live; the spelling is the platform's own.
	feedPath = apiPath + "/meeting/calender/user/"
)

// A route is a method and a path that this client can send. {} in the path stands for the one argument it takes.
type route struct {
	method string
	path   string
	feed   bool // an ICS feed: no API key, no envelope
}

// The routes: the only place where a method and a path come from.
var (
	createAccount = route{method: http.MethodPost, path: apiPath + "/account"}
	accountAdmins = route{method: http.MethodGet, path: apiPath + "/account/admin/{}"}
	createMeeting = route{method: http.MethodPost, path: apiPath + "/meeting"}
	updateMeeting = route{method: http.MethodPut, path: apiPath + "/meeting/{}/" + updateSegment}
	deleteMeeting = route{method: http.MethodDelete, path: apiPath + "/meeting/{}"} // not documented
	userFeed      = route{method: http.MethodGet, path: feedPath + "{}", feed: true}
)

var (
	idPattern    = regexp.MustCompile(`\A[0-9A-Za-z_-]{1,64}\z`) // documented: 24 hex digits
	tokenPattern = regexp.MustCompile(`\A[0-9A-Za-z_-]{1,256}\z`)
)

var errID = errors.New("an id of the platform consists of 1 to 64 letters, digits, - and _ (24 hex digits as a rule)")

// fill returns the path with its argument in place. The argument is checked, so that it cannot lead to another path.
func (r route) fill(arg string) (string, error) {
	if !strings.Contains(r.path, "{}") {
		return r.path, nil
	}
	if !r.feed && !idPattern.MatchString(arg) {
		return "", errID
	}
	return strings.Replace(r.path, "{}", arg, 1), nil
}

// public returns the path as it may stand in an error: a feed's token is a secret.
func (r route) public(arg string) string {
	if r.feed || !idPattern.MatchString(arg) {
		arg = "…"
	}
	return strings.Replace(r.path, "{}", arg, 1)
}

// feedToken takes the token out of a user's icsPath.
func feedToken(icsPath string) (string, error) {
	token, ok := strings.CutPrefix(icsPath, feedPath)
	if !ok || !tokenPattern.MatchString(token) {
		return "", errors.New("not the path of a feed on the platform: " + feedPath + " and a token")
	}
	return token, nil
}
