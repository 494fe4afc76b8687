package caldavtest

import (
	"crypto/sha256"
	"fmt"
	"sort"
	"time"
)

// A collection is what a calendar holds. Objects are never changed but replaced, so a snapshot of them may be
// read without a lock.
type collection struct {
	owner   string
	rev     int64
	objects map[string]*object // by name, with those that are gone
	changed time.Time          // of the last change, for servers whose ctag is a second
}

// An object is one state of one resource.
type object struct {
	name    string
	data    []byte
	kind    string // Content-Type
	etag    string
	rev     int64
	writes  int // since it was created
	gone    bool
	changed time.Time
}

func newCollection(owner string) *collection {
	return &collection{owner: owner, rev: 1, objects: map[string]*object{}}
}

// get returns an object that is there.
func (c *collection) get(name string) *object {
	if o := c.objects[name]; o != nil && !o.gone {
		return o
	}
	return nil
}

// put stores data under a name and returns the new state.
func (c *collection) put(name, kind string, data []byte, cfg config) *object {
	c.rev++
	o := &object{name: name, kind: kind, data: data, rev: c.rev, changed: cfg.clock()}
	if old := c.get(name); old != nil {
		o.writes = old.writes + 1
	}
	o.etag = cfg.etag(o)
	c.objects[name] = o
	c.changed = o.changed
	return o
}

// remove leaves a tombstone, which sync reports show as 404.
func (c *collection) remove(name string, cfg config) bool {
	if c.get(name) == nil {
		return false
	}
	c.rev++
	c.objects[name] = &object{name: name, rev: c.rev, gone: true, changed: cfg.clock()}
	c.changed = cfg.clock()
	return true
}

// since returns the states that keep accepts, in the order in which they came about.
func (c *collection) since(keep func(*object) bool) []*object {
	var out []*object
	for _, o := range c.objects {
		if keep(o) {
			out = append(out, o)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].rev < out[j].rev })
	return out
}

func present(o *object) bool { return !o.gone }

// contentETag is a strong ETag made of the bytes, as most servers have it.
func contentETag(o *object) string {
	h := sha256.Sum256(o.data)
	return fmt.Sprintf(`"%x"`, h[:12])
}

// counterETag is SOGo's: it restarts when an object is created again.
func counterETag(o *object) string { return fmt.Sprintf(`"gcs%08d"`, o.writes) }
