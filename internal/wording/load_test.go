package wording_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/wording"
)

// folder makes a folder of templates.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

const short = `{{define "heading"}}Sitzung{{end}}
{{define "body"}}
{{.JoinURL}}
{{end}}
{{define "cancelled"}}Abgesagt: {{.Topic}}{{end}}
{{define "private"}}Privat{{end}}
`

// german is a file with another heading.
func german(heading string) string { return strings.Replace(short, "Sitzung", heading, 1) }

func TestLoadOverride(t *testing.T) {
	w, err := wording.Load(folder(t, map[string]string{
		"de.txt":       "\ufeff" + strings.ReplaceAll(short, "\n", "\r\n"),
		"de.txt~":      "{{",
		".de.txt":      "{{",
		"README.md":    "{{",
		"it.txt":       `{{/* with a part of its own */}} {{define "at"}} {{.}}; {{end}}` + strings.Replace(short, "{{.JoinURL}}", `{{template "at" .JoinURL}}`+"\n\n\n  {{with .Marker}}senza: {{.}}{{end}}  \n\n", 1),
		"notes.de.bak": "{{",
	}))
	require.NoError(t, err)
	assert.Equal(t, "Sitzung", w.Heading("de"))
	assert.Equal(t, []string{fullData().JoinURL}, w.Lines("de", fullData()))
	assert.Equal(t, "Abgesagt: Budget", w.Cancelled("de", "Budget"))
	assert.Equal(t, "Privat", w.Private("de"))
	assert.Equal(t, "Réunion en ligne", w.Heading("fr"), "another language stays")
	assert.Equal(t, []string{fullData().JoinURL + ";", "", "senza: #nomeet"}, w.Lines("it", fullData()), "white space is tidied up")
}

// TestLoadRefuses has one fault a file, and the message that names file, line and part.
func TestLoadRefuses(t *testing.T) {
	body := func(text string) string { return strings.Replace(short, "{{.JoinURL}}", text, 1) }
	cases := []struct{ name, text, want string }{
		{"not closed", body("{{.JoinURL"), `de.txt:4: part "body": unexpected "{" in operand`},
		{"no end", strings.TrimSuffix(short, "{{end}}\n"), `de.txt:6: part "private": unexpected EOF`},
		{"unknown function", body("{{.JoinURL}} {{today}}"), `de.txt:3: part "body": function "today" not defined`},
		{"unknown field", body("{{.JoinURL}}\n{{.Meeting}}"), `de.txt:4: part "body": at <.Meeting>: can't evaluate field Meeting in type wording.Data`},
		{"unknown field of a number", body("{{.JoinURL}}{{range .Dial}}\n{{.City}}{{end}}"), `de.txt:4: part "body": at <.City>: can't evaluate field City in type wording.Dial`},
		{"unknown field when something is missing", body("{{.JoinURL}}\n\n{{if not .PIN}}{{.Pin}}{{end}}"), `de.txt:5: part "body": at <.Pin>: can't evaluate field Pin in type wording.Data`},
		{"field in the heading", german("{{.Topic}}"), `de.txt:1: part "heading": at <.Topic>: can't evaluate field Topic in type struct {}`},
		{"unknown template", body(`{{.JoinURL}} {{template "dial" .}}`), `de.txt:3: part "body": at <{{template "dial" .}}>: template "dial" not defined`},
		{"fault in a part of its own", `{{define "dial"}}` + "\n" + "{{.City}}{{end}}\n" + body(`{{.JoinURL}} {{template "dial" .}}`), `de.txt:2: part "dial": at <.City>: can't evaluate field City in type wording.Data`},
		{"the same part twice", short + `{{define "private"}}x{{end}}`, `de.txt:7: part "private": multiple definition of template "private"`},
		{"a template that fails", body("{{.JoinURL}}{{index .Dial 3}}"), `de.txt:3: part "body": at <index .Dial 3>: error calling index: index out of range: 3`},

		{"empty file", "", `de.txt: part "heading": it is missing: add {{define "heading"}}…{{end}}`},
		{"missing part", strings.Replace(short, `"private"`, `"privat"`, 1), `de.txt: part "private": it is missing: add {{define "private"}}…{{end}}`},
		{"text outside", short + "\n\nJoin: {{.JoinURL}}\n", `de.txt:9: text outside of the parts: put it between {{define "body"}} and {{end}}`},
		{"action outside", short + "\n{{.JoinURL}}\n", `de.txt:8: text outside of the parts: put it between {{define "body"}} and {{end}}`},

		{"no join URL", body("{{.Number}}"), `de.txt:2: part "body": it does not give the join URL: {{.JoinURL}} must stand in it, whatever else is missing, with a space behind it`},
		{"join URL only with a PIN", body("{{with .PIN}}{{$.JoinURL}}{{end}}"), `de.txt:2: part "body": it does not give the join URL: {{.JoinURL}} must stand in it, whatever else is missing, with a space behind it`},
		{"join URL goes on", body("{{.JoinURL}}-{{.Number}}/x"), `de.txt:2: part "body": it does not give the join URL: {{.JoinURL}} must stand in it, whatever else is missing, with a space behind it`},
		{"41 lines", body("{{.JoinURL}}" + strings.Repeat("\nx", 40)), `de.txt:2: part "body": it gives 41 lines: 40 are allowed`},
		{"too many lines with ten numbers", body("{{.JoinURL}}{{range .Dial}}\na\nb\nc\nd{{end}}"), `de.txt:2: part "body": it gives 41 lines: 40 are allowed`},
		{"part within a part", body(`{{define "x"}}{{.}}{{end}}`), `de.txt:3: part "x": unexpected <define> in command`},
		{"no end to it", body(`{{.JoinURL}}{{template "x"}}`) + `{{define "x"}}{{template "x"}}{{end}}`, `de.txt:7: part "x": at <{{template "x"}}>: exceeded maximum template depth (100000)`},
		{"too much", body("{{.JoinURL}}{{range 20000}}x{{end}}"), `de.txt:2: part "body": it gives more than 16384 bytes`},
		{"the marker alone on a line", body("{{.JoinURL}}\n{{.Marker}}"), `de.txt:2: part "body": it gives "#nomeet" as a line of its own: that would decline the meeting; put words around it`},
		{"a ruler", body("{{.JoinURL}}\n-----------------------"), `de.txt:2: part "body": it gives the line "-----------------------": dashes like these end the block`},

		{"control character", body("{{.JoinURL}}\n\x07"), `de.txt:4: part "body": a control character ('\a')`},
		{"lone carriage return", body("{{.JoinURL}}\r "), `de.txt:3: part "body": a control character ('\r')`},
		{"control character of a template", body(`{{.JoinURL}} {{"\x00"}}`), `de.txt:2: part "body": it gives a control character ('\x00')`},
		{"line separator in the heading", german(`{{"a\u2028b"}}`), `de.txt:1: part "heading": it gives a control character ('\u2028')`},
		{"not UTF-8", german("\xff"), `de.txt:1: part "heading": not UTF-8`},

		{"empty heading", german(" \n "), `de.txt:1: part "heading": it gives no text`},
		{"heading of two lines", german("a\nb"), `de.txt:1: part "heading": it gives more than one line`},
		{"cancelled without the topic", strings.Replace(short, "{{.Topic}}", "", 1), `de.txt:5: part "cancelled": it does not give the topic: {{.Topic}} must stand in it`},
		{"cancelled without a word", strings.Replace(short, "Abgesagt: ", "", 1), `de.txt:5: part "cancelled": it gives no text`},
		{"private is empty", strings.Replace(short, "Privat{{end}}", "{{end}}", 1), `de.txt:6: part "private": it gives no text`},
		{"too large", short + strings.Repeat(" ", 64<<10), `de.txt: 65694 bytes: 65536 are allowed`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := folder(t, map[string]string{"de.txt": c.text})
			w, err := wording.Load(dir)
			require.Error(t, err)
			assert.Nil(t, w)
			assert.Equal(t, c.want, strings.TrimPrefix(err.Error(), dir+string(filepath.Separator)))
			var fault *wording.Error
			require.ErrorAs(t, err, &fault)
			assert.Equal(t, filepath.Join(dir, "de.txt"), fault.File)
		})
	}
}

func TestLoadTellsAllFaults(t *testing.T) {
	dir := folder(t, map[string]string{"de.txt": "", "DE.txt": short, "it.txt": short, "IT.txt": short, "german_1.txt": short, "fr.txt": "{{"})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "nl.txt"), 0o700))
	_, err := wording.Load(dir)
	require.Error(t, err)
	assert.Equal(t, []string{
		`de.txt: part "heading": it is missing: add {{define "heading"}}…{{end}}`,
		`fr.txt:1: unclosed action`,
		`german_1.txt: "german_1" is no language tag: name the file de.txt or de-CH.txt`,
		`it.txt: the same language as IT.txt`,
		`nl.txt: not a regular file`,
	}, strings.Split(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""), "\n"))
}

func TestLoadFolder(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "templates")
	_, err := wording.Load(missing)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, "templates: read folder "+missing+": no such file or directory", err.Error())

	dir := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "de.txt")))
	_, err = wording.Load(dir)
	require.ErrorIs(t, err, os.ErrNotExist)

	w, err := wording.Load(t.TempDir())
	require.NoError(t, err)
	assert.Equal(t, builtIn(t).Languages(), w.Languages(), "an empty folder changes nothing")
}

func TestErrorUnwraps(t *testing.T) {
	cause := errors.New("cause")
	assert.ErrorIs(t, &wording.Error{File: "de.txt", Err: cause}, cause)
}

// TestFailsLater: a template that passed, and fails on data that nobody thought of, gives way to the next one.
func TestFailsLater(t *testing.T) {
	tricky := strings.NewReplacer(
		"{{.JoinURL}}", `{{.JoinURL}}{{if eq .PIN "13"}}{{index .Dial 99}}{{end}}`,
		"{{.Topic}}", `{{.Topic}}{{if eq .Topic "13"}}{{index .Topic 99}}{{end}}`).Replace(short)
	w, err := wording.Load(folder(t, map[string]string{"de.txt": tricky, "de-CH.txt": tricky, "it.txt": tricky}))
	require.NoError(t, err)
	d := wording.Data{JoinURL: fullData().JoinURL}
	assert.Equal(t, []string{d.JoinURL}, w.Lines("de", d), "it is in use")
	d.PIN = "13"
	assert.Equal(t, []string{"Teilnehmen: " + d.JoinURL}, w.Lines("de", d))
	assert.Equal(t, []string{"Teilnehmen: " + d.JoinURL}, w.Lines("de-CH", d))
	assert.Equal(t, []string{"Join: " + d.JoinURL}, w.Lines("it", d))
	assert.Equal(t, "Abgesagt: 13", w.Cancelled("de", "13"))
	assert.Equal(t, "Cancelled: 13", w.Cancelled("it", "13"))

	d.Number = strings.Repeat("9", 1<<20)
	assert.Equal(t, []string{d.JoinURL}, w.Lines("de", d), "when nothing else is left")
	huge := strings.Repeat("x", 1<<20)
	assert.Equal(t, huge, w.Cancelled("de", huge))
}
