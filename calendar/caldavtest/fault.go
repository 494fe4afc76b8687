package caldavtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

// A Fault spoils requests. The first one that fits is used, and is gone after Times uses.
type Fault struct {
	Method string // "" for every method
	Path   string // decoded; a path that ends in / is for everything below it; "" for every path
	Times  int    // 0 for ever

	Skip  int  // so many fitting requests are let through first
	After bool // the request is carried out first, and its answer thrown away

	Hook     func(*http.Request) // called before anything else; may wait on a channel
	Reset    bool                // the connection ends without an answer
	Truncate int                 // the real answer ends after that many bytes, and the connection with it
	Clean    bool                // with Truncate: the answer ends as if it were whole
	Status   int                 // answer with this status, Header and Body; 0 leaves the answer alone
	Header   http.Header
	Body     string
	Repeat   int // Body is sent so many times more

	used int
}

// Bodies that are no answer.
const (
	LoginPage = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form></form></body></html>\n"
	// Bomb is an XML document whose entities would unfold to gigabytes.
	Bomb = `<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">` +
		`<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><D:multistatus xmlns:D="DAV:"><D:response><D:href>&c;</D:href></D:response></D:multistatus>`
)

// Inject adds a fault.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal takes all faults away.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault finds and uses up the fault for a request.
func (s *Server) fault(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if !f.fits(r) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		f.used++
		if f.Times > 0 && f.used == f.Times {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}

func (f *Fault) fits(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	return f.Path == "" || f.Path == r.URL.Path || strings.HasSuffix(f.Path, "/") && strings.HasPrefix(r.URL.Path, f.Path)
}

// spoil lets a fault answer the request, and says whether one did.
func (s *Server) spoil(w http.ResponseWriter, r *http.Request) bool {
	f := s.fault(r)
	if f == nil {
		return false
	}
	if f.Hook != nil {
		f.Hook(r)
	}
	if f.After {
		s.serve(httptest.NewRecorder(), r)
	}
	switch {
	case f.Reset:
		panic(http.ErrAbortHandler)
	case f.Truncate > 0:
		s.truncate(w, r, f)
		return true
	case f.Status != 0:
		f.answer(w)
		return true
	}
	return f.After
}

func (f *Fault) answer(w http.ResponseWriter) {
	for k, v := range f.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(f.Status)
	for range f.Repeat + 1 {
		if _, err := io.WriteString(w, f.Body); err != nil {
			return
		}
	}
}

// truncate sends the beginning of the real answer.
func (s *Server) truncate(w http.ResponseWriter, r *http.Request, f *Fault) {
	whole := httptest.NewRecorder()
	s.serve(whole, r)
	for k, v := range whole.Header() {
		w.Header()[k] = v
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(whole.Code)
	body := whole.Body.Bytes()
	_, _ = w.Write(body[:min(f.Truncate, len(body))])
	if !f.Clean {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}
