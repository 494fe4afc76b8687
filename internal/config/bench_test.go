package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkLoad10000 loads a configuration of 10,000 organizers, half of them on servers and half with folders.
func BenchmarkLoad10000(b *testing.B) {
	dir := b.TempDir()
	require.NoError(b, os.WriteFile(filepath.Join(dir, "key"), []byte("secret"), 0o600))
	var text strings.Builder
	text.WriteString("database = \"ledger.db\"\n[platform]\nurl = \"https://meeting.example.com\"\njoin_url = \"https://meeting.example.com/join/{meetingId}\"\napi_key_file = \"key\"\n")
	for i := range 5000 {
		fmt.Fprintf(&text, "[[organizer]]\nemail = \"alice%d@example.com\"\ncaldav_url = \"https://dav.example.com/\"\nusername = \"alice%[1]d\"\npassword_file = \"key\"\n", i)
		fmt.Fprintf(&text, "[[organizer]]\nemail = \"bob%d@example.com\"\nvdir = \"/srv/calendars/bob%[1]d\"\n", i)
	}
	name := filepath.Join(dir, "config.toml")
	require.NoError(b, os.WriteFile(name, []byte(text.String()), 0o600))
	b.ReportAllocs()
	for b.Loop() {
		c, err := Load(name)
		require.NoError(b, err)
		require.Len(b, c.Organizers, 10_000)
	}
}
