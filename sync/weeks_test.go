package sync_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
	"convoke/sync"
)

// A rhythm is a series of somebody in a time zone, and how far apart its dates are.
type rhythm struct {
	who, zone, clock, rule string
	day                    int // of its first date, from the Monday on which all begins
	apart                  time.Duration
	entry                  *entry
}

// TestWeeks lets convoke run for weeks, over both changes of the clocks, an hour from pass to pass, while a request in ten fails. At the
// end of each day, when all is well for an hour, every meeting stands on a date of its series, at the hour that people read.
func TestWeeks(t *testing.T) {
	const weeks = 7
	drift, checks, faults, passes := 0, 0, 0, 0
	for name, from := range map[string]string{"spring": "2027-03-01", "autumn": "2027-09-27"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *sync.Rules) { r.RollAfter = 30 * time.Minute })
			random := rand.New(rand.NewPCG(1, uint64(len(from)+len(name))))
			first, err := time.Parse(time.DateOnly, from)
			require.NoError(t, err)
			w.clock.add(first.Sub(monday))
			all := []*rhythm{
				{who: "alice", zone: "Europe/Brussels", clock: "0900", rule: "FREQ=DAILY", apart: 24 * time.Hour},
				{who: "alice", zone: "Europe/Brussels", clock: "0330", rule: "FREQ=WEEKLY;BYDAY=MO", apart: 7 * 24 * time.Hour},
				{who: "bob", zone: "America/New_York", clock: "1630", rule: "FREQ=WEEKLY;BYDAY=TU,TH", day: 1, apart: 5 * 24 * time.Hour},
				{who: "carol", zone: "Australia/Sydney", clock: "2330", rule: "FREQ=DAILY", apart: 24 * time.Hour},
				{who: "dave", zone: "Asia/Kolkata", clock: "1000", rule: "FREQ=WEEKLY;BYDAY=FR", day: 4, apart: 7 * 24 * time.Hour},
			}
			for _, who := range []string{"bob", "carol", "dave"} {
				w.join(who)
			}
			for i, r := range all {
				zone, err := time.LoadLocation(r.zone)
				require.NoError(t, err)
				start, err := time.ParseInLocation("2006-01-02 1504", first.AddDate(0, 0, r.day).Format(time.DateOnly)+" "+r.clock, zone)
				require.NoError(t, err)
				at := func(t time.Time) string { return ";TZID=" + r.zone + ":" + t.Format("20060102T150405") }
				uid := string(rune('a' + i))
				r.entry = w.bookAt(w.dav.Calendar(r.who, "work")+uid+".ics", uid, "SUMMARY:"+uid+" @meet", "RRULE:"+r.rule, "DTSTART"+at(start), "DTEND"+at(start.Add(30*time.Minute)))
			}
			w.pass()
			for hour := range weeks * 7 * 24 {
				if random.IntN(10) == 0 {
					faults++
					switch random.IntN(4) {
					case 0:
						w.dav.Inject(caldavtest.Fault{Path: w.dav.Home(all[random.IntN(len(all))].who), Status: []int{500, 503, 404}[random.IntN(3)]})
					case 1:
						w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostAnswer())
					case 2:
						w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.LostRequest())
					case 3:
						w.platform.Fail(meetingtest.UpdateMeeting, meetingtest.ErrorBefore(500))
					}
				}
				w.clock.add(time.Hour)
				w.try()
				passes++
				w.dav.Heal()
				if hour%24 != 23 {
					continue
				}
				w.platform.Heal()
				w.minutes(60)
				for _, r := range all {
					checks++
					i := slices.IndexFunc(w.meetings(), func(m meetingtest.Meeting) bool { return m.Topic == r.entry.uid })
					require.GreaterOrEqual(t, i, 0, r.entry.uid)
					m := w.meetings()[i]
					zone, err := time.LoadLocation(r.zone)
					require.NoError(t, err)
					local, ahead := m.Start.In(zone).Format("1504"), m.Start.Sub(w.clock.Now())
					if local != r.clock || ahead > r.apart+time.Hour || ahead < -time.Hour {
						drift++
						t.Errorf("%s: the meeting of %s stands at %s, at %s", w.clock.Now().Format(time.RFC3339), r.rule, m.Start.In(zone), local)
					}
					r.entry.shows(m)
				}
			}
			assert.Equal(t, len(all), w.posts(), "one meeting for each series")
		})
	}
	assert.Positive(t, faults)
	t.Logf("%d weeks, 4 organizers, %d passes, %d faults; %d meetings compared, drift %d", 2*weeks, passes, faults, checks, drift)
}
