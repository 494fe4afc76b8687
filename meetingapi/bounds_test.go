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
}

// A list of numbers to dial is read up to a length that no platform has.
func TestDialInsAreBounded(t *testing.T) {
	items := make([]json.RawMessage, 10*maxDialIns)
	for i := range items {
		items[i] = json.RawMessage(`"+1 412 555 0123"`)
	}
	assert.Len(t, parseDialIns(items), maxDialIns)
}
