package meetingapi

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		value, date string
		want        time.Duration
	}{
		"none":                 {"", "", 0},
		"seconds":              {"120", "", 2 * time.Minute},
		"seconds with spaces":  {" 5 ", "", 5 * time.Second},
		"negative":             {"-5", "", 0},
		"beyond reason":        {"99999999999999999999", "", 0},
		"http date":            {"Mon, 23 Nov 2026 12:00:30 GMT", "", 30 * time.Second},
		"http date by its own": {"Mon, 23 Nov 2026 12:00:30 GMT", "Mon, 23 Nov 2026 12:00:20 GMT", 10 * time.Second},
		"date that is over":    {"Mon, 23 Nov 2026 11:00:00 GMT", "", 0},
		"iso 8601":             {"2026-11-23T12:00:30Z", "", 30 * time.Second},
		"iso 8601, millis":     {"2026-11-23T12:00:30.500Z", "", 30*time.Second + 500*time.Millisecond},
		"iso 8601, offset":     {"2026-11-23T13:00:30+01:00", "", 30 * time.Second},
		"nonsense":             {"later", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Retry-After": {tc.value}, "Date": {tc.date}}
			assert.Equal(t, tc.want, retryAfter(h, now))
		})
	}
}
