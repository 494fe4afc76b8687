package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// path accepts a file's name; a relative one is beside the configuration file, whatever folder the daemon runs in.
func (r *reader) path(raw any) (string, error) {
	s, err := text(raw)
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(s) {
		s = filepath.Join(r.dir, s)
	}
	return filepath.Clean(s), nil
}

// folder is path for a folder that must be there.
func (r *reader) folder(raw any) (string, error) {
	p, err := r.path(raw)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("no such folder in %s", filepath.Dir(p))
	case err != nil:
		return "", fmt.Errorf("cannot be looked at: %w", cause(err))
	case !info.IsDir():
		return "", errors.New("is not a folder")
	}
	return p, readable(p)
}

// database accepts the path of an SQLite file.
func (r *reader) database(raw any) (string, error) {
	s, err := text(raw)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(s, "file:") {
		return "", errors.New("give the path alone, without file: before it")
	}
	if strings.Contains(s, "://") {
		return "", errors.New("not supported yet: give the path of an SQLite file")
	}
	return r.path(s)
}

// lookup resolves the name of a *_file: a credential that systemd passed comes before a file beside the
// configuration. Where none is there, the latter is returned.
func (r *reader) lookup(raw any) (string, error) {
	s, err := text(raw)
	if err != nil {
		return "", err
	}
	if r.credentials != "" && filepath.IsLocal(s) {
		if p := filepath.Join(r.credentials, s); exists(p) {
			return p, nil
		}
	}
	return r.path(s)
}

// secretFile is lookup for a file that must be there, and must not be open to others.
func (r *reader) secretFile(raw any) (string, error) {
	p, err := r.lookup(raw)
	if err != nil || r.withoutSecrets {
		return p, err
	}
	info, err := os.Stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("no such file in %s", r.places(raw))
	case err != nil:
		return "", fmt.Errorf("cannot be looked at: %w", cause(err))
	case !info.Mode().IsRegular():
		return "", errors.New("is not a file")
	case info.Size() == 0:
		return "", errors.New("is empty")
	}
	if err := r.private(p, info.Mode()); err != nil {
		return "", err
	}
	return p, readable(p)
}

// keyFile is lookup for the key, which is made when it is missing.
func (r *reader) keyFile(raw any) (string, error) {
	p, err := r.lookup(raw)
	if err != nil || !exists(p) {
		return p, err
	}
	return r.secretFile(raw)
}

// private refuses a secret that others on the machine can read. systemd sees to the credentials itself.
func (r *reader) private(path string, mode fs.FileMode) error {
	if r.credentials != "" && filepath.Dir(path) == r.credentials {
		return nil
	}
	if mode.Perm()&0o007 != 0 {
		return fmt.Errorf("is open to everybody on this machine (mode %04o): chmod o= %s", mode.Perm(), path)
	}
	return nil
}

func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot be read: %w", cause(err))
	}
	return f.Close()
}

// places names the folders that were searched.
func (r *reader) places(raw any) string {
	s, _ := raw.(string)
	if filepath.IsAbs(s) {
		return filepath.Dir(s)
	}
	if r.credentials != "" {
		return r.credentials + " and " + r.dir
	}
	return r.dir
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// cause takes the path off an error: the fault has it already.
func cause(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return errors.New("permission denied: run convoke as root or as the user of its service")
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
