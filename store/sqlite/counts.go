package sqlite

import (
	"context"
	"strings"

	"convoke/store"
)

// Nobody works on a calendar that was left, so its objects do not count.
const (
	countObjects = "(SELECT count(*) FROM objects o"
	ofCalendars  = " JOIN calendars c ON c.id = o.calendar WHERE NOT c.has_left AND "
	countsOfOne  = "SELECT " +
		countObjects + ofCalendars + "c.organizer = ?1 AND o.seen <> ''), " +
		countObjects + " INDEXED BY objects_failing" + ofCalendars + "c.organizer = ?1 AND o.error <> ''), " +
		countObjects + " INDEXED BY objects_due" + ofCalendars + "c.organizer = ?1 AND o.due_at IS NOT NULL), " +
		"(SELECT count(*) FROM meetings WHERE organizer = ?1 AND state = 'live'), " +
		"(SELECT count(*) FROM links WHERE organizer = ?1 AND state = 'ending'), " +
		"(SELECT count(*) FROM intents WHERE organizer = ?1 AND state IN ('open', 'unknown'))"
)

var countsOfAll = strings.NewReplacer("c.organizer = ?1 AND ", "", "organizer = ?1 AND ", "").Replace(countsOfOne)

func scanCounts(r row) (c store.Counts, err error) {
	err = r.Scan(&c.Objects, &c.Failing, &c.Waiting, &c.Meetings, &c.Ending, &c.Unknown)
	return c, err
}

// Counts counts for one organizer or ("") for all. Objects found gone are not among Objects; Unknown counts the calls
// that are Open, too.
func (l *Ledger) Counts(ctx context.Context, organizer string) (c store.Counts, err error) {
	if organizer == "" {
		c, err = one(ctx, l.read, scanCounts, countsOfAll)
	} else {
		c, err = one(ctx, l.read, scanCounts, countsOfOne, organizer)
	}
	return c, fail("counts", err)
}
