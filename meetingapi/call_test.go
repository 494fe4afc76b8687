package meetingapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	secretKey   = "CANARY-KEY-7f3a"
	secretToken = "CANARY-TOKEN-91bc"
	someID      = "5e945c36b863b82cefdddf54"
)

var kinds = []error{
	ErrAuth, ErrForbidden, ErrInvalid, ErrNotFound, ErrConflict, ErrRateLimited, ErrTransient, ErrUnknownOutcome, ErrNotEnabled,
}

// doer answers every request by a function and keeps what it was asked.
type doer struct {
	answer func(*http.Request) (*http.Response, error)
	asked  []*http.Request
}

func (d *doer) Do(r *http.Request) (*http.Response, error) {
	d.asked = append(d.asked, r)
	return d.answer(r)
}

func always(status int, body string, header ...string) *doer {
	return &doer{answer: func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}}
}

func failing(err error) *doer {
	return &doer{answer: func(*http.Request) (*http.Response, error) { return nil, err }}
}

func client(t *testing.T, d Doer, o Options) *Client {
	t.Helper()
	o.PerSecond = 1e6
	c, err := New("https://meeting.example.com", func() (string, error) { return secretKey + "\n", nil }, d, o)
	require.NoError(t, err)
	return c
}

// post and put make the two calls whose failures mean different things.
func post(t *testing.T, d Doer) error {
	_, err := client(t, d, Options{}).CreateMeeting(t.Context(), "u1", tutorialMeeting(t))
	return err
}

func put(t *testing.T, d Doer) error {
	_, err := client(t, d, Options{}).UpdateMeeting(t.Context(), "u1", someID, tutorialMeeting(t))
	return err
}

// checkKind demands exactly one sentinel.
func checkKind(t *testing.T, want, err error) {
	t.Helper()
	for _, kind := range kinds {
		assert.Equal(t, kind == want, errors.Is(err, kind), "%v: is it %q?", err, kind)
	}
}

// The answer to a change is not documented, so one that says less than a meeting is an answer all the same. A creation without
// id and number is of no use: its outcome is unknown.
func TestAnswersWithLessThanAMeeting(t *testing.T) {
	for _, data := range []string{`true`, `{"id":"` + someID + `"}`, `{"meetingId":"1"}`} {
		d := always(200, `{"responseCode":0,"data":`+data+`}`)
		assert.NoError(t, put(t, d), data)
		err := post(t, d)
		checkKind(t, ErrUnknownOutcome, err)
		assert.False(t, Definite(err), data)
	}
}

func TestFailuresByStatusAndCode(t *testing.T) {
	const code = `{"responseCode":%v,"responseMessage":"because"}`
	body := func(c any) string { return fmt.Sprintf(code, c) }
	for name, tc := range map[string]struct {
		status   int
		body     string
		kind     error
		definite bool // where it is not, a POST is of unknown outcome
	}{
		"400 json":                {400, body(-4), ErrInvalid, true},
		"400 json, code unknown":  {400, body(17), ErrInvalid, true},
		"400 json, exists":        {400, body(-10), ErrConflict, true},
		"400 html":                {400, "<html>", ErrInvalid, false},
		"400 empty":               {400, "", ErrInvalid, true},
		"400 half":                {400, `{"respo`, ErrInvalid, false},
		"400 with an id":          {400, `{"responseCode":1,"data":{"id":"x"}}`, ErrInvalid, false},
		"401 json":                {401, body(-2), ErrAuth, true},
		"401 json, code -3":       {401, body(-3), ErrAuth, true},
		"401 html":                {401, "<html>", ErrAuth, true},
		"402 json":                {402, body(1), ErrForbidden, true},
		"403 json":                {403, body(-3), ErrForbidden, true},
		"403 html":                {403, "<html>", ErrForbidden, false},
		"404 json":                {404, body(-4), ErrNotFound, true},
		"404 html":                {404, "<html>", ErrNotFound, true},
		"405 empty":               {405, "", ErrInvalid, true},
		"408 json":                {408, body(-99), ErrTransient, false},
		"409 json":                {409, body(-10), ErrConflict, true},
		"410 empty":               {410, "", ErrNotFound, true},
		"422 json":                {422, body(-99), ErrInvalid, true},
		"429 html":                {429, "<html>", ErrRateLimited, true},
		"500 json":                {500, body(-99), ErrTransient, false},
		"500 json, invalid":       {500, body(-4), ErrInvalid, false},
		"502 html":                {502, "<html>", ErrTransient, false},
		"503 empty":               {503, "", ErrTransient, false},
		"200 exists":              {200, body(-10), ErrConflict, true},
		"200 invalid":             {200, body(-4), ErrInvalid, true},
		"200 invalid, as string":  {200, body(`"-4"`), ErrInvalid, true},
		"200 not allowed":         {200, body(-3), ErrForbidden, true},
		"200 session":             {200, body(-2), ErrAuth, true},
		"200 unknown error":       {200, body(-99), ErrTransient, false},
		"200 code unknown":        {200, body(17), ErrInvalid, true},
		"200 code is a word":      {200, body(`"NO"`), ErrInvalid, false},
		"200 code like a status":  {200, body(404), ErrNotFound, true},
		"200 code 500":            {200, body(500), ErrTransient, false},
		"200 code with a meeting": {200, `{"responseCode":-4,"data":{"id":"x"}}`, ErrInvalid, false},
		"200 no data":             {200, `{"responseCode":0}`, ErrTransient, false},
		"200 null data":           {200, `{"responseCode":0,"data":null}`, ErrTransient, false},
		"200 html":                {200, "<!DOCTYPE html>", ErrTransient, false},
		"200 empty":               {200, "", ErrTransient, false},
		"200 half":                {200, `{"responseCode":0,"data":{"id":"` + someID, ErrTransient, false},
		"301":                     {301, "", ErrTransient, false},
		"302 json":                {302, body(-4), ErrInvalid, false},
		"307 empty":               {307, "", ErrTransient, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := always(tc.status, tc.body, "Location", "https://elsewhere.example.net/x?token=y")
			err := put(t, d)
			checkKind(t, tc.kind, err)
			assert.Equal(t, tc.definite, Definite(err))

			err = post(t, d)
			want := tc.kind
			if !tc.definite {
				want = ErrUnknownOutcome
			}
			checkKind(t, want, err)
			assert.Equal(t, tc.definite, Definite(err))
			assert.Len(t, d.asked, 2, "each call is sent once")
		})
	}
}

// told is an error of a Doer that knows whether anything was sent.
type told struct{ sent bool }

func (told) Error() string { return "told" }

func (e told) NotSent() bool { return !e.sent }

func TestFailuresWithoutAnAnswer(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for name, tc := range map[string]struct {
		err      error
		definite bool
	}{
		"dialling failed":      {&url.Error{Op: "Post", URL: "https://x/" + secretToken, Err: dial}, true},
		"connection lost":      {io.ErrUnexpectedEOF, false},
		"reset while reading":  {&net.OpError{Op: "read", Err: errors.New("reset by peer")}, false},
		"timeout":              {context.DeadlineExceeded, false},
		"something nobody saw": {errors.New("oops"), false},
		"not its turn":         {fmt.Errorf("host: %w", told{sent: false}), true},
		"sent, and told so":    {told{sent: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			want := ErrTransient
			if !tc.definite {
				want = ErrUnknownOutcome
			}
			err := post(t, failing(tc.err))
			checkKind(t, want, err)
			assert.Equal(t, tc.definite, Definite(err))
			err = put(t, failing(tc.err))
			checkKind(t, ErrTransient, err)
			assert.Equal(t, tc.definite, Definite(err))
			assert.Equal(t, errors.Is(tc.err, context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded))
		})
	}
}

// parked is an error of a Doer that leaves the platform alone for a while.
type parked struct {
	told
	until time.Time
}

func (p parked) RetryAt() time.Time { return p.until }

func TestHostThatIsLeftAlone(t *testing.T) {
	for wait, want := range map[time.Duration]float64{time.Minute: 60, -time.Minute: 0} {
		err := post(t, failing(fmt.Errorf("host: %w", parked{until: time.Now().Add(wait)})))
		checkKind(t, ErrTransient, err)
		assert.True(t, Definite(err))
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.InDelta(t, want, e.RetryAfter.Seconds(), 5)
	}
	var e *Error
	require.ErrorAs(t, post(t, failing(parked{told{sent: true}, time.Now().Add(time.Hour)})), &e)
	assert.Zero(t, e.RetryAfter, "it was asked")
}

func TestDefiniteIsFalseForWhatItDoesNotKnow(t *testing.T) {
	assert.False(t, Definite(nil))
	assert.False(t, Definite(errors.New("x")))
	assert.True(t, Definite(fmt.Errorf("wrapped: %w", post(t, always(400, "")))))
}

func TestUpdateIsAnsweredAboutItsMeeting(t *testing.T) {
	require.NoError(t, put(t, always(200, `{"responseCode":0,"data":{"id":"`+someID+`","meetingId":"1"}}`)))
	err := put(t, always(200, `{"responseCode":0,"data":{"id":"5e945c36b863b82cefdddf55","meetingId":"1"}}`))
	checkKind(t, ErrTransient, err)
	assert.ErrorContains(t, err, "an answer about another meeting")
}

// closing is a body that knows whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestAnswersAreClosed(t *testing.T) {
	for status, text := range map[int]string{200: "{}", 400: "", 302: "<html>"} {
		body := &closing{Reader: strings.NewReader(text)}
		d := always(status, "")
		answer := d.answer
		d.answer = func(r *http.Request) (*http.Response, error) {
			resp, err := answer(r)
			resp.Body = body
			return resp, err
		}
		require.Error(t, put(t, d))
		assert.True(t, body.closed, status)
	}
}

// broken is a body that ends with an error.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAnswerThatBreaksOff(t *testing.T) {
	whole := `{"responseCode":0,"data":{"id":"` + someID + `","meetingId":"1"}}`
	require.NoError(t, post(t, always(200, whole)))
	for status, kind := range map[int]error{200: ErrUnknownOutcome, 400: ErrUnknownOutcome, 401: ErrAuth} {
		d := always(status, whole)
		answer := d.answer
		d.answer = func(r *http.Request) (*http.Response, error) {
			resp, err := answer(r)
			resp.Body = io.NopCloser(broken{resp.Body})
			return resp, err
		}
		checkKind(t, kind, post(t, d))
	}
}

func TestAnswerThatIsTooLong(t *testing.T) {
	d := always(200, `{"responseCode":0,"data":{"id":"`+someID+`","meetingId":"1"}}`)
	_, err := client(t, d, Options{MaxBody: 20}).CreateMeeting(t.Context(), "", tutorialMeeting(t))
	checkKind(t, ErrUnknownOutcome, err)
	assert.ErrorContains(t, err, "the answer is not complete: more than 20 bytes")
}

func TestErrorSaysWhatHappenedToWhat(t *testing.T) {
	err := put(t, always(429, `{"responseCode":"-99","responseMessage":"slow\ndown"}`, "Retry-After", "30"))
	assert.EqualError(t, err, `platform: PUT /api/v6/meeting/`+someID+`/false: the platform asks for fewer calls; `+
		`status 429; code -99; "slow\ndown"; wait 30s`)
	err = put(t, always(302, "", "Location", "https://elsewhere.example.net/x?token=y"))
	assert.ErrorContains(t, err, `redirected to "https://elsewhere.example.net", which is not followed`)
	assert.NotContains(t, err.Error(), "token")
	err = put(t, always(400, `{"message":"`+strings.Repeat("ä", 500)+`"}`))
	assert.Less(t, len(err.Error()), 700)
}

func TestRetryAfterIsOfTwoStatusesOnly(t *testing.T) {
	for status, want := range map[int]bool{429: true, 503: true, 500: false, 400: false} {
		var e *Error
		require.ErrorAs(t, put(t, always(status, "", "Retry-After", "30")), &e)
		assert.Equal(t, want, e.RetryAfter > 0, status)
	}
}

func TestHoldAfterRetryAfter(t *testing.T) {
	d := always(503, "", "Retry-After", "600")
	c := client(t, d, Options{})
	_, err := c.Admins(t.Context(), someID)
	checkKind(t, ErrTransient, err)
	_, err = c.CreateMeeting(t.Context(), "u1", tutorialMeeting(t))
	checkKind(t, ErrRateLimited, err)
	assert.True(t, Definite(err), "it was not sent")
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.InDelta(t, 600, e.RetryAfter.Seconds(), 5)
	assert.Len(t, d.asked, 1)
}

func TestWhatIsNotSent(t *testing.T) {
	d := always(200, "")
	c := client(t, d, Options{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	m := tutorialMeeting(t)
	withKey := func(key string, err error) *Client {
		c, newErr := New("https://meeting.example.com", func() (string, error) { return key, err }, d, Options{})
		require.NoError(t, newErr)
		return c
	}
	for name, tc := range map[string]struct {
		call func() error
		kind error
	}{
		"context ended":     {func() error { _, err := c.CreateMeeting(ended, "", m); return err }, ErrTransient},
		"delete is off":     {func() error { return c.DeleteMeeting(t.Context(), "u1", someID) }, ErrNotEnabled},
		"bad id":            {func() error { _, err := c.UpdateMeeting(t.Context(), "", "a/b", m); return err }, ErrInvalid},
		"no id":             {func() error { _, err := c.UpdateMeeting(t.Context(), "", "", m); return err }, ErrInvalid},
		"bad user":          {func() error { _, err := c.CreateMeeting(t.Context(), "a\r\nb", m); return err }, ErrInvalid},
		"bad account":       {func() error { _, err := c.Admins(t.Context(), "?"); return err }, ErrInvalid},
		"bad feed":          {func() error { _, err := c.Feed(t.Context(), "https://evil.example.net/"); return err }, ErrInvalid},
		"bad request":       {func() error { _, err := c.CreateMeeting(t.Context(), "", MeetingRequest{}); return err }, ErrInvalid},
		"bad account data":  {func() error { _, err := c.CreateAccount(t.Context(), AccountRequest{}); return err }, ErrInvalid},
		"key cannot be had": {func() error { _, err := withKey("", errors.New("no file")).Admins(t.Context(), "a"); return err }, ErrAuth},
		"key is empty":      {func() error { _, err := withKey(" \n", nil).Admins(t.Context(), "a"); return err }, ErrAuth},
		"key with newline":  {func() error { _, err := withKey("a\nb", nil).Admins(t.Context(), "a"); return err }, ErrAuth},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.call()
			checkKind(t, tc.kind, err)
			assert.True(t, Definite(err))
			assert.Empty(t, d.asked)
		})
	}
}

func TestSecretsAreInNoError(t *testing.T) {
	feedURL := "https://meeting.example.com" + feedPath + secretToken
	echo := `{"responseCode":"` + secretKey + `","responseMessage":"key ` + secretKey + ` or ` + secretToken + ` is bad"}`
	for name, d := range map[string]*doer{
		"transport":        failing(&url.Error{Op: "Get", URL: feedURL, Err: errors.New("refused " + feedURL + " " + secretKey)}),
		"wrapped":          failing(fmt.Errorf("transport: %w", &url.Error{Op: "Get", URL: feedURL, Err: io.EOF})),
		"told in an error": failing(errors.New(feedURL + " " + secretKey)),
		"echoed, 200":      always(200, echo),
		"echoed, 400":      always(400, echo),
		"redirect":         always(302, "", "Location", feedURL+"?k="+secretKey),
		"html":             always(500, "<html>"+secretKey+secretToken),
	} {
		t.Run(name, func(t *testing.T) {
			_, feedErr := client(t, d, Options{}).Feed(t.Context(), feedPath+secretToken)
			require.Error(t, feedErr)
			_, adminErr := client(t, d, Options{}).Admins(t.Context(), someID)
			for _, text := range []string{feedErr.Error(), fmt.Sprintf("%+v %#v", feedErr, feedErr)} {
				assert.NotContains(t, text, secretToken)
			}
			for _, err := range []error{post(t, d), put(t, d), adminErr} {
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secretKey)
			}
		})
	}
}
