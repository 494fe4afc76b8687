package sync

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"convoke/meetingapi"
	"convoke/store"
)

// What the platform's feed shows of a meeting is not documented. So nothing is assumed: a reading of the feed is held against
// the meetings that the ledger knows, and only what it showed of those is believed of others. A feed proves a meeting by our
// reference, which nobody else can make; and it proves that there is none only where, in the same answer, it showed every
// meeting that it should have shown.

// Learned is what the platform's feed has shown so far of meetings already made.
type Learned struct {
	Shown    bool  `json:"shown"`              // our reference, and beside it the meeting's own id and number
	Kept     bool  `json:"kept,omitempty"`     // the same of a meeting that was changed since
	Lag      int64 `json:"lag"`                // seconds: the age of the youngest meeting that it has shown, so that it lags by no more
	From     int64 `json:"from,omitempty"`     // only meetings made later (Unix time) teach a lag: until then the clock had been ahead
	Past     int64 `json:"past"`               // hours that the start of a meeting lay back that it showed
	Ahead    int64 `json:"ahead"`              // hours that the start of a meeting was ahead
	At       int64 `json:"at"`                 // when a feed was read last (Unix time)
	HiddenAt int64 `json:"hiddenAt,omitempty"` // when it showed nothing of a meeting that it should have shown (Unix time)
}

const (
	grownUp   = time.Hour      // a meeting of this age ought to be shown, as long as nothing is known of the lag
	forgotten = 48 * time.Hour // one that is older and not shown was deleted by somebody, where others are shown
	relearns  = 24 * time.Hour // how long a feed that showed nothing is not read again
)

// A reading is the feed of an organizer's meetings at one moment.
type reading struct {
	at      time.Time
	entries []shown
	by      map[string][]int // entries by the references in them
	learned Learned
	seen    bool   // a meeting that was known: it is the right feed
	gap     string // why nothing can be concluded from what is not there, or ""
}

// shown is what one entry of a feed may say of a meeting.
type shown struct {
	meetingapi.FeedEntry
	ids, numbers []string // in the form of an internal id and of a meeting number, found in no other entry
}

var (
	references = regexp.MustCompile(`\b[A-Z2-7]{20}\b`)                            // keyring.MeetingToken
	ids        = regexp.MustCompile(`\b[0-9a-f]{24}\b`)                            // meetingapi.Meeting.ID
	numbers    = regexp.MustCompile(`\b[0-9]{4}(?:-[0-9]{4}){3}\b`)                // meetingapi.Meeting.Number
	unescape   = strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";") // RFC 5545, 3.3.11
)

// newReading holds a feed against the meetings of the organizer that are known; user is her own id, which is no meeting's.
func newReading(now time.Time, user string, feed []meetingapi.FeedEntry, mine []store.Meeting, learned Learned) reading {
	r := reading{at: now, by: map[string][]int{}, learned: learned}
	seen := map[string]int{}
	for i, e := range feed {
		text := unescape.Replace(e.Raw)
		s := shown{FeedEntry: e, ids: distinct(ids.FindAllString(text, -1)), numbers: distinct(numbers.FindAllString(text, -1))}
		for _, found := range append(slices.Clone(s.ids), s.numbers...) {
			seen[found]++
		}
		for _, reference := range distinct(references.FindAllString(text, -1)) {
			r.by[reference] = append(r.by[reference], i)
		}
		r.entries = append(r.entries, s)
	}
	common := func(s string) bool { return seen[s] > 1 || s == user } // of the account, say, and not of one meeting
	for i := range r.entries {
		r.entries[i].ids = slices.DeleteFunc(r.entries[i].ids, common)
		r.entries[i].numbers = slices.DeleteFunc(r.entries[i].numbers, common)
	}
	r.learn(mine)
	return r
}

func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// identified is the internal id and the number that an entry shows, where it shows one of each.
func (s shown) identified() (id, number string, ok bool) {
	if len(s.ids) != 1 || len(s.numbers) != 1 {
		return "", "", false
	}
	return s.ids[0], s.numbers[0], true
}

// learn compares what the feed shows with the meetings that are known.
func (r *reading) learn(mine []store.Meeting) {
	var missing []store.Meeting
	for _, m := range mine {
		switch entries := r.by[m.Token]; {
		case m.State != store.Live || m.Token == "":
		case len(entries) == 0:
			missing = append(missing, m)
		case r.shows(m):
			r.teach(m)
		default:
			r.gap = "it shows a meeting that is known with another id or number, or without"
		}
	}
	for _, m := range missing {
		r.missed(m)
	}
	if !r.learned.Shown && r.gap != "" {
		r.learned.HiddenAt = r.at.Unix()
	}
}

// teach learns from a meeting that is shown. When one that was taken over was made is not known.
func (r *reading) teach(m store.Meeting) {
	l := &r.learned
	if m.CreatedAt.After(r.at) { // by a clock that was ahead
		l.From = max(l.From, m.CreatedAt.Unix())
	}
	age := int64(r.at.Sub(m.CreatedAt) / time.Second)
	if told := !m.CreatedAt.IsZero() && m.CreatedAt.Unix() > l.From; told && (!l.Shown || age < l.Lag || l.Lag == unknownLag) {
		l.Lag = age
	} else if !l.Shown {
		l.Lag = unknownLag
	}
	ahead := int64(m.Start.Sub(r.at) / time.Hour)
	l.Shown, l.HiddenAt, r.seen = true, 0, true
	l.Kept = l.Kept || changedSince(m)
	l.Ahead, l.Past = max(l.Ahead, ahead), max(l.Past, -ahead)
}

// unknownLag, in seconds, is how long a feed counts as lagging until it has shown a meeting that was not taken over.
const unknownLag = 3600

// changedSince reports whether a meeting was changed on the platform after it was made, which it may have lost its reference by.
func changedSince(m store.Meeting) bool {
	return m.Topic != "" && m.MissingAt.IsZero() && !m.UpdatedAt.Equal(m.CreatedAt)
}

// shows reports whether a meeting is in the feed, with its own id and number.
func (r *reading) shows(m store.Meeting) bool {
	return slices.ContainsFunc(r.meetings(m.Token), func(i identity) bool { return i.id == m.PlatformID && i.number == m.Number })
}

// missed weighs that a known meeting is not in the feed: it may not be there yet, or not any more, when somebody deleted it on
// the platform; or the feed is not what it seems.
func (r *reading) missed(m store.Meeting) {
	age := r.at.Sub(m.CreatedAt)
	switch {
	case !m.End.After(r.at), changedSince(m) && !r.learned.Kept, r.learned.Shown && !r.within(m.Start):
	case !r.seen && age > grownUp:
		r.gap = "it shows none of the meetings that are known"
	case r.seen && m.CreatedAt.IsZero():
		r.gap = "it does not show a meeting that was taken over"
	case r.seen && age > time.Duration(r.learned.Lag)*time.Second && age < forgotten:
		r.gap = "it does not show a meeting that is known"
	}
}

// within reports whether meetings that start so far away have been seen in the feed.
func (r *reading) within(start time.Time) bool {
	ahead := start.Sub(r.at)
	return ahead <= time.Duration(r.learned.Ahead+1)*time.Hour && -ahead <= time.Duration(r.learned.Past+1)*time.Hour
}

// A ReadbackState is what the platform's feed says of one meeting.
type ReadbackState int

const (
	NoFeed     ReadbackState = iota // there is none, or it shows nothing of use
	Shows                           // the meeting is there
	Absent                          // it was not there when the feed was read
	Unclear                         // it may be there
	Unreadable                      // the feed could not be read just now, and would tell
)

// A Readback is what the platform's feed says of the meeting that was, or may have been, made for an event.
type Readback struct {
	State      ReadbackState
	At         time.Time     // of Absent: when the feed was read
	ID         string        // of Shows
	Number     string        // of Shows
	Generation int           // of Shows, where it is not the one that was asked for
	Text       string        // of Unclear and Unreadable: why
	Lag        time.Duration // how long after its creation a meeting may not be shown yet
}

// of looks up the meeting with a reference, which starts then.
func (r *reading) of(reference string, start time.Time) Readback {
	unclear := func(text string) Readback {
		return Readback{State: Unclear, Text: "the platform's feed does not tell: " + text}
	}
	found := r.meetings(reference)
	switch entries := r.by[reference]; {
	case len(entries) > 0 && !r.learned.Shown:
		return unclear("it shows the reference, but by no meeting that is known could be learned which id and number belong to it")
	case len(entries) > 0 && len(found) != len(entries):
		return unclear("it shows the reference, but not one id and one number beside it")
	case len(found) > 0:
		return Readback{State: Shows, ID: found[0].id, Number: found[0].number}
	case !r.learned.Shown:
		return unclear("it has not shown the reference of a known meeting yet")
	case r.gap != "":
		return unclear(r.gap)
	case !r.seen:
		return unclear("it shows no meeting of hers that is known just now")
	case !r.within(start):
		return unclear(fmt.Sprintf("it has shown no meeting yet that is so far away; the farthest were %d hours", r.learned.Ahead))
	}
	return Readback{State: Absent, At: r.at, Lag: time.Duration(r.learned.Lag) * time.Second}
}

// identity is a meeting as a feed shows it.
type identity struct {
	id, number string
	shown      shown
}

// meetings are those with a reference that can be told by id and number, in the order of their ids: as they were made.
func (r *reading) meetings(reference string) []identity {
	var all []identity
	for _, i := range r.by[reference] {
		if id, number, ok := r.entries[i].identified(); ok {
			all = append(all, identity{id, number, r.entries[i]})
		}
	}
	slices.SortFunc(all, func(a, b identity) int { return strings.Compare(a.id, b.id) })
	return all
}
