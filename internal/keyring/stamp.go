package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Stamp is the path of a small file beside the key, but not in the ledger: it says how far the ledger had come when it was
// last used, so that one which was lost or put back is noticed. It holds one line, and no secret.
type Stamp string

// Read returns what stands in the file, "" when there is none.
func (s Stamp) Read() (string, error) {
	text, err := os.ReadFile(string(s))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("stamp file: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// Write replaces what stands in the file; it is on disk when Write returns, whole or not at all.
func (s Stamp) Write(text string) error {
	err := s.write(text)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s for the stamp file: make it, owned by the user that convoke runs as, or set stamp_file: %w", filepath.Dir(string(s)), err)
	}
	if err != nil {
		return fmt.Errorf("stamp file %s cannot be written, and without it nobody could tell an old copy of the ledger from this one (stamp_file names another place): %w", string(s), err)
	}
	return nil
}

func (s Stamp) write(text string) error {
	dir := filepath.Dir(string(s))
	temp, err := os.CreateTemp(dir, ".convoke-stamp-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = fmt.Fprintln(temp, text)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), string(s)); err != nil {
		return err
	}
	return syncDir(dir)
}
