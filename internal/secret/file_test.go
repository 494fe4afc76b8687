package secret_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/secret"
)

func write(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	require.NoError(t, os.Chmod(path, mode))
}

func TestReadFile(t *testing.T) {
	for _, tc := range []struct {
		name, content string
		mode          fs.FileMode
		want          string
		err           error
	}{
		{"plain", canary, 0o600, canary, nil},
		{"line end", canary + "\n", 0o600, canary, nil},
		{"Windows line end", canary + "\r\n", 0o600, canary, nil},
		{"several line ends", canary + "\n\n", 0o600, canary, nil},
		{"spaces and umlauts are part of it", " pässword \n", 0o600, " pässword ", nil},
		{"group may read", canary, 0o640, canary, nil},
		{"others may read", canary, 0o644, "", secret.ErrExposed},
		{"others may write", canary, 0o602, "", secret.ErrExposed},
		{"empty", "", 0o600, "", secret.ErrEmpty},
		{"only a line end", "\n", 0o600, "", secret.ErrEmpty},
		{"two lines", canary + "\nsecond\n", 0o600, "", secret.ErrMalformed},
		{"NUL", canary + "\x00", 0o600, "", secret.ErrMalformed},
		{"too large", strings.Repeat("x", 1<<17), 0o600, "", secret.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "password")
			write(t, path, tc.content, tc.mode)
			got, err := secret.ReadFile(path)
			if tc.err != nil {
				require.ErrorIs(t, err, tc.err)
				assert.ErrorContains(t, err, path)
				assert.NotContains(t, err.Error(), canary)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.want, got.Reveal())
		})
	}
}

func TestReadFileRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	_, err := secret.ReadFile(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	_, err = secret.ReadFile(dir)
	require.ErrorContains(t, err, "not a regular file")

	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err = secret.ReadFile(pipe)
	require.ErrorContains(t, err, "not a regular file")
}

func TestReadFileTrustsTheCredentialsDirectory(t *testing.T) {
	dir := t.TempDir()
	inside, beside := filepath.Join(dir, "creds", "key"), filepath.Join(dir, "creds-not", "key")
	for _, path := range []string{inside, beside} {
		require.NoError(t, os.Mkdir(filepath.Dir(path), 0o755))
		write(t, path, canary, 0o444)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Join(dir, "creds"))

	got, err := secret.ReadFile(inside)
	require.NoError(t, err)
	assert.Equal(t, canary, got.Reveal())

	_, err = secret.ReadFile(beside)
	require.ErrorIs(t, err, secret.ErrExposed)
	_, err = secret.ReadFile(filepath.Join(dir, "creds", "..", "creds-not", "key"))
	require.ErrorIs(t, err, secret.ErrExposed)
}

func TestFileIsReadAgainWhenChanged(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, path string)
		want   string // "" for an error
	}{
		{"untouched", func(*testing.T, string) {}, "first"},
		{"new content", func(t *testing.T, path string) { write(t, path, "longer than before", 0o600) }, "longer than before"},
		{"new content of the same size at the same time", func(t *testing.T, path string) {
			next := path + ".new" // replaced by renaming: another inode
			write(t, next, "other", 0o600)
			require.NoError(t, os.Chtimes(next, old, old))
			require.NoError(t, os.Rename(next, path))
		}, "other"},
		{"now others can read it", func(t *testing.T, path string) { require.NoError(t, os.Chmod(path, 0o644)) }, ""},
		{"removed", func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "password")
			write(t, path, "first", 0o600)
			require.NoError(t, os.Chtimes(path, old, old))
			f := secret.NewFile(path)
			got, err := f.Read()
			require.NoError(t, err)
			require.Equal(t, "first", got.Reveal())

			tc.change(t, path)
			got, err = f.Read()
			assert.Equal(t, tc.want, got.Reveal())
			if tc.want == "" {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// A file that changed a moment ago is not trusted to show its next change in its time.
func TestFileChangedAMomentAgoIsNotKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	now := time.Now()
	write(t, path, "first", 0o600)
	require.NoError(t, os.Chtimes(path, now, now))
	f := secret.NewFile(path)
	_, err := f.Read()
	require.NoError(t, err)

	write(t, path, "other", 0o600)
	require.NoError(t, os.Chtimes(path, now, now)) // same inode, size and time
	got, err := f.Read()
	require.NoError(t, err)
	assert.Equal(t, "other", got.Reveal())
}

func TestFileRecovers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	f := secret.NewFile(path)
	_, err := f.Read()
	require.ErrorIs(t, err, fs.ErrNotExist)
	write(t, path, canary, 0o600)
	got, err := f.Read()
	require.NoError(t, err)
	assert.Equal(t, canary, got.Reveal())
}
