package caldavtest

import (
	"fmt"
	"sort"
	"strings"
)

// The methods here are what people do with their own programs: no conditions, no faults, not counted. A path is that of
// an object: Calendar(...) + name.

// Put makes or changes an object; a server that rewrites does so here too, and one that schedules tells the others. It fails when there is no such calendar.
func (s *Server) Put(path, data string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, name, err := s.locate(path)
	if err != nil {
		return err
	}
	kept := s.schedule(m.owner, name, m.get(name), rewritten([]byte(data), s.cfg.rewrites))
	m.put(name, "text/calendar; charset=utf-8", kept, s.cfg)
	return nil
}

// PutRaw stores bytes of a kind as they are, whatever they are.
func (s *Server) PutRaw(path, contentType string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, name, err := s.locate(path)
	if err != nil {
		return err
	}
	m.put(name, contentType, data, s.cfg)
	return nil
}

// Delete removes an object.
func (s *Server) Delete(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, name, err := s.locate(path)
	if err != nil {
		return err
	}
	old := m.get(name)
	if !m.remove(name, s.cfg) {
		return fmt.Errorf("caldavtest: delete %s: no such object", path)
	}
	s.schedule(m.owner, name, old, nil)
	return nil
}

// Move takes an object to another place, of the same calendar or another one.
func (s *Server) Move(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	src, name, err := s.locate(from)
	if err != nil {
		return err
	}
	o := src.get(name)
	if o == nil {
		return fmt.Errorf("caldavtest: move %s: no such object", from)
	}
	dst, target, err := s.locate(to)
	if err != nil {
		return err
	}
	dst.put(target, o.kind, o.data, s.cfg)
	src.remove(name, s.cfg)
	return nil
}

// Get returns an object's bytes and ETag; ok is false when there is none.
func (s *Server) Get(path string) (data []byte, etag string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, name, err := s.locate(path)
	if err != nil {
		return nil, "", false
	}
	o := m.get(name)
	if o == nil {
		return nil, "", false
	}
	return o.data, s.cfg.tag(o), true
}

// List returns the paths of a calendar's objects, sorted.
func (s *Server) List(calendar string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mounts[calendar]
	if m == nil {
		return nil
	}
	var out []string
	for _, o := range m.since(present) {
		out = append(out, calendar+o.name)
	}
	sort.Strings(out)
	return out
}

// locate splits an object's path. The caller holds the lock.
func (s *Server) locate(path string) (*mount, string, error) {
	i := strings.LastIndexByte(path, '/') + 1
	m := s.mounts[path[:i]]
	if m == nil || path[i:] == "" {
		return nil, "", fmt.Errorf("caldavtest: %s: no such calendar", path)
	}
	return m, path[i:], nil
}
