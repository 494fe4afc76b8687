package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// A message is a request that can be sent again: its body is in memory.
type message struct {
	ctx    context.Context
	method string
	url    *url.URL
	header http.Header
	body   []byte // nil for none
}

// newMessage reads and closes the request's body.
func newMessage(req *http.Request) (*message, error) {
	if req.URL == nil {
		return nil, errors.New("a request without a URL")
	}
	m := &message{ctx: req.Context(), method: req.Method, url: req.URL, header: req.Header.Clone()}
	if m.method == "" {
		m.method = http.MethodGet
	}
	if m.header == nil {
		m.header = http.Header{}
	}
	if req.Body == nil || req.Body == http.NoBody {
		return m, nil
	}
	defer req.Body.Close()
	var err error
	m.body, err = io.ReadAll(req.Body)
	return m, err
}

// request makes a request of the message. Only what may be sent twice gets a GetBody: with one, net/http repeats a
// request on another connection by itself.
func (m *message) request(header http.Header) *http.Request {
	req := (&http.Request{Method: m.method, URL: m.url, Header: header, Host: m.url.Host}).WithContext(m.ctx)
	if len(m.body) == 0 {
		return req
	}
	getBody := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m.body)), nil }
	req.Body, _ = getBody()
	req.ContentLength = int64(len(m.body))
	if repeatable(m.method) {
		req.GetBody = getBody
	}
	return req
}

// to returns the same message for another URL.
func (m *message) to(u *url.URL) *message {
	next := *m
	next.url = u
	return &next
}

// repeatable reports whether a method only reads, so that sending it twice changes nothing (RFC 9110, 9.2.1; RFC 4918,
// 9.1; RFC 3253, 3.6).
func repeatable(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions, "PROPFIND", "REPORT"}, method)
}

// public returns those headers that hold no secret, whatever a caller may have set.
func public(header http.Header) http.Header {
	kept := http.Header{}
	for _, name := range []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Brief", "Content-Type", "Depth", "If-Match", "If-Modified-Since",
		"If-None-Match", "Prefer", "User-Agent",
	} {
		if values := header.Values(name); len(values) > 0 {
			kept[name] = slices.Clone(values)
		}
	}
	return kept
}
