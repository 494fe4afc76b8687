package terminal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	const plain = "WHO    STATE\nalice  ok\nzoë    é\n"
	rows := func(o *Out) [][]string { return [][]string{{"alice", o.Good("ok")}, {o.Bold("zoë"), "é"}} }
	for name, colour := range map[string]bool{"plain": false, "coloured": true} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			o := &Out{Writer: &b, colour: colour}
			o.Table([]string{"WHO", "STATE"}, rows(o))
			assert.Equal(t, colour, b.String() != plain)
			assert.Equal(t, plain, withoutColour(b.String()), "columns stand below each other, whatever their colours")
		})
	}
}

func withoutColour(s string) string {
	var b bytes.Buffer
	for inside, i := false, 0; i < len(s); i++ {
		switch {
		case s[i] == 0x1b:
			inside = true
		case !inside:
			b.WriteByte(s[i])
		case s[i] == 'm':
			inside = false
		}
	}
	return b.String()
}

// What comes from events and servers can neither move the cursor nor change colours or the direction of writing.
func TestPlain(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"as it is":       {"Zürich – 会議", "Zürich – 会議"},
		"escape":         {"a\x1b[31mb", "a�[31mb"},
		"line ends":      {"a\r\nb", "a��b"},
		"C1 control":     {"a\u009bb", "a�b"},
		"right to left":  {"a\u202eb", "a�b"},
		"line separator": {"a\u2028b\u2029c", "a�b�c"},
		"no valid UTF-8": {"a\xffb", "a\ufffdb"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, Plain(c.text)) })
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, New(&b).JSON(map[string]string{"url": "https://example.com/?a&b<c>"}))
	assert.Equal(t, "{\n  \"url\": \"https://example.com/?a&b<c>\"\n}\n", b.String())
}

// Neither a buffer nor a file is a terminal, so there are no colours and no progress.
func TestNoTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer f.Close()
	assert.Equal(t, "x", New(f).Bad("x"))
	p := NewProgress(f)
	p.Say("%d events", 5)
	p.Done()
	info, err := f.Stat()
	require.NoError(t, err)
	assert.Zero(t, info.Size())
}

// A progress line takes the place of the one before, not more than ten times a second, and goes away.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	p := &Progress{w: &b}
	p.Done()
	assert.Empty(t, b.String(), "nothing to take away")
	p.Say("%d events", 500)
	p.Say("%d events", 501)
	p.Done()
	p.Done()
	assert.Equal(t, "\r\x1b[K500 events\r\x1b[K", b.String())
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 events", 1: "1 event", 2: "2 events", 1000: "1000 events"} {
		assert.Equal(t, want, Count(n, "event"))
	}
}

// What could not be printed is remembered, and the first time is enough.
func TestErr(t *testing.T) {
	o := New(full{})
	assert.NoError(t, o.Err())
	o.Printf("a")
	o.Printf("b")
	assert.EqualError(t, o.Err(), "no room for a")
}

type full struct{}

func (full) Write(b []byte) (int, error) { return 0, fmt.Errorf("no room for %s", b) }
