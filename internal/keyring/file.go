package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"convoke/internal/secret"
)

// ErrMalformed means that a file is there that is no key. It is never overwritten: what was sealed with the lost key
// could not be verified any more.
var ErrMalformed = errors.New("not a convoke key")

// form is the first word of a key file; the second is the key in base64.
const form = "convoke-key-1"

// Open reads the key file. When it is missing and create is set, it is made (mode 0600) and on disk before Open
// returns, and created is true: a fresh install. Without create a missing file is fs.ErrNotExist, so that commands
// which change nothing can go on without. A file that others can read is refused as secret.ReadFile does.
func Open(path string, create bool) (k Keyring, created bool, err error) {
	k, err = load(path)
	if !create || !errors.Is(err, fs.ErrNotExist) {
		return k, false, err
	}
	created, err = write(path, newKey())
	if err != nil {
		return Keyring{}, false, fmt.Errorf("make key file %s: %w", path, err)
	}
	k, err = load(path) // ours, or that of another process that was first
	return k, created, err
}

func load(path string) (Keyring, error) {
	text, err := secret.ReadFile(path)
	if errors.Is(err, secret.ErrEmpty) || errors.Is(err, secret.ErrMalformed) {
		return Keyring{}, malformed(path)
	}
	if err != nil {
		return Keyring{}, fmt.Errorf("key file: %w", err)
	}
	encoded, ok := strings.CutPrefix(text.Reveal(), form+" ")
	if !ok {
		return Keyring{}, malformed(path)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(key) != keySize {
		return Keyring{}, malformed(path)
	}
	return derive(key)
}

func malformed(path string) error {
	return fmt.Errorf("key file %s: %w: it should hold one line, %q and 32 bytes in base64; put the backup of it back, "+
		"it is left as it is", path, ErrMalformed, form)
}

// write puts a key file in place, whole or not at all, and never over another one: it is written and synced under a
// name of its own, then linked to its place, which fails when there is something already. A process that is killed
// meanwhile leaves at most the file with the other name behind.
func write(path string, key []byte) (created bool, err error) {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".convoke-key-*") // O_EXCL, mode 0600
	if err != nil {
		return false, err
	}
	defer os.Remove(temp.Name())
	_, err = fmt.Fprintf(temp, "%s %s\n", form, base64.StdEncoding.EncodeToString(key))
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return false, err
	}
	if err := os.Link(temp.Name(), path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncDir(dir)
}

// syncDir brings the directory's entries to disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
