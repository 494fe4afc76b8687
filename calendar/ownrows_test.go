package calendar_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"convoke/calendar"
)

// typed is a text with what the author typed into it, below the row that has some words.
func typed(text, below, rows string) string {
	at := strings.Index(text, below) + len(below)
	at += strings.Index(text[at:], `\n`)
	return text[:at] + `\n` + rows + text[at:]
}

// TestEraseKeepsTheAuthors: what the author typed into the block, and what he ruled himself, stays when the block goes.
func TestEraseKeepsTheAuthors(t *testing.T) {
	const (
		heading  = "-------- Web meeting --------"
		notes    = `---- My notes ----\nBring the contract\nJoin at ` + joinURL + `\n------------------`
		invoice  = `---- My notes ----\nInvoice 123456 is to be paid\n------------------`
		likeOurs = `-------- My notes --------\nInvoice 123456 is to be paid\n--------------------------`
	)
	p := strings.Replace(twin, "</div>", "<p>Agenda: bring the contract</p></div>", 1)
	cases := []struct {
		name           string
		before, erased string
	}{
		{"above the closing ruler", "DESCRIPTION:Hello\\n\\n" + typed(block, "Meeting number", "AGENDA 1. salaries"), "DESCRIPTION:Hello\\n\\nAGENDA 1. salaries"},
		{"alone, between two of our rows", "DESCRIPTION:" + typed(block, "Join", "Agenda: 1. budget\\, 2. hiring"), "DESCRIPTION:Agenda: 1. budget\\, 2. hiring"},
		{"below the heading, and text below the block", "DESCRIPTION:" + typed(block, heading, "Agenda") + "\\nBye", "DESCRIPTION:Agenda\\nBye"},
		{"two parts, and empty lines", "DESCRIPTION:" + typed(typed(block, "Join", "\\na\\n\\nb\\n"), "Meeting number", "c"), "DESCRIPTION:a\\n\\nb\\nc"},
		{"oddly escaped", "DESCRIPTION:" + typed(block, "Join", `a\: b, c \x`), `DESCRIPTION:a\: b, c \x`},
		{"a section without a ruler in the block", "DESCRIPTION:" + typed(block, "Meeting number", `---- Agenda ----\n1. budget`), `DESCRIPTION:---- Agenda ----\n1. budget`},
		{"a section in the block", "DESCRIPTION:" + typed(block, "Meeting number", `---- Agenda ----\n1. budget\n----------------`), `DESCRIPTION:---- Agenda ----\n1. budget\n----------------`},
		{"the block in a section of his own", `DESCRIPTION:-------- Notes --------\n` + block + `\nBring the contract\n-----------------------`, `DESCRIPTION:-------- Notes --------\nBring the contract\n-----------------------`},
		{"another heading", "DESCRIPTION:" + strings.Replace(strings.Replace(block, "Web meeting", "Budget", 1), `\n-----------------------------`, `\nAgenda\n------------------------`, 1), `DESCRIPTION:-------- Budget --------\nAgenda\n------------------------`},
		{"a row in other words", "DESCRIPTION:" + strings.Replace(block, "Join:", "Bring the contract\\, all of you:", 1), "DESCRIPTION:Bring the contract\\, all of you: "},
		{"the link alone in brackets", "DESCRIPTION:" + strings.Replace(block, "Join: "+joinURL, "<"+joinURL+">", 1), ""},
		{"white space", "DESCRIPTION:" + strings.ReplaceAll(strings.Replace(block, "Join: ", "Join:\u00a0 ", 1), `\n`, ` \n\n`), ""},
		{"a section of his own with the link", "DESCRIPTION:" + notes, "DESCRIPTION:" + strings.Replace(notes, joinURL, "", 1)},
		{"a section of his own with the number", "DESCRIPTION:" + invoice, "DESCRIPTION:" + invoice},
		{"a section of his own in our form with the number", "DESCRIPTION:" + likeOurs, "DESCRIPTION:" + likeOurs},
		{"html: a paragraph in the block", html + "<p>a</p>" + p, html + "<p>a</p><div><p>Agenda: bring the contract</p></div>"},
		{"html: a line in the block", html + strings.Replace(twin, "<br>Meeting", "<br>Agenda<br>Meeting", 1), html + "<div>Agenda</div>"},
		{"html: an image in the block", html + strings.Replace(twin, "<br>Meeting", `<br><img src="map.png"><br>Meeting`, 1), html + `<div><img src="map.png"></div>`},
		{"html: tags over several rows", html + strings.Replace(strings.Replace(twin, "<b>", "<font size=2><b>", 1), "</div>", "<br>Agenda</font></div>", 1), html + "<div><font size=2><b></b>Agenda</font></div>"},
		{"html: paragraphs of a client", html + `<div class="x_convoke-meeting"><p><strong>Web meeting</strong></p><p>Join: <a href="` + joinURL + `">` + joinURL + `</a></p><p>Agenda</p></div>`, html + `<div><p></p><p></p><p>Agenda</p></div>`},
	}
	for _, c := range cases {
		for _, known := range []bool{true, false} {
			if c.name == "another heading" && !known {
				continue // then the heading is one of another language
			}
			t.Run(c.name+map[bool]string{true: "", false: ", no ledger"}[known], func(t *testing.T) {
				d := testDetails()
				if known {
					d.Base = []string{d.Block()}
				}
				if strings.Contains(c.before, "123456") {
					d.Number = "123456"
				}
				property, _, _ := strings.Cut(strings.SplitN(c.before, ":", 2)[0], ";")
				after, err := parse(t, event(c.before)).Erase(d)
				assert.NoError(t, err)
				assert.Equal(t, c.erased, strings.Join(propertyLines(after, property), "|"))
				assert.Equal(t, string(after), string(mustErase(t, d, after)), "a second Erase")
			})
		}
	}
}

func mustErase(t testing.TB, d calendar.Details, data []byte) []byte {
	t.Helper()
	after, err := parse(t, data).Erase(d)
	assert.NoError(t, err)
	return after
}

// TestWriteKeepsTheAuthors: only what convoke wrote is written anew.
func TestWriteKeepsTheAuthors(t *testing.T) {
	present := testDetails()
	present.Base = []string{present.Block()}
	moved := testDetails()
	moved.Replaces, moved.OldNumbers = []string{oldURL}, []string{oldNumber}
	short := present
	short.Number = "123456"
	cutOut := strings.Replace(typed(block, "Meeting number", "Agenda"), joinURL, "", 1)
	notes := `---- My notes ----\nBring the contract\nJoin at ` + oldURL + `\n------------------`
	invoice := `-------- My notes --------\nInvoice 123456 is to be paid\n--------------------------`
	inHTML := strings.ReplaceAll(strings.Replace(twin, "</div>", "<br>Agenda</div>", 1), joinURL, "")
	cases := []struct {
		name          string
		d             calendar.Details
		before, after string
	}{
		{"no ledger, the old link in a section of his own", moved, "DESCRIPTION:" + notes, "DESCRIPTION:" + anew(notes)},
		{"no ledger, his text in the old block", moved, "DESCRIPTION:" + typed(oldText, "Únase", "Agenda"), "DESCRIPTION:" + anew(typed(oldText, "Únase", "Agenda"))},
		{"no ledger, the old block", moved, "DESCRIPTION:" + oldText, "DESCRIPTION:" + block},
		{"the link cut out of the block, his text in it", present, "DESCRIPTION:" + cutOut, "DESCRIPTION:" + cutOut + "\\n\\n" + block},
		{"the link cut out of the block", present, "DESCRIPTION:" + strings.Replace(block, joinURL, "", 1), "DESCRIPTION:" + block},
		{"the number in a section of his own", short, "DESCRIPTION:" + invoice, "DESCRIPTION:" + invoice + "\\n\\n" + block},
		{"an open section in the block", present, "DESCRIPTION:" + typed(block, "Meeting number", "---- Agenda ----"), "DESCRIPTION:" + typed(block, "Meeting number", "---- Agenda ----")},
		{"html: the link cut out of the block, his text in it", present, html + inHTML, html + inHTML + twin},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			property, _, _ := strings.Cut(strings.SplitN(c.before, ":", 2)[0], ";")
			after := mustWrite(t, c.d, event(c.before))
			assert.Equal(t, c.after, strings.Join(propertyLines(after, property), "|"))
			assert.Equal(t, string(after), string(mustWrite(t, c.d, after)), "a second Write")
		})
	}
}

// TestWriteBehindABackslash: one that escapes nothing does not escape what Write puts behind it, and Erase gives it back as it was.
func TestWriteBehindABackslash(t *testing.T) {
	cases := []struct{ name, before, written, erased string }{
		{"alone", `DESCRIPTION:Files in \\srv\share\`, `DESCRIPTION:Files in \\srv\share\\\N\n` + block, `DESCRIPTION:Files in \\srv\share\`},
		{"escaped", `DESCRIPTION:Files in \\srv\share\\`, `DESCRIPTION:Files in \\srv\share\\\n\n` + block, `DESCRIPTION:Files in \\srv\share\\`},
		{"behind one that is escaped", `DESCRIPTION:a\\\`, `DESCRIPTION:a\\\\\N\n` + block, `DESCRIPTION:a\\\`},
		{"and a line end", `DESCRIPTION:a\\n`, `DESCRIPTION:a\\n\n\n` + block, `DESCRIPTION:a\\n`},
		{"capital line ends of the author", `DESCRIPTION:a\\\N\N`, `DESCRIPTION:a\\\N\N\n\n` + block, `DESCRIPTION:a\\\N\N`},
		{"location", `LOCATION:\srv\`, `LOCATION:\srv\\\, ` + joinURL, `LOCATION:\srv\\`},
		{"html", html + `<p>\`, html + `<p>\` + twin, html + `<p>\`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			property, _, _ := strings.Cut(strings.SplitN(c.before, ":", 2)[0], ";")
			after := mustWrite(t, testDetails(), event(c.before))
			assert.Equal(t, []string{c.written}, propertyLines(after, property))
			assert.Equal(t, string(after), string(mustWrite(t, testDetails(), after)), "a second Write")
			assert.Equal(t, []string{c.erased}, erase(t, testDetails(), after, property))
		})
	}
}
