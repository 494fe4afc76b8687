package meetingapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What the platform puts where a number belongs is quoted and cut.
func TestCodeIsQuoted(t *testing.T) {
	for code, says := range map[string]string{
		"-99": "; code -99", "500": "; code 500", "a\nlevel=ERROR": `; code "a\nlevel=ERROR"`,
		strings.Repeat("9", 1000): `; code "` + strings.Repeat("9", 200) + `…"`,
	} {
		assert.Contains(t, (&Error{Code: code, Kind: ErrTransient}).Error(), says)
	}
	assert.ErrorContains(t, put(t, always(200, `{"responseCode":"a\nb"}`)), `; code "a b"`, "quoted once")
}

// A list of numbers to dial is read up to a length that no platform has.
func TestDialInsAreBounded(t *testing.T) {
	items := make([]json.RawMessage, 10*maxDialIns)
	for i := range items {
		items[i] = json.RawMessage(`"+1 412 555 0123"`)
	}
	assert.Len(t, parseDialIns(items), maxDialIns)
}

// A label goes into events and onto terminals: it is one line.
func TestLabelIsOneLine(t *testing.T) {
	for _, br := range []string{"\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\u0085", "\u2028", "\u2029", "\x00", "\x1b", "\u009b", "\u202e", "\u2066"} {
		item, err := json.Marshal(map[string]string{"number": "+1 412 555 0123", "label": "United" + br + "States"})
		assert.NoError(t, err)
		assert.Equal(t, []DialIn{{Number: "+1 412 555 0123", Label: "United States"}}, parseDialIns([]json.RawMessage{item}), "%q", br)
	}
}
