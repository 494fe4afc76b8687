package keyring_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/keyring"
)

func TestStamp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "convoke.key.stamp")
	stamp := keyring.Stamp(path)
	text, err := stamp.Read()
	require.NoError(t, err)
	assert.Empty(t, text, "nothing yet")
	for _, want := range []string{"one", "another"} {
		require.NoError(t, stamp.Write(want))
		text, err = stamp.Read()
		require.NoError(t, err)
		assert.Equal(t, want, text)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1, "nothing else is left behind")
}

func TestStampThatCannotBeWritten(t *testing.T) {
	stamp := keyring.Stamp(filepath.Join(t.TempDir(), "missing", "stamp"))
	assert.ErrorContains(t, stamp.Write("x"), "there is no folder "+filepath.Dir(string(stamp))+" for the stamp file: make it")
	require.NoError(t, os.Mkdir(filepath.Dir(string(stamp)), 0o700))
	require.NoError(t, os.Mkdir(string(stamp), 0o700))
	_, err := stamp.Read()
	assert.Error(t, err, "a folder is no stamp")
}
