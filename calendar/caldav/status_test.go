package caldav

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

func TestStatusError(t *testing.T) {
	cases := []struct {
		name, method string
		code         int
		body         string
		target       target
		want         error
		says         string
	}{
		{"password", "PROPFIND", 401, "", collection, calendar.ErrAuth, "password_file"},
		{"no access", "REPORT", 403, `<error xmlns="DAV:"><need-privileges><resource/></need-privileges></error>`, collection, calendar.ErrForbidden, "(DAV:need-privileges)"},
		{"no calendar", "PROPFIND", 404, "", collection, calendar.ErrMissing, "caldav_url"},
		{"no object", "GET", 404, "", object, calendar.ErrNotFound, "404 Not Found"},
		{"gone object", "GET", 410, "", object, calendar.ErrNotFound, "410 Gone"},
		{"login page", "PROPFIND", 200, "", collection, nil, "login page"},
		{"elsewhere", "PROPFIND", 302, "", collection, calendar.ErrMissing, "302 Found"},
		{"elsewhere, PUT", "PUT", 301, "", object, nil, "points elsewhere"},
		{"no room", "PUT", 507, "", object, nil, "no room"},
		{"busy", "GET", 503, "", object, nil, "tried again"},
		{"xandikos refuses", "PUT", 207, `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/x</d:href><d:status>HTTP/1.1 412 x</d:status><d:error><c:no-uid-conflict xmlns:c="urn:ietf:params:xml:ns:caldav"/></d:error></d:response></d:multistatus>`, object, calendar.ErrRefused, "(CALDAV:no-uid-conflict)"},
		{"half an error", "PUT", 403, `<error xmlns="DAV:"><need-priv`, object, calendar.ErrReadOnly, "right to write"},
		{"an own condition", "PUT", 403, `<error xmlns="DAV:"><x xmlns="u:v"/></error>`, object, calendar.ErrReadOnly, "(x)"},
		{"strange code", "GET", 799, "", object, nil, "799"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, "https://alice:hunter2@dav.example.com/cal/a%2Fb?token=s3cret", nil)
			require.NoError(t, err)
			res := &http.Response{StatusCode: c.code, Header: http.Header{"Content-Type": {"application/xml"}}, Body: io.NopCloser(strings.NewReader(c.body))}
			e := newStatusError(req, res, c.target)
			assert.Equal(t, c.want, e.Unwrap())
			assert.Contains(t, e.Error(), c.says)
			assert.Contains(t, e.Error(), c.method+" https://dav.example.com/cal/a%2Fb: ")
			assert.NotContains(t, e.Error(), "hunter2")
			assert.NotContains(t, e.Error(), "s3cret")
			assert.NotContains(t, e.Error(), "alice")
		})
	}
}

// A request without an answer does not print its URL's secrets either.
func TestNoAnswer(t *testing.T) {
	c := client{http.DefaultClient}
	req, err := http.NewRequest(http.MethodGet, "http://alice:hunter2@127.0.0.1:1/x?token=s3cret", nil)
	require.NoError(t, err)
	_, err = c.send(req)
	require.ErrorIs(t, err, errNoAnswer)
	assert.NotContains(t, err.Error(), "hunter2")
	assert.NotContains(t, err.Error(), "s3cret")
}
