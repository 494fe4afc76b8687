// Package lint holds the rules of this source tree that no ready-made tool knows: which package may import which,
// and how much of the machine the systemd unit leaves to the daemon. Its tests are the linter; `make lint` runs them.
package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A Rule forbids imports. Packages are patterns: an import path, or one with /... for everything below too. Paths of
// this module begin with its name, for Packages, Except and Never alike.
type Rule struct {
	Why      string
	Packages []string // whose files are looked at
	Except   []string // of Packages
	Never    []string // what they must not import
	But      []string // of Never
	Tests    bool     // _test.go files too
	As       string   // the import is accepted under this name
}

// A Violation is one import that a rule forbids.
type Violation struct {
	File   string // relative to the root, with slashes
	Line   int
	Import string
	Why    string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s:%d: imports %s: %s", v.File, v.Line, v.Import, v.Why)
}

// Imports checks every Go file below root, which is the root of the module, whatever its build constraints are.
// Folders that the go tool leaves out are left out, and so are other modules. It returns the number of files read.
func Imports(root, module string, rules []Rule) (violations []Violation, files int, err error) {
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && leftOut(name):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		found, err := checkFile(root, name, module, rules)
		violations, files = append(violations, found...), files+1
		return err
	})
	return violations, files, err
}

func leftOut(folder string) bool {
	base := filepath.Base(folder)
	if base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	modules, err := filepath.Glob(filepath.Join(folder, "go.mod"))
	return err != nil || len(modules) > 0
}

func checkFile(root, name, module string, rules []Rule) ([]Violation, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, name, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	relative, err := filepath.Rel(root, name)
	if err != nil {
		return nil, err
	}
	relative = filepath.ToSlash(relative)
	pkg, test := path.Join(module, path.Dir(relative)), strings.HasSuffix(relative, "_test.go")
	var violations []Violation
	for _, spec := range parsed.Imports {
		for _, rule := range rules {
			if rule.forbids(pkg, test, spec) {
				line := files.Position(spec.Pos()).Line
				violations = append(violations, Violation{relative, line, importPath(spec), rule.Why})
			}
		}
	}
	return violations, nil
}

func (r Rule) forbids(pkg string, test bool, spec *ast.ImportSpec) bool {
	imported := importPath(spec)
	switch {
	case test && !r.Tests,
		!matchAny(r.Packages, pkg) || matchAny(r.Except, pkg),
		!matchAny(r.Never, imported) || matchAny(r.But, imported),
		r.As != "" && spec.Name != nil && spec.Name.Name == r.As:
		return false
	}
	return true
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil { // the parser has accepted it
		return spec.Path.Value
	}
	return p
}

func matchAny(patterns []string, pkg string) bool {
	for _, p := range patterns {
		tree, whole := strings.CutSuffix(p, "/...")
		if pkg == tree || whole && strings.HasPrefix(pkg, tree+"/") {
			return true
		}
	}
	return false
}
