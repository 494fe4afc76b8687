package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCredentialsComeFirst(t *testing.T) {
	dir, file := folder(t, minimal+"key_file = \"convoke.key\"\n"+
		"[[organizer]]\nemail = \"a@example.com\"\ncaldav_url = \"https://dav.example.com\"\nusername = \"a\"\npassword_file = \"alice.password\"\n")
	credentials := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials+"/")
	writeFile(t, filepath.Join(credentials, "platform-api-key"), "canary", 0o444) // systemd sees to who gets there
	writeFile(t, filepath.Join(credentials, "convoke.key"), "canary", 0o400)
	c, err := Load(file)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(credentials, "platform-api-key"), c.Platform.APIKeyFile)
	assert.Equal(t, filepath.Join(credentials, "convoke.key"), c.KeyFile)
	assert.Equal(t, filepath.Join(filepath.Dir(c.Database), "convoke.key.stamp"), c.Stamp, "credentials cannot be written to")
	assert.Equal(t, filepath.Join(dir, "alice.password"), c.Organizers[0].PasswordFile, "not among the credentials")
}

// The daemon has the key as a credential, a command by hand has it beside the configuration: both mean the same stamp.
func TestStampOfCredentials(t *testing.T) {
	state, elsewhere := t.TempDir(), t.TempDir()
	for name, c := range map[string]struct{ key, want string }{
		"relative":            {"convoke.key", filepath.Join(state, "convoke.key.stamp")},
		"in a folder":         {"keys/convoke.key", filepath.Join(state, "convoke.key.stamp")},
		"absolute":            {filepath.Join(elsewhere, "convoke.key"), filepath.Join(elsewhere, "convoke.key.stamp")},
		"by name of the unit": {"CREDENTIALS/convoke.key", filepath.Join(state, "convoke.key.stamp")},
	} {
		t.Run(name, func(t *testing.T) {
			credentials := t.TempDir()
			c.key = strings.Replace(c.key, "CREDENTIALS", credentials, 1)
			dir, file := folder(t, strings.Replace(minimal, "ledger.db", filepath.Join(state, "ledger.db"), 1)+fmt.Sprintf("key_file = %q\n", c.key))
			require.NoError(t, os.Mkdir(filepath.Join(dir, "keys"), 0o700))
			writeFile(t, filepath.Join(credentials, "convoke.key"), "canary", 0o400)
			t.Setenv("CREDENTIALS_DIRECTORY", credentials)
			daemon, err := Load(file)
			require.NoError(t, err)
			assert.Equal(t, c.want, daemon.Stamp)
			if strings.HasPrefix(c.key, credentials) {
				return // a command by hand has no such key
			}
			t.Setenv("CREDENTIALS_DIRECTORY", "")
			hand, err := Load(file)
			require.NoError(t, err)
			assert.Equal(t, c.want, hand.Stamp)
		})
	}
}

// What tells a service to reload has its environment, but not its credentials.
func TestWithoutSecrets(t *testing.T) {
	dir, file := folder(t, minimal+"key_file = \"convoke.key\"\n"+
		"[[organizer]]\nemail = \"a@example.com\"\ncaldav_url = \"https://dav.example.com\"\nusername = \"a\"\npassword_file = \"alice.password\"\n")
	writeFile(t, filepath.Join(dir, "convoke.key"), "canary", 0o644)
	require.NoError(t, os.Remove(filepath.Join(dir, "platform-api-key")))
	t.Setenv("CREDENTIALS_DIRECTORY", file) // no folder: nothing can be looked at in there
	_, err := Load(file)
	for _, fault := range []string{"key_file", "platform.api_key_file", "organizer[0].password_file"} {
		require.ErrorContains(t, err, fault)
	}
	c, err := LoadWithoutSecrets(file)
	require.NoError(t, err)
	assert.Equal(t, "a@example.com", c.Organizers[0].Email)

	writeFile(t, file, minimal+"platform.api_key_file = 7\nselect.marker = 7\n", 0o600)
	_, err = LoadWithoutSecrets(file)
	require.ErrorContains(t, err, "api_key_file")
	require.ErrorContains(t, err, "marker")
}

func TestCredentialsAreNotLeftByName(t *testing.T) {
	_, file := folder(t, minimal+"platform.api_key_file = \"../open.key\"\n")
	outside := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(outside, "credentials"), 0o700))
	writeFile(t, filepath.Join(outside, "open.key"), "canary", 0o644)
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Join(outside, "credentials"))
	_, err := Load(file)
	require.ErrorContains(t, err, "no such file")
}

func TestSecretFileModes(t *testing.T) {
	for mode, accepted := range map[os.FileMode]bool{
		0o600: true, 0o640: true, 0o400: true, 0o660: true, 0o604: false, 0o601: false, 0o602: false, 0o644: false,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			dir, file := folder(t, minimal)
			require.NoError(t, os.Chmod(filepath.Join(dir, "platform-api-key"), mode))
			_, err := Load(file)
			assert.Equal(t, accepted, err == nil, "%v", err)
		})
	}
}

// A symbolic link is as private as what it leads to, which is how secrets are often mounted.
func TestSecretFileThroughLink(t *testing.T) {
	dir, file := folder(t, minimal+"platform.api_key_file = \"link\"\n")
	require.NoError(t, os.Symlink("alice.key", filepath.Join(dir, "link")))
	_, err := Load(file)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Join(dir, "alice.key"), 0o644))
	_, err = Load(file)
	require.ErrorContains(t, err, "is open to everybody")
}

func TestSameFolderThroughLink(t *testing.T) {
	dir, file := folder(t, minimal+"[[organizer]]\nemail = \"a@example.com\"\nvdir = \"folder\"\n"+
		"[[organizer]]\nemail = \"b@example.com\"\nvdir = \"link\"\n")
	require.NoError(t, os.Symlink("folder", filepath.Join(dir, "link")))
	_, err := Load(file)
	require.ErrorContains(t, err, "organizer[0] has this one")
}

func TestTemplatesThroughLink(t *testing.T) {
	dir, file := folder(t, minimal+"details.templates = \"link/../link\"\n")
	_, err := Load(file)
	require.ErrorContains(t, err, "no such folder in "+dir)
	require.NoError(t, os.Symlink("folder", filepath.Join(dir, "link")))
	c, err := Load(file)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "link"), c.Details.Templates)
}

func TestSameFeedThroughLink(t *testing.T) {
	dir, file := folder(t, minimal+"[[organizer]]\nemail = \"a@example.com\"\nics_url = \"alice.key\"\n"+
		"[[organizer]]\nemail = \"b@example.com\"\nics_url = \"link\"\n")
	require.NoError(t, os.Symlink("alice.key", filepath.Join(dir, "link")))
	_, err := Load(file)
	require.ErrorContains(t, err, "organizer[0] has this one")
}

func TestKeyLiesBesideTheLedger(t *testing.T) {
	dir, file := folder(t, `database = "state/ledger.db"`+"\n"+minimal[len("\ndatabase = \"ledger.db\"\n"):])
	c, err := Load(file)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "state", "ledger.db"), c.Database)
	assert.Equal(t, filepath.Join(dir, "state", "convoke.key"), c.KeyFile)
}

func TestDefaultKeyIsChecked(t *testing.T) {
	dir, file := folder(t, minimal)
	writeFile(t, filepath.Join(dir, "convoke.key"), "canary", 0o644)
	_, err := Load(file)
	require.ErrorContains(t, err, "key_file")
	require.ErrorContains(t, err, "is open to everybody")
}

func TestLoadOfNoFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "config.toml"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.toml"), filepath.Join(dir, "second.toml")
	_, err := find("", first, second)
	require.ErrorContains(t, err, "first.toml or ")
	require.ErrorContains(t, err, "-c")

	writeFile(t, second, "", 0o600)
	got, err := find("", first, second)
	require.NoError(t, err)
	assert.Equal(t, second, got)

	writeFile(t, first, "", 0o600)
	got, err = find("", first, second)
	require.NoError(t, err)
	assert.Equal(t, first, got)

	got, err = find("named.toml", first, second)
	require.NoError(t, err)
	assert.Equal(t, "named.toml", got, "even when it is not there")

	got, err = Find("named.toml")
	require.NoError(t, err)
	assert.Equal(t, "named.toml", got)
}
