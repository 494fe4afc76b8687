package config

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const layouts = "\ufeff# comment = 1\r\n" + `a = 1 # b = 2
'b c' = "x = 1 # y"
d . "e" = '''
fake = 1
[fake]
''''' # ends with two quotes of its own
f = [ # [fake]
  "]", 1,
  ["]"],
]
g = """\"""
fake = 2
\\"""
h = { i = 1, j = { k = 2 } }
empty = ""

[table] # comment
a = 2

[[row]]
a = 3
[[ row . sub ]]
a = 4
[[row.sub]]
b = 5
[row.other]
c = 6

[[row]]
b = 7
[[row.sub]]
b = 8
`

func TestKeyLines(t *testing.T) {
	var parsed map[string]any
	_, err := toml.Decode(layouts, &parsed)
	require.NoError(t, err)
	want := map[string]int{
		"a": 2, `"b c"`: 3, "d": 4, "d.e": 4, "f": 8, "g": 12, "h": 15, "empty": 16,
		"table": 18, "table.a": 19,
		"row": 21, "row[0]": 21, "row[0].a": 22,
		"row[0].sub": 23, "row[0].sub[0]": 23, "row[0].sub[0].a": 24, "row[0].sub[1]": 25, "row[0].sub[1].b": 26,
		"row[0].other": 27, "row[0].other.c": 28,
		"row[1]": 30, "row[1].b": 31, "row[1].sub": 32, "row[1].sub[0]": 32, "row[1].sub[0].b": 33,
	}
	lines := keyLines(layouts)
	assert.Equal(t, want, lines)
	assert.Equal(t, 15, lineOf(lines, "h.j.k"), "inside a value")
	assert.Equal(t, 8, lineOf(lines, "f[2][0]"))
	assert.Equal(t, 30, lineOf(lines, "row[1].missing"), "its table")
	assert.Zero(t, lineOf(lines, "missing.key"))
}

// Whatever the parser accepts, each of its keys at the top and in plain tables is found, on a line that has its name.
func FuzzKeyLines(f *testing.F) {
	f.Add(layouts)
	f.Add("a=1\n[b]\nc=[{d=1},\n{d=2}]\n[[e]]\nf.g=''\n")
	f.Add("x = \"\"\"\"\"\"\"\"\ny = ''''''''\nz = 1")
	f.Fuzz(func(t *testing.T, document string) {
		var parsed map[string]any
		if _, err := toml.Decode(document, &parsed); err != nil {
			return
		}
		lines := keyLines(document)
		text := strings.Split(document, "\n")
		for key := range parsed {
			if strings.ContainsAny(toml.Key{key}.String(), `"`) { // may be written with escapes
				continue
			}
			line := lines[key]
			require.NotZero(t, line, "%q in %q", key, document)
			require.Contains(t, text[line-1], key)
		}
	})
}

func TestNearest(t *testing.T) {
	known := []string{"email", "password_file", "url", "join_url", "caldav_url", "vdir", "marker"}
	for key, want := range map[string]string{
		"e-mail": "email", "Email": "email", "password": "password_file", "caldavurl": "caldav_url",
		"uri": "url", "markers": "marker", "colour": "", "x": "", "path": "",
	} {
		assert.Equal(t, want, nearest(key, known), key)
	}
}
