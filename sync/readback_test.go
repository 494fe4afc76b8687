package sync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"convoke/meetingapi"
	"convoke/store"
)

// reference is one that keyring.MeetingToken might make.
func reference(n int) string { return strings.Repeat("A", 19) + string("234567BCDE"[n]) }

func platformID(n int) string { return fmt.Sprintf("5e945c36b863b82cefddd%03d", n) }
func meetingNo(n int) string  { return fmt.Sprintf("9974-7653-8886-%04d", n) }

// entry is how a feed may show a meeting.
func entry(n int, lines ...string) meetingapi.FeedEntry {
	raw := append([]string{"BEGIN:VEVENT", fmt.Sprintf("UID:%d", n)}, lines...)
	return meetingapi.FeedEntry{UID: fmt.Sprint(n), Raw: strings.Join(append(raw, "END:VEVENT", ""), "\n")}
}

// whole shows everything that there is to know of a meeting, and whose it is.
func whole(n int) meetingapi.FeedEntry {
	return entry(n, "X-USER:"+alice, `DESCRIPTION:Agenda\nReference: `+reference(n)+`\n\nNumber: `+meetingNo(n)+`\nId: `+platformID(n))
}

// made is a meeting that the ledger knows, made so long ago and to begin so far ahead.
func made(n int, age, ahead time.Duration) store.Meeting {
	at := noon.Add(-age)
	return store.Meeting{
		PlatformID: platformID(n), Number: meetingNo(n), Token: reference(n), State: store.Live, Start: noon.Add(ahead), End: noon.Add(ahead + time.Hour),
		CreatedAt: at, UpdatedAt: at,
	}
}

// alice is the organizer's id on the platform.
const alice = "5e9459c5b863b82cefdddf4e"

const day = 24 * time.Hour

func TestReading(t *testing.T) {
	known := Learned{Shown: true, Ahead: 24 * 30, Lag: 60}
	feed := func(all ...meetingapi.FeedEntry) []meetingapi.FeedEntry { return all }
	mine := func(all ...store.Meeting) []store.Meeting { return all }
	updated := made(1, 2*day, day)
	updated.UpdatedAt, updated.Topic = noon, "Retro"
	other := made(1, 2*day, day)
	other.PlatformID = platformID(9)
	for _, c := range []struct {
		name    string
		feed    []meetingapi.FeedEntry
		mine    []store.Meeting
		learned Learned
		start   time.Duration // of the meeting that is looked up, number 2
		want    ReadbackState
		text    string
	}{
		{"shown, and proved by another", feed(whole(1), whole(2)), mine(made(1, day, day)), Learned{}, day, Shows, ""},
		{"shown, and proved before", feed(whole(2)), nil, known, day, Shows, ""},
		{"shown, and nothing is known of the feed", feed(whole(2)), nil, Learned{}, day, Unclear, "by no meeting that is known"},
		{"shown without its id", feed(whole(1), entry(2, "DESCRIPTION:"+reference(2)+" "+meetingNo(2))), mine(made(1, day, day)), Learned{}, day, Unclear, "not one id and one number"},
		{"shown with two ids", feed(whole(1), entry(2, "DESCRIPTION:"+reference(2)+" "+meetingNo(2)+" "+platformID(2)+" "+platformID(3))), mine(made(1, day, day)), Learned{}, day, Unclear, "not one id and one number"},
		{"shown with the id of her account, in the only entry", feed(entry(2, "X-ACCOUNT:"+platformID(7), "DESCRIPTION:"+reference(2)+" "+meetingNo(2)+" "+platformID(2))), nil, known, day, Unclear, "not one id and one number"},
		{"shown with the id of her account, which others have, too", feed(entry(2, "X-ACCOUNT:"+platformID(7), "DESCRIPTION:"+reference(2)+" "+meetingNo(2)+" "+platformID(2)), entry(5, "X-ACCOUNT:"+platformID(7))), nil, known, day, Shows, ""},
		{"shown twice, first the one that was made first", feed(whole(1), entry(3, "DESCRIPTION:"+reference(2)+" "+meetingNo(3)+" "+platformID(3)), whole(2)), mine(made(1, day, day)), Learned{}, day, Shows, ""},
		{"absent beside one that is shown", feed(whole(1)), mine(made(1, day, day)), Learned{}, day, Absent, ""},
		{"absent from an empty feed, proved before", feed(), nil, known, day, Unclear, "no meeting of hers that is known"},
		{"absent from a feed that never showed anything", feed(), nil, Learned{}, day, Unclear, "has not shown"},
		{"absent, and so is one that is known", feed(whole(1)), mine(made(1, day, day), made(4, 30*time.Hour, day)), known, day, Unclear, "does not show a meeting that is known"},
		{"absent, and so is everything that is known", feed(), mine(made(1, day, day)), known, day, Unclear, "none of the meetings that are known"},
		{"absent, and so is one that was made a moment ago, within the lag", feed(whole(1)), mine(made(1, day, day), made(4, time.Minute, day)), Learned{Shown: true, Ahead: 720, Lag: 300}, day, Absent, ""},
		{"absent, and so is one that somebody deleted long ago", feed(whole(1)), mine(made(1, day, day), made(4, 20*day, day)), known, day, Absent, ""},
		{"absent, and so is one that is over", feed(whole(1)), mine(made(1, day, day), made(4, 2*day, -day)), known, day, Absent, ""},
		{"absent, and so is one that was changed, which may have lost its reference", feed(whole(4)), mine(made(4, day, day), updated), known, day, Absent, ""},
		{"absent, but farther ahead than anything that was shown", feed(whole(1)), mine(made(1, day, day)), Learned{}, 9 * day, Unclear, "so far away"},
		{"absent, and one that is known has another id", feed(whole(1)), mine(other), known, day, Unclear, "another id or number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReading(noon, alice, c.feed, c.mine, c.learned)
			back := r.of(reference(2), noon.Add(c.start))
			assert.Equal(t, c.want, back.State, back.Text)
			assert.Contains(t, back.Text, c.text)
			if c.want == Shows {
				assert.Equal(t, []string{platformID(2), meetingNo(2)}, []string{back.ID, back.Number})
			}
		})
	}
}

// What a reading teaches is what it showed, and how young the youngest of that was.
func TestLearned(t *testing.T) {
	r := newReading(noon, alice, []meetingapi.FeedEntry{whole(1), whole(2)}, []store.Meeting{made(1, day, 5*day), made(2, 4*time.Minute, -3*time.Hour), made(3, time.Minute, day)}, Learned{HiddenAt: 7})
	assert.Equal(t, Learned{Shown: true, Ahead: 120, Past: 3, Lag: 240}, r.learned)
	again := newReading(noon, alice, []meetingapi.FeedEntry{whole(1)}, []store.Meeting{made(1, day, day)}, r.learned)
	assert.Equal(t, r.learned, again.learned, "less is no news")
	changed := made(1, day, day)
	changed.Topic, changed.UpdatedAt = "Retro", noon
	assert.True(t, newReading(noon, alice, []meetingapi.FeedEntry{whole(1)}, []store.Meeting{changed}, r.learned).learned.Kept)
	adopted := made(1, day, day)
	adopted.CreatedAt = time.Time{}
	assert.Equal(t, int64(unknownLag), newReading(noon, alice, []meetingapi.FeedEntry{whole(1)}, []store.Meeting{adopted}, Learned{}).learned.Lag)
	hidden := newReading(noon, alice, []meetingapi.FeedEntry{entry(1, "SUMMARY:Budget")}, []store.Meeting{made(1, 2*time.Hour, day)}, Learned{})
	assert.Equal(t, Learned{HiddenAt: noon.Unix()}, hidden.learned)
	fresh := newReading(noon, alice, nil, []store.Meeting{made(1, time.Minute, day)}, Learned{})
	assert.Equal(t, Learned{}, fresh.learned, "it may come yet")
}
