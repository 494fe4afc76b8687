package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"convoke/calendar"
)

// A remote is a feed at a web address.
type remote struct {
	doer Doer
	url  *url.URL
}

// String is the address up to its host; the rest is as good as a password.
func (r *remote) String() string { return r.url.Scheme + "://" + r.url.Host + "/…" }

func (r *remote) fetch(ctx context.Context, known validators) (download, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url.String(), nil)
	if err != nil {
		return download{}, fmt.Errorf("%s: not a request", r)
	}
	req.Header.Set("Accept", "text/calendar, */*;q=0.1")
	known.ask(req.Header)
	res, err := r.doer.Do(req)
	if err != nil {
		return download{}, r.noAnswer(err)
	}
	defer closeBody(res)
	switch {
	case res.StatusCode == http.StatusNotModified && known != validators{}:
		return download{unchanged: true}, nil
	case res.StatusCode != http.StatusOK:
		return download{}, newStatusError(r, res)
	}
	body, err := r.read(res)
	return download{body: body, validators: validatorsOf(res.Header)}, err
}

// noAnswer leaves out the URL that net/http puts into its errors.
func (r *remote) noAnswer(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("GET %s: %w", r, err)
}

// read reads the body of an answer that is a calendar by all that its header says.
func (r *remote) read(res *http.Response) (string, error) {
	if kind := res.Header.Get("Content-Type"); strings.Contains(strings.ToLower(kind), "html") {
		return "", fmt.Errorf("GET %s: the answer is a web page, perhaps one to log in at; check the address of the feed: %w", r, ErrNoCalendar)
	}
	if coding := res.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return "", fmt.Errorf("GET %s: the answer is encoded as %.20q, which was not asked for: %w", r, coding, ErrNoCalendar)
	}
	body, err := readAll(res.Body)
	if err != nil {
		return "", fmt.Errorf("GET %s: %w", r, err)
	}
	return body, nil
}

// readAll reads a feed up to its limit.
func readAll(from io.Reader) (string, error) {
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(from, MaxSize+1))
	switch {
	case err != nil:
		return "", err
	case n > MaxSize:
		return "", fmt.Errorf("a feed of more than %d MiB: %w", MaxSize>>20, calendar.ErrTooLarge)
	}
	return b.String(), nil
}

// closeBody reads a little more, so that the connection can be used again.
func closeBody(res *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 16<<10))
	_ = res.Body.Close()
}

// longest validator that is worth keeping
const maxValidator = 1024

// minAge is how much older than the answer a Last-Modified must be to tell versions apart: it counts in seconds, and the
// feed may change again within this one (RFC 9110, 8.8.2.2).
const minAge = 2 * time.Second

// validatorsOf takes what tells this version from later ones.
func validatorsOf(h http.Header) validators {
	v := validators{ETag: h.Get("ETag"), Modified: h.Get("Last-Modified")}
	modified, err := http.ParseTime(v.Modified)
	date, dateErr := http.ParseTime(h.Get("Date"))
	if err != nil || dateErr != nil || date.Sub(modified) < minAge {
		v.Modified = ""
	}
	if len(v.ETag) > maxValidator {
		v.ETag = ""
	}
	return v
}

// ask makes a request conditional (RFC 9110, 13.1). Apache marks the ETag of an answer that it compresses, and compares
// with the unmarked one: both are sent.
func (v validators) ask(h http.Header) {
	if v.ETag != "" {
		tags := v.ETag
		if plain, marked := strings.CutSuffix(v.ETag, `-gzip"`); marked {
			tags += ", " + plain + `"`
		}
		h.Set("If-None-Match", tags)
	}
	if v.Modified != "" {
		h.Set("If-Modified-Since", v.Modified)
	}
}
