package keyring

import (
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/secret"
)

func TestOpenMakesTheKeyOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "convoke.key")

	first, created, err := Open(path, true)
	require.NoError(t, err)
	assert.True(t, created)

	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Regexp(t, `^convoke-key-1 [A-Za-z0-9+/]{43}=\n$`, string(text))

	again, created, err := Open(path, true)
	require.NoError(t, err)
	assert.False(t, created)
	assert.Equal(t, first.Seal(), again.Seal())

	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing is left beside the key")
}

func TestOpenWithoutCreateMakesNothing(t *testing.T) {
	dir := t.TempDir()
	_, created, err := Open(filepath.Join(dir, "convoke.key"), false)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.False(t, created)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestOpenReadsAFixedKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "convoke.key")
	require.NoError(t, os.WriteFile(path, []byte("convoke-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"), 0o600))
	k, created, err := Open(path, true)
	require.NoError(t, err)
	assert.False(t, created)
	assert.Equal(t, fixed(t).Seal(), k.Seal())
}

func TestOpenRefusesAndNeverOverwrites(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(newKey())
	for _, tc := range []struct {
		name, content string
		mode          fs.FileMode
		err           error
	}{
		{"empty", "", 0o600, ErrMalformed},
		{"only a line end", "\n", 0o600, ErrMalformed},
		{"another version", "convoke-key-2 " + key, 0o600, ErrMalformed},
		{"no version", key, 0o600, ErrMalformed},
		{"too short", "convoke-key-1 " + key[:40], 0o600, ErrMalformed},
		{"too long", "convoke-key-1 " + key[:43] + "AAAA=", 0o600, ErrMalformed},
		{"not base64", "convoke-key-1 " + strings.Repeat("?", 44), 0o600, ErrMalformed},
		{"a second line", "convoke-key-1 " + key + "\nconvoke-key-1 " + key, 0o600, ErrMalformed},
		{"others can read it", "convoke-key-1 " + key, 0o644, secret.ErrExposed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "convoke.key")
			require.NoError(t, os.WriteFile(path, []byte(tc.content), 0o600))
			require.NoError(t, os.Chmod(path, tc.mode))

			_, created, err := Open(path, true)
			require.ErrorIs(t, err, tc.err)
			assert.False(t, created)
			assert.ErrorContains(t, err, path)
			assert.NotContains(t, err.Error(), key[:20])

			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, tc.content, string(after))
		})
	}
}

func TestOpenSaysWhenItCannotMakeTheKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "convoke.key")
	_, created, err := Open(path, true)
	require.ErrorContains(t, err, path)
	assert.False(t, created)
}

func TestProcessesThatStartTogetherGetOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "convoke.key")
	const n = 16
	var made int
	var mu stdsync.Mutex
	var wg stdsync.WaitGroup
	seals := map[string]bool{}
	for range n {
		wg.Go(func() {
			k, created, err := Open(path, true)
			mu.Lock()
			defer mu.Unlock()
			if assert.NoError(t, err) {
				seals[string(k.Seal())] = true
			}
			if created {
				made++
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, made)
	assert.Len(t, seals, 1)
}
