package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What starting again cannot mend ends with 2, for which the unit does not start again.
func TestFaultsThatStay(t *testing.T) {
	_, api, account := newPlatform(t)
	for name, c := range map[string]struct {
		path, key, want string
	}{
		"a key that is none":            {"", "nonsense\n", "not a convoke key"},
		"an address of the API's below": {"/meet", "", `platform.url = "` + api + `/meet": must not have a path`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{"platform-api-key": canaryKey, "config.toml": configuration(api+c.path, account.ID, fmt.Sprintf("vdir = %q", t.TempDir()))}
			if c.key != "" {
				files["convoke.key"] = c.key
			}
			writeFiles(t, dir, files)
			r := convoke("run", "-c", filepath.Join(dir, "config.toml"))
			assert.Equal(t, exitUsage, r.code, r.err)
			assert.Contains(t, r.err, c.want)
		})
	}
}
