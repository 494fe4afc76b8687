package systemd_test

import (
	"net/http"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
	"convoke/internal/demo"
)

// A world is that of `convoke demo`, on the loopback of the machine.
type world struct {
	*demo.World
	config   string // for /etc/convoke
	password string
	join     string // how a join link begins
	once     stdsync.Once
}

func newWorld(t *testing.T, m *machine) *world {
	t.Helper()
	w := &world{password: demo.Password + "\n"}
	m.in(t, func() (err error) {
		w.World, err = demo.New(time.Now(), "@every 1s")
		return err
	})
	t.Cleanup(func() { assert.NoError(t, w.Close()) })
	w.config = strings.Replace(read(t, w.Config), filepath.Dir(w.Config), stateDir, 1)
	w.join = strings.TrimSuffix(w.CalendarURL(), w.calendar()) + "/join/"
	return w
}

func (w *world) calendar() string        { return w.CalDAV.Calendar(demo.Username, "work") }
func (w *world) href(name string) string { return w.calendar() + name + ".ics" }
func (w *world) event(name string) string {
	data, _, _ := w.CalDAV.Get(w.href(name))
	return unfold(data)
}

func (w *world) book(t *testing.T, name, title string) {
	t.Helper()
	require.NoError(t, w.Book(demo.Event{Name: name, Title: title, Hour: 10, Minutes: 30}))
}

func (w *world) change(t *testing.T, name, title string) {
	t.Helper()
	require.NoError(t, w.Change(demo.Event{Name: name, Title: title, Hour: 11, Minutes: 30}))
}

func (w *world) topics() (topics []string) {
	for _, m := range w.Platform.Meetings() {
		topics = append(topics, m.Topic)
	}
	return topics
}

// stall lets the daemon wait for its calendar, and says when it does.
func (w *world) stall() (asked <-chan struct{}) {
	waits := make(chan struct{})
	w.CalDAV.Inject(caldavtest.Fault{Hook: func(r *http.Request) {
		w.once.Do(func() { close(waits) })
		<-r.Context().Done()
	}})
	return waits
}

func unfold(data []byte) string { return strings.ReplaceAll(string(data), "\r\n ", "") }
