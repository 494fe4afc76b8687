package calendar

import (
	"net/url"
	"regexp"
	"strings"
)

// otherTools are the join links of other products. A host matches itself and what is below it; "" matches every host, for
// software that people run themselves. The forms are those of common invitations, not of any specification.
var otherTools = []struct {
	name, host string
	path       *regexp.Regexp
}{
	{"Zoom", "zoom.us", regexp.MustCompile(`^/(j|my|w|s|wc|launch)/`)},
	{"Zoom", "zoomgov.com", regexp.MustCompile(`^/(j|my|w|s|wc|launch)/`)},
	{"Microsoft Teams", "teams.microsoft.com", regexp.MustCompile(`^/(l/meetup-join|meet|_#/l/meetup-join)(/|$)`)},
	{"Microsoft Teams", "teams.live.com", regexp.MustCompile(`^/(meet|l/invite)/`)},
	{"Microsoft Teams", "gov.teams.microsoft.us", regexp.MustCompile(`^/(l/meetup-join|meet)/`)},
	{"Skype for Business", "meet.lync.com", regexp.MustCompile(`^/.`)},
	{"Skype", "join.skype.com", regexp.MustCompile(`^/.`)},
	{"Google Meet", "meet.google.com", regexp.MustCompile(`^/([a-z]{3}-[a-z]{4}-[a-z]{3}|lookup/)`)},
	{"Google Hangouts", "hangouts.google.com", regexp.MustCompile(`^/(hangouts|call)/`)},
	{"Webex", "webex.com", regexp.MustCompile(`^/(meet/|join/|.*/j\.php|.*/meet/|wbxmjs/|webappng/sites/.*/meeting/)`)},
	{"GoTo Meeting", "meet.goto.com", regexp.MustCompile(`^/.`)},
	{"GoTo Meeting", "gotomeeting.com", regexp.MustCompile(`^/join/`)},
	{"GoTo Meeting", "gotomeet.me", regexp.MustCompile(`^/.`)},
	{"Jitsi Meet", "meet.jit.si", regexp.MustCompile(`^/.`)},
	{"Jitsi Meet", "8x8.vc", regexp.MustCompile(`^/.`)},
	{"kMeet", "kmeet.infomaniak.com", regexp.MustCompile(`^/.`)},
	{"Whereby", "whereby.com", regexp.MustCompile(`^/.`)},
	{"BlueJeans", "bluejeans.com", regexp.MustCompile(`^/\d`)},
	{"RingCentral", "v.ringcentral.com", regexp.MustCompile(`^/join/`)},
	{"Amazon Chime", "chime.aws", regexp.MustCompile(`^/\d`)},
	{"FaceTime", "facetime.apple.com", regexp.MustCompile(`^/join`)},
	{"Slack", "app.slack.com", regexp.MustCompile(`^/huddle/`)},
	{"Element Call", "call.element.io", regexp.MustCompile(`^/.`)},
	{"Lifesize", "call.lifesizecloud.com", regexp.MustCompile(`^/.`)},
	{"Zoho Meeting", "meeting.zoho.com", regexp.MustCompile(`^/(join|meeting)`)},
	{"Zoho Meeting", "meeting.zoho.eu", regexp.MustCompile(`^/(join|meeting)`)},
	{"Dialpad", "meetings.dialpad.com", regexp.MustCompile(`^/.`)},
	{"Yandex Telemost", "telemost.yandex.ru", regexp.MustCompile(`^/j/`)},
	{"Lark", "vc.larksuite.com", regexp.MustCompile(`^/j/`)},
	{"Nextcloud Talk", "", regexp.MustCompile(`(^|/)(index\.php/)?call/[a-z0-9]{6,}/?$`)},
	{"BigBlueButton", "", regexp.MustCompile(`(^|/)(bigbluebutton/|b/[a-z0-9]{2,}-[a-z0-9]{3}-[a-z0-9]{3}|rooms/[a-z0-9]{3}-[a-z0-9]{3}-[a-z0-9]{3}(-[a-z0-9]{3})?(/join)?/?$)`)},
}

// OtherTool names the product that a join link belongs to, when it is one of a product known here.
func OtherTool(link string) (name string, ok bool) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	for _, t := range otherTools {
		if t.host != "" && host != t.host && !strings.HasSuffix(host, "."+t.host) {
			continue
		}
		if t.path.MatchString(u.Path) {
			return t.name, true
		}
	}
	return "", false
}
