package caldav

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trace writes what a scanner sees: tags with their namespaces, and the text of elements without children.
func trace(doc string) (string, error) {
	s := newScanner(strings.NewReader(doc))
	var b strings.Builder
	leaf := false
	for {
		n, end, err := s.next()
		switch {
		case err == io.EOF:
			return b.String(), nil
		case err != nil:
			return b.String(), err
		case end:
			if text, _ := s.text(); leaf {
				b.Write(text)
			}
			leaf = false
			fmt.Fprintf(&b, "</%s>", n.local)
		default:
			leaf = true
			fmt.Fprintf(&b, "<%s|%s>", n.space, n.local)
		}
	}
}

// reference is the same by encoding/xml.
func reference(doc string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	var b, text strings.Builder
	leaf, depth := false, 0
	for {
		tok, err := d.Token()
		if err != nil {
			return b.String(), err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			leaf = true
			depth++
			text.Reset()
			fmt.Fprintf(&b, "<%s|%s>", tok.Name.Space, tok.Name.Local)
		case xml.CharData:
			text.Write(tok)
		case xml.Directive:
			return "", errDoctype
		case xml.EndElement:
			if leaf {
				b.WriteString(text.String())
			}
			leaf = false
			fmt.Fprintf(&b, "</%s>", tok.Name.Local)
			if depth--; depth == 0 {
				return b.String(), nil
			}
		}
	}
}

func TestScanner(t *testing.T) {
	cases := map[string]struct{ doc, want string }{
		"prefixes":           {`<d:a xmlns:d="DAV:"><d:b>x</d:b></d:a>`, `<DAV:|a><DAV:|b>x</b></a>`},
		"default, and inner": {`<a xmlns="DAV:"><b xmlns="u:x">1</b><b>2</b></a>`, `<DAV:|a><u:x|b>1</b><DAV:|b>2</b></a>`},
		"prefix bound again": {`<p:a xmlns:p="one"><p:a xmlns:p="two"/><p:a/></p:a>`, `<one|a><two|a></a><one|a></a></a>`},
		"entities":           {`<a>&lt;&amp;&gt;&quot;&apos;&#13;&#xFC;&unknown;&</a>`, "<|a><&>\"'\rü&unknown;&</a>"},
		"double escape":      {`<a>&amp;lt;</a>`, `<|a>&lt;</a>`},
		"cdata and comments": {`<?xml version="1.0"?><!-- x --><a>1<!-- > <b> -->2<![CDATA[<&lt;]]]]>3</a>`, `<|a>12<&lt;]]3</a>`},
		"quoted >":           {`<a x="1>2" y='"'>t</a>`, `<|a>t</a>`},
		"space in tags":      {"<a\n x = '1' ><b /></a >", `<|a><b></b></a>`},
		"self-closing root":  {`<a/>`, `<|a></a>`},
		"after the end":      {"<a></a>\n<!-- done -->", `<|a></a>`},
		"line ends stay":     {"<a>1\r\n2\r3</a>", "<|a>1\r\n2\r3</a>"},
		"byte order mark":    {"\ufeff<a>1</a>", "<|a>1</a>"},
	}
	cases["space in tags"] = struct{ doc, want string }{"<a\n x = '1' ><b /></a >", `<|a><|b></b></a>`}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := trace(c.doc)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestScannerRefuses(t *testing.T) {
	cases := map[string]struct{ doc, says string }{
		"nothing":          {``, "ends early"},
		"text":             {`hello`, "ends early"},
		"unclosed":         {`<a><b></b>`, "ends early"},
		"cut in a tag":     {`<a><b`, "ends early"},
		"cut in a comment": {`<a><!-- `, "ends early"},
		"cut in cdata":     {`<a><![CDATA[x]]`, "ends early"},
		"cut in <!":        {`<a><!`, "ends early"},
		"wrong end":        {`<a></b>`, "closes nothing"},
		"end first":        {`</a>`, "closes nothing"},
		"doctype":          {`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, "DOCTYPE"},
		"doctype, lower":   {`<!doctype html><html></html>`, "DOCTYPE"},
		"empty tag":        {`<a>< b></a>`, "begins no tag"},
		"too deep":         {strings.Repeat("<a>", 40), "nested"},
		"many namespaces":  {strings.Repeat(`<a`+strings.Repeat(` xmlns:p="x"`, 20)+`>`, 20), "more than 256 namespaces"},
		"endless tag":      {"<a " + strings.Repeat("x", 70<<10) + ">", "a tag of more"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := trace(c.doc)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.says)
		})
	}
}

func TestScannerCutsLongText(t *testing.T) {
	s := newScanner(strings.NewReader("<a><b>" + strings.Repeat("x", maxText+5) + "</b><c>y</c></a>"))
	var lengths []int
	var longs []bool
	for {
		_, end, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if end {
			text, long := s.text()
			lengths, longs = append(lengths, len(text)), append(longs, long)
		}
	}
	assert.Equal(t, []int{maxText, 1, 0}, lengths)
	assert.Equal(t, []bool{true, false, false}, longs)
}

// A row of any number of hrefs, properties or elements would be kept in memory.
func TestRowsAreBounded(t *testing.T) {
	const head, tail = `<D:multistatus xmlns:D="DAV:"><D:response>`, `</D:response></D:multistatus>`
	for _, n := range []int{maxElements - 10, maxElements} {
		for _, doc := range []string{
			head + strings.Repeat("<D:href>/a</D:href>", n) + tail,
			head + "<D:propstat><D:prop>" + strings.Repeat("<D:getetag/>", n) + "</D:prop></D:propstat>" + tail,
			head + "<D:propstat><D:prop><D:resourcetype>" + strings.Repeat("<a/>", n) + "</D:resourcetype></D:prop></D:propstat>" + tail,
		} {
			_, err := readMultistatus(strings.NewReader(doc), func(*response) error { return nil })
			if n < maxElements {
				assert.NoError(t, err)
				continue
			}
			assert.ErrorContains(t, err, "a row of more than")
		}
	}
}

// Names that come once each are not all remembered.
func TestNamesAreForgotten(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("<a>")
	for i := range 3 * maxNames {
		fmt.Fprintf(&doc, "<b%d/>", i)
	}
	doc.WriteString("</a>")
	s := newScanner(strings.NewReader(doc.String()))
	for {
		if _, _, err := s.next(); err != nil {
			require.ErrorIs(t, err, io.EOF)
			return
		}
		require.LessOrEqual(t, len(s.names), maxNames)
	}
}

// What encoding/xml reads, this scanner reads the same; nothing makes it panic.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href></d:response></d:multistatus>`,
		`<a xmlns="x"><b xmlns:p="y"><p:c>&amp;</p:c></b></a>`, `<a>1<![CDATA[2]]>3<!--4--></a>`, "<a b='>'/>", `<a>&#x41;</a>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := trace(doc)
		want, refErr := reference(doc)
		if refErr != nil || strings.Contains(doc, "\r") || oddNames.MatchString(doc) {
			return // only what is valid there, line ends apart, can be compared
		}
		if err != nil && (strings.Contains(err.Error(), "nested") || strings.Contains(err.Error(), "a tag of more") || strings.Contains(err.Error(), "namespaces")) {
			return
		}
		require.NoError(t, err)
		// encoding/xml takes a prefix that is not declared for the namespace
		assert.Equal(t, spaces.ReplaceAllString(want, "<"), spaces.ReplaceAllString(got, "<"))
	})
}

// oddNames are such that namespaces do not allow.
var oddNames = regexp.MustCompile(`</?[^<>]*:[^<>]*:|</?:|:[\s/>=]|xmlns:?\s*=?\s*["'>]|xml:`)

var spaces = regexp.MustCompile(`<[^|<>]*\|`)

// FuzzMultistatus: no document makes trouble, and what is kept of a row keeps to its limits.
func FuzzMultistatus(f *testing.F) {
	f.Add(`<multistatus xmlns="DAV:"><response><href>/a</href><propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response><sync-token>t</sync-token></multistatus>`)
	f.Add(`<multistatus xmlns="DAV:"><response><href>/a</href><status>HTTP/1.1 507 x</status><error><a/></error></response></multistatus>`)
	f.Fuzz(func(t *testing.T, doc string) {
		require.NotContains(t, precondition(strings.NewReader(doc)), "\n")
		_, _ = readMultistatus(strings.NewReader(doc), func(r *response) error {
			_, _ = r.get(propETag)
			for i := range r.props {
				p := &r.props[i]
				require.Equal(t, p.has(nameHref), len(p.hrefs()) > 0)
				require.LessOrEqual(t, len(p.text), maxText)
			}
			return nil
		})
	})
}
