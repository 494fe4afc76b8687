package meetingapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

// breaks finds what could begin another line, in a log or in an event.
func breaks(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

// FuzzAnswer: whatever the platform answers to whichever call, a success says what it must, and a failure is of one kind,
// says so on one line and holds no secret.
func FuzzAnswer(f *testing.F) {
	for _, name := range []string{"account-answer.json", "admins-answer.json", "meeting-answer.json"} {
		for _, status := range []int{200, 400, 503} {
			f.Add(status, string(golden(f, name)), "10", "")
		}
	}
	for _, body := range []string{
		`{"responseCode":"-4\n","responseMessage":"a\r\nb"}`, `{"responseCode":0,"data":{"id":"a","meetingId":"\n"}}`, "<html>", "",
		`{"responseCode":0,"data":{"id":"a","meetingId":"1\u0085"}}`, `{"responseMessage":"` + secretKey + `"}`, `{"responseCode":-99`,
	} {
		f.Add(200, body, "", "")
		f.Add(429, body, "Wed, 21 Oct 2015 07:28:00 GMT", "https://u:p@elsewhere.example.net/x?y")
	}
	f.Fuzz(func(t *testing.T, status int, body, retryAfter, location string) {
		status = 200 + ((status-200)%400+400)%400
		d := always(status, body, "Retry-After", retryAfter, "Location", location)
		c := client(t, d, Options{AllowDelete: true})
		made, err := c.CreateMeeting(t.Context(), "u1", tutorialMeeting(t))
		if checkFailure(t, err); err == nil {
			require.Less(t, status, 300)
			require.Regexp(t, idPattern, made.ID)
			require.NotEmpty(t, strings.TrimSpace(made.Number))
		} else if !Definite(err) {
			require.ErrorIs(t, err, ErrUnknownOutcome, "a creation that may have been carried out")
		}
		c = client(t, d, Options{AllowDelete: true}) // the last one may be held back now
		changed, err := c.UpdateMeeting(t.Context(), "u1", someID, tutorialMeeting(t))
		if checkFailure(t, err); err == nil {
			require.Equal(t, someID, changed.ID)
		}
		c = client(t, d, Options{AllowDelete: true})
		checkFailure(t, c.DeleteMeeting(t.Context(), "u1", someID))
		c = client(t, d, Options{})
		account, err := c.CreateAccount(t.Context(), AccountRequest{Email: "a@example.com", Type: "trial", PaidUntil: at(t, "2030-01-01T00:00:00Z")})
		if checkFailure(t, err); err == nil {
			require.NotEmpty(t, account.ID)
		}
		c = client(t, d, Options{})
		users, err := c.Admins(t.Context(), someID)
		if checkFailure(t, err); err == nil {
			require.NotEmpty(t, users)
		}
		c = client(t, d, Options{})
		_, err = c.Feed(t.Context(), feedPath+secretToken)
		checkFailure(t, err)
	})
}

func checkFailure(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var e *Error
	require.ErrorAs(t, err, &e)
	found := 0
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			found++
		}
	}
	require.Equal(t, 1, found, "kinds of %v", err)
	require.False(t, breaks(err.Error()), "%q", err)
	require.Less(t, len(err.Error()), 3000)
	if e.Path == feedPath+"…" {
		require.NotContains(t, err.Error(), secretToken) // the key was not sent there
	} else {
		require.NotContains(t, err.Error(), secretKey)
	}
	require.GreaterOrEqual(t, e.RetryAfter, time.Duration(0))
}

// FuzzMeeting: what is read of a meeting and of a user can stand in an event and in a log as it is, and what is kept of the
// answer is JSON without the secret, which reads the same again.
func FuzzMeeting(f *testing.F) {
	f.Add(string(goldenData(f, "meeting-answer.json")))
	admins := string(goldenData(f, "admins-answer.json"))
	f.Add(admins[1 : len(admins)-1])
	f.Add(`{"id":"a","meetingId":"1","icsToken":"\u0074oken-123","dialInNumbers":["+1 412 555 0123",{"phone":"+1 2345","city":"a\nb"}],"x":"token-123"}`)
	f.Add(`{"id":"a","meetingId":"1\r\nATTACH:x","icsToken":"\"","dialInPin":"1\u2028","dialInNumbers":[{"number":"1","label":{"a":1}},null,7]}`)
	f.Fuzz(func(t *testing.T, data string) {
		if m, err := parseMeeting([]byte(data)); err == nil {
			require.Regexp(t, idPattern, m.ID)
			for _, text := range []string{
				m.Number, m.Topic, m.Type, m.DialInPin, m.DialInConferenceRoom, m.SIPProxy, m.SIPDomain, m.PermissionID, m.AddedByUserName, m.TimeZone,
			} {
				require.False(t, breaks(text), "%q", text)
			}
			for _, d := range m.DialInNumbers {
				require.Regexp(t, phoneNumber, d.Number)
				require.False(t, breaks(d.Label), "%q", d.Label)
			}
			checkKept(t, []byte(data), m.Raw, m.ICSToken)
			echoed := strings.Count(string(m.Raw), "secret") > 1 // a telephone number that is the token, say, is not kept
			if again, err := ReadMeeting(m.Raw); err == nil && again.ID == m.ID && !echoed {
				require.Equal(t, m.DialInNumbers == nil, again.DialInNumbers == nil)
			}
		}
		users, err := parseUsers([]byte("[" + data + "]"))
		if err != nil {
			return
		}
		for _, u := range users {
			for _, text := range append([]string{u.ID, u.Email, u.FirstName, u.Language, u.TimeZone, u.String()}, u.AdditionalTimeZones...) {
				require.False(t, breaks(text), "%q", text)
			}
			if u.ICSPath != "" {
				token, err := feedToken(u.ICSPath)
				require.NoError(t, err)
				checkKept(t, u.Raw, u.Raw, token)
			}
			checkKept(t, u.Raw, u.Raw, u.ICSToken)
		}
	})
}

// checkKept checks that what is kept has the fields that came, and the secret in no value.
func checkKept(t *testing.T, came, kept []byte, secret string) {
	t.Helper()
	before, err := parseFields(came)
	require.NoError(t, err)
	after, err := parseFields(kept)
	require.NoError(t, err, "%s", kept)
	require.Len(t, after, len(before))
	var all any
	require.NoError(t, json.Unmarshal(kept, &all))
	if len(secret) >= minSecret && !strings.Contains(strings.Repeat("<secret>", 2), secret) {
		for _, raw := range after {
			requireWithout(t, raw, secret)
		}
	}
}

func requireWithout(t *testing.T, raw json.RawMessage, secret string) {
	var value any
	require.NoError(t, json.Unmarshal(raw, &value))
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			require.NotContains(t, v, secret)
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(value)
}

// FuzzFeed: what is taken for a calendar is one, whole, with no more entries than it has events.
func FuzzFeed(f *testing.F) {
	f.Add(event("UID:u1", "DTSTART;TZID=Europe/Paris:20260701T110000", "X;A=b"))
	root := cmp.Or(os.Getenv("CONVOKE_CORPUS"), filepath.Join("..", "..", "shared", "corpus"))
	files, err := filepath.Glob(filepath.Join(root, "*", "*.ics"))
	require.NoError(f, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		if len(text) <= 4<<10 {
			f.Add(string(text))
		}
	}
	f.Add(calendar("BEGIN:VEVENT", "BEGIN:VALARM", "END:VALARM", "END:VEVENT"))
	f.Add(event("UID:u1", "SUMMARY:x", "SUMMARY:y\\;,"))
	f.Add(event("DTSTART;TZID=../../etc/passwd:20260701T110000", "DTEND;TZID=Local:20260701T110000"))
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parseFeed([]byte(text))
		if err != nil {
			require.Nil(t, entries)
			require.False(t, breaks(err.Error()))
			return
		}
		upper := strings.ToUpper(unfold([]byte(text)))
		require.Contains(t, upper, "BEGIN:VCALENDAR")
		require.LessOrEqual(t, len(entries), strings.Count(upper, "VEVENT")/2)
		for _, e := range entries {
			require.True(t, e.Start.IsZero() || e.Start.Location() == time.UTC)
		}
	})
}

// TestFeedThatRepeatsItself: a long line takes as long as it is, not as long as the square of that.
func TestFeedThatRepeatsItself(t *testing.T) {
	const limit = 2 * time.Second // on a busy machine with the race detector; a square would take minutes
	for _, unit := range []string{";a=b", `;a="b"`, `;"`, ";", ",", `\,`, `\`, "x"} {
		long := strings.Repeat(unit, 400_000/len(unit))
		for _, line := range []string{"X" + long + ":x", "SUMMARY" + long, "SUMMARY:" + long, "DTSTART;X=" + long + ":20260701T110000Z"} {
			begin := time.Now()
			entries, err := parseFeed([]byte(event("UID:u1", line)))
			require.Less(t, time.Since(begin), limit, "%s in %.10s", unit, line)
			require.NoError(t, err)
			require.Len(t, entries, 1)
		}
	}
}
