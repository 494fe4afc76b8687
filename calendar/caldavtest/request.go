package caldavtest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
)

// A Request is one that the server was asked.
type Request struct {
	Method string
	Path   string // encoded, as it came
	Header http.Header
	Body   string // its first 64 kB
	Status int    // of the answer; 0 when there was none
}

const logged = 10_000 // so many requests are kept

type logEntry struct{ index int }

// record logs and counts a request, and keeps its body readable.
func (s *Server) record(r *http.Request) logEntry {
	head, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[r.Method]++
	if len(s.log) >= logged {
		return logEntry{-1}
	}
	s.log = append(s.log, Request{Method: r.Method, Path: r.URL.EscapedPath(), Header: r.Header.Clone(), Body: string(head)})
	return logEntry{len(s.log) - 1}
}

func (e logEntry) answered(s *Server, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.index >= 0 && e.index < len(s.log) {
		s.log[e.index].Status = status
	}
}

// Requests returns what the server was asked since the start or the last ResetLog, in order; at most 10,000.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.log...)
}

// Counts returns how often each method was used since the start or the last ResetLog.
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// ResetLog forgets the requests and messages so far.
func (s *Server) ResetLog() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log, s.counts, s.messages = nil, map[string]int{}, nil
}

// A recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
