package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A bomb is an answer that is made to cost far more than it took to send. It may go on for as long as somebody reads.
type bomb struct {
	name   string
	header map[string]string
	send   func(w io.Writer) error
	valid  bool // strange, and yet an answer
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// without end sends head, then one piece over and over.
func endless(head, piece string) func(io.Writer) error { return repeated(head, piece, 1<<40, "") }

// repeated sends head, so many bytes of pieces, and tail.
func repeated(head, piece string, size int64, tail string) func(io.Writer) error {
	return func(w io.Writer) error {
		chunk := []byte(strings.Repeat(piece, max(1, 64<<10/len(piece))))
		if _, err := io.WriteString(w, head); err != nil {
			return err
		}
		for left := size; left > 0; left -= int64(len(chunk)) {
			if _, err := w.Write(chunk); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, tail)
		return err
	}
}

// gzipped sends what repeated does, compressed to a thousandth: a gzip file may have any number of members (RFC 1952, 2.2), so that
// all pieces are the same one over and over.
func gzipped(head, piece string, size int64, tail string) func(io.Writer) error {
	const member = 16 << 20
	middle := string(zip(strings.Repeat(piece, member/len(piece))))
	return repeated(string(zip(head)), middle, size/member*int64(len(middle)), string(zip(tail)))
}

// zip is a gzip file.
func zip(text string) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.Bytes()
}

func (b bomb) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	for name, value := range b.header {
		w.Header().Set(name, value)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	}
	w.WriteHeader(http.StatusMultiStatus)
	_ = b.send(w)
}

const (
	multistatusHead = `<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">`
	multistatusTail = `<D:sync-token>x</D:sync-token></D:multistatus>`
)

// xmlBombs are documents that a parser may choke on.
func xmlBombs(canary string) []bomb {
	doctype := func(subset string) string {
		return `<?xml version="1.0"?><!DOCTYPE m [` + subset + `]><D:multistatus xmlns:D="DAV:"><D:response><D:href>&a;</D:href></D:response></D:multistatus>`
	}
	laughs := `<!ENTITY z "lol">`
	for c := 'y'; c >= 'a'; c-- {
		laughs += fmt.Sprintf("<!ENTITY %c %q>", c, strings.Repeat(fmt.Sprintf("&%c;", c+1), 10))
	}
	var prefixes, attributes strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&prefixes, ` xmlns:n%d="urn:%d"`, i, i)
		fmt.Fprintf(&attributes, ` a%d="%d"`, i, i)
	}
	row := `<D:response><D:href>/calendars/alice/work/x.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>`
	gz := map[string]string{"Content-Encoding": "gzip"}
	return []bomb{
		{"billion laughs", nil, text(doctype(laughs)), false},
		{"quadratic blow-up", nil, text(doctype(`<!ENTITY a "`+strings.Repeat("a", 50_000)+`">`) + strings.Repeat("&a;", 50_000)), false},
		{"entity in itself", nil, text(doctype(`<!ENTITY a "&a;&a;">`)), false},
		{"external entity, file", nil, text(doctype(`<!ENTITY a SYSTEM "file:///etc/passwd">`)), false},
		{"external entity, URL", nil, text(doctype(`<!ENTITY a SYSTEM "` + canary + `/entity">`)), false},
		{"external DTD", nil, text(`<?xml version="1.0"?><!DOCTYPE m SYSTEM "` + canary + `/m.dtd"><D:multistatus xmlns:D="DAV:"/>`), false},
		{"parameter entity", nil, text(doctype(`<!ENTITY % p SYSTEM "` + canary + `/p.dtd"> %p;`)), false},
		{"DOCTYPE in lower case", nil, text(`<!doctype m [` + laughs + `]><D:multistatus xmlns:D="DAV:">&a;</D:multistatus>`), false},
		{"DOCTYPE behind the root's start", nil, text(multistatusHead + `<!DOCTYPE m [` + laughs + `]>` + multistatusTail), false},
		{"XInclude", nil, text(multistatusHead + `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="` + canary + `/include"/>` + multistatusTail), true},
		{"style sheet", nil, text(`<?xml-stylesheet href="` + canary + `/style.xsl" type="text/xsl"?>` + multistatusHead + multistatusTail), true},
		{"nested 100,000 deep", nil, text(multistatusHead + strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000) + multistatusTail), false},
		{"nested without end", nil, endless(multistatusHead, "<D:response>"), false},
		{"rows without end", nil, endless(multistatusHead, row), false},
		{"rows of an object each without end", nil, endless(multistatusHead, `<D:response><D:href>/calendars/alice/work/x.ics</D:href>`+
			`<D:propstat><D:prop><D:getetag>"1"</D:getetag><C:calendar-data>`+strings.Repeat("x", 10_000)+`</C:calendar-data></D:prop></D:propstat></D:response>`), false},
		{"hrefs of one row without end", nil, endless(multistatusHead+"<D:response>", `<D:href>/calendars/alice/work/x.ics</D:href>`), false},
		{"properties of one row without end", nil, endless(multistatusHead+"<D:response><D:propstat><D:prop>", `<D:getetag>"1"</D:getetag>`), false},
		{"elements of one property without end", nil, endless(multistatusHead+"<D:response><D:propstat><D:prop><D:resourcetype>", `<D:href>/x</D:href>`), false},
		{"texts of one property without end", nil, endless(multistatusHead+"<D:response><D:propstat><D:prop><D:resourcetype>", `<D:href>`+strings.Repeat("y", 60_000)+`</D:href>`), false},
		{"text without end", nil, endless(multistatusHead+"<D:response><D:href>", "x"), false},
		{"references without end", nil, endless(multistatusHead+"<D:response><D:href>", "&#65;"), false},
		{"comment without end", nil, endless(multistatusHead+"<!--", "- "), false},
		{"processing instruction without end", nil, endless(multistatusHead+"<?x ", "? "), false},
		{"CDATA without end", nil, endless(multistatusHead+"<D:response><D:href><![CDATA[", "]] "), false},
		{"tag without end", nil, endless(multistatusHead+"<", "x"), false},
		{"attribute without end", nil, endless(multistatusHead+`<a b="`, ">"), false},
		{"3,000 attributes", nil, text(multistatusHead + `<a` + attributes.String() + `/>` + multistatusTail), true},
		{"3,000 namespaces over and over", nil, endless(multistatusHead, `<a`+prefixes.String()+`/>`), false},
		{"names without end", nil, func(w io.Writer) error {
			_, err := io.WriteString(w, multistatusHead)
			for i := 0; err == nil; i++ {
				_, err = fmt.Fprintf(w, "<n%d:a%d/>", i, i)
			}
			return err
		}, false},
		{"gzip, 1 GiB of rows", gz, gzipped(multistatusHead, row, 1<<30, multistatusTail), false},
		{"gzip, 1 GiB of text", gz, gzipped(multistatusHead+"<D:response><D:href>", "x", 1<<30, "</D:href></D:response>"+multistatusTail), false},
		{"gzip, 1 GiB of spaces", gz, gzipped("", " ", 1<<30, ""), false},
		{"gzip in gzip", gz, gzipped("", string(zip(strings.Repeat(" ", 16<<20))), 1<<28, ""), false},
		{"gzip that says it is twice gzip", map[string]string{"Content-Encoding": "gzip, gzip"}, gzipped("", string(zip(strings.Repeat(" ", 16<<20))), 1<<28, ""), false},
		{"gzip, 700,000 empty members", gz, repeated("", string(zip("")), 16<<20, ""), false},
		{"gzip header without end", gz, endless("\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\x03", "comment"), false},
		{"1 MiB of headers", map[string]string{"X-Long": strings.Repeat("x", 1<<20)}, text(multistatusHead + multistatusTail), false},
	}
}

// Whatever the calendar server answers with, convoke ends soon, with little memory, and makes no meeting of it; the canary that
// the payloads name is not asked. Afterwards all is well again.
func TestThreatXMLAndGzipBombs(t *testing.T) {
	x := newTarget(t)
	bombs := xmlBombs(x.canary.url)
	x.put("budget", booked("budget@example.com"))
	for _, method := range []string{"PROPFIND", "REPORT"} {
		for _, b := range bombs {
			t.Run(method+" "+b.name, func(t *testing.T) {
				x := x.in(t)
				x.forget()
				x.davFront.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == method && r.Header.Get("Authorization") != "" {
						b.ServeHTTP(w, r)
						return
					}
					x.dav.ServeHTTP(w, r)
				}))
				o := x.convoke("sync")
				t.Logf("%d MiB, %s: %s", o.peak>>20, o.took, o.err)
				if !b.valid {
					assert.Equal(t, exitSome, o.code)
					assert.Contains(t, o.err, "failed: alice@example.com")
				}
				assert.Zero(t, x.posts())
			})
		}
	}
	assert.Empty(t, lines(x.canary.take()))
	x.davFront.answer(nil)
	assert.Contains(t, x.convoke("sync").out, "1 created, 1 written")
	x.publish("XML and gzip bombs", 2*len(bombs), 120, 20*time.Second)
}
