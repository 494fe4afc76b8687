package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// Find returns the configuration file to load: the one of the command line, else /etc/convoke/config.toml, else
// ./config.toml. A file named on the command line is not looked for: Load says what is wrong with it.
func Find(named string) (string, error) {
	return find(named, "/etc/convoke/config.toml", "config.toml")
}

func find(named string, candidates ...string) (string, error) {
	if named != "" {
		return named, nil
	}
	for _, c := range candidates {
		if exists(c) {
			return c, nil
		}
	}
	return "", fmt.Errorf("no configuration in %s: name one with -c", strings.Join(candidates, " or "))
}

// Load reads a configuration file. The error is an *Invalid with all faults when the file could be read but has
// any; else it wraps that of the file system.
func Load(path string) (*Config, error) { return loadFile(path, false) }

// LoadWithoutSecrets is Load, but the files of secrets are neither looked at nor looked for. It is for a process that needs none and
// may have none: systemd gives credentials to a service, and not to the command that tells it to reload.
func LoadWithoutSecrets(path string) (*Config, error) { return loadFile(path, true) }

func loadFile(path string, withoutSecrets bool) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	r, fault := newReader(string(data), filepath.Dir(absolute))
	if fault != nil {
		return nil, &Invalid{File: path, Faults: []Fault{*fault}}
	}
	r.withoutSecrets = withoutSecrets
	c := r.config()
	if len(r.faults) > 0 {
		sortFaults(r.faults)
		return nil, &Invalid{File: path, Faults: r.faults}
	}
	c.File = absolute
	return c, nil
}

// newReader parses the file. A syntax error is the only fault then: what follows it could mean anything.
func newReader(document, dir string) (*reader, *Fault) {
	r := &reader{dir: dir, credentials: os.Getenv("CREDENTIALS_DIRECTORY"), known: map[string]bool{}}
	if r.credentials != "" {
		r.credentials = filepath.Clean(r.credentials)
	}
	if _, err := toml.Decode(document, &r.values); err != nil {
		return nil, syntaxFault(err)
	}
	r.lines = keyLines(document)
	return r, nil
}

func syntaxFault(err error) *Fault {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return &Fault{Message: withoutValues(err.Error())}
	}
	return &Fault{
		Line:    pe.Position.Line,
		Message: fmt.Sprintf("column %d: %s", max(pe.Position.Col, 1), withoutValues(pe.Message)),
	}
}

// quotedText finds what the parser quotes from the file: a secret without quotes around it is a syntax error too.
var quotedText = regexp.MustCompile(`["'][^"']{2,}["']|\d{4,}`)

func withoutValues(message string) string {
	if strings.HasPrefix(message, "Key '") { // the name of a key, not a value
		return message
	}
	message = quotedText.ReplaceAllString(message, "this text")
	if strings.HasPrefix(message, "expected value") {
		message += "; a text needs quotes"
	}
	return message
}
