package lint

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/wording"
)

// pages are the documents for people, relative to the root of the module.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../../doc/*.md")
	require.NoError(t, err)
	found = append(found, "../../README.md", "../../systemd/README.md")
	require.Greater(t, len(found), 5, "the documents were not found")
	return found
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	other   = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the names that a page's headings have in links.
func anchors(page string) []string {
	var names []string
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		plain := other.ReplaceAllString(strings.ToLower(h[1]), "")
		names = append(names, strings.ReplaceAll(plain, " ", "-"))
	}
	return names
}

// broken returns the relative links of a page that lead nowhere.
func broken(t *testing.T, name string) (bad []string, links int) {
	t.Helper()
	text := readFile(t, name)
	for _, l := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		target, anchor, _ := strings.Cut(l[1], "#")
		if strings.Contains(target, "://") {
			continue
		}
		links++
		file := name
		if target != "" {
			file = filepath.Join(filepath.Dir(name), target)
		}
		if _, err := os.Stat(file); err != nil {
			bad = append(bad, l[1])
		} else if anchor != "" && !slices.Contains(anchors(readFile(t, file)), anchor) {
			bad = append(bad, l[1])
		}
	}
	return bad, links
}

func TestLinksOfTheDocuments(t *testing.T) {
	total := 0
	for _, page := range pages(t) {
		bad, links := broken(t, page)
		assert.Empty(t, bad, page)
		total += links
	}
	assert.Greater(t, total, 50, "links were not read")
}

func TestBrokenLinksAreFound(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	text := "# A `page`, it is\n[self](#a-page-it-is) [no](#nowhere) [gone](gone.md) [web](https://example.com/x)\n" +
		"```\n# no heading\n[code](code.md)\n```\n[no](page.md#no-heading)\n"
	require.NoError(t, os.WriteFile(page, []byte(text), 0o600))
	bad, links := broken(t, page)
	assert.Equal(t, []string{"#nowhere", "gone.md", "page.md#no-heading"}, bad)
	assert.Equal(t, 4, links)
}

// installed are the sources that `make install` copies, by where they stand below the folder of the documents.
func installed(t *testing.T) map[string]bool {
	t.Helper()
	cmd := exec.Command("make", "-n", "install", "DESTDIR=/nowhere", "PREFIX=/usr")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	there := map[string]bool{}
	copies := regexp.MustCompile(`(?m)^install -m 0644 (.+) '/nowhere/usr/share/doc/convoke/?(.*)'$`)
	for _, c := range copies.FindAllStringSubmatch(string(out), -1) {
		for _, source := range strings.Fields(c[1]) {
			there[filepath.Join(c[2], filepath.Base(source))] = true
		}
	}
	require.Contains(t, there, "doc/admin.md", "the Makefile was not understood")
	return there
}

// What is installed leads to what is installed; architecture.md is for those who have the source tree.
func TestLinksOfTheInstalledDocuments(t *testing.T) {
	there := installed(t)
	for name := range there {
		if filepath.Ext(name) != ".md" || name == "doc/architecture.md" {
			continue
		}
		for _, l := range link.FindAllStringSubmatch(fence.ReplaceAllString(readFile(t, filepath.Join("../..", name)), ""), -1) {
			target, _, _ := strings.Cut(l[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			assert.True(t, there[filepath.Join(filepath.Dir(name), target)], "%s leads to %s, which is not installed", name, target)
		}
	}
}

// The map of the README names files and folders that are there.
func TestMapOfTheReadme(t *testing.T) {
	_, rooms, found := strings.Cut(readFile(t, "../../README.md"), "\n## Where is what\n")
	require.True(t, found)
	rooms, _, _ = strings.Cut(rooms, "\n## ")
	paths := regexp.MustCompile("`([a-z0-9]+(?:/[a-z0-9_.]+)+)`").FindAllStringSubmatch(rooms, -1)
	assert.Greater(t, len(paths), 10)
	for _, p := range paths {
		_, err := os.Stat(filepath.Join("../..", p[1]))
		assert.NoError(t, err)
	}
}

// The template that the guide shows is one that convoke takes, and gives what the guide shows of it.
func TestTemplateOfTheGuide(t *testing.T) {
	var template, block string
	for _, b := range fence.FindAllString(readFile(t, "../../doc/admin.md"), -1) {
		b = strings.TrimSuffix(strings.TrimPrefix(b, "```\n"), "```")
		switch {
		case strings.Contains(b, `{{define "body"}}`):
			template = b
		case strings.Contains(b, "Riunione online"):
			block = b
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "it.txt"), []byte(template), 0o600))
	words, err := wording.Load(dir)
	require.NoError(t, err)
	lines := words.Lines("it", wording.Data{JoinURL: "https://meeting.example.com/join/8088-5063-4739-0893", Number: "8088-5063-4739-0893"})
	rows := strings.Split(strings.TrimSpace(block), "\n")
	require.Len(t, rows, len(lines)+2)
	assert.Contains(t, rows[0], " "+words.Heading("it")+" ")
	assert.Equal(t, rows[1:len(rows)-1], lines)
}

func TestReadmeHasTwoCommandsForANewcomer(t *testing.T) {
	_, try, found := strings.Cut(readFile(t, "../../README.md"), "## Try it\n")
	require.True(t, found)
	first := fence.FindString(try)
	assert.Equal(t, "```\ngo run ./cmd/convoke demo\nmake test\n```", first)
}

// A test that a document names is there: what is said to guard something does.
func TestTestsOfTheDocumentsExist(t *testing.T) {
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir("../..", func(name string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		for _, f := range function.FindAllStringSubmatch(readFile(t, name), -1) {
			there[f[1]] = true
		}
		return nil
	})
	require.NoError(t, err)
	named := 0
	for _, page := range pages(t) {
		for _, n := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)`").FindAllStringSubmatch(readFile(t, page), -1) {
			named++
			assert.True(t, there[n[1]], "%s names %s, and there is no such test", page, n[1])
		}
	}
	assert.Greater(t, named, 20)
}

// A command is what the program's help says of it.
type command struct{ flags, commands []string }

var (
	helpFlag    = regexp.MustCompile(`(?m)^ +(?:-\w, |    )--([a-z-]+)`)
	helpCommand = regexp.MustCompile(`(?m)^  ([a-z]+) +\S`)
)

// section is what follows a title of a help text, up to the next empty line.
func section(help, title string) string {
	_, rest, _ := strings.Cut(help, "\n"+title+"\n")
	body, _, _ := strings.Cut(rest, "\n\n")
	return body
}

func first(matches [][]string) []string {
	names := []string{}
	for _, m := range matches {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

// ask collects the commands below one, by path: "organizer add".
func ask(t *testing.T, program string, path []string, into map[string]command) {
	t.Helper()
	out, err := exec.Command(program, append(slices.Clone(path), "--help")...).CombinedOutput()
	require.NoError(t, err, string(out))
	help := string(out)
	c := command{
		flags:    first(helpFlag.FindAllStringSubmatch(section(help, "Flags:"), -1)),
		commands: first(helpCommand.FindAllStringSubmatch(section(help, "Available Commands:"), -1)),
	}
	into[strings.Join(path, " ")] = c
	for _, sub := range c.commands {
		if sub != "completion" { // cobra's own: one line in the page will do
			ask(t, program, append(slices.Clone(path), sub), into)
		}
	}
}

// manual reads the page's commands with their flags, and the flags that go with all of them.
func manual(t *testing.T) (commands map[string][]string, everywhere []string) {
	t.Helper()
	flag := regexp.MustCompile(`Fl -([a-z-]+)`)
	page := readFile(t, "../../doc/convoke.1")
	before, after, found := strings.Cut(page, ".Sh COMMANDS\n")
	require.True(t, found)
	after, _, _ = strings.Cut(after, "\n.Sh ")
	commands = map[string][]string{}
	for _, s := range strings.Split("\n"+after, "\n.Ss ")[1:] {
		title, body, _ := strings.Cut(s, "\n")
		title, _, _ = strings.Cut(title, " Ar ")
		commands[strings.TrimSuffix(title, " Op")] = first(flag.FindAllStringSubmatch(body, -1))
	}
	return commands, first(flag.FindAllStringSubmatch(before, -1))
}

// The man page has every command with exactly the flags that the program has.
func TestManPage(t *testing.T) {
	program := filepath.Join(t.TempDir(), "convoke")
	out, err := exec.Command("go", "build", "-o", program, "convoke/cmd/convoke").CombinedOutput()
	require.NoError(t, err, string(out))
	real := map[string]command{}
	ask(t, program, nil, real)
	root := real[""]
	require.Contains(t, root.commands, "sync", "the help was not understood")
	delete(real, "")

	commands, everywhere := manual(t)
	assert.Equal(t, root.flags, everywhere, "flags of all commands")
	assert.Contains(t, commands, "completion")
	delete(commands, "completion")
	for path, c := range real {
		own := slices.DeleteFunc(c.flags, func(f string) bool { return slices.Contains(everywhere, f) })
		if described, found := commands[path]; assert.True(t, found, "%s is not in the page", path) {
			assert.Equal(t, own, described, "flags of %s", path)
		}
	}
	assert.Len(t, commands, len(real), "the page has commands that the program does not have")
}

// The man page is set without a complaint, where there is something to set it with.
func TestManPageIsWellFormed(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("groff is missing: install Debian's groff-base")
		}
		t.Skip("groff is missing (Debian: groff-base): the man page was not set")
	}
	out, err := exec.Command(groff, "-mandoc", "-Tascii", "-ww", "-z", "../../doc/convoke.1").CombinedOutput()
	assert.NoError(t, err)
	assert.Empty(t, string(out))
}

// The reference of the configuration has the keys of the example, with their defaults.
func TestConfigurationReference(t *testing.T) {
	reference := readFile(t, "../../doc/configuration.md")
	var tables []string
	setting := regexp.MustCompile(`^([a-z_]+) += +(.+)$`)
	rows := 0
	table := "Top level"
	for line := range strings.Lines(readFile(t, "../../config.example.toml")) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = line
			tables = append(tables, line)
		}
		m := setting.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		_, rest, _ := strings.Cut(reference, "\n## "+table+"\n")
		rest, _, _ = strings.Cut(rest, "\n## ")
		row := regexp.MustCompile("(?m)^\\| `" + m[1] + "` \\| (?:`(.*?)`|required) \\|").FindStringSubmatch(rest)
		if assert.NotNil(t, row, "%s %s", table, m[1]) {
			rows++
			if row[1] != "" && table != "[[organizer]]" { // there, the example shows values
				assert.Equal(t, m[2], row[1], "%s %s", table, m[1])
			}
		}
	}
	assert.Equal(t, strings.Count(reference, "\n| `"), rows, "the reference has keys that the example does not have")
	assert.Contains(t, tables, "[[organizer]]")
}

// What the documents show as TOML is TOML.
func TestTOMLOfTheDocuments(t *testing.T) {
	shown := 0
	for _, page := range pages(t) {
		for _, block := range fence.FindAllString(readFile(t, page), -1) {
			if body, is := strings.CutPrefix(block, "```toml\n"); is {
				shown++
				var into map[string]any
				assert.NoError(t, toml.Unmarshal([]byte(strings.TrimSuffix(body, "```")), &into), page)
			}
		}
	}
	assert.Positive(t, shown)
}
