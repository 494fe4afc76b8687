package caldavtest

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	nsDAV    = "DAV:"
	nsCalDAV = "urn:ietf:params:xml:ns:caldav"
	nsCS     = "http://calendarserver.org/ns/"
)

// prefixes are declared on each multistatus.
var prefixes = map[string]string{nsDAV: "D", nsCalDAV: "C", nsCS: "CS"}

// A multistatus is written row by row, so that a report of any size needs little memory.
type multistatus struct{ w *bufio.Writer }

func startMultistatus(w http.ResponseWriter) *multistatus {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.WriteHeader(http.StatusMultiStatus)
	ms := &multistatus{bufio.NewWriterSize(w, 64<<10)}
	ms.text(`<?xml version="1.0" encoding="utf-8"?>` + "\n" +
		`<D:multistatus xmlns:D="DAV:" xmlns:C="` + nsCalDAV + `" xmlns:CS="` + nsCS + `">`)
	return ms
}

// end closes the document, with a sync token if there is one.
func (ms *multistatus) end(token string) {
	if token != "" {
		ms.text("<D:sync-token>" + escape(token) + "</D:sync-token>")
	}
	ms.text("</D:multistatus>\n")
	_ = ms.w.Flush()
}

func (ms *multistatus) text(s string) { _, _ = ms.w.WriteString(s) }

// row writes the properties that were asked for: value returns the inner XML of one, and whether there is one.
func (ms *multistatus) row(href string, names []xml.Name, value func(io.Writer, xml.Name) bool) {
	ms.text("<D:response><D:href>" + escape(href) + "</D:href>")
	var missing []xml.Name
	open := false
	for _, n := range names {
		tag := qualified(n)
		if tag == "" || !hasProperty(value, n) {
			missing = append(missing, n)
			continue
		}
		if !open {
			ms.text("<D:propstat><D:prop>")
			open = true
		}
		ms.text("<" + tag + ">")
		value(ms.w, n)
		ms.text("</" + tag + ">")
	}
	if open {
		ms.text("</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>")
	}
	ms.absent(missing, http.StatusNotFound)
	ms.text("</D:response>")
}

// hasProperty asks value without writing.
func hasProperty(value func(io.Writer, xml.Name) bool, n xml.Name) bool { return value(nil, n) }

func (ms *multistatus) absent(names []xml.Name, status int) {
	if len(names) == 0 {
		return
	}
	ms.text("<D:propstat><D:prop>")
	for _, n := range names {
		if tag := qualified(n); tag != "" {
			ms.text("<" + tag + "/>")
			continue
		}
		ms.text("<x:" + n.Local + ` xmlns:x="` + escape(n.Space) + `"/>`)
	}
	ms.text(fmt.Sprintf("</D:prop><D:status>HTTP/1.1 %d %s</D:status></D:propstat>", status, http.StatusText(status)))
}

// denied writes a row in which everything is forbidden.
func (ms *multistatus) denied(href string, names []xml.Name) {
	ms.text("<D:response><D:href>" + escape(href) + "</D:href>")
	ms.absent(names, http.StatusForbidden)
	ms.text("</D:response>")
}

// status writes a row that is only a status, with a DAV:error if there is one.
func (ms *multistatus) status(href string, status int, condition string) {
	ms.text("<D:response><D:href>" + escape(href) + fmt.Sprintf("</D:href><D:status>HTTP/1.1 %d %s</D:status>", status, http.StatusText(status)))
	if condition != "" {
		ms.text("<D:error><" + condition + "/></D:error>")
	}
	ms.text("</D:response>")
}

func qualified(n xml.Name) string {
	if p := prefixes[n.Space]; p != "" {
		return p + ":" + n.Local
	}
	return ""
}

// davError answers with a DAV:error document (RFC 4918, 14.5).
func davError(w http.ResponseWriter, status int, condition string) {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><D:error xmlns:D="DAV:" xmlns:C="%s"><%s/></D:error>`, nsCalDAV, condition)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func escape(s string) string { return escaper.Replace(s) }

// anything is an element of a request that is looked at by name.
type anything struct {
	XMLName xml.Name
	Name    string     `xml:"name,attr"`
	Text    string     `xml:",chardata"`
	Any     []anything `xml:",any"`
}

// find returns the first element of that name below (or at) a.
func (a *anything) find(local string) *anything {
	if a.XMLName.Local == local {
		return a
	}
	for i := range a.Any {
		if f := a.Any[i].find(local); f != nil {
			return f
		}
	}
	return nil
}

// names lists the properties that a request asks for.
func (a *anything) names() []xml.Name {
	for _, child := range a.Any {
		if child.XMLName.Local != "prop" {
			continue
		}
		var out []xml.Name
		for _, p := range child.Any {
			out = append(out, p.XMLName)
		}
		return out
	}
	return everything // allprop, or no body (RFC 4918, 9.1)
}

var everything = []xml.Name{
	{Space: nsDAV, Local: "resourcetype"}, {Space: nsDAV, Local: "displayname"}, {Space: nsDAV, Local: "getetag"},
	{Space: nsDAV, Local: "getcontenttype"}, {Space: nsDAV, Local: "current-user-principal"},
}

func parse(r *http.Request) (*anything, error) {
	var a anything
	err := xml.NewDecoder(io.LimitReader(r.Body, 32<<20)).Decode(&a)
	if err == io.EOF {
		err = nil
	}
	return &a, err
}

func requested(r *http.Request) []xml.Name {
	a, err := parse(r)
	if err != nil {
		return everything
	}
	return a.names()
}

func displayNameIn(r *http.Request) string {
	a, err := parse(r)
	if err != nil {
		return ""
	}
	if n := a.find("displayname"); n != nil {
		return n.Text
	}
	return ""
}
