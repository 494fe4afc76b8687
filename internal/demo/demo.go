// Package demo is a small world for convoke to work in: a CalDAV server and a meeting platform in memory, on one loopback
// port, an organizer who books, and the configuration that leads to them. It knows nothing of how convoke works.
package demo

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"convoke/calendar/caldavtest"
	"convoke/meetingapi/meetingtest"
)

// The organizer of the world.
const (
	Organizer = "alice@example.com"
	Username  = "alice"
	Password  = "wonderland"
	calendar  = "work"
)

// A World runs until it is closed.
type World struct {
	CalDAV   *caldavtest.Server
	Platform *meetingtest.Server
	Config   string // path of the configuration file
	dir      string
	url      string
	server   *http.Server
	day      time.Time // the first working day after today, in the organizer's zone
}

// New starts the servers on a free loopback port and writes the configuration into a new folder.
func New(now time.Time, schedule string) (*World, error) {
	w := &World{
		CalDAV:   caldavtest.New(caldavtest.User(Username, Password, Organizer)),
		Platform: meetingtest.New(meetingtest.Options{}),
		day:      workday(now),
	}
	account, _ := w.Platform.AddAccount(meetingtest.User{Email: Organizer, FirstName: "Alice", LastName: "Liddell", TimeZone: "Europe/Brussels", Language: "en"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w.url = "http://" + l.Addr().String()
	w.server = &http.Server{Handler: w.routes(), ReadHeaderTimeout: 10 * time.Second}
	go w.server.Serve(l) // ends with Close
	if err := w.configure(account.ID, schedule); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Close stops the servers and removes the folder.
func (w *World) Close() error { return errors.Join(w.server.Close(), os.RemoveAll(w.dir)) }

// CalendarURL is what a calendar program wants to know.
func (w *World) CalendarURL() string { return w.url + w.CalDAV.Calendar(Username, calendar) }

func (w *World) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", w.Platform)
	mux.Handle("/", w.CalDAV)
	mux.HandleFunc("GET /join/{number}", w.join)
	return mux
}

// join is where a join link of the demonstration leads.
func (w *World) join(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, m := range w.Platform.Meetings() {
		if m.Number == r.PathValue("number") {
			fmt.Fprintf(rw, "This would be the meeting %q,\n%s to %s.\n", m.Topic, m.Start.UTC().Format(time.RFC1123), m.End.UTC().Format(time.RFC1123))
			return
		}
	}
	http.Error(rw, "no such meeting", http.StatusNotFound)
}

func (w *World) configure(account, schedule string) (err error) {
	if w.dir, err = os.MkdirTemp("", "convoke-demo-"); err != nil {
		return err
	}
	w.Config = filepath.Join(w.dir, "config.toml")
	for name, text := range map[string]string{
		"platform-api-key": meetingtest.DefaultKey + "\n",
		"alice.password":   Password + "\n",
		"config.toml": fmt.Sprintf(`database = %q
schedule = %q
listen   = ""

[platform]
url          = %q
api_key_file = "platform-api-key"
join_url     = "%s/join/{meetingId}"

[cancel]
undo = "0s"   # a deletion takes effect at once; the default is ten minutes

[details]
quiet = "2s"

[[organizer]]
email         = %q
account_id    = %q
caldav_url    = %q
username      = %q
password_file = "alice.password"
`, filepath.Join(w.dir, "ledger.db"), schedule, w.url, w.url, Organizer, account, w.url+"/", Username),
	} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// workday is the first day after now that is no weekend.
func workday(now time.Time) time.Time {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		zone = time.UTC
	}
	y, m, d := now.In(zone).Date()
	day := time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// Event is what an organizer types.
type Event struct {
	Name           string // of the object
	Title          string
	Hour, Minutes  int // when it starts, and for how long
	Location, Note string
	Invited        string // who invites, when it is not her
}

// Book puts an event into the calendar, as a calendar program would.
func (w *World) Book(e Event) error {
	start := w.day.Add(time.Duration(e.Hour) * time.Hour)
	lines := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Calendar 1.0//EN",
		"BEGIN:VEVENT", "UID:" + e.Name + "@demo", "DTSTAMP:" + time.Now().UTC().Format("20060102T150405Z"), "SUMMARY:" + e.Title,
		"DTSTART;TZID=Europe/Brussels:" + start.Format("20060102T150405"),
		"DTEND;TZID=Europe/Brussels:" + start.Add(time.Duration(e.Minutes)*time.Minute).Format("20060102T150405"),
	}
	if e.Location != "" {
		lines = append(lines, "LOCATION:"+e.Location)
	}
	if e.Note != "" {
		lines = append(lines, "DESCRIPTION:"+e.Note)
	}
	if e.Invited != "" {
		lines = append(lines, "ORGANIZER:mailto:"+e.Invited, "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:"+Organizer)
	}
	lines = append(lines, "END:VEVENT", "END:VCALENDAR", "")
	return w.CalDAV.Put(w.path(e.Name), strings.Join(lines, "\r\n"))
}

// Change moves an event to another hour and gives it another title, and leaves all else as it stands in the calendar.
func (w *World) Change(e Event) error {
	data, _, ok := w.CalDAV.Get(w.path(e.Name))
	if !ok {
		return fmt.Errorf("no event %s", e.Name)
	}
	start := w.day.Add(time.Duration(e.Hour) * time.Hour)
	lines := strings.Split(string(data), "\r\n")
	for i, line := range lines {
		switch name, _, _ := strings.Cut(line, ":"); name {
		case "DTSTART;TZID=Europe/Brussels":
			lines[i] = name + ":" + start.Format("20060102T150405")
		case "DTEND;TZID=Europe/Brussels":
			lines[i] = name + ":" + start.Add(time.Duration(e.Minutes)*time.Minute).Format("20060102T150405")
		case "SUMMARY":
			lines[i] = "SUMMARY:" + e.Title
		}
	}
	return w.CalDAV.Put(w.path(e.Name), strings.Join(lines, "\r\n"))
}

// Delete takes an event out of the calendar.
func (w *World) Delete(name string) error { return w.CalDAV.Delete(w.path(name)) }

func (w *World) path(name string) string {
	return w.CalDAV.Calendar(Username, calendar) + name + ".ics"
}
