package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// A person edits one event as fast as he can, with a program of his own that does it as a careful one does: fetch, change,
// PUT with If-Match, and after 412 the same again. On each fetch he looks whether all that the server has acknowledged to
// him is still there.
type person struct {
	site
	name   string
	client *http.Client
	tally  *tally

	holds  [len(facts)]int // what the server has acknowledged
	maybe  map[int]int     // an edit that had no usable answer: fact → what it would hold
	last   int             // the number that he used last; no two edits have the same
	linked int             // edits since he saw the join link
}

// event is the event as his program wrote it when he booked it: nothing of convoke's is in it, and the marker asks for it.
func (p *person) event(holds [len(facts)]int) string {
	return crlf(fmt.Sprintf(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar 1.0//EN
BEGIN:VEVENT
UID:%s@example.com
DTSTAMP:20260101T080000Z
LAST-MODIFIED:20260101T080000Z
DTSTART:%s
DURATION:PT30M
SUMMARY:%s
LOCATION:Room %d @meet
DESCRIPTION:Point %d\nBring the figures.
X-COUNT:%d
END:VEVENT
END:VCALENDAR
`, p.name, minuteText(holds[begin]), p.topic(holds), holds[room], holds[point], holds[count]))
}

func (p *person) topic(holds [len(facts)]int) string {
	return fmt.Sprintf("Talk %s %d", p.name, holds[title])
}

// book puts the event into the calendar.
func (p *person) book(ctx context.Context) error {
	status, _, body, err := p.do(ctx, http.MethodPut, "", p.event(p.holds))
	if err == nil && !stored(status) {
		err = fmt.Errorf("PUT %s: %d %.200s", p.name, status, body)
	}
	return err
}

// work edits until enough is closed.
func (p *person) work(ctx context.Context, enough <-chan struct{}) error {
	for {
		select {
		case <-enough:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
		etag, event, err := p.look(ctx)
		if err == nil && event != "" {
			err = p.edit(ctx, etag, event)
		}
		if err != nil {
			return err
		}
	}
}

// look fetches the event and misses what is not in it any more. It returns none when the server fails.
func (p *person) look(ctx context.Context) (etag, event string, err error) {
	status, etag, event, err := p.do(ctx, http.MethodGet, "", "")
	switch {
	case err != nil:
		return "", "", err
	case status >= http.StatusInternalServerError:
		return "", "", nil
	case status != http.StatusOK:
		return "", "", fmt.Errorf("GET %s: %d %.200s", p.name, status, event)
	}
	for i, f := range facts {
		if err := p.compare(i, f, event); err != nil {
			return "", "", err
		}
	}
	p.maybe = nil
	return etag, event, nil
}

// compare sets one fact against what was acknowledged. What is lost is lost once: from then on what is there counts.
func (p *person) compare(i int, f fact, event string) error {
	from, to, err := f.find(event)
	if err != nil {
		return err
	}
	there, err := f.number(event[from:to])
	if err != nil {
		return err
	}
	if maybe, open := p.maybe[i]; there != p.holds[i] && !(open && there == maybe) {
		lost := fmt.Sprintf("the %s of %s: %d was acknowledged, %d is there", f.name, p.name, p.holds[i], there)
		p.tally.note(func(o *outcome) { o.lost = append(o.lost, lost) })
	}
	p.holds[i] = there
	return nil
}

// edit changes one thing in the event. When the join link has stood in it for a few edits he puts his own old copy, with a new
// title, over it: so convoke has to write again and again.
func (p *person) edit(ctx context.Context, etag, event string) error {
	p.last++
	which, holds := p.last%len(facts), p.holds
	if strings.Contains(event, joinStart) {
		p.linked++
	}
	if p.linked > 3 {
		which, p.linked = title, 0
		holds[title] = p.last
		event = p.event(holds)
	} else {
		from, to, err := facts[which].find(event)
		if err != nil {
			return err
		}
		event = event[:from] + facts[which].text(p.last) + event[to:]
	}
	status, _, _, err := p.do(ctx, http.MethodPut, etag, event)
	if err != nil {
		return err
	}
	switch {
	case stored(status):
		p.holds[which] = p.last
	case status != http.StatusPreconditionFailed:
		p.maybe = map[int]int{which: p.last}
	}
	p.tally.note(func(o *outcome) { o.edits.count(status) })
	return nil
}

func (p *person) do(ctx context.Context, method, etag, body string) (status int, tag, text string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, p.address+p.path(), strings.NewReader(body))
	if err != nil {
		return 0, "", "", err
	}
	r.SetBasicAuth(p.user, p.password)
	if body != "" {
		r.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	}
	if etag != "" {
		r.Header.Set("If-Match", etag)
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return 0, "", "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header.Get("ETag"), string(data), err
}

func (p *person) path() string { return p.calendar + p.name + ".ics" }
