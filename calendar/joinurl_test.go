package calendar_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

func TestJoinTemplate(t *testing.T) {
	tmpl, err := calendar.ParseJoinTemplate("https://Meeting.Example.com/join/{meetingId}?lang=en")
	require.NoError(t, err)
	assert.Equal(t, "https://meeting.example.com/join/", tmpl.Prefix())
	assert.Equal(t, "https://meeting.example.com/join/9974-7653?lang=en", tmpl.URL("9974-7653"))
	assert.Equal(t, "https://meeting.example.com/join/{meetingId}?lang=en", tmpl.URL("{meetingId}"))
	assert.Equal(t, "https://meeting.example.com/join/a%2Fb%20?lang=en", tmpl.URL("a/b "))

	cases := []struct{ link, number string }{
		{"https://meeting.example.com/join/9974-7653?lang=en", "9974-7653"},
		{"HTTPS://MEETING.example.COM/join/9974-7653?lang=en&x=1", "9974-7653"},
		{"https://meeting.example.com/join/9974-7653", ""},
		{"https://meeting.example.com/join/9974-7653?lang=english", ""},
		{"https://meeting.example.com/Join/9974-7653?lang=en", ""},
		{"https://meeting.example.com/join/?lang=en", ""},
		{"https://meeting.example.com.evil.example/join/1?lang=en", ""},
		{"http://meeting.example.com/join/1?lang=en", ""},
		{"https://evil.example/https://meeting.example.com/join/1?lang=en", ""},
		{"", ""},
	}
	for _, c := range cases {
		number, ok := tmpl.Number(c.link)
		assert.Equal(t, c.number, number, c.link)
		assert.Equal(t, c.number != "", ok, c.link)
	}
	_, ok := calendar.JoinTemplate{}.Number("https://meeting.example.com/join/1")
	assert.False(t, ok)
}

func TestParseJoinTemplateErrors(t *testing.T) {
	bad := []string{
		"", "https://meeting.example.com/join/", "https://meeting.example.com/{meetingId}/{meetingId}",
		"http://meeting.example.com/{meetingId}", "ftp://meeting.example.com/{meetingId}", "https://{meetingId}.example.com/",
		"https://{meetingId}", "/join/{meetingId}", "https://alice:secret@meeting.example.com/{meetingId}",
		"https://meeting.example.com/a b/{meetingId}", "https://meeting.example.com/{meetingId}\r\nX:1", "https://meeting.example.com{meetingId}",
	}
	for _, s := range bad {
		_, err := calendar.ParseJoinTemplate(s)
		assert.Error(t, err, "%q", s)
	}
	for _, s := range []string{"http://127.0.0.1:8080/{meetingId}", "http://[::1]/{meetingId}", "http://localhost/j/{meetingId}", "https://m.example.com/?m={meetingId}"} {
		tmpl, err := calendar.ParseJoinTemplate(s)
		require.NoError(t, err, s)
		number, ok := tmpl.Number(tmpl.URL("12-34"))
		assert.True(t, ok, s)
		assert.Equal(t, "12-34", number, s)
	}
}

func TestOtherTool(t *testing.T) {
	cases := map[string]string{
		"https://us02web.zoom.us/j/81234567890?pwd=abc":                          "Zoom",
		"https://zoom.us/my/alice":                                               "Zoom",
		"https://zoom.us/pricing":                                                "",
		"https://notzoom.us/j/8":                                                 "",
		"https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0": "Microsoft Teams",
		"https://teams.microsoft.com/meet/2345":                                  "Microsoft Teams",
		"https://teams.live.com/meet/9312345678901":                              "Microsoft Teams",
		"https://meet.google.com/abc-defg-hij":                                   "Google Meet",
		"https://meet.google.com/":                                               "",
		"https://acme.webex.com/meet/alice":                                      "Webex",
		"https://acme.webex.com/acme/j.php?MTID=m1":                              "Webex",
		"https://meet.jit.si/SomeRoom":                                           "Jitsi Meet",
		"https://cloud.example.com/call/8zx3kq9m":                                "Nextcloud Talk",
		"https://cloud.example.com/index.php/call/8zx3kq9m":                      "Nextcloud Talk",
		"https://cloud.example.com/call/us":                                      "",
		"https://whereby.com/acme":                                               "Whereby",
		"https://bbb.example.org/b/ali-abc-def":                                  "BigBlueButton",
		"https://bbb.example.org/rooms/abc-def-ghi-jkl/join":                     "BigBlueButton",
		"https://bbb.example.org/bigbluebutton/api/join?meetingID=1":             "BigBlueButton",
		"https://meeting.example.com/join/9974-7653-8886-0485":                   "",
		"mailto:alice@zoom.us":                                                   "",
		"https://wiki.example.com/how-to-join/https://zoom.us/j/8":               "",
		"://": "",
	}
	for link, want := range cases {
		name, ok := calendar.OtherTool(link)
		assert.Equal(t, want, name, link)
		assert.Equal(t, want != "", ok, link)
	}
}
