package feed

import (
	"slices"
	"strings"
)

// A snapshot is a feed at one time.
type snapshot struct {
	body       string
	validators validators
	digest     string   // of what it says, whatever the order
	entries    []*entry // in the order of the feed
	index      map[string]*entry
}

func newSnapshot(got download) (*snapshot, error) {
	entries, err := split(got.body)
	if err != nil {
		return nil, err
	}
	s := &snapshot{body: got.body, validators: got.validators, entries: entries, index: make(map[string]*entry, len(entries))}
	says := make([]string, 0, len(entries))
	for _, e := range entries {
		s.index[e.href] = e
		says = append(says, e.href+" "+e.etag)
	}
	slices.Sort(says)
	s.digest = digest([]byte(strings.Join(says, "\n")))
	return s, nil
}

// with is the same feed under newer validators.
func (s *snapshot) with(v validators) *snapshot {
	newer := *s
	newer.validators = v
	return &newer
}

func (s *snapshot) token() string { return token{s.validators, s.digest}.String() }
