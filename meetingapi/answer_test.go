package meetingapi

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goldenData returns the data of one of the tutorial's answers.
func goldenData(t testing.TB, name string) []byte {
	t.Helper()
	a := parseAnswer([]byte(golden(t, name)))
	require.True(t, a.isJSON && !a.failed() && a.data != nil)
	return a.data
}

func TestAccountAnswer(t *testing.T) {
	a, err := parseAccount(goldenData(t, "account-answer.json"))
	require.NoError(t, err)
	a.Raw = nil
	assert.Equal(t, Account{
		ID: "5e9459c5b863b82cefdddf4f", Name: "test-user@example.com", Type: "trial",
		PaidUntil: at(t, "2020-04-27T12:23:33.852Z"), MeetingRooms: 1, CanAddOrganizer: true,
		AutoDeleteAfterDays: 360, DefaultType: "standard", ShowStandardDialIn: true,
		IceCandidatesFilter: []json.RawMessage{}, Rooms: []json.RawMessage{},
	}, a)
}

func TestAdminsAnswer(t *testing.T) {
	const token = "ce5494bc-d691-4caf-906c-bfa6403fdc71-32a0633d-99e7-41ff-bfe9-e28fe2f10e73"
	users, err := parseUsers(goldenData(t, "admins-answer.json"))
	require.NoError(t, err)
	require.Len(t, users, 1)
	assert.NotContains(t, string(users[0].Raw), token)
	users[0].Raw = nil
	assert.Equal(t, User{
		ID: "5e9459c5b863b82cefdddf4e", Email: "test-user@example.com", FirstName: "Test", LastName: "User",
		Language: "en", TimeZone: "Europe/Paris", ICSToken: token, ICSPath: "/api/v6/meeting/calender/user/" + token,
	}, users[0])
}

func TestMeetingAnswer(t *testing.T) {
	m, err := parseMeeting(goldenData(t, "meeting-answer.json"))
	require.NoError(t, err)
	assert.NotContains(t, string(m.Raw), "c89f842f")
	m.Raw, m.Recurring = nil, nil
	assert.Equal(t, Meeting{
		ID: "5e945c36b863b82cefdddf54", Number: "9974-7653-8886-0485", Topic: "My Meeting Topic",
		Start: at(t, "2020-04-07T09:00:00Z"), End: at(t, "2020-04-07T10:00:00Z"), Duration: time.Hour, Type: "standard",
		IsClosed: true, InvitedParticipants: []json.RawMessage{}, Documents: []json.RawMessage{}, VideoResolution: "standard",
		RoomID: "5e9459c5b863b82cefdddf50", WhitelabelID: "5c737902b377b0f7fbf81fce",
		AccountID: "5e9459c5b863b82cefdddf4f", AddedByUserID: "5e9459c5b863b82cefdddf4e",
		AddedByUserEmail: "test-user@example.com", AddedByUserName: "Test User", TimeZone: "Europe/Zurich",
		PrivateDataVisible: true,
		ICSToken:           "c89f842f-3295-4bf9-807d-a46841fbc2ec-25f722e4-70fc-4163-9cda-b4b7d8aec358",
	}, m)
}

// A field is kept when some other value of it makes another struct.
func TestEveryFieldOfTheTutorialIsKept(t *testing.T) {
	values := []string{
		`"x"`, `7`, `true`, `false`, `["x"]`, `["+41 22 000 00 00"]`, `"2031-01-01T00:00:00.000Z"`, `"` + feedPath + `abc"`,
	}
	admins := string(goldenData(t, "admins-answer.json"))
	for name, tc := range map[string]struct {
		object []byte
		parse  func([]byte) (any, error)
	}{
		"account": {goldenData(t, "account-answer.json"), func(d []byte) (any, error) {
			a, err := parseAccount(d)
			a.Raw = nil
			return a, err
		}},
		"meeting": {goldenData(t, "meeting-answer.json"), func(d []byte) (any, error) {
			m, err := parseMeeting(d)
			m.Raw = nil
			return m, err
		}},
		"user": {[]byte(admins[1 : len(admins)-1]), func(d []byte) (any, error) {
			f, err := parseFields(d)
			u := parseUser(f, d)
			u.Raw = nil
			return u, err
		}},
	} {
		before, err := tc.parse(tc.object)
		require.NoError(t, err)
		f, err := parseFields(tc.object)
		require.NoError(t, err)
		for field := range f {
			t.Run(name+" "+field, func(t *testing.T) {
				assert.True(t, changes(t, f, field, values, before, tc.parse), "the field is lost")
			})
		}
	}
}

func changes(t *testing.T, f fields, name string, values []string, before any, parse func([]byte) (any, error)) bool {
	old := f[name]
	defer func() { f[name] = old }()
	for _, value := range values {
		f[name] = json.RawMessage(value)
		data, err := json.Marshal(f)
		require.NoError(t, err)
		if after, err := parse(data); err == nil && !reflect.DeepEqual(before, after) {
			return true
		}
	}
	return false
}

func TestLooseTypes(t *testing.T) {
	for name, tc := range map[string]struct {
		field, value string
		got          func(Meeting) any
		want         any
	}{
		"duration as a number":       {"duration", `60`, func(m Meeting) any { return m.Duration }, time.Hour},
		"duration as a string":       {"duration", `"60"`, func(m Meeting) any { return m.Duration }, time.Hour},
		"duration as a fraction":     {"duration", `60.0`, func(m Meeting) any { return m.Duration }, time.Hour},
		"duration as an object":      {"duration", `{"a":1}`, func(m Meeting) any { return m.Duration }, time.Duration(0)},
		"duration beyond reason":     {"duration", `1e300`, func(m Meeting) any { return m.Duration }, time.Duration(0)},
		"sequence as a number":       {"icalSequence", `3`, func(m Meeting) any { return m.ICalSequence }, 3},
		"sequence as a string":       {"icalSequence", `"3"`, func(m Meeting) any { return m.ICalSequence }, 3},
		"closed as a string":         {"isClosed", `"true"`, func(m Meeting) any { return m.IsClosed }, true},
		"closed as a number":         {"isClosed", `1`, func(m Meeting) any { return m.IsClosed }, true},
		"closed as null":             {"isClosed", `null`, func(m Meeting) any { return m.IsClosed }, false},
		"time without milliseconds":  {"startTime", `"2026-01-01T08:00:00+01:00"`, func(m Meeting) any { return m.Start }, time.Date(2026, 1, 1, 7, 0, 0, 0, time.UTC)},
		"time that is none":          {"startTime", `"soon"`, func(m Meeting) any { return m.Start }, time.Time{}},
		"pin as a number":            {"dialInPin", `4711`, func(m Meeting) any { return m.DialInPin }, "4711"},
		"number as a number":         {"meetingId", `9974`, func(m Meeting) any { return m.Number }, "9974"},
		"dial-in as strings":         {"dialInNumbers", `["+41 22 1234567", "call us", 5]`, func(m Meeting) any { return m.DialInNumbers }, []DialIn{{Number: "+41 22 1234567"}}},
		"dial-in as objects":         {"dialInNumbers", `[{"number":"+33 1 2345","country":"France"},{"x":1},null]`, func(m Meeting) any { return m.DialInNumbers }, []DialIn{{"+33 1 2345", "France"}}},
		"dial-in as one object":      {"dialInNumbers", `{"number":"1"}`, func(m Meeting) any { return m.DialInNumbers }, []DialIn(nil)},
		"participants as null":       {"invitedParticipants", `null`, func(m Meeting) any { return m.InvitedParticipants }, []json.RawMessage(nil)},
		"a field nobody knows":       {"surprise", `[1]`, func(m Meeting) any { return m.ID }, "5e945c36b863b82cefdddf54"},
		"recurring as it came":       {"recurring", `{"a":1}`, func(m Meeting) any { return string(m.Recurring) }, `{"a":1}`},
		"closing time, when there's": {"dtClosedAt", `"2026-01-01T00:00:00.500Z"`, func(m Meeting) any { return m.DtClosedAt }, time.Date(2026, 1, 1, 0, 0, 0, 5e8, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := parseFields(goldenData(t, "meeting-answer.json"))
			require.NoError(t, err)
			f[tc.field] = json.RawMessage(tc.value)
			data, err := json.Marshal(f)
			require.NoError(t, err)
			m, err := parseMeeting(data)
			require.NoError(t, err)
			assert.Equal(t, tc.want, tc.got(m))
		})
	}
}

func TestAnswersThatDoNotSayWhatTheyMust(t *testing.T) {
	for name, tc := range map[string]struct{ data, want string }{
		"a list":         {`[]`, "an answer without a meeting"},
		"a number":       {`7`, "an answer without a meeting"},
		"no id":          {`{"meetingId":"1"}`, "an answer without the meeting's id"},
		"null id":        {`{"id":null,"meetingId":"1"}`, "an answer without the meeting's id"},
		"no number":      {`{"id":"ab"}`, "an answer without the meeting's number (meetingId)"},
		"id with a path": {`{"id":"../x","meetingId":"1"}`, "an answer whose id cannot be used: " + errID.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseMeeting([]byte(tc.data))
			assert.EqualError(t, err, tc.want)
		})
	}
	for _, data := range []string{`{}`, `[]`, `[{"email":"a@example.com"}]`, `[null]`, `"x"`} {
		_, err := parseUsers([]byte(data))
		assert.Error(t, err, data)
	}
	_, err := parseAccount([]byte(`{"name":"x"}`))
	assert.EqualError(t, err, "an answer without an account id")
}

// What a change is answered with is not documented: nothing is missed in it, but it must not speak of another meeting.
func TestAnswersToAChange(t *testing.T) {
	for _, data := range []string{`true`, `"ok"`, `[]`, `{}`, `{"id":null}`, `{"id":"ab"}`, `{"isClosed":true}`} {
		m, err := parseChanged([]byte(data), "ab")
		require.NoError(t, err, data)
		assert.Equal(t, "ab", m.ID, data)
		assert.Equal(t, strings.Contains(data, "isClosed"), m.IsClosed, data)
	}
	_, err := parseChanged([]byte(`{"id":"cd","meetingId":"1"}`), "ab")
	assert.EqualError(t, err, "an answer about another meeting")
}

func TestParseAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want answer
	}{
		"success":           {`{"responseCode":0,"data":[1]}`, answer{isJSON: true, code: "0", data: json.RawMessage(`[1]`)}},
		"code as a string":  {`{"responseCode":"0","data":{}}`, answer{isJSON: true, code: "0", data: json.RawMessage(`{}`)}},
		"code as 0.0":       {`{"responseCode":0.0}`, answer{isJSON: true, code: "0"}},
		"no code":           {`{"data":true}`, answer{isJSON: true, data: json.RawMessage(`true`)}},
		"null data":         {`{"responseCode":0,"data":null}`, answer{isJSON: true, code: "0"}},
		"failure":           {`{"responseCode":"-4","responseMessage":"no"}`, answer{isJSON: true, code: "-4", message: "no"}},
		"message elsewhere": {`{"error":"no","responseCode":1}`, answer{isJSON: true, code: "1", message: "no"}},
		"empty":             {" \r\n", answer{isEmpty: true}},
		"html":              {"\n<html>", answer{isHTML: true}},
		"list":              {`[]`, answer{}},
		"null":              {`null`, answer{}},
		"half":              {`{"responseCode":0,"da`, answer{}},
		"two":               {`{"responseCode":0}{"responseCode":0}`, answer{}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, parseAnswer([]byte(tc.body))) })
	}
}

func TestPrintedAnswersShowNoSecrets(t *testing.T) {
	users, err := parseUsers(goldenData(t, "admins-answer.json"))
	require.NoError(t, err)
	m, err := parseMeeting(goldenData(t, "meeting-answer.json"))
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "user", users[0], "meeting", m)
	for _, text := range []string{
		logged.String(), fmt.Sprint(users), fmt.Sprintf("%+v %+v", users[0], m), fmt.Sprintf("%#v %#v", users[0], m),
	} {
		assert.Contains(t, text, "user "+users[0].ID)
		for _, secret := range []string{users[0].ICSToken, m.ICSToken, "My Meeting", "example.com"} {
			assert.NotContains(t, text, secret)
		}
	}
}
