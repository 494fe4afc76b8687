package meetingapi

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// allowed is all that may ever leave the client.
var allowed = regexp.MustCompile(`\A(` + strings.Join([]string{
	`POST https://meeting\.example\.com/api/v6/account`,
	`GET https://meeting\.example\.com/api/v6/account/admin/[0-9A-Za-z_-]+`,
	`POST https://meeting\.example\.com/api/v6/meeting`,
	`PUT https://meeting\.example\.com/api/v6/meeting/[0-9A-Za-z_-]+/false`,
	`DELETE https://meeting\.example\.com/api/v6/meeting/[0-9A-Za-z_-]+`,
	`GET https://meeting\.example\.com/api/v6/meeting/calender/user/[0-9A-Za-z_-]+`,
}, "|") + `)\z`)

var arguments = []string{
	"5e945c36b863b82cefdddf54", "A_b-9", "", ".", "..", "../account", "a/b", "a%2Fb", "%2e%2e", "a?b=c", "a#b", "a b", "a\r\nb", "ä",
	"a;b", "a\x00", "@evil.example.net", "//evil.example.net", "https://evil.example.net", strings.Repeat("a", 300),
	"/api/v6/meeting/calender/user/abc-1", "/api/v6/meeting/calender/user/", "/api/v6/meeting/calender/user/../../x",
	"/api/v6/meeting/calender/user/abc/def", "https://meeting.example.com/api/v6/meeting/calender/user/abc", "/api/v6/account",
	"/api/v6/meeting/calender/user/abc?x=1", "/api/v6/meeting/calender/user/abc%2f..",
}

func FuzzOnlyTheRoutesAreSent(f *testing.F) {
	for _, a := range arguments {
		f.Add(a, a)
	}
	f.Fuzz(func(t *testing.T, arg, user string) { sendAll(t, arg, user) })
}

// sendAll makes every call with an argument and returns the calls that were sent.
func sendAll(t *testing.T, arg, user string) []*http.Request {
	d := always(200, "")
	c := client(t, d, Options{AllowDelete: true})
	_, _ = c.CreateAccount(t.Context(), AccountRequest{Email: arg, Type: user, PaidUntil: at(t, "2030-01-01T00:00:00Z")})
	_, _ = c.Admins(t.Context(), arg)
	_, _ = c.CreateMeeting(t.Context(), user, tutorialMeeting(t))
	_, _ = c.UpdateMeeting(t.Context(), user, arg, tutorialMeeting(t))
	_ = c.DeleteMeeting(t.Context(), user, arg)
	_, _ = c.Feed(t.Context(), arg)
	for _, r := range d.asked {
		if sent := r.Method + " " + r.URL.String(); !allowed.MatchString(sent) || r.Host != "meeting.example.com" {
			t.Fatalf("sent %s to %s", sent, r.Host)
		}
	}
	return d.asked
}

func TestHowManyCallsAnArgumentLetsThrough(t *testing.T) {
	for arg, want := range map[string]int{
		"5e945c36b863b82cefdddf54":            5, // all but the feed
		"../account":                          1, // to create an account: it takes no argument
		"/api/v6/meeting/calender/user/abc-1": 2, // and the feed
	} {
		user := arg
		assert.Len(t, sendAll(t, arg, user), want, arg)
	}
}

func TestRequestsAreBuiltInOnePlaceOnly(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	builders := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		builders += strings.Count(string(text), "http.NewRequest") + strings.Count(string(text), "http.Request{")
		assert.NotRegexp(t, `http\.(Get|Post|Head|PostForm|DefaultClient|Client\{)\b`, string(text), file)
		if file != "route.go" {
			assert.NotContains(t, string(text), `"/meeting`, file)
			assert.NotContains(t, string(text), `"/account`, file)
		}
	}
	assert.Equal(t, 1, builders)
}

func TestHeaders(t *testing.T) {
	for _, r := range sendAll(t, someID, "u1") {
		assert.Equal(t, secretKey, r.Header.Get("X-API-KEY"), r.URL)
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"), r.URL)
		onMeetings := strings.Contains(r.URL.Path, "/meeting")
		assert.Equal(t, onMeetings, r.Header.Get("X-USER-ID") == "u1", r.URL)
		assert.Nil(t, r.GetBody, "net/http could send it again")
		assert.Empty(t, r.Header.Values("Idempotency-Key"))
		assert.NotContains(t, r.URL.String(), secretKey)
	}
	feed := sendAll(t, feedPath+secretToken, "")
	last := feed[len(feed)-1]
	assert.Equal(t, feedPath+secretToken, last.URL.Path)
	assert.NotContains(t, last.Header, "X-Api-Key")

	d := always(200, "")
	_, _ = client(t, d, Options{}).CreateMeeting(t.Context(), "", tutorialMeeting(t))
	assert.NotContains(t, d.asked[0].Header, "X-User-Id", "an account's own key needs none")
}

func TestBodies(t *testing.T) {
	d := &doer{answer: func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		want, err := tutorialMeeting(t).JSON("")
		require.NoError(t, err)
		assert.Equal(t, string(want), string(body))
		assert.EqualValues(t, len(want), r.ContentLength)
		return always(400, "").answer(r)
	}}
	checkKind(t, ErrInvalid, post(t, d))
	for _, r := range sendAll(t, someID, "u1") {
		assert.Equal(t, r.Method == http.MethodGet || r.Method == http.MethodDelete, r.Body == nil, r.Method)
	}
}

func TestBaseURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://meeting.example.com":         "https://meeting.example.com",
		"https://meeting.example.com/":        "https://meeting.example.com",
		"https://meeting.example.com/api/v6":  "https://meeting.example.com",
		"https://meeting.example.com/api/v6/": "https://meeting.example.com",
		"https://meeting.example.com:8443":    "https://meeting.example.com:8443",
		"http://127.0.0.1:8080":               "http://127.0.0.1:8080",
		"http://[::1]:8080":                   "http://[::1]:8080",
		"http://localhost":                    "http://localhost",
		"http://meeting.example.com":          "",
		"http://127.0.0.1.example.com":        "",
		"ftp://127.0.0.1":                     "",
		"meeting.example.com":                 "",
		"":                                    "",
		"https://":                            "",
		"https://meeting.example.com/other":   "",
		"https://u:p@meeting.example.com":     "",
		"https://meeting.example.com?x=y":     "",
		"https://meeting.example.com#x":       "",
		"https://exa mple.com":                "",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := originOf(text)
			assert.Equal(t, want, got)
			assert.Equal(t, want == "", err != nil)
		})
	}
	_, err := New("https://u:CANARY@x.example.com", nil, nil, Options{})
	assert.ErrorContains(t, err, "platform url: ")
	assert.NotContains(t, err.Error(), "CANARY")
	_, err = New("https://x.example.com", nil, nil, Options{InFlight: -1})
	assert.ErrorContains(t, err, "cannot be negative")
}
