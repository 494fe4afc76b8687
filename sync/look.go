package sync

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"convoke/calendar"
	"convoke/store"
)

// batch is how many rows of a look go into one transaction.
const batch = 2000

// A look is one call of Changes on its way into the ledger.
type look struct {
	*pass
	w       *watched
	first   bool             // everything is new, or to be looked at again
	needles [][]byte         // what an event that concerns us has in it
	known   map[string]known // what the ledger has of this calendar, loaded when first asked for
	broken  error            // of the ledger
	rows    []store.ObjectRow
	again   []string        // hrefs that are in the ledger as done, and are to be decided about again
	objects int             // rows so far
	unknown map[string]bool // UIDs of creations without a known outcome, loaded when first asked for
}

type known struct {
	etag    string
	visited bool
}

// look asks a calendar what changed and records it. Afterwards the ledger knows every object that is worth a decision.
// It returns an error only when the ledger fails.
func (p *pass) look(ctx context.Context, w *watched) error {
	if w.err != nil {
		return nil
	}
	if p.Patient && p.Now().Before(w.DueAt) && w.Trouble != store.ReadOnly {
		w.err = fmt.Errorf("not asked before %s: %s", at(w.DueAt), w.State)
		return nil
	}
	l := &look{pass: p, w: w, needles: w.needles()}
	selection, err := l.selection(ctx)
	if err != nil {
		return err
	}
	l.first = selection != "" || w.FullAt.IsZero()
	since := calendar.Since{Token: w.Token, ETag: l.etag, Full: p.Now().Sub(w.FullAt) > l.interval() || w.Trouble == store.Missing}
	if l.first {
		since = calendar.Since{ETag: func(string) string { return "" }}
	}
	seen, err := w.col.Changes(ctx, since, func(c calendar.Change) error {
		l.broken = l.change(ctx, c)
		return l.broken
	})
	switch {
	case l.broken != nil:
		return l.broken
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return l.unlooked(ctx, l.w, err)
	}
	if err := l.finish(ctx, seen); err != nil {
		return err
	}
	if selection != "" {
		return p.Ledger.Note(ctx, selectionKey(l.w.ID), selection)
	}
	return nil
}

// selectionKey is the note of what decided about a calendar's events at its last look.
func selectionKey(calendar int64) string { return fmt.Sprintf("selection/%d", calendar) }

// selection returns what decides about events that do not change (which are selected, whose they are, and whether unanswered
// creations are repeated) when it is not what it was at the last look, or "".
func (l *look) selection(ctx context.Context) (string, error) {
	r := l.w.rules
	now := fmt.Sprintf("%s %v %q %q %v %s %s %s %q %v %d %s %v %v", r.Mode, r.Existing, r.Markers.Ask, r.Markers.Decline, r.RetryUnknown, r.MinDuration, r.MaxDuration, r.Private, l.o.Addresses, r.Presets, r.MailBudget, r.Horizon, r.Caps, l.o.Feed != nil)
	was, err := l.Ledger.Notes(ctx, selectionKey(l.w.ID))
	if err != nil || was == now {
		return "", err
	}
	return now, nil
}

// interval is how long a calendar goes without a complete listing: about a day, another length for each calendar, so
// that they do not all come at once.
func (l *look) interval() time.Duration {
	return 20*time.Hour + time.Duration(crc32.ChecksumIEEE([]byte(l.w.URL))%(8*3600))*time.Second
}

// needles are what an event must have in it to concern us; without any of them it need not even be parsed.
func (w *watched) needles() [][]byte {
	return [][]byte{lower(w.rules.Markers.Ask), lower("X-CONVOKE"), lower(w.rules.Join.Prefix())}
}

func lower(s string) []byte { return []byte(strings.ToLower(s)) }

// etag is what the ledger has under an href.
func (l *look) etag(href string) string {
	if l.known == nil {
		l.known = map[string]known{}
		l.broken = l.Ledger.ETags(context.Background(), l.w.ID, func(href, etag string) {
			l.known[href] = known{etag: etag}
		})
	}
	return l.known[href].etag
}

// change records one row.
func (l *look) change(ctx context.Context, c calendar.Change) error {
	was := l.etag(c.Href)
	if l.broken != nil {
		return l.broken
	}
	if l.objects++; l.objects%batch == 0 {
		l.progress()
	}
	if c.Gone {
		return l.gone(ctx, c.Href)
	}
	l.known[c.Href] = known{etag: was, visited: true}
	if c.Err == nil && c.ETag == "" {
		c.Err = errNoETag
	}
	if c.Err != nil {
		return l.unreadable(ctx, c, was)
	}
	if c.ETag == was && !l.first {
		return nil
	}
	row, err := l.row(ctx, c, was)
	if err != nil {
		return err
	}
	l.rows = append(l.rows, row)
	if len(l.rows) >= batch {
		return l.flush(ctx)
	}
	return nil
}

// row is what the ledger is told of an object that changed. One that cannot concern us is done already.
func (l *look) row(ctx context.Context, c calendar.Change, was string) (store.ObjectRow, error) {
	row := store.ObjectRow{Calendar: l.w.ID, Href: c.Href, Seen: c.ETag, SeenAt: l.Now()}
	uid, hit := calendar.Scan(c.Data, l.needles)
	row.UID = uid
	linked, err := l.linked(ctx, place{l.w.ID, c.Href})
	if err != nil {
		return row, err
	}
	awaited, err := l.awaited(ctx, uid)
	if err != nil {
		return row, err
	}
	if !linked && !awaited && l.passedOver(c.ETag == was) && !(hit && l.asks(c.Data)) {
		row.Done = c.ETag
		return row, nil
	}
	if was == c.ETag {
		l.again = append(l.again, c.Href)
	}
	if l.w.size += len(c.Data); c.Data != nil && l.w.size <= readAhead {
		l.w.read[c.Href] = c.Object
	}
	return row, nil
}

// awaited reports whether a creation for an event has no known outcome, or was given up: whatever becomes of it is decided about.
func (l *look) awaited(ctx context.Context, uid string) (bool, error) {
	if l.unknown == nil {
		l.unknown = map[string]bool{}
		intents, err := l.Ledger.Intents(ctx, l.o.Email)
		if err != nil {
			return false, err
		}
		given, err := l.Ledger.GivenUp(ctx, l.o.Email)
		if err != nil {
			return false, err
		}
		for _, in := range append(intents, given...) {
			l.unknown[in.UID] = l.unknown[in.UID] || in.Kind == store.CreateMeeting
		}
	}
	return uid != "" && l.unknown[uid], nil
}

// passedOver reports whether an event without any trace of us is left alone unread: always when only marked events
// count, and otherwise when it was there at the first look. Another selection makes no event older than it is: what is new
// since the last look is decided about.
func (l *look) passedOver(unchanged bool) bool {
	if l.w.rules.Mode == Marked {
		return true
	}
	return l.first && !l.w.rules.Existing && (unchanged || l.w.FullAt.IsZero())
}

// asks reports whether an event that would be passed over, but has something of ours in it, asks for a meeting by itself.
// Where only marked events count that is for Decide to say.
func (l *look) asks(data []byte) bool {
	if l.w.rules.Mode == Marked {
		return true
	}
	ev, err := calendar.Parse(data, l.w.home)
	if err != nil {
		return true // it is set aside, and told, when it is decided about
	}
	c := Situation{Event: ev}.component()
	_, asked := l.w.rules.Markers.Asked(c)
	return asked || c.Seal != ""
}

// gone records that an object is not there any more: an event with a meeting is decided about, any other forgotten.
func (l *look) gone(ctx context.Context, href string) error {
	if _, ok := l.known[href]; !ok {
		return nil // a name that was never seen
	}
	delete(l.known, href)
	linked, err := l.linked(ctx, place{l.w.ID, href})
	if err != nil {
		return err
	}
	if !linked {
		return l.Ledger.DropObject(ctx, l.w.ID, href)
	}
	l.rows = append(l.rows, store.ObjectRow{Calendar: l.w.ID, Href: href, SeenAt: l.Now(), Done: notDone})
	return nil
}

// errNoETag is wrong with a calendar that does not say which version of an object it shows (RFC 4791, 5.3.4).
var errNoETag = errors.New("the calendar tells no ETag, and without one a change could overwrite somebody else's")

// unreadable sets an object aside that the calendar could not hand out, until its ETag changes. Where there is no ETag
// to tell by, it is asked for again later.
func (l *look) unreadable(ctx context.Context, c calendar.Change, was string) error {
	row, err := l.Ledger.Object(ctx, l.w.ID, c.Href)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case c.ETag != "" && row.Seen == c.ETag && row.Error == c.Err.Error():
		return nil
	}
	row.Calendar, row.Href = l.w.ID, c.Href
	if c.ETag == "" {
		if row.Seen = was; was == "" {
			row.Seen = notDone
		}
		return l.retry(ctx, l.w, row, c.Err)
	}
	l.failed(l.w, c.Href, c.Err)
	row.Seen, row.Done, row.Error, row.Attempts, row.DueAt = c.ETag, c.ETag, c.Err.Error(), 0, time.Time{}
	return l.Ledger.SaveObject(ctx, row)
}

func (l *look) flush(ctx context.Context) error {
	rows := l.rows
	l.rows = l.rows[:0]
	if len(rows) == 0 {
		return nil
	}
	return l.Ledger.Seen(ctx, rows)
}

// finish records what was not reported in a complete look, and then the token.
func (l *look) finish(ctx context.Context, seen calendar.Look) error {
	if seen.Complete {
		if l.etag(""); l.broken != nil { // loads what is known
			return l.broken
		}
		for href, k := range l.known {
			if k.visited {
				continue
			}
			if err := l.gone(ctx, href); err != nil {
				return err
			}
		}
	}
	if err := l.flush(ctx); err != nil {
		return err
	}
	for _, href := range l.again {
		row, err := l.Ledger.Object(ctx, l.w.ID, href)
		if err != nil {
			return err
		}
		row.Done, row.DueAt = notDone, time.Time{}
		if err := l.Ledger.SaveObject(ctx, row); err != nil {
			return err
		}
	}
	full := l.w.FullAt
	if seen.Complete && (l.first || l.Now().Sub(full) > l.interval()) {
		full = l.Now()
	}
	if err := l.recover(ctx); err != nil {
		return err
	}
	if l.objects > 0 || seen.Complete { // else the old token says as much, and need not be written
		l.w.Token = seen.Token
	}
	l.w.FullAt = full
	return l.Ledger.Looked(ctx, l.w.ID, l.w.Token, full)
}

// recover clears what was wrong with the calendar, and keeps what was learned of its server.
func (l *look) recover(ctx context.Context) error {
	row := l.w.Calendar
	if row.Trouble != store.NoTrouble && row.Trouble != store.ReadOnly { // it may have been missing before that
		since, err := MissingSince(ctx, l.Ledger, row.ID)
		if err == nil && !since.IsZero() {
			err = l.returned(ctx, row.ID)
		}
		if err != nil {
			return err
		}
	}
	if row.Trouble != store.ReadOnly { // which a write will tell
		row.State, row.Trouble, row.Attempts, row.DueAt = "", store.NoTrouble, 0, time.Time{}
	}
	if server, ok := l.w.col.(interface{ Profile() string }); ok {
		row.Profile = server.Profile()
	}
	if row == l.w.Calendar {
		return nil
	}
	l.w.Calendar = row
	_, err := l.Ledger.SaveCalendar(ctx, row)
	return err
}

// unlooked records that a calendar could not be looked at. Nothing is concluded from it.
func (p *pass) unlooked(ctx context.Context, w *watched, why error) error {
	w.err = why
	p.failed(w, "", why)
	row, kind := w.Calendar, trouble(why)
	if row.Trouble == store.Missing && kind == store.Denied {
		kind = store.Missing // the share was withdrawn
	}
	row.State, row.Trouble, row.Attempts = why.Error(), kind, row.Attempts+1
	due := later(p.Now(), row.Attempts)
	switch row.DueAt = asked(why, p.Now(), due); {
	case !row.DueAt.Equal(due): // the server has said when
	case locks(why, row.Attempts):
		row.DueAt = p.Now().Add(time.Hour)
	case due.Sub(p.Now()) > 15*time.Minute:
		row.DueAt = p.Now().Add(15 * time.Minute)
	}
	w.Calendar = row
	_, err := p.Ledger.SaveCalendar(ctx, row)
	return err
}

// asked is the time until which a server has asked to be left alone, when that is later than due, and not too far away; else due.
func asked(why error, now, due time.Time) time.Time {
	var wait interface{ RetryAt() time.Time }
	if errors.As(why, &wait) && wait.RetryAt().After(due) {
		return now.Add(min(wait.RetryAt().Sub(now), longestWait))
	}
	return due
}

// locks reports whether a password, or access, was refused so often that it is tried hourly: accounts lock.
func locks(why error, attempts int) bool {
	return attempts >= 3 && (errors.Is(why, calendar.ErrAuth) || errors.Is(why, calendar.ErrForbidden))
}

func (l *look) progress() {
	if l.Progress == nil {
		return
	}
	l.telling.Lock()
	defer l.telling.Unlock()
	l.Progress(Progress{Organizer: l.o.Email, Calendar: l.w.Name, Objects: l.objects})
}
