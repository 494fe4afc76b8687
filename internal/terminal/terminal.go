// Package terminal prints for people: aligned tables, colour where there is a terminal and NO_COLOR is not set, a
// progress line that goes away. In a pipe it prints plain text. It knows nothing of convoke.
package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	stdsync "sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-isatty"
)

// An Out is where a command prints.
type Out struct {
	io.Writer
	colour bool

	mu  stdsync.Mutex
	err error // the first that a write has come to
}

// New prints to w, with colour when that is a terminal.
func New(w io.Writer) *Out {
	return &Out{Writer: w, colour: isTerminal(w) && os.Getenv("NO_COLOR") == ""}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb"
}

// Bold, Dim, Good, Warn and Bad colour a text.
func (o *Out) Bold(s string) string { return o.style("1", s) }
func (o *Out) Dim(s string) string  { return o.style("2", s) }
func (o *Out) Good(s string) string { return o.style("32", s) }
func (o *Out) Warn(s string) string { return o.style("33", s) }
func (o *Out) Bad(s string) string  { return o.style("31", s) }

func (o *Out) style(code, s string) string {
	if !o.colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Printf prints. Nothing stops where that fails: Err tells, at the end.
func (o *Out) Printf(format string, args ...any) {
	_, err := fmt.Fprintf(o.Writer, format, args...)
	o.failed(err)
}

func (o *Out) failed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
}

// Err is the first error of a write, or nil.
func (o *Out) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// JSON prints one indented document.
func (o *Out) JSON(v any) error {
	e := json.NewEncoder(o.Writer)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Table prints rows below a head, each column as wide as its widest cell. Cells may be coloured.
func (o *Out) Table(head []string, rows [][]string) {
	width := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			width[i] = max(width[i], visible(cell))
		}
	}
	for n, row := range append([][]string{head}, rows...) {
		var b strings.Builder
		for i, cell := range row {
			pad := width[i] - visible(cell)
			if n == 0 {
				cell = o.Dim(cell)
			}
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", pad+2))
			}
		}
		o.Printf("%s\n", strings.TrimRight(b.String(), " "))
	}
}

// visible is the width of a cell without its colours.
func visible(s string) int {
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return utf8.RuneCountInString(s)
		}
		j := strings.IndexByte(s[i:], 'm')
		if j < 0 {
			return utf8.RuneCountInString(s)
		}
		s = s[:i] + s[i+j+1:]
	}
}

// Count is a number of things: 1 event, 2 events.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Plain makes foreign text safe to print: control characters would move the cursor or change the colour.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return '�'
		}
		return r
	}, s)
}

// A Progress is a line that says how far a long work is. In a pipe it says nothing.
type Progress struct {
	w     io.Writer
	mu    stdsync.Mutex
	last  time.Time
	shown bool
}

// NewProgress shows progress on w when that is a terminal.
func NewProgress(w io.Writer) *Progress {
	if !isTerminal(w) {
		return &Progress{}
	}
	return &Progress{w: w}
}

// Say replaces the line, ten times a second at most.
func (p *Progress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil || time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.shown = time.Now(), true
	fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
}

// Done takes the line away.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
