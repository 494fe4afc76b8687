package wording

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed templates/*.txt
var templates embed.FS

const extension = ".txt"

// maxFile is the size in bytes above which a file is no template.
const maxFile = 64 << 10

// tagForm is the form of a language tag, roughly (RFC 5646, 2.1).
var tagForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// Load reads the words that come with the program, and the files LANG.txt in a folder ("" = none), each of which takes the
// place of a language or adds one; other files there are not looked at. LANG is a tag of BCP 47. All that is wrong comes in one
// error, of which every part is an *Error or says which folder or file could not be read.
func Load(dir string) (*Words, error) {
	inside, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	w := &Words{}
	if w.embedded, err = readAll(inside, "built-in"); err != nil {
		return nil, err
	}
	if dir != "" {
		w.custom, err = readAll(os.DirFS(dir), dir)
	}
	if err != nil {
		return nil, err
	}
	return w, nil
}

// readAll reads the files of a folder; name is how messages call it.
func readAll(folder fs.FS, name string) (map[string]*language, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fmt.Errorf("templates: read folder %s: %w", name, reason(err))
	}
	all := map[string]*language{}
	var faults []error
	for _, entry := range entries {
		tag, ok := strings.CutSuffix(entry.Name(), extension)
		if !ok || strings.HasPrefix(tag, ".") {
			continue
		}
		l, err := read(folder, entry.Name(), filepath.Join(name, entry.Name()), tag)
		if other := all[strings.ToLower(tag)]; err == nil && other != nil {
			err = &Error{File: filepath.Join(name, entry.Name()), Err: fmt.Errorf("the same language as %s%s", other.tag, extension)}
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all[strings.ToLower(tag)] = l
	}
	return all, errors.Join(faults...)
}

func read(folder fs.FS, file, name, tag string) (*language, error) {
	if !tagForm.MatchString(tag) {
		return nil, &Error{File: name, Err: fmt.Errorf("%q is no language tag: name the file de%s or de-CH%s", tag, extension, extension)}
	}
	text, err := readText(folder, file)
	if err != nil {
		return nil, &Error{File: name, Err: reason(err)}
	}
	return compile(tag, name, text)
}

func readText(folder fs.FS, file string) (string, error) {
	info, err := fs.Stat(folder, file)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	case info.Size() > maxFile:
		return "", fmt.Errorf("%d bytes: %d are allowed", info.Size(), maxFile)
	}
	data, err := fs.ReadFile(folder, file)
	return strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n"), err
}

// reason is an error without the path, which the message names already.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
