package caldav

import "strings"

const xmlHead = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

// What is asked about each object: enough to tell it from collections and from files that are no events.
const objectProps = `<D:getetag/><D:getcontenttype/><D:resourcetype/>`

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// propfind is the body of a PROPFIND (RFC 4918, 9.1) for the properties given as XML with the prefixes D, C and CS.
func propfind(props string) string {
	return xmlHead + `<D:propfind xmlns:D="DAV:" xmlns:C="` + nsCalDAV + `" xmlns:CS="` + nsCS + `"><D:prop>` + props + `</D:prop></D:propfind>`
}

// syncCollection is the body of a report on what has changed (RFC 6578, 3.2).
func syncCollection(token string, data bool) string {
	props := objectProps
	if data {
		props += `<C:calendar-data/>`
	}
	return xmlHead + `<D:sync-collection xmlns:D="DAV:" xmlns:C="` + nsCalDAV + `"><D:sync-token>` + escaper.Replace(token) +
		`</D:sync-token><D:sync-level>1</D:sync-level><D:prop>` + props + `</D:prop></D:sync-collection>`
}

// multiget is the body of a report that fetches objects (RFC 4791, 7.9).
func multiget(hrefs []string) string {
	var b strings.Builder
	b.WriteString(xmlHead + `<C:calendar-multiget xmlns:D="DAV:" xmlns:C="` + nsCalDAV + `"><D:prop><D:getetag/><C:calendar-data/></D:prop>`)
	for _, h := range hrefs {
		b.WriteString("<D:href>" + escaper.Replace(h) + "</D:href>")
	}
	b.WriteString(`</C:calendar-multiget>`)
	return b.String()
}
