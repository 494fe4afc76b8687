package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A pkg is a package with fuzz targets.
type pkg struct {
	ImportPath, Dir           string
	TestGoFiles, XTestGoFiles []string

	binary string
}

// A target is one fuzz test.
type target struct {
	pkg  *pkg
	name string
}

var declaration = regexp.MustCompile(`(?m)^func Fuzz\w*\(`)

// packages lists the packages of the module whose tests declare a target.
func (o options) packages(ctx context.Context) ([]*pkg, error) {
	list, err := o.goCommand(ctx, "list", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles", "./...")
	if err != nil {
		return nil, err
	}
	var found []*pkg
	for d := json.NewDecoder(bytes.NewReader(list)); ; {
		p := &pkg{}
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		declares, err := p.declares()
		if err != nil {
			return nil, err
		}
		if declares {
			found = append(found, p)
		}
	}
}

func (p *pkg) declares() (bool, error) {
	for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil || declaration.Match(text) {
			return err == nil, err
		}
	}
	return false, nil
}

// targets builds the packages, with the counters that guide the search, and asks each for its targets.
func (o options) targets(ctx context.Context, into string) ([]target, error) {
	packages, err := o.packages(ctx)
	if err != nil {
		return nil, err
	}
	var all []target
	for i, p := range packages {
		p.binary = filepath.Join(into, fmt.Sprintf("%d.test", i))
		if _, err := o.goCommand(ctx, "test", "-c", "-fuzz=.", "-o", p.binary, p.ImportPath); err != nil {
			return nil, err
		}
		list := exec.CommandContext(ctx, p.binary, "-test.list=^Fuzz")
		list.Dir = p.Dir
		names, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("%s: list targets: %w", p.ImportPath, err)
		}
		for _, name := range strings.Fields(string(names)) {
			if o.only.MatchString(name) {
				all = append(all, target{p, name})
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no targets: nothing was tried")
	}
	return all, nil
}

func (o options) goCommand(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = o.dir
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s%s", args[0], err, out, complaints.Bytes())
	}
	return out, nil
}
