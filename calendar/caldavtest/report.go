package caldavtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// report answers sync-collection (RFC 6578), calendar-multiget and calendar-query (RFC 4791, 7.8 and 7.9).
func (s *Server) report(w http.ResponseWriter, r *http.Request, c config, m *mount) {
	ask, err := parse(r)
	if err != nil {
		http.Error(w, "not XML", http.StatusBadRequest)
		return
	}
	switch {
	case ask.XMLName == dav("sync-collection") && c.sync:
		s.syncCollection(w, ask, c, m)
	case ask.XMLName == cal("calendar-multiget"):
		s.multiget(w, ask, c, m)
	case ask.XMLName == cal("calendar-query"):
		s.query(w, ask, c, m)
	default:
		davError(w, http.StatusForbidden, "D:supported-report")
	}
}

const tokenPrefix = "http://caldavtest.example/sync/"

func (s *Server) token(rev int64) string { return fmt.Sprintf("%s%d-%d", tokenPrefix, s.epoch, rev) }

// revision reads a token; ok is false for one that this server never gave, or has forgotten.
func (s *Server) revision(token string, m *mount) (rev int64, ok bool) {
	epoch, number, found := strings.Cut(strings.TrimPrefix(token, tokenPrefix), "-")
	rev, err := strconv.ParseInt(number, 10, 64)
	return rev, found && err == nil && epoch == strconv.Itoa(s.epoch) && rev <= m.rev
}

func (s *Server) syncCollection(w http.ResponseWriter, ask *anything, c config, m *mount) {
	given := ""
	if t := ask.find("sync-token"); t != nil {
		given = strings.TrimSpace(t.Text)
	}
	s.mu.Lock()
	rows, token, known := s.changes(given, c, m)
	s.mu.Unlock()
	if !known && s.refuseToken(w, c) {
		return
	}
	truncated := c.limit > 0 && len(rows) > c.limit
	if truncated {
		rows = rows[:c.limit]
	}
	ms := startMultistatus(w)
	for _, o := range rows {
		if o.gone {
			ms.status(c.objectHref(m.path, o.name), http.StatusNotFound, "")
			continue
		}
		ms.row(c.objectHref(m.path, o.name), ask.names(), o.value(c, c.syncData))
	}
	if truncated {
		ms.status(c.href(m.path), http.StatusInsufficientStorage, "D:number-of-matches-within-limits")
		s.mu.Lock()
		token = s.token(rows[len(rows)-1].rev)
		s.mu.Unlock()
	}
	ms.end(token)
}

// changes finds the rows for a token, and the next token; known is false when the token is not.
func (s *Server) changes(given string, c config, m *mount) (rows []*object, token string, known bool) {
	token = s.token(m.rev)
	rev, known := s.revision(given, m)
	switch {
	case given == "", !known && c.badToken == TokenAsFirst:
		return m.since(present), token, true
	case !known:
		return nil, token, false
	case c.inclusive:
		return m.since(func(o *object) bool { return o.rev >= rev }), token, true
	case rev == m.rev:
		return nil, token, true
	}
	return m.since(func(o *object) bool { return o.rev > rev }), token, true
}

// refuseToken answers for an unknown token, unless the server passes over it.
func (s *Server) refuseToken(w http.ResponseWriter, c config) bool {
	switch c.badToken {
	case TokenError:
		http.Error(w, "KeyError", http.StatusInternalServerError)
	case TokenGone:
		http.Error(w, "gone", http.StatusGone)
	case TokenForbidden:
		davError(w, http.StatusForbidden, "D:valid-sync-token")
	default:
		return false
	}
	return true
}

func (s *Server) multiget(w http.ResponseWriter, ask *anything, c config, m *mount) {
	type hit struct {
		href string
		o    *object
	}
	var hits []hit
	absent := false
	s.mu.Lock()
	for _, a := range ask.Any {
		if a.XMLName != dav("href") {
			continue
		}
		h := hit{href: strings.TrimSpace(a.Text)}
		if u, err := url.Parse(h.href); err == nil {
			h.o = m.get(strings.TrimPrefix(u.Path, m.path))
		}
		absent = absent || h.o == nil
		hits = append(hits, h)
	}
	s.mu.Unlock()
	if absent && c.multiget == AbsentFails {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	if c.multiget == AbsentAlways {
		http.Error(w, "no such function", http.StatusInternalServerError)
		return
	}
	ms := startMultistatus(w)
	defer ms.end("")
	for _, h := range hits {
		switch {
		case h.o != nil:
			ms.row(c.objectHref(m.path, h.o.name), ask.names(), h.o.value(c, true))
		case c.multiget == AbsentTold:
			ms.status(h.href, http.StatusNotFound, "")
		}
	}
}

// query returns the objects that hold the component asked for; time ranges are not looked at.
func (s *Server) query(w http.ResponseWriter, ask *anything, c config, m *mount) {
	want := "VEVENT"
	if f := ask.find("comp-filter"); f != nil && len(f.Any) > 0 && f.Any[0].Name != "" {
		want = f.Any[0].Name
	}
	s.mu.Lock()
	rows := m.since(func(o *object) bool { return !o.gone && strings.Contains(string(o.data), "BEGIN:"+want) })
	s.mu.Unlock()
	ms := startMultistatus(w)
	defer ms.end("")
	for _, o := range rows {
		ms.row(c.objectHref(m.path, o.name), ask.names(), o.value(c, true))
	}
}
