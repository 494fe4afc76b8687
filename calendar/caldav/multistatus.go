package caldav

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

const (
	nsDAV    = "DAV:"
	nsCalDAV = "urn:ietf:params:xml:ns:caldav"
	nsCS     = "http://calendarserver.org/ns/"
)

var (
	nameMultistatus = name{nsDAV, "multistatus"}
	nameResponse    = name{nsDAV, "response"}
	nameHref        = name{nsDAV, "href"}
	nameStatus      = name{nsDAV, "status"}
	namePropstat    = name{nsDAV, "propstat"}
	nameProp        = name{nsDAV, "prop"}
	nameError       = name{nsDAV, "error"}
	nameSyncToken   = name{nsDAV, "sync-token"}

	propETag         = name{nsDAV, "getetag"}
	propContentType  = name{nsDAV, "getcontenttype"}
	propResourceType = name{nsDAV, "resourcetype"}
	propData         = name{nsCalDAV, "calendar-data"}
	propCTag         = name{nsCS, "getctag"}
)

// A response is one row of a multistatus (RFC 4918, 14.24). It is reused for the next row.
type response struct {
	hrefs     []string
	status    int    // of the row as a whole; 0 when it has none
	condition string // the first element in DAV:error
	props     []property
}

// A property is one that a propstat tells about, with the elements in it laid out flat.
type property struct {
	name   name
	status int
	text   []byte // without surrounding space, but for calendar-data
	long   bool   // text was cut at maxText
	inside []node
}

// A node is an element somewhere in a property.
type node struct {
	name  name
	attr  string // its attribute "name"
	text  string
	depth int // 1 for a child of the property
}

// get returns a property that was answered 200.
func (r *response) get(n name) (*property, bool) {
	for i := range r.props {
		if r.props[i].name == n && r.props[i].status == http.StatusOK {
			return &r.props[i], true
		}
	}
	return nil, false
}

// text returns a property's text, "" when it is not there.
func (r *response) text(n name) string {
	if p, ok := r.get(n); ok {
		return string(p.text)
	}
	return ""
}

// etag returns DAV:getetag; "" where it could not be sent back in a header (RFC 9110, 8.8.3).
func (r *response) etag() string {
	tag := r.text(propETag)
	if strings.ContainsFunc(tag, unicode.IsControl) {
		return ""
	}
	return tag
}

// unusable says that there is a DAV:getetag, and that no header can carry it.
func (r *response) unusable() bool { return r.etag() == "" && r.text(propETag) != "" }

// denied says that a property was answered 401 or 403.
func (r *response) denied(n name) bool {
	for i := range r.props {
		if r.props[i].name == n && (r.props[i].status == http.StatusForbidden || r.props[i].status == http.StatusUnauthorized) {
			return true
		}
	}
	return false
}

// failure is the status with which a row as a whole failed, or a property in a way that says something of the whole; 0 for none. That
// a property is not there (404) says nothing.
func (r *response) failure(n name) int {
	if r.status >= 300 {
		return r.status
	}
	for i := range r.props {
		p := &r.props[i]
		if p.name == n && (p.status == http.StatusForbidden || p.status == http.StatusUnauthorized || p.status >= 500) {
			return p.status
		}
	}
	return 0
}

// has says whether an element of that name stands in a property.
func (p *property) has(n name) bool {
	if p == nil {
		return false
	}
	for _, in := range p.inside {
		if in.name == n {
			return true
		}
	}
	return false
}

// hrefs returns the DAV:href elements of a property.
func (p *property) hrefs() []string {
	var out []string
	for _, in := range p.inside {
		if in.name == nameHref {
			out = append(out, strings.TrimSpace(in.text))
		}
	}
	return out
}

// readMultistatus gives fn each row as it comes, and returns the sync token at the end. A document that is not whole,
// or not a multistatus, is an error.
func readMultistatus(r io.Reader, fn func(*response) error) (token string, err error) {
	s := newScanner(r)
	root, _, err := s.next()
	switch {
	case err != nil:
		return "", fmt.Errorf("read multistatus: %w", err)
	case root != nameMultistatus:
		return "", fmt.Errorf("read multistatus: the answer is a <%.40s> (an error page?)", root.local)
	}
	row := new(response)
	for {
		n, end, err := s.next()
		switch {
		case err == io.EOF:
			return token, nil
		case err != nil:
			return "", fmt.Errorf("read multistatus: %w", err)
		case n == nameSyncToken && end && s.depth() == 1:
			text, _ := s.text()
			token = strings.TrimSpace(string(text))
		case n == nameResponse && !end && s.depth() == 2:
			if err := row.read(s); err != nil {
				return "", fmt.Errorf("read multistatus: %w", err)
			}
			if err := fn(row); err != nil {
				return "", err
			}
		}
	}
}

// read fills a row up to its end tag. What it keeps of a row is bounded, since a document may consist of a single one.
func (r *response) read(s *scanner) error {
	r.hrefs, r.status, r.condition, r.props = r.hrefs[:0], 0, "", r.props[:0]
	s.limit = maxElements
	defer func() { s.limit = 0 }()
	base := s.depth()
	for {
		n, end, err := s.next()
		if err != nil {
			return err
		}
		switch {
		case end && s.depth() < base:
			return nil
		case end && n == nameHref:
			text, _ := s.text()
			r.hrefs = append(r.hrefs, strings.TrimSpace(string(text)))
		case end && n == nameStatus:
			text, _ := s.text()
			r.status = statusCode(text)
		case !end && n == nameError:
			if r.condition, err = readCondition(s); err != nil {
				return err
			}
		case !end && n == namePropstat:
			if err := r.readPropstat(s); err != nil {
				return err
			}
		}
	}
}

// readPropstat reads properties and gives them the status that follows them.
func (r *response) readPropstat(s *scanner) error {
	first, status, base := len(r.props), http.StatusOK, s.depth()
	for {
		n, end, err := s.next()
		if err != nil {
			return err
		}
		switch {
		case end && s.depth() < base:
			for i := first; i < len(r.props); i++ {
				r.props[i].status = status
			}
			return nil
		case end && n == nameStatus && s.depth() == base:
			text, _ := s.text()
			status = statusCode(text)
		case !end && n == nameProp && s.depth() == base+1:
			if err := r.readProp(s); err != nil {
				return err
			}
		}
	}
}

// readProp reads the properties in a DAV:prop.
func (r *response) readProp(s *scanner) error {
	base := s.depth()
	for {
		n, end, err := s.next()
		switch {
		case err != nil:
			return err
		case end && s.depth() < base:
			return nil
		case !end:
			p, err := readProperty(s, n)
			if err != nil {
				return err
			}
			r.props = append(r.props, p)
		}
	}
}

// readProperty reads one property up to its end tag.
func readProperty(s *scanner, n name) (property, error) {
	p, base := property{name: n}, s.depth()
	for {
		inner, end, err := s.next()
		if err != nil {
			return p, err
		}
		depth := s.depth() - base
		switch {
		case !end:
			p.inside = append(p.inside, node{name: inner, attr: s.attribute("name"), depth: depth})
		case depth < 0:
			if len(p.inside) == 0 {
				p.take(s)
			}
			return p, nil
		case p.inside[len(p.inside)-1].depth == depth+1:
			text, _ := s.text()
			p.inside[len(p.inside)-1].text = string(text)
		}
	}
}

// take copies the text of a property that has no elements.
func (p *property) take(s *scanner) {
	text, long := s.text()
	p.long = long
	if p.name != propData {
		text = []byte(strings.TrimSpace(string(text)))
	} else if long {
		text = nil
	}
	p.text = append([]byte(nil), text...)
}

// readCondition returns the first element in a DAV:error: the precondition that failed.
func readCondition(s *scanner) (string, error) {
	base, found := s.depth(), ""
	for {
		n, end, err := s.next()
		switch {
		case err != nil:
			return "", err
		case end && s.depth() < base:
			return found, nil
		case !end && found == "":
			found = conditionName(n)
		}
	}
}

func conditionName(n name) string {
	if n.space == nsCalDAV {
		return "CALDAV:" + n.local
	}
	if n.space == nsDAV {
		return "DAV:" + n.local
	}
	return n.local
}

// statusCode reads "HTTP/1.1 404 Not Found"; 0 when that is not what it is.
func statusCode(line []byte) int {
	fields := strings.Fields(string(line))
	if len(fields) < 2 {
		return 0
	}
	code, _ := strconv.Atoi(fields[1])
	return code
}
