package calendar

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLinesJoinToTheFile reads every file of testdata and of the corpus, readable as an event or not: the lines joined
// are the file, and edits depend on that.
func TestLinesJoinToTheFile(t *testing.T) {
	roots := []string{"testdata"}
	corpus := os.Getenv("CONVOKE_CORPUS")
	if corpus == "" {
		corpus = filepath.Join("..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(corpus); err == nil {
		roots = append(roots, corpus)
	} else {
		t.Logf("no corpus at %s (CONVOKE_CORPUS): testdata only", corpus)
	}
	files := 0
	for _, root := range roots {
		require.NoError(t, filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			var b strings.Builder
			for _, l := range readLines(string(data)) {
				b.WriteString(l.raw)
			}
			assert.True(t, b.String() == string(data), path)
			files++
			return nil
		}))
	}
	t.Logf("%d files", files)
}

func TestParseLine(t *testing.T) {
	cases := []struct{ raw, text, name, value string }{
		{"SUMMARY:a\r\n", "SUMMARY:a", "SUMMARY", "a"},
		{"summary;language=\"a:b\";x=c:d:e\n", "summary;language=\"a:b\";x=c:d:e", "SUMMARY", "d:e"},
		{"DESC\r\n RIPTION:a\n\t b\r\n \r\n c", "DESCRIPTION:a bc", "DESCRIPTION", "a bc"},
		{"X;A=\"never closed:a\r\n", "X;A=\"never closed:a", "X", "a"},
		{"no colon\r\n", "no colon", "", ""},
		{"\r\n", "", "", ""},
		{"X:\xc3\r\n \xbc\r\r\n", "X:ü", "X", "ü"},
	}
	for _, c := range cases {
		lines := readLines(c.raw)
		require.Len(t, lines, 1, c.raw)
		assert.Equal(t, c.text, lines[0].text)
		assert.Equal(t, c.name, lines[0].name)
		assert.Equal(t, c.value, lines[0].value())
		assert.Equal(t, c.raw, lines[0].raw)
	}
}

func TestText(t *testing.T) {
	cases := []struct{ raw, text string }{
		{`a\nb\Nc`, "a\nb\nc"}, {`a\,b\;c\\d`, `a,b;c\d`}, {`https\://x\"`, `https://x"`}, {`C:\temp\`, `C:\temp\`}, {`a,b;c`, `a,b;c`}, {``, ``},
	}
	for _, c := range cases {
		assert.Equal(t, c.text, decodeText(c.raw))
		assert.Equal(t, c.text, newRawText(c.raw).text)
		assert.Equal(t, c.text, decodeText(encodeText(c.text)))
	}
	assert.Equal(t, []string{"a", "b,c", ""}, splitList(`a,b\,c,`))

	raw := newRawText(`a\: \x, b\nc`)
	raw.apply([]change{{span{1, 2}, ";"}, {span{len(raw.text) - 1, len(raw.text)}, "d\ne"}})
	assert.Equal(t, `a\; \x, b\nd\ne`, raw.raw)
	assert.Equal(t, "a; \\x, b\nd\ne", raw.text)
}

func TestFold(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("a", 75), strings.Repeat("a", 76), strings.Repeat("ü", 200), strings.Repeat("a", 74) + "€uro",
		strings.Repeat("👍", 100), strings.Repeat("\x80", 300), strings.Repeat(" ", 200), "",
	} {
		for _, end := range []string{"\r\n", "\n"} {
			var b strings.Builder
			fold(&b, text, end)
			assert.Equal(t, text, unfold(b.String()))
			for _, l := range strings.Split(b.String(), end) {
				assert.LessOrEqual(t, len(l), 75)
				if strings.ContainsAny(text, "ü€👍") {
					assert.Equal(t, strings.ToValidUTF8(l, "?"), l)
				}
			}
		}
	}
}

// TestCheckCatches breaks the result of an edit in every way that check is there for.
func TestCheckCatches(t *testing.T) {
	data := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20261210T140000Z\r\nSUMMARY:a very long line that is folded here and\r\n  goes on\r\nLOCATION:x\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	e, err := Parse([]byte(data), nil)
	require.NoError(t, err)
	p := e.Patch()
	p.Set(e.Components[0], "LOCATION", "y", nil)
	p.Insert(e.Components[0], "URL", "https://example.com")
	good := p.render()
	require.NoError(t, p.check(good))
	cases := []struct{ name, from, to string }{
		{"a line is missing", "ACTION:AUDIO\r\n", ""},
		{"a line is doubled", "ACTION:AUDIO\r\n", "ACTION:AUDIO\r\nACTION:AUDIO\r\n"},
		{"a line is changed", "20261210", "20261211"},
		{"a line is folded in another way", "here and\r\n  goes", "here\r\n  and goes"},
		{"a line end is another", "AUDIO\r\n", "AUDIO\n"},
		{"lines are swapped", "LOCATION:y\r\nURL:https://example.com\r\n", "URL:https://example.com\r\nLOCATION:y\r\n"},
		{"the edit is missing", "LOCATION:y", "LOCATION:x"},
		{"a new line is elsewhere", "URL:https://example.com\r\nBEGIN:VALARM\r\n", "BEGIN:VALARM\r\nURL:https://example.com\r\n"},
		{"a component more", "END:VALARM\r\n", "END:VALARM\r\nBEGIN:VALARM\r\nEND:VALARM\r\n"},
		{"a component of another kind", "VALARM", "VOTHER"},
		{"unbalanced", "END:VEVENT\r\n", ""},
		{"something behind", "END:VCALENDAR\r\n", "END:VCALENDAR\r\n\r\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.ReplaceAll(good, c.from, c.to)
			require.NotEqual(t, good, bad)
			assert.Error(t, p.check(bad))
		})
	}
}

func TestPatchRefuses(t *testing.T) {
	e, err := Parse([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20261210T140000Z\nLOCATION:a\x0bb\nEND:VEVENT\nEND:VCALENDAR\n"), nil)
	require.NoError(t, err)
	c := e.Components[0]
	cases := []struct {
		name string
		edit func(p *Patch)
		want error
	}{
		{"line end in a value", func(p *Patch) { p.Insert(c, "URL", "a\r\nATTENDEE:mailto:eve@example.com") }, ErrControl},
		{"carriage return in a value", func(p *Patch) { p.Set(c, "LOCATION", "a\rb", nil) }, ErrControl},
		{"control character", func(p *Patch) { p.Insert(c, "URL", "a\x0bb") }, ErrControl},
		{"parameters that end early", func(p *Patch) { p.Insert(c, "CONFERENCE;LABEL=a:b", "x") }, ErrUnsafeEdit},
		{"quotes that do not close", func(p *Patch) { p.Insert(c, `CONFERENCE;LABEL="a`, `b":x`) }, ErrUnsafeEdit},
		{"another UID", func(p *Patch) { p.Set(c, "UID", "v", nil) }, ErrUnsafeEdit},
		{"no UID", func(p *Patch) { p.Remove(c, "UID", nil) }, ErrUnsafeEdit},
		{"a component by the back door", func(p *Patch) { p.Insert(c, "BEGIN", "VALARM") }, ErrUnsafeEdit},
		{"no start", func(p *Patch) { p.Remove(c, "DTSTART", nil) }, ErrUnsafeEdit},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p := e.Patch()
			tc.edit(p)
			out, err := p.Bytes()
			assert.ErrorIs(t, err, tc.want)
			assert.Nil(t, out)
		})
	}
	p := e.Patch()
	p.Edit(c, "LOCATION", func(raw string) (string, bool) { return raw + "c", true })
	out, err := p.Bytes()
	require.NoError(t, err, "what was there before is the author's")
	assert.Contains(t, string(out), "LOCATION:a\x0bbc\n")
}

func TestPatchSetAmongSeveral(t *testing.T) {
	data := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20261210T140000Z\nCOMMENT:a\ncomment:b\nCOMMENT:b\nBEGIN:VALARM\nCOMMENT:b\nEND:VALARM\nCOMMENT:c\nEND:VEVENT\nEND:VCALENDAR\n"
	e, err := Parse([]byte(data), nil)
	require.NoError(t, err)
	p := e.Patch()
	p.Set(e.Components[0], "COMMENT", "new", func(v string) bool { return v == "b" })
	p.Set(e.Components[0], "COMMENT", "more", func(v string) bool { return v == "z" })
	p.Remove(e.Components[0], "COMMENT", func(v string) bool { return v == "c" })
	out, err := p.Bytes()
	require.NoError(t, err)
	assert.Equal(t, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20261210T140000Z\nCOMMENT:a\nCOMMENT:new\nCOMMENT:more\nBEGIN:VALARM\nCOMMENT:b\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n", string(out))
}

func TestLineEndsOfTheFile(t *testing.T) {
	for _, end := range []string{"\n", "\r\n"} {
		data := strings.ReplaceAll("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20261210T140000Z\nEND:VEVENT\nEND:VCALENDAR\n", "\n", end)
		e, err := Parse([]byte(data), nil)
		require.NoError(t, err)
		p := e.Patch()
		p.Insert(e.Components[0], "COMMENT", strings.Repeat("ä", 100))
		out, err := p.Bytes()
		require.NoError(t, err)
		assert.Equal(t, strings.Count(string(out), "\n"), strings.Count(string(out), end))
		assert.Equal(t, end == "\r\n", strings.Contains(string(out), "\r"))
	}
}

func TestHTMLTags(t *testing.T) {
	cases := []struct {
		name, html string
		blocks     int
		end        int // bodyEnd, counted from the end
	}{
		{"nothing", "", 0, 0},
		{"text", "a < b > c", 0, 0},
		{"body in a style", "<style>a { content: '</body>' }</style>b", 0, 0},
		{"style that never ends", "<style></body>", 0, 0},
		{"comment that never ends", "<!-- </body>", 0, 0},
		{"tag that never ends", `<a href="</body>`, 0, 0},
		{"only html", "<html>a</html>", 0, len("</html>")},
		{"two bodies", "<body></body><body></body>x", 0, len("</body>x")},
		{"block", `<div class="convoke-meeting">a</div>`, 1, 0},
		{"nested", `<div><DIV CLASS='x_convoke-meeting y'><div>a</div><div/></div></div></DIV>`, 1, 0},
		{"not closed", `<div class="convoke-meeting">a`, 0, 0},
		{"class in a comment", `<!-- <div class="convoke-meeting">a</div> -->`, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Len(t, findHTMLBlocks(c.html), c.blocks)
			assert.Equal(t, len(c.html)-c.end, bodyEnd(c.html))
		})
	}
}

func TestWindowsZonesExist(t *testing.T) {
	assert.Len(t, windowsZones, 139)
	shown := map[string]string{}
	for name, z := range windowsZones {
		assert.NotNil(t, loadZone(z.iana), "%s: %s", name, z.iana)
		cities := strings.ToLower(withoutOffset(z.shown))
		assert.Empty(t, shown[cities], "%s and %s are shown alike: %s", name, shown[cities], z.shown)
		shown[cities] = name
	}
}
