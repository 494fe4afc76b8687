package meetingtest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"convoke/meetingapi/meetingtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var now = time.Date(2020, 4, 13, 12, 33, 58, 0, time.UTC)

// golden returns one of the tutorial's own documents.
func golden(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", name))
	require.NoError(t, err)
	return string(text)
}

func server(knobs meetingtest.Knobs) (*meetingtest.Server, meetingtest.User) {
	s := meetingtest.New(meetingtest.Options{Knobs: knobs})
	s.SetNow(now)
	_, u := s.AddAccount(meetingtest.User{Email: "test-user@example.com", FirstName: "Test", LastName: "User"})
	return s, u
}

// ask makes a call as the tutorial does, changed by some headers (name, value; "" removes one).
func ask(t *testing.T, s *meetingtest.Server, method, path, body string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "https://meeting.example.com"+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("X-API-KEY", meetingtest.DefaultKey)
	r.Header.Set("content-type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	resp, err := s.Do(r)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func data(t *testing.T, text string) (d map[string]any) {
	t.Helper()
	var envelope struct {
		ResponseCode int
		Data         json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(text), &envelope), text)
	require.Zero(t, envelope.ResponseCode, text)
	require.NoError(t, json.Unmarshal([]byte(strings.Trim(string(envelope.Data), "[]")), &d))
	return d
}

// The tutorial's four calls, with its own bodies, are answered as it shows: all fields, their types, and their values
// but for those that differ from one instance or moment to the next.
func TestTheTutorial(t *testing.T) {
	s, _ := server(meetingtest.Knobs{})
	account := strings.ReplaceAll(golden(t, "account-request.json"), "test-user@", "other-user@")
	_, text := ask(t, s, "POST", "/api/v6/account", account)
	got := data(t, text)
	assert.Equal(t, "2020-04-27T12:33:58.000Z", got["paidUntil"], "creation and 14 days")
	compare(t, data(t, golden(t, "account-answer.json")), got, "id", "name", "paidUntil")

	_, text = ask(t, s, "GET", "/api/v6/account/admin/"+got["id"].(string), "")
	user := data(t, text)
	compare(t, data(t, golden(t, "admins-answer.json")), user, "id", "email", "icsToken", "icsPath")
	assert.Equal(t, "/api/v6/meeting/calender/user/"+user["icsToken"].(string), user["icsPath"])

	_, text = ask(t, s, "POST", "/api/v6/meeting", golden(t, "meeting-create-request.json"), "X-USER-ID", user["id"].(string))
	meeting := data(t, text)
	want := data(t, golden(t, "meeting-answer.json"))
	compare(t, want, meeting, "id", "meetingId", "roomId", "icsToken", "addedByUserId", "addedByUserEmail", "accountId", "recurring")
	compare(t, want["recurring"].(map[string]any), meeting["recurring"].(map[string]any), "endsOn")

	update := strings.ReplaceAll(golden(t, "meeting-update-request.json"), "5e945c36b863b82cefdddf54", meeting["id"].(string))
	status, text := ask(t, s, "PUT", "/api/v6/meeting/"+meeting["id"].(string)+"/false", update, "X-USER-ID", user["id"].(string))
	assert.Equal(t, 200, status)
	assert.Equal(t, "My Updated Meeting Topic", data(t, text)["topic"])
	assert.Equal(t, []meetingtest.Mail{{To: "other-user@example.com", About: "password"}}, s.Mails())
}

// compare demands the same fields with the same values, and of the fields named only the same type.
func compare(t *testing.T, want, got map[string]any, differ ...string) {
	t.Helper()
	assert.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
	for name, value := range want {
		if slices.Contains(differ, name) {
			assert.IsType(t, value, got[name], name)
			continue
		}
		assert.Equal(t, value, got[name], name)
	}
}

func TestStrictness(t *testing.T) {
	create, account := golden(t, "meeting-create-request.json"), golden(t, "account-request.json")
	const meetings, accounts = "/api/v6/meeting", "/api/v6/account"
	replace := func(text, old, with string) string {
		require.Contains(t, text, old)
		return strings.Replace(text, old, with, 1)
	}
	for name, tc := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		says               string
	}{
		"good":                {"POST", meetings, create, nil, 200, ""},
		"agenda":              {"POST", meetings, replace(create, `"topic"`, `"agenda":"x","topic"`), nil, 200, ""},
		"no key":              {"POST", meetings, create, []string{"X-API-KEY", ""}, 401, "API key"},
		"wrong key":           {"POST", meetings, create, []string{"X-API-KEY", "x"}, 401, "API key"},
		"no user":             {"POST", meetings, create, []string{"X-USER-ID", ""}, 400, "X-USER-ID is missing"},
		"unknown user":        {"POST", meetings, create, []string{"X-USER-ID", "x"}, 403, "X-USER-ID"},
		"no content type":     {"POST", meetings, create, []string{"content-type", ""}, 415, "content-type"},
		"form":                {"POST", meetings, create, []string{"content-type", "application/x-www-form-urlencoded"}, 415, "content-type"},
		"not JSON":            {"POST", meetings, "topic=x", nil, 400, "not a JSON object"},
		"a list":              {"POST", meetings, "[]", nil, 400, "not a JSON object"},
		"null":                {"POST", meetings, "null", nil, 400, "not a JSON object"},
		"half":                {"POST", meetings, create[:100], nil, 400, "not a JSON object"},
		"field missing":       {"POST", meetings, replace(create, `"recurring":{},`, ""), nil, 400, "recurring is missing"},
		"field unknown":       {"POST", meetings, replace(create, `"topic"`, `"password":"x","topic"`), nil, 400, "password is not a known field"},
		"field misspelt":      {"POST", meetings, replace(create, `"isDialin"`, `"isDialIn"`), nil, 400, "isDialin is missing"},
		"id on creation":      {"POST", meetings, replace(create, `"topic"`, `"id":"x","topic"`), nil, 400, "id is not a known field"},
		"duration in quotes":  {"POST", meetings, replace(create, `:60`, `:"60"`), nil, 400, "duration must be"},
		"duration a fraction": {"POST", meetings, replace(create, `:60`, `:59.5`), nil, 400, "duration must be"},
		"duration negative":   {"POST", meetings, replace(create, `:60`, `:-60`), nil, 400, "duration must be"},
		"topic a number":      {"POST", meetings, replace(create, `"My Meeting Topic"`, `7`), nil, 400, "topic must be"},
		"type empty":          {"POST", meetings, replace(create, `"standard"`, `""`), nil, 400, "type must be"},
		"boolean in quotes":   {"POST", meetings, replace(create, `"isRecorded":false`, `"isRecorded":"false"`), nil, 400, "isRecorded must be"},
		"recurring":           {"POST", meetings, replace(create, `"isRecurring":false`, `"isRecurring":true`), nil, 400, "isRecurring must be"},
		"recurrence":          {"POST", meetings, replace(create, `{}`, `{"a":1}`), nil, 400, "recurring must be"},
		"participants null":   {"POST", meetings, replace(create, `[]`, `null`), nil, 400, "invitedParticipants must be"},
		"permission a number": {"POST", meetings, replace(create, `null`, `1`), nil, 400, "meetingPermissionId must be"},
		"no milliseconds":     {"POST", meetings, replace(create, `09:00:00.000Z`, `09:00:00Z`), nil, 400, "startTime must be"},
		"offset":              {"POST", meetings, replace(create, `09:00:00.000Z`, `09:00:00.000+02:00`), nil, 400, "startTime must be"},
		"no such day":         {"POST", meetings, replace(create, `2020-04-07T09`, `2020-02-31T09`), nil, 400, "cannot be read"},
		"backwards":           {"POST", meetings, replace(create, `2020-04-07T09`, `2020-04-08T09`), nil, 400, "endTime lies before"},
		"account incomplete":  {"POST", accounts, replace(account, `"sendPassword": true,`, ""), nil, 400, "sendPassword is missing"},
		"account, no address": {"POST", accounts, replace(account, `"test-user@example.com"`, `""`), nil, 400, "adminEmail must be"},
		"account exists":      {"POST", accounts, replace(account, "test-user@", "Test-User@"), nil, 409, "already exists"},
		"account unknown":     {"GET", accounts + "/admin/5e94", "", nil, 404, "no such account"},
		"update of nothing":   {"PUT", meetings + "/5e94/false", create, nil, 404, "no such meeting"},
		"update, true":        {"PUT", meetings + "/5e94/true", create, nil, 404, "no such method"},
		"update without":      {"PUT", meetings + "/5e94", create, nil, 404, "no such method"},
		"delete":              {"DELETE", meetings + "/5e94", "", nil, 404, "no such method"},
		"list":                {"GET", meetings, "", nil, 404, "no such method"},
		"one meeting":         {"GET", meetings + "/5e94", "", nil, 404, "no such method"},
		"other version":       {"POST", "/api/v5/meeting", create, nil, 404, "no such method"},
		"trailing slash":      {"POST", meetings + "/", create, nil, 404, "no such method"},
		"feed, no such token": {"GET", meetings + "/calender/user/x", "", []string{"X-API-KEY", ""}, 404, "no such calendar"},
	} {
		t.Run(name, func(t *testing.T) {
			s, u := server(meetingtest.Knobs{})
			headers := append([]string{"X-USER-ID", u.ID}, tc.headers...)
			status, text := ask(t, s, tc.method, tc.path, tc.body, headers...)
			assert.Equal(t, tc.status, status, text)
			assert.Contains(t, text, tc.says)
			assert.Equal(t, tc.status == 200, len(s.Meetings()) == 1)
			assert.Len(t, s.Users(), 1)
			assert.Equal(t, 1, s.CountCalls())
		})
	}
}

func TestUpdateNamesItsMeeting(t *testing.T) {
	s, u := server(meetingtest.Knobs{})
	_, text := ask(t, s, "POST", "/api/v6/meeting", golden(t, "meeting-create-request.json"), "X-USER-ID", u.ID)
	id := data(t, text)["id"].(string)
	for body, says := range map[string]string{
		golden(t, "meeting-create-request.json"): "id is missing",
		golden(t, "meeting-update-request.json"): "id is not the one in the path",
	} {
		status, text := ask(t, s, "PUT", "/api/v6/meeting/"+id+"/false", body, "X-USER-ID", u.ID)
		assert.Equal(t, 400, status)
		assert.Contains(t, text, says)
	}
	assert.Len(t, s.Meetings()[0].History, 1)
}

func TestInvitationsAreRecorded(t *testing.T) {
	s, u := server(meetingtest.Knobs{})
	body := strings.Replace(golden(t, "meeting-create-request.json"), "[]", `["a@example.com"]`, 1)
	ask(t, s, "POST", "/api/v6/meeting", body, "X-USER-ID", u.ID)
	assert.Equal(t, []meetingtest.Mail{{To: `"a@example.com"`, About: "invitation"}}, s.Mails())
}

func TestIdentitiesFollowFromTheOrderOfCallsAlone(t *testing.T) {
	ids := func() (ids []string) {
		s, u := server(meetingtest.Knobs{})
		for range 3 {
			ask(t, s, "POST", "/api/v6/meeting", golden(t, "meeting-create-request.json"), "X-USER-ID", u.ID)
		}
		for _, m := range s.Meetings() {
			ids = append(ids, m.ID, m.Number)
		}
		return append(ids, u.ICSToken)
	}
	first := ids()
	assert.Equal(t, first, ids())
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(first))), 7, "and differ from each other")
}

func TestAddAccountIsForAnAddressOnce(t *testing.T) {
	s, u := server(meetingtest.Knobs{})
	_, again := s.AddAccount(meetingtest.User{Email: "TEST-user@example.com"})
	assert.Equal(t, u, again)
	other := s.AddUser(u.AccountID, meetingtest.User{Email: "b@example.com", TimeZone: "Asia/Tokyo", Language: "ja"})
	assert.Equal(t, []string{u.AccountID, "Asia/Tokyo", "ja"}, []string{other.AccountID, other.TimeZone, other.Language})
	assert.Equal(t, other, s.AddUser(u.AccountID, meetingtest.User{Email: "B@example.com"}))
	assert.Len(t, s.Users(), 2)
}

func TestWhatIsReturnedIsACopy(t *testing.T) {
	s, u := server(meetingtest.Knobs{})
	ask(t, s, "POST", "/api/v6/meeting", golden(t, "meeting-create-request.json"), "X-USER-ID", u.ID)
	s.Meetings()[0].History[0].Topic = "changed"
	s.Calls()[0].Path = "changed"
	s.Users()[0].Email = "changed"
	assert.Equal(t, "My Meeting Topic", s.Meetings()[0].History[0].Topic)
	assert.Equal(t, "/api/v6/meeting", s.Calls()[0].Path)
	assert.Equal(t, "test-user@example.com", s.Users()[0].Email)
}

func TestConcurrentUse(t *testing.T) {
	s, u := server(meetingtest.Knobs{})
	body := golden(t, "meeting-create-request.json")
	var all stdsync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				ask(t, s, "POST", "/api/v6/meeting", body, "X-USER-ID", u.ID)
				ask(t, s, "GET", u.ICSPath(), "")
				s.SetNow(now)
				s.Fail(meetingtest.Admins, meetingtest.LostAnswer())
				_, _, _ = s.Calls(), s.Meetings(), s.Mails()
			}
		})
	}
	all.Wait()
	assert.Equal(t, 160, s.CountCalls(meetingtest.CreateMeeting))
	assert.Len(t, s.Meetings(), 160)
}

func TestFaultsAreOfOneRouteAndOneCall(t *testing.T) {
	s, u := server(meetingtest.Knobs{})
	body := golden(t, "meeting-create-request.json")
	s.Fail(meetingtest.CreateMeeting, meetingtest.ErrorBefore(500), meetingtest.RateLimited("7"))
	status, _ := ask(t, s, "GET", "/api/v6/account/admin/"+u.AccountID, "")
	assert.Equal(t, 200, status)
	for _, want := range []int{500, 429, 200} {
		status, _ := ask(t, s, "POST", "/api/v6/meeting", body, "X-USER-ID", u.ID)
		assert.Equal(t, want, status)
	}
	assert.Len(t, s.Meetings(), 1)
}

func TestLateCallIsJudgedWhenItIsApplied(t *testing.T) {
	s, u := server(meetingtest.Knobs{})
	s.Fail(meetingtest.CreateMeeting, meetingtest.Fault{Apply: meetingtest.AppliedLate})
	status, _ := ask(t, s, "POST", "/api/v6/meeting", golden(t, "meeting-create-request.json"), "X-USER-ID", u.ID)
	assert.Equal(t, 500, status)
	s.SetNow(now.Add(time.Minute))
	require.Equal(t, 1, s.ReleaseLate())
	assert.Equal(t, now.Add(time.Minute), s.Meetings()[0].History[0].At)
}
