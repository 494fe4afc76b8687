package lint

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What `make gotest` leaves to `make ordeals` must be in a package that the latter runs: else nobody runs it.
func TestOrdealsAreRun(t *testing.T) {
	makefile := readFile(t, "../../Makefile")
	named := regexp.MustCompile(`(?m)^ORDEALS := (.+)$`).FindStringSubmatch(makefile)
	require.NotNil(t, named)
	ordeal := regexp.MustCompile(strings.ReplaceAll(named[1], "$$", "$"))
	_, recipe, found := strings.Cut(makefile, "\nordeals:")
	require.True(t, found)
	recipe, _, _ = strings.Cut(recipe, "\n\n")
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	ordeals := 0
	require.NoError(t, filepath.WalkDir("../..", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		for _, f := range function.FindAllStringSubmatch(readFile(t, name), -1) {
			if ordeal.MatchString(f[1]) {
				ordeals++
				folder := "." + strings.TrimPrefix(filepath.ToSlash(filepath.Dir(name)), "../..")
				assert.Regexp(t, regexp.QuoteMeta(folder)+`( |$)`, strings.ReplaceAll(recipe, "\n", " "), "%s in %s is in nobody's run", f[1], name)
			}
		}
		return nil
	}))
	assert.Greater(t, ordeals, 20)
}
