package keyring

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"convoke/internal/secret"
)

// FuzzOpen: a file that is there is a key as it was written, or refused without a word of what is in it; in both cases it stays
// as it is.
func FuzzOpen(f *testing.F) {
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", keySize)))
	for _, text := range []string{
		form + " " + key + "\n", form + " " + key, form + " " + key + "\r\n\r\n", form + "  " + key, form + " " + key[:43] + "\n=", " " + form + " " + key,
		form + " " + key + "\n" + key, strings.ToUpper(form) + " " + key, key, "", "\x00", form + " " + strings.Repeat("A", 44), form + " " + strings.Repeat("A", 42) + "B=",
	} {
		f.Add([]byte(text))
	}
	path := filepath.Join(f.TempDir(), "convoke.key")
	f.Fuzz(func(t *testing.T, content []byte) {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		k, created, err := Open(path, true)
		require.False(t, created)
		after, readErr := os.ReadFile(path)
		require.NoError(t, readErr)
		require.Equal(t, content, after)
		line := strings.TrimRight(string(content), "\r\n")
		if err != nil {
			require.True(t, errors.Is(err, ErrMalformed) || errors.Is(err, secret.ErrMalformed), "%v", err)
			require.False(t, len(line) > 20 && strings.Contains(err.Error(), line))
			return
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, form+" "))
		require.NoError(t, err)
		same, err := derive(raw)
		require.NoError(t, err)
		require.Equal(t, same.Seal(), k.Seal())
		require.Equal(t, form+" "+base64.StdEncoding.EncodeToString(raw), line, "a key has one spelling")
	})
}
