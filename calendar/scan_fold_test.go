package calendar

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// TestFoldRune goes through all of Unicode: what strings.EqualFold and strings.ToLower take for one letter is one here, and the
// letters by which Scan looks for a needle have no other cases than their capitals.
func TestFoldRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		require.Equal(t, foldRune(r), foldRune(unicode.SimpleFold(r)), "%U", r)
		require.Equal(t, foldRune(r), foldRune(unicode.ToLower(r)), "%U", r)
		if c := foldRune(r); r >= 0x80 && c < 0x80 {
			require.Equal(t, -1, rarest([]byte{byte(c)}), "%U", r)
		}
	}
}
