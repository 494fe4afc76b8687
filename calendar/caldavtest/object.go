package caldavtest

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
)

// serveObject answers GET, HEAD, PUT and DELETE of one object.
func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, c config, m *mount, name string) {
	if c.noParens && strings.ContainsAny(name, "()") {
		http.Error(w, "bad name", http.StatusBadRequest)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.get(w, r, c, m, name)
	case http.MethodPut:
		s.put(w, r, c, m, name)
	case http.MethodDelete:
		s.delete(w, r, c, m, name)
	case "PROPFIND":
		s.propfindObject(w, r, c, m, name)
	default:
		http.Error(w, "not on an object", http.StatusMethodNotAllowed)
	}
}

func (s *Server) find(m *mount, name string) *object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.get(name)
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, c config, m *mount, name string) {
	o := s.find(m, name)
	if o == nil {
		http.Error(w, "no such object", http.StatusNotFound)
		return
	}
	if c.putETag != ETagNever {
		w.Header().Set("ETag", c.tag(o))
	}
	if t := r.Header.Get("If-None-Match"); t != "" && t == c.tag(o) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", o.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(o.data)))
	_, _ = w.Write(o.data)
}

func (s *Server) propfindObject(w http.ResponseWriter, r *http.Request, c config, m *mount, name string) {
	o := s.find(m, name)
	if o == nil {
		http.Error(w, "no such object", http.StatusNotFound)
		return
	}
	names := requested(r)
	ms := startMultistatus(w)
	ms.row(c.objectHref(m.path, name), names, o.value(c, false))
	ms.end("")
}

// put stores an object under the conditions of RFC 9110, 13.1.
func (s *Server) put(w http.ResponseWriter, r *http.Request, c config, m *mount, name string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		http.Error(w, "the body ended early", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	writable := m.writable
	s.mu.Unlock()
	if !writable {
		davError(w, http.StatusForbidden, "D:need-privileges")
		return
	}
	if !bytes.HasPrefix(body, []byte("BEGIN:VCALENDAR")) || !bytes.Contains(body, []byte("END:VCALENDAR")) {
		refuse(w, c, c.objectHref(m.path, name))
		return
	}
	s.store(w, r, c, m, name, body)
}

// store checks the conditions and keeps the body, in one step or in two.
func (s *Server) store(w http.ResponseWriter, r *http.Request, c config, m *mount, name string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := m.get(name)
	if status := c.conditions(r, old); status != 0 {
		if old != nil {
			w.Header().Set("ETag", c.tag(old))
		}
		http.Error(w, "the condition does not hold", status)
		return
	}
	if !c.atomic {
		s.mu.Unlock()
		runtime.Gosched()
		if c.gap != nil {
			c.gap()
		}
		s.mu.Lock()
	}
	kept := s.schedule(m.owner, name, old, rewritten(body, c.rewrites))
	kind := r.Header.Get("Content-Type")
	if kind == "" || strings.HasPrefix(kind, "text/calendar") {
		kind = "text/calendar; charset=utf-8"
	}
	o := m.put(name, kind, kept, c)
	if c.tellsETag(body, kept) {
		w.Header().Set("ETag", c.tag(o))
	}
	if old == nil {
		w.WriteHeader(http.StatusCreated)
		return
	}
	w.WriteHeader(c.putChanged)
}

func (c config) tellsETag(sent, kept []byte) bool {
	switch c.putETag {
	case ETagNever:
		return false
	case ETagUnscheduled:
		return !bytes.Contains(sent, []byte("\nATTENDEE"))
	case ETagUnrewritten:
		return bytes.Equal(sent, kept)
	}
	return true
}

// conditions returns the status of a condition that fails, or 0.
func (c config) conditions(r *http.Request, old *object) int {
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case match != "" && old == nil && !c.loose,
		match != "" && match != "*" && old != nil && match != c.tag(old),
		none == "*" && old != nil && !c.loose:
		return http.StatusPreconditionFailed
	}
	return 0
}

// refuse answers for a body that is not iCalendar.
func refuse(w http.ResponseWriter, c config, href string) {
	switch c.refusal {
	case http.StatusMultiStatus:
		ms := startMultistatus(w)
		ms.status(href, http.StatusPreconditionFailed, "C:valid-calendar-data")
		ms.end("")
	case http.StatusForbidden:
		davError(w, http.StatusForbidden, "C:valid-calendar-data")
	default:
		http.Error(w, "not iCalendar", c.refusal)
	}
}

func (s *Server) delete(w http.ResponseWriter, r *http.Request, c config, m *mount, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := m.get(name)
	switch {
	case !m.writable:
		davError(w, http.StatusForbidden, "D:need-privileges")
	case old == nil:
		http.Error(w, "no such object", http.StatusNotFound)
	case !c.loose && c.conditions(r, old) != 0:
		http.Error(w, "the condition does not hold", http.StatusPreconditionFailed)
	default:
		m.remove(name, c)
		s.schedule(m.owner, name, old, nil)
		w.WriteHeader(http.StatusNoContent)
	}
}
