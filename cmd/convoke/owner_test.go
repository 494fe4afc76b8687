package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ownedCase is an installation whose folder is nobody's, with the program in a process of its own: one that was started as root
// becomes that user for good.
func ownedCase(t *testing.T) (ledger, config string, run func(args ...string) result) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("not root: a file can be given to nobody else")
	}
	x := newFolderCase(t, nil)
	dir := filepath.Dir(x.file)
	giveAway(t, dir)
	program := filepath.Join(programFolder(t), program)
	return filepath.Join(dir, "ledger.db"), x.file, func(args ...string) result {
		p := start(t, nil, program, append(args, "-c", x.file)...)
		_ = p.Wait() // the code tells
		return result{code: p.ProcessState.ExitCode(), out: p.printed()}
	}
}

// A ledger that root has put back is root's, and the daemon could not use it: whoever starts convoke as root is told so, and makes
// no more such files.
func TestOwnerOfABackup(t *testing.T) {
	ledger, _, run := ownedCase(t)
	require.Contains(t, run("sync").out, "nothing to do\n")
	r := run("check")
	require.Zero(t, r.code, r.out)
	dir := filepath.Dir(ledger)
	for name, file := range map[string]string{"ledger": ledger, "key": filepath.Join(dir, "convoke.key"), "stamp": filepath.Join(dir, "convoke.key.stamp")} {
		require.NoError(t, os.Chown(file, 0, 0))
		said := file + " belongs to root, its folder to nobody, and cannot be used: chown nobody: " + file
		r := run("check")
		assert.Equal(t, exitSome, r.code)
		assert.Regexp(t, "(?m)^failed +"+name+" +"+said+"$", r.out)
		assert.Equal(t, result{code: exitSome, out: "convoke: " + said + "\n"}, run("sync"))
		require.NoError(t, os.Chown(file, 65534, 65534))
	}
	require.NoError(t, os.Chown(ledger, 0, 0))
	require.NoError(t, os.Chmod(ledger, 0o644)) // as sqlite3 leaves it
	assert.Contains(t, run("sync").out, "cannot be used: chown nobody:")
}

// A configuration that only root can read is none for the daemon, though root has read it.
func TestConfigurationOfRoot(t *testing.T) {
	_, config, run := ownedCase(t)
	require.NoError(t, os.Chown(config, 0, 0))
	r := run("check")
	assert.Equal(t, exitSome, r.code)
	assert.Regexp(t, `(?m)^failed +configuration +open `+config+`: permission denied: .*the daemon's user, nobody; chgrp nobody, and chmod 0640`, r.out)
	require.NoError(t, os.Chmod(config, 0o644))
	r = run("check")
	assert.Zero(t, r.code, r.out)
}

// So is a secret.
func TestSecretOfRoot(t *testing.T) {
	_, config, run := ownedCase(t)
	key := filepath.Join(filepath.Dir(config), "platform-api-key")
	require.NoError(t, os.Chown(key, 0, 0))
	r := run("check")
	assert.Equal(t, exitSome, r.code)
	assert.Contains(t, r.out, "secret file: open "+key+": permission denied; the user that convoke runs as must be able to read it: chgrp convoke, and chmod 0640")
}
