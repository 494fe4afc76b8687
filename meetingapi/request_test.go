package meetingapi

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// golden returns one of the tutorial's own documents, without white space.
func golden(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, text))
	return b.String()
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return moment
}

func tutorialMeeting(t *testing.T) MeetingRequest {
	return MeetingRequest{
		Topic: "My Meeting Topic", Type: "standard",
		Start: at(t, "2020-04-07T11:00:00+02:00"), End: at(t, "2020-04-07T10:00:00Z"),
	}
}

func TestRequestsAreTheTutorials(t *testing.T) {
	create, err := tutorialMeeting(t).JSON("")
	require.NoError(t, err)
	assert.Equal(t, golden(t, "meeting-create-request.json"), string(create))

	// The tutorial's second example says 60 for a window of 55 minutes and 5 seconds; ours says 56.
	moved := tutorialMeeting(t)
	moved.Topic = "My Updated Meeting Topic"
	moved.Start, moved.End = at(t, "2020-04-07T09:05:00Z"), at(t, "2020-04-07T10:00:05Z")
	update, err := moved.JSON("5e945c36b863b82cefdddf54")
	require.NoError(t, err)
	want := bytes.Replace([]byte(golden(t, "meeting-update-request.json")), []byte(`"duration":60`), []byte(`"duration":56`), 1)
	assert.Equal(t, string(want), string(update))

	account, err := AccountRequest{
		SendPassword: true, Type: "trial", FirstName: "Test", LastName: "User", Email: "test-user@example.com",
		Language: "en", PaidUntil: at(t, "2020-04-19T19:03:41.203Z"),
	}.JSON()
	require.NoError(t, err)
	assert.Equal(t, golden(t, "account-request.json"), string(account))
}

func TestMeetingRequestFields(t *testing.T) {
	r := tutorialMeeting(t)
	r.Topic = `"Q&A" <β> ` + "\n"
	r.Recorded, r.Dialin, r.PermissionID, r.Agenda = true, true, "p1", "ref abc"
	body, err := r.JSON("")
	require.NoError(t, err)
	assert.Equal(t, `{"topic":"\"Q&A\" <β> \n","startTime":"2020-04-07T09:00:00.000Z","endTime":"2020-04-07T10:00:00.000Z",`+
		`"duration":60,"type":"standard","isRecurring":false,"isRecorded":true,"isDialin":true,"invitedParticipants":[],`+
		`"recurring":{},"meetingPermissionId":"p1","agenda":"ref abc"}`, string(body))
}

func TestDurationIsRoundedUp(t *testing.T) {
	for name, tc := range map[string]struct {
		length time.Duration
		want   int64
	}{
		"none":              {0, 0},
		"a millisecond":     {time.Millisecond, 1},
		"a minute":          {time.Minute, 1},
		"a second more":     {time.Minute + time.Second, 2},
		"a day":             {24 * time.Hour, 1440},
		"more than 292 yrs": {1<<63 - 1, 153722868},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, minutes(tc.length)) })
	}
}

func TestRequestsThatAreNotSent(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*MeetingRequest)
		want   string
	}{
		"no start":         {func(r *MeetingRequest) { r.Start = time.Time{} }, "start: the time is missing"},
		"no end":           {func(r *MeetingRequest) { r.End = time.Time{} }, "end: the time is missing"},
		"backwards":        {func(r *MeetingRequest) { r.End = r.Start.Add(-1) }, "the end lies before the start"},
		"no type":          {func(r *MeetingRequest) { r.Type = "" }, "the meeting type is missing"},
		"beyond year 9999": {func(r *MeetingRequest) { r.End = r.End.AddDate(9000, 0, 0) }, "end: the year 11020 cannot be written"},
	} {
		t.Run(name, func(t *testing.T) {
			r := tutorialMeeting(t)
			tc.change(&r)
			_, err := r.JSON("")
			assert.EqualError(t, err, tc.want)
		})
	}
	_, err := AccountRequest{Email: "a@example.com", Type: "trial"}.JSON()
	assert.EqualError(t, err, "paid until: the time is missing")
	_, err = AccountRequest{Type: "trial"}.JSON()
	assert.EqualError(t, err, "the e-mail address is missing")
	_, err = AccountRequest{Email: "a@example.com"}.JSON()
	assert.EqualError(t, err, "the account type is missing")
}
