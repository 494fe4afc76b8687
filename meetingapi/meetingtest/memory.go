package meetingtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Do answers a request without a network, so that a Server can stand in for an HTTP client: many histories a second, and
// no sockets under testing/synctest. A lost connection is io.ErrUnexpectedEOF.
func (s *Server) Do(r *http.Request) (resp *http.Response, err error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := &memory{header: http.Header{}, status: http.StatusOK}
	aborted := w.serve(s, r)
	switch {
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	case aborted:
		return nil, fmt.Errorf("connection closed: %w", io.ErrUnexpectedEOF)
	}
	return w.response(r), nil
}

// memory is a http.ResponseWriter that keeps what is written.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *memory) Header() http.Header         { return m.header }
func (m *memory) WriteHeader(status int)      { m.status = status }
func (m *memory) Write(p []byte) (int, error) { return m.body.Write(p) }

// serve runs a handler and reports whether it closed the connection.
func (m *memory) serve(h http.Handler, r *http.Request) (aborted bool) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			aborted = true
		} else if p != nil {
			panic(p)
		}
	}()
	h.ServeHTTP(m, r)
	return false
}

func (m *memory) response(r *http.Request) *http.Response {
	var body io.Reader = bytes.NewReader(m.body.Bytes())
	length := int64(m.body.Len())
	if announced, err := strconv.ParseInt(m.header.Get("Content-Length"), 10, 64); err == nil && announced > length {
		body, length = io.MultiReader(body, cut{}), announced
	}
	return &http.Response{
		Status: strconv.Itoa(m.status) + " " + http.StatusText(m.status), StatusCode: m.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: m.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}
}

// cut is the end of a body that was not complete.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
