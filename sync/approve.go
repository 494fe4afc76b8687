package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"convoke/store"
)

// IsHeld reports whether the meeting of a link stays until a person approves.
func IsHeld(l store.Link) bool { return l.State == store.Ending && l.Reason == string(Hold) }

// awaitsAdmin reports whether the end of a meeting is in an admin's hands: he may approve, or has.
func awaitsAdmin(l store.Link) bool { return IsHeld(l) || l.Reason == string(Approved) }

// Approve lets the held meetings of a batch, which is a calendar, be given up at the next pass, unless their events are back by
// then. It returns how many they are.
func Approve(ctx context.Context, l store.Ledger, batch int64, now time.Time) (int, error) {
	links, err := l.Links(ctx, "")
	if err != nil {
		return 0, err
	}
	n := 0
	for _, k := range links {
		if k.Calendar != batch || !IsHeld(k) {
			continue
		}
		k.DueAt, k.Reason = now, string(Approved)
		if _, err := l.SaveLink(ctx, k); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// ApproveMissing lets the meetings be replaced that the platform does not find now, however many they are: the next pass looks
// for each once more. It returns how many they are.
func ApproveMissing(ctx context.Context, l store.Ledger, now time.Time) (int, error) {
	c, err := CountMissing(ctx, l, now)
	if err != nil || !c.Many {
		return 0, err
	}
	missing, err := l.MissingMeetings(ctx)
	if err != nil {
		return 0, err
	}
	if err := l.Note(ctx, renewing, fmt.Sprint(now.Unix())); err != nil {
		return 0, err
	}
	for _, m := range missing {
		links, err := l.LinksOf(ctx, m.ID)
		if err != nil {
			return 0, err
		}
		for _, k := range links {
			if err := awaken(ctx, l, k); err != nil {
				return 0, err
			}
		}
	}
	return c.Meetings, nil
}

// awaken has the event of a link decided about at the next pass, where it is there.
func awaken(ctx context.Context, l store.Ledger, k store.Link) error {
	row, err := l.Object(ctx, k.Calendar, k.Href)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil || row.Seen == "":
		return err
	}
	row.Done, row.DueAt = notDone, time.Time{}
	return l.SaveObject(ctx, row)
}
