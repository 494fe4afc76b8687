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

type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// A row that names nothing makes the look fail: it may stand for any of the objects, so none of the others is absent.
func TestRowWithoutHref(t *testing.T) {
	for _, href := range []string{"<D:href/>", "<D:href> </D:href>"} {
		answer := `<D:multistatus xmlns:D="DAV:"><D:response>` + href + `<D:propstat><D:prop><D:getetag>"1"</D:getetag></D:prop>` +
			`<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response><D:sync-token>t</D:sync-token></D:multistatus>`
		c, err := Open(doerFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusMultiStatus, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
		}), "https://dav.example.com/calendars/alice/work/", "")
		require.NoError(t, err)
		_, err = c.Changes(t.Context(), calendar.Since{}, func(calendar.Change) error { t.Error("told"); return nil })
		assert.ErrorContains(t, err, "without an href")
	}
}
