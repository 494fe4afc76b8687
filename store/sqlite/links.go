package sqlite

import (
	"context"
	"time"

	"convoke/store"
)

const (
	linkKey    = "organizer, uid"
	linkValues = "calendar, href, meeting, state, reason, due_at, written, block, writes, mails, flips, updated_at"

	selectLinks = "SELECT id, " + linkKey + ", coalesce(calendar, 0), href, meeting, state, reason, due_at, written," +
		" block, writes, mails, flips, updated_at FROM links"
	linkByEvent = selectLinks + " WHERE organizer = ? AND uid = ?"
	linksByUID  = selectLinks + " WHERE uid = ? ORDER BY id"
	linksAt     = selectLinks + " WHERE unlikely(calendar = ?) AND unlikely(href = ?) AND state <> 'ended' ORDER BY id"
	linksOf     = selectLinks + " WHERE unlikely(meeting = ?) ORDER BY id"
	dueLinks    = selectLinks + " WHERE organizer = ? AND state = 'ending' AND due_at <= ? ORDER BY due_at, id"
	allLinks    = selectLinks + " ORDER BY id"
	linksFor    = selectLinks + " WHERE organizer = ? ORDER BY id"
)

var saveLink = upsert("links", linkKey, linkValues)

func scanLink(r row) (l store.Link, err error) {
	err = r.Scan(&l.ID, &l.Organizer, &l.UID, &l.Calendar, &l.Href, &l.Meeting, &l.State, &l.Reason, when{&l.DueAt},
		&l.Written, &l.Block, &l.Writes, &l.Mails, &l.Flips, when{&l.UpdatedAt})
	return l, err
}

// Link returns the link of one event of an organizer, or store.ErrNotFound.
func (l *Ledger) Link(ctx context.Context, organizer, uid string) (store.Link, error) {
	k, err := one(ctx, l.read, scanLink, linkByEvent, organizer, uid)
	return k, fail("link", err)
}

// LinksByUID returns the links of an event of all organizers, ordered by ID.
func (l *Ledger) LinksByUID(ctx context.Context, uid string) ([]store.Link, error) {
	all, err := many(ctx, l.read, scanLink, linksByUID, uid)
	return all, fail("links by UID", err)
}

// LinksAt returns the links, Active and Ending, whose event was last seen there, ordered by ID.
func (l *Ledger) LinksAt(ctx context.Context, calendar int64, href string) ([]store.Link, error) {
	all, err := many(ctx, l.read, scanLink, linksAt, calendar, href)
	return all, fail("links at", err)
}

// LinksOf returns the links of a meeting, in every state, ordered by ID.
func (l *Ledger) LinksOf(ctx context.Context, meeting int64) ([]store.Link, error) {
	all, err := many(ctx, l.read, scanLink, linksOf, meeting)
	return all, fail("links of", err)
}

// DueLinks returns the links that are Ending and whose time has come, by that time. One without a time is held, and
// never due.
func (l *Ledger) DueLinks(ctx context.Context, organizer string, now time.Time) ([]store.Link, error) {
	all, err := many(ctx, l.read, scanLink, dueLinks, organizer, now.Unix())
	return all, fail("due links", err)
}

// Links returns the links of one organizer or ("") of all, ordered by ID.
func (l *Ledger) Links(ctx context.Context, organizer string) ([]store.Link, error) {
	all, err := ofOne(ctx, l.read, scanLink, allLinks, linksFor, organizer)
	return all, fail("links", err)
}

// SaveLink adds a link or replaces the one of that organizer and UID. It fails with store.ErrNotFound when its
// meeting, or a calendar other than 0, is not there.
func (l *Ledger) SaveLink(ctx context.Context, k store.Link) (id int64, err error) {
	err = l.write.transact(ctx, func(t *tx) error {
		kept, err := t.saveLink(ctx, k)
		id = kept.ID
		return err
	})
	return id, fail("save link", err)
}

// saveLink returns the link as it is kept.
func (t *tx) saveLink(ctx context.Context, k store.Link) (store.Link, error) {
	_, err := t.exec(ctx, saveLink, k.Organizer, k.UID, ref(k.Calendar), k.Href, k.Meeting, k.State, k.Reason,
		seconds(k.DueAt), k.Written, k.Block, k.Writes, k.Mails, k.Flips, seconds(k.UpdatedAt))
	if err != nil {
		return store.Link{}, err
	}
	return one(ctx, t, scanLink, linkByEvent, k.Organizer, k.UID)
}
