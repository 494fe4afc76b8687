package meetingtest

import (
	"context"
	"net/http"
	"strconv"
)

// A Fault is something that goes wrong with one call: whether it is applied, and what is answered.
type Fault struct {
	Hook       func(context.Context) // runs first, with the request's context: a delay, or a look at the state between
	Apply      Apply
	Answer     Answer
	Status     int    // of AnswerStatus, AnswerHTML and AnswerRedirect; default 500, 200 and 302
	RetryAfter string // header, verbatim
	Location   string // header of AnswerRedirect
}

// Apply says when a faulty call is carried out.
type Apply int

const (
	Applied Apply = iota
	NotApplied
	AppliedLate // when the test calls ReleaseLate
)

// Answer says what a faulty call is answered with.
type Answer int

const (
	AnswerNormal    Answer = iota // what it would be; a 500 where the call was not applied
	AnswerNone                    // the connection is closed
	AnswerStatus                  // Status, with a JSON body that says so
	AnswerTruncated               // half of the JSON, with a Content-Length that fits
	AnswerCut                     // half of the answer, then the connection is closed
	AnswerHTML                    // a page for people
	AnswerEmpty                   // status 200, nothing
	AnswerRedirect                // to Location
)

// The faults that tests ask for most.

// Delay calls hook before an otherwise good call.
func Delay(hook func(context.Context)) Fault { return Fault{Hook: hook} }

// LostRequest closes the connection and does nothing.
func LostRequest() Fault { return Fault{Apply: NotApplied, Answer: AnswerNone} }

// LostAnswer carries the call out and closes the connection.
func LostAnswer() Fault { return Fault{Answer: AnswerNone} }

// Late closes the connection; the call is carried out at ReleaseLate.
func Late() Fault { return Fault{Apply: AppliedLate, Answer: AnswerNone} }

// ErrorBefore answers with a status and does nothing.
func ErrorBefore(status int) Fault {
	return Fault{Apply: NotApplied, Answer: AnswerStatus, Status: status}
}

// ErrorAfter carries the call out and answers with a status.
func ErrorAfter(status int) Fault { return Fault{Answer: AnswerStatus, Status: status} }

// RateLimited answers 429 with a Retry-After, verbatim, and does nothing.
func RateLimited(retryAfter string) Fault {
	return Fault{Apply: NotApplied, Answer: AnswerStatus, Status: http.StatusTooManyRequests, RetryAfter: retryAfter}
}

// Truncated carries the call out and answers with half of the JSON.
func Truncated() Fault { return Fault{Answer: AnswerTruncated} }

// Cut carries the call out and breaks off in the middle of the answer.
func Cut() Fault { return Fault{Answer: AnswerCut} }

// HTML answers with a page and does nothing.
func HTML(status int) Fault { return Fault{Apply: NotApplied, Answer: AnswerHTML, Status: status} }

// Redirect answers 302 and does nothing.
func Redirect(location string) Fault {
	return Fault{Apply: NotApplied, Answer: AnswerRedirect, Location: location}
}

// Fail queues faults for the next calls of a route, one for each.
func (s *Server) Fail(route Route, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[route] = append(s.faults[route], faults...)
}

// Heal forgets the faults that were queued and did not come to pass.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
}

// ReleaseLate carries out what was held back by AppliedLate, in order, and returns how many calls it were.
func (s *Server) ReleaseLate() int {
	s.mu.Lock()
	late := s.late
	s.late = nil
	s.mu.Unlock()
	for _, apply := range late {
		apply()
	}
	return len(late)
}

// run applies the call now, later or never.
func (f Fault) run(s *Server, apply func() reply) reply {
	switch f.Apply {
	case NotApplied:
		return envelope(http.StatusInternalServerError, -99, "unknown error", nil)
	case AppliedLate:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.late = append(s.late, func() { apply() })
		return envelope(http.StatusInternalServerError, -99, "unknown error", nil)
	}
	return apply()
}

// send writes the answer, or what the fault puts in its place.
func (f Fault) send(w http.ResponseWriter, answer reply) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	half := answer.body[:len(answer.body)/2]
	switch f.Answer {
	case AnswerNone:
		panic(http.ErrAbortHandler)
	case AnswerStatus:
		status := f.status(http.StatusInternalServerError)
		answer = envelope(status, -99, http.StatusText(status), nil)
	case AnswerTruncated:
		answer.body = half
	case AnswerCut:
		w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
		answer.body = half
	case AnswerHTML:
		answer = page(f.status(http.StatusOK))
	case AnswerEmpty:
		answer = reply{status: http.StatusOK}
	case AnswerRedirect:
		w.Header().Set("Location", f.Location)
		answer = reply{status: f.status(http.StatusFound)}
	}
	answer.send(w)
}

func (f Fault) status(byDefault int) int {
	if f.Status == 0 {
		return byDefault
	}
	return f.Status
}

func (r reply) send(w http.ResponseWriter) {
	if r.contentType != "" {
		w.Header().Set("Content-Type", r.contentType)
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // a client that hung up is no concern of ours
}
