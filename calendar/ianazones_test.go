package calendar

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIANAZones(t *testing.T) {
	assert.Greater(t, len(ianaZones()), 500)
	for lower, name := range ianaZones() {
		assert.Equal(t, name, ianaZone(strings.ToUpper(lower)))
		assert.NotNil(t, loadZone(name), name)
	}
	assert.Empty(t, ianaZone("Europe"))
	assert.Empty(t, ianaZone("factory"))
}
