package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzLoad: every file is either taken, and then keeps what the types promise, or each of its faults stands on one line, names a
// line that is there, and shows nothing that is secret.
func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("../../config.example.toml")
	require.NoError(f, err)
	f.Add(string(example))
	for _, pattern := range []string{"testdata/good/*.toml", "testdata/bad/*.toml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		require.NotEmpty(f, files)
		for _, name := range files {
			text, err := os.ReadFile(name)
			require.NoError(f, err)
			f.Add(string(text))
		}
	}
	const secret = "CANARY-4711"
	f.Add("[[organizer]]\npassword = \"" + secret + "\"\ncaldav_url = \"https://u:" + secret + "@h/?" + secret + "\"\nics_url = \"https://h/" + secret + "\"\n")
	f.Add("schedule = \"0-59/1 */2 29 2 *\"\n\"a\\nb\" = 1\n[platform]\nurl = \"https://h\u0085/\"\n")
	f.Add("[platform]\nsettle = \"-1h\"\nrequests_per_second = nan\nin_flight = 99999999999999999999\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, document string) {
		r, fault := newReader(document, dir)
		if fault != nil {
			requireFault(t, document, *fault)
			return
		}
		c := r.config()
		for _, fault := range r.faults {
			requireFault(t, document, fault)
			if !strings.Contains(fault.Key, secret) {
				requireHidden(t, document, fault, secret)
			}
		}
		if len(r.faults) > 0 {
			return
		}
		require.NotNil(t, c.Platform.URL)
		require.Contains(t, c.Platform.JoinURL, MeetingID)
		require.False(t, c.Schedule.Next(time.Unix(0, 0)).IsZero())
		require.Positive(t, c.Platform.RequestsPerSecond)
		require.True(t, filepath.IsAbs(c.Database) && filepath.IsAbs(c.KeyFile))
		require.GreaterOrEqual(t, c.Cancel.Undo, time.Duration(0))
		for _, o := range c.Organizers {
			require.Contains(t, o.Email, "@")
			require.Equal(t, strings.ToLower(o.Email), o.Email)
			require.NotEmpty(t, o.Mode)
		}
	})
}

func requireFault(t *testing.T, document string, f Fault) {
	t.Helper()
	require.NotEmpty(t, f.Message)
	require.GreaterOrEqual(t, f.Line, 0)
	require.LessOrEqual(t, f.Line, strings.Count(document, "\n")+1)
	require.NotContains(t, f.String(), "\n")
}

// requireHidden wants no secret in a fault, where the file has it in the places that are for secrets only.
func requireHidden(t *testing.T, document string, f Fault, secret string) {
	t.Helper()
	leaf := f.Key[strings.LastIndexByte(f.Key, '.')+1:]
	if secretKey(leaf) || leaf == "ics_url" && strings.Contains(document, "://h/"+secret) {
		require.NotContains(t, f.String(), secret)
	}
}
