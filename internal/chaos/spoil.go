package chaos

import (
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// pieces is how many pieces a slow answer comes in.
const pieces = 8

// signIn is what a portal shows in the place of any answer.
const signIn = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form method=\"post\"></form></body></html>\n"

// send answers a request with what the fault makes of the server's answer, or puts in its place.
func (s spoiler) send(w http.ResponseWriter, r *http.Request, a *answer, canary string) {
	switch s.fault {
	case HTML:
		a.replace(http.StatusOK, "text/html; charset=utf-8", signIn)
	case Half:
		a.body = a.body[:len(a.body)/2]
	case Cut:
		a.cut(w)
	case ErrorBefore, ErrorAfter:
		statuses := []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
		a.replace(statuses[s.choice%len(statuses)], "text/plain", "out of order\n")
	case RetrySeconds:
		a.replace(http.StatusTooManyRequests, "text/plain", "not so fast\n")
		a.header.Set("Retry-After", "1")
	case RetryDate:
		a.replace(http.StatusServiceUnavailable, "text/plain", "back soon\n")
		a.header.Set("Retry-After", time.Now().Add(2*time.Second).UTC().Format(http.TimeFormat))
	case ResetBefore, ResetAfter:
		reset(w)
	case Trickle:
		a.trickle(w, s.pause)
		return
	case Redirect:
		statuses := []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}
		a.replace(statuses[s.choice%len(statuses)], "text/html", "elsewhere\n")
		a.header.Set("Location", canary+r.URL.RequestURI())
	}
	a.begin(w)
	_, _ = w.Write(a.body) // a client that hung up is no concern of ours
}

func (a *answer) replace(status int, kind, text string) {
	a.status, a.header, a.body = status, http.Header{"Content-Type": {kind}}, []byte(text)
}

// begin sends status and header.
func (a *answer) begin(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if len(a.body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
}

// cut sends half of the answer and ends the connection. Where there is no body, not even the header comes whole.
func (a *answer) cut(w http.ResponseWriter) {
	if len(a.body) == 0 {
		conn := hijack(w)
		_, _ = conn.Write([]byte("HTTP/1.1 " + strconv.Itoa(a.status) + " \r\nServer: "))
		_ = conn.Close()
		panic(http.ErrAbortHandler)
	}
	a.begin(w)
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// trickle sends the answer in pieces, over a time.
func (a *answer) trickle(w http.ResponseWriter, over time.Duration) {
	a.begin(w)
	flush := http.NewResponseController(w).Flush
	for i := range pieces {
		_, _ = w.Write(a.body[len(a.body)*i/pieces : len(a.body)*(i+1)/pieces])
		_ = flush()
		time.Sleep(over / pieces)
	}
}

// reset ends the connection with an RST instead of an answer.
func reset(w http.ResponseWriter) {
	conn := hijack(w)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
	panic(http.ErrAbortHandler)
}

func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // gone already
	}
	return conn
}
