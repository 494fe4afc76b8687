package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/store"
)

var none time.Time

var objectChecks = []check{
	{"none", func(t *testing.T, d *desk) {
		_, err := d.Object(d.ctx, d.calendar(alice, "c"), "1.ics")
		assert.ErrorIs(t, err, store.ErrNotFound)
		assert.NoError(t, d.Seen(d.ctx, nil))
	}},
	{"seen: what changes and what stays", seenRules},
	{"seen: all rows or none", func(t *testing.T, d *desk) {
		c := d.calendar(alice, "c")
		err := d.Seen(d.ctx, []store.ObjectRow{{Calendar: c, Href: "1.ics", Seen: "1"}, {Calendar: c + 1, Href: "2.ics", Seen: "1"}})
		assert.ErrorIs(t, err, store.ErrNotFound, "there is no such calendar")
		_, err = d.Object(d.ctx, c, "1.ics")
		assert.ErrorIs(t, err, store.ErrNotFound)
	}},
	{"seen: gone without ever having been there", func(t *testing.T, d *desk) {
		c := d.calendar(alice, "c")
		d.seen(store.ObjectRow{Calendar: c, Href: "1.ics", SeenAt: at(1)})
		_, err := d.Object(d.ctx, c, "1.ics")
		assert.ErrorIs(t, err, store.ErrNotFound)
	}},
	{"etags: of what is not gone", func(t *testing.T, d *desk) {
		c, other := d.calendar(alice, "c"), d.calendar(alice, "d")
		d.seen(store.ObjectRow{Calendar: c, Href: "1.ics", Seen: `"1"`})
		d.seen(store.ObjectRow{Calendar: c, Href: "2.ics", Seen: `W/"2"`, Done: `W/"2"`})
		d.seen(store.ObjectRow{Calendar: c, Href: "3.ics", Seen: `"3"`})
		d.seen(store.ObjectRow{Calendar: c, Href: "3.ics"})
		d.seen(store.ObjectRow{Calendar: other, Href: "4.ics", Seen: `"4"`})
		got := map[string]string{}
		require.NoError(t, d.ETags(d.ctx, c, func(href, etag string) { got[href] = etag }))
		assert.Equal(t, map[string]string{"1.ics": `"1"`, "2.ics": `W/"2"`}, got)
	}},
	{"etags: the ledger may be used meanwhile", func(t *testing.T, d *desk) {
		c := d.calendar(alice, "c")
		for i := range 200 {
			d.seen(store.ObjectRow{Calendar: c, Href: fmt.Sprint(i), Seen: "1"})
		}
		n := 0
		require.NoError(t, d.ETags(d.ctx, c, func(href, _ string) {
			n++
			assert.Equal(t, "1", d.object(c, href).Seen)
			require.NoError(t, d.DropObject(d.ctx, c, href))
		}))
		assert.Equal(t, 200, n)
		require.NoError(t, d.ETags(d.ctx, c, func(href, _ string) { t.Errorf("%s is still there", href) }))
	}},
	{"pending: which", pendingRules},
	{"pending: ordered by href, of one calendar", func(t *testing.T, d *desk) {
		c, other := d.calendar(alice, "c"), d.calendar(alice, "d")
		for _, href := range []string{"b", "d", "a", "c"} {
			d.seen(store.ObjectRow{Calendar: c, Href: href, Seen: "2", Done: "1"})
			d.seen(store.ObjectRow{Calendar: other, Href: "x" + href, Seen: "2"})
		}
		require.NoError(t, d.SaveObject(d.ctx, store.ObjectRow{Calendar: c, Href: "b", Seen: "2", Done: "2", DueAt: at(1)}))
		assert.Equal(t, []string{"a", "b", "c", "d"}, hrefs(must[[]store.ObjectRow](t)(d.Pending(d.ctx, c, at(1)))))
	}},
	{"failing: with an error, ordered by href, of one calendar", func(t *testing.T, d *desk) {
		c, other := d.calendar(alice, "c"), d.calendar(alice, "d")
		for _, o := range []store.ObjectRow{
			{Calendar: c, Href: "b", Seen: "1", Done: "1", Error: "done, but"},
			{Calendar: c, Href: "c", Seen: "1"},
			{Calendar: c, Href: "a", UID: "u", Seen: "1", Error: "refused", Attempts: 2, DueAt: at(9)},
			{Calendar: other, Href: "d", Error: "another calendar's"},
		} {
			require.NoError(t, d.SaveObject(d.ctx, o))
		}
		all := must[[]store.ObjectRow](t)(d.Failing(d.ctx, c))
		require.Equal(t, []string{"a", "b"}, hrefs(all))
		assert.Equal(t, store.ObjectRow{Calendar: c, Href: "a", UID: "u", Seen: "1", Error: "refused", Attempts: 2, DueAt: at(9)}, all[0])
		d.seen(store.ObjectRow{Calendar: c, Href: "a", Seen: "2"})
		assert.Equal(t, []string{"b"}, hrefs(must[[]store.ObjectRow](t)(d.Failing(d.ctx, c))), "a change clears the error")
	}},
	{"by UID", func(t *testing.T, d *desk) {
		a, b := d.calendar(alice, "c"), d.calendar(bob, "c")
		d.seen(store.ObjectRow{Calendar: b, Href: "b1", UID: "u", Seen: "1"})
		d.seen(store.ObjectRow{Calendar: a, Href: "a2", UID: "u", Seen: "1"})
		d.seen(store.ObjectRow{Calendar: a, Href: "a1", UID: "u", Seen: "1"})
		d.seen(store.ObjectRow{Calendar: a, Href: "a1", SeenAt: at(1)})
		d.seen(store.ObjectRow{Calendar: a, Href: "a3", UID: "v", Seen: "1"})
		d.seen(store.ObjectRow{Calendar: a, Href: "a4", Seen: "1"})
		assert.Equal(t, []string{"a1", "a2", "b1"}, hrefs(must[[]store.ObjectRow](t)(d.ObjectsByUID(d.ctx, "", "u"))))
		assert.Equal(t, []string{"b1"}, hrefs(must[[]store.ObjectRow](t)(d.ObjectsByUID(d.ctx, bob, "u"))))
		assert.Empty(t, must[[]store.ObjectRow](t)(d.ObjectsByUID(d.ctx, "", "")), "not known is no UID")
	}},
	{"save: all but the time it was seen", func(t *testing.T, d *desk) {
		c := d.calendar(alice, "c")
		d.seen(store.ObjectRow{Calendar: c, Href: "1", Seen: "1", SeenAt: at(1)})
		o := store.ObjectRow{Calendar: c, Href: "1", UID: "u", Seen: "2", SeenAt: at(9), Done: "1", Error: "no", Attempts: 2, DueAt: at(5)}
		require.NoError(t, d.SaveObject(d.ctx, o))
		o.SeenAt = at(1)
		assert.Equal(t, o, d.object(c, "1"))
		require.NoError(t, d.SaveObject(d.ctx, store.ObjectRow{Calendar: c, Href: "1"}))
		assert.Equal(t, store.ObjectRow{Calendar: c, Href: "1", SeenAt: at(1)}, d.object(c, "1"), "empty fields are saved too")
	}},
	{"drop", func(t *testing.T, d *desk) {
		c := d.calendar(alice, "c")
		d.seen(store.ObjectRow{Calendar: c, Href: "1", Seen: "1"})
		d.seen(store.ObjectRow{Calendar: c, Href: "2", Seen: "1"})
		require.NoError(t, d.DropObject(d.ctx, c, "1"))
		require.NoError(t, d.DropObject(d.ctx, c, "1"), "again")
		_, err := d.Object(d.ctx, c, "1")
		assert.ErrorIs(t, err, store.ErrNotFound)
		assert.Equal(t, "1", d.object(c, "2").Seen)
	}},
}

func seenRules(t *testing.T, d *desk) {
	c := d.calendar(alice, "c")
	before := store.ObjectRow{UID: "u", Seen: "1", SeenAt: at(1), Done: "0", Error: "no", Attempts: 2, DueAt: at(5)}
	for i, row := range []struct {
		name        string
		report, now store.ObjectRow
	}{
		{"the same ETag",
			store.ObjectRow{Seen: "1", SeenAt: at(2)}, before},
		{"another ETag",
			store.ObjectRow{Seen: "2", SeenAt: at(2)},
			store.ObjectRow{UID: "u", Seen: "2", SeenAt: at(2), Done: "0"}},
		{"gone",
			store.ObjectRow{SeenAt: at(2)},
			store.ObjectRow{UID: "u", SeenAt: at(2), Done: "0"}},
		{"the same ETag, another UID",
			store.ObjectRow{UID: "v", Seen: "1", SeenAt: at(2)},
			store.ObjectRow{UID: "v", Seen: "1", SeenAt: at(1), Done: "0", Error: "no", Attempts: 2, DueAt: at(5)}},
		{"the same ETag, done",
			store.ObjectRow{Seen: "1", SeenAt: at(2), Done: "1"},
			store.ObjectRow{UID: "u", Seen: "1", SeenAt: at(1), Done: "1", Error: "no", Attempts: 2, DueAt: at(5)}},
		{"another ETag, done, another UID",
			store.ObjectRow{UID: "v", Seen: "2", SeenAt: at(2), Done: "2"},
			store.ObjectRow{UID: "v", Seen: "2", SeenAt: at(2), Done: "2"}},
		{"error, attempts and due time are not taken over",
			store.ObjectRow{Seen: "2", SeenAt: at(2), Error: "x", Attempts: 9, DueAt: at(9)},
			store.ObjectRow{UID: "u", Seen: "2", SeenAt: at(2), Done: "0"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			key := func(o store.ObjectRow) store.ObjectRow { o.Calendar, o.Href = c, fmt.Sprint(i); return o }
			d.seen(key(before))
			require.NoError(t, d.SaveObject(d.ctx, key(before)))
			require.Equal(t, key(before), d.object(c, fmt.Sprint(i)))
			d.seen(key(row.report))
			assert.Equal(t, key(row.now), d.object(c, fmt.Sprint(i)))
		})
	}
}

func pendingRules(t *testing.T, d *desk) {
	c := d.calendar(alice, "c")
	for _, row := range []struct {
		name       string
		seen, done string
		due        time.Time
		want       bool
	}{
		{"new", "1", "", none, true},
		{"changed", "2", "1", none, true},
		{"gone", "", "1", none, true},
		{"done", "1", "1", none, false},
		{"changed, to be tried later", "2", "1", at(11), false},
		{"changed, to be tried now", "2", "1", at(10), true},
		{"changed, should have been tried", "2", "1", at(9), true},
		{"done, with a time to come", "1", "1", at(11), false},
		{"done, with a time that is now", "1", "1", at(10), true},
		{"done, with a time that was", "1", "1", at(9), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := store.ObjectRow{Calendar: c, Href: row.name, Seen: row.seen, Done: row.done, DueAt: row.due, UID: "u"}
			require.NoError(t, d.SaveObject(d.ctx, o))
			all := must[[]store.ObjectRow](t)(d.Pending(d.ctx, c, at(10)))
			i := slices.IndexFunc(all, func(o store.ObjectRow) bool { return o.Href == row.name })
			require.Equal(t, row.want, i >= 0)
			if row.want {
				assert.Equal(t, o, all[i])
			}
		})
	}
}

func hrefs(all []store.ObjectRow) (out []string) {
	for _, o := range all {
		out = append(out, o.Href)
	}
	return out
}
