package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"convoke/internal/wording"
)

// A reader takes values out of a parsed file, and collects faults instead of stopping at the first.
type reader struct {
	values         map[string]any
	lines          map[string]int
	dir            string         // of the configuration file
	credentials    string         // $CREDENTIALS_DIRECTORY, or ""
	withoutSecrets bool           // their files may be missing, or out of reach
	words          *wording.Words // nil where they cannot be read
	faults         []Fault
	known          map[string]bool // every key that was asked for, without indices
	opened         []*table
}

// fault reports what is wrong with the value under a key.
func (r *reader) fault(key string, raw any, message string) {
	leaf := strings.TrimRight(key[strings.LastIndexByte(key, '.')+1:], "[]0123456789")
	r.faults = append(r.faults, Fault{Key: key, Value: show(leaf, raw), Line: lineOf(r.lines, key), Message: message})
}

// A table is one TOML table while it is read.
type table struct {
	*reader
	path   string // "" for the top of the file
	values map[string]any
	asked  []string
}

func (r *reader) top() *table { return &table{reader: r, values: r.values} }

// table opens a table of this one. One that is not there reads as empty.
func (t *table) table(key string) *table {
	sub := &table{reader: t.reader, path: join(t.path, toml.Key{key}.String())}
	raw, there := t.get(key)
	values, ok := raw.(map[string]any)
	if there && !ok {
		t.fault(sub.path, raw, fmt.Sprintf("must be a table, [%s], not %s", sub.path, kind(raw)))
	}
	sub.values = values
	t.opened = append(t.opened, sub)
	return sub
}

// tables opens an array of tables, however it is written.
func (t *table) tables(key string) []*table {
	raw, there := t.get(key)
	path := join(t.path, key)
	var rows []*table
	switch list := raw.(type) {
	case []map[string]any:
		for i, values := range list {
			rows = append(rows, &table{reader: t.reader, path: index(path, i), values: values})
		}
	case []any: // of inline tables
		for i, element := range list {
			values, ok := element.(map[string]any)
			if !ok {
				t.fault(index(path, i), element, "must be a table, not "+kind(element))
				continue
			}
			rows = append(rows, &table{reader: t.reader, path: index(path, i), values: values})
		}
	default:
		if there {
			t.fault(path, raw, fmt.Sprintf("must be written as [[%s]], with two brackets, not %s", withoutIndex(path), kind(raw)))
		}
	}
	t.opened = append(t.opened, rows...)
	return rows
}

// get looks a key up and notes that it exists.
func (t *table) get(key string) (raw any, there bool) {
	t.asked = append(t.asked, key)
	t.known[join(withoutIndex(t.path), key)] = true
	raw, there = t.values[key]
	return raw, there
}

// set tells whether a key is there and not "", which stands for the default of keys that may be left out.
func (t *table) set(key string) bool {
	raw, there := t.values[key]
	return there && raw != ""
}

// done reports the keys that nobody asked for.
func (t *table) done() {
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if slices.Contains(t.asked, key) {
			continue
		}
		message := "no such key"
		if k := nearest(key, t.asked); k != "" {
			message += "; did you mean " + k + "?"
		} else if place := t.elsewhere(key); place != "" {
			message += " here; did you mean " + place + "?"
		}
		raw := t.values[key]
		if s, ok := raw.(string); ok && strings.Contains(s, "://") { // who knows what it was meant for: a feed, perhaps
			raw = origin(s)
		}
		t.fault(join(t.path, toml.Key{key}.String()), raw, message)
	}
}

// elsewhere names the tables that have the key; all have been read when done is called.
func (t *table) elsewhere(key string) string {
	var found []string
	for k := range t.known {
		if k == key || strings.HasSuffix(k, "."+key) {
			found = append(found, k)
		}
	}
	slices.Sort(found)
	return strings.Join(found, " or ")
}

// read stores the value of a key when it is there and parse accepts it. Else the default stays.
func read[T any](t *table, key string, into *T, parse func(raw any) (T, error)) {
	raw, there := t.get(key)
	if !there {
		return
	}
	check(t, key, raw, into, parse)
}

// check is read for a value that is there already, such as a default that names a file.
func check[T any](t *table, key string, raw any, into *T, parse func(raw any) (T, error)) {
	value, err := parse(raw)
	if err != nil {
		t.fault(join(t.path, key), raw, err.Error())
		return
	}
	*into = value
}

// readRequired is read for a key without a default.
func readRequired[T any](t *table, key string, into *T, parse func(raw any) (T, error), missing string) {
	if raw, there := t.values[key]; !there || raw == "" {
		t.get(key)
		t.fault(join(t.path, key), nil, missing)
		return
	}
	read(t, key, into, parse)
}

// readOwn is read for a key that is "" when its value is that of another table, which stands in into already.
func readOwn[T any](t *table, key string, into *T, parse func(raw any) (T, error)) {
	if !t.set(key) {
		t.get(key)
		return
	}
	read(t, key, into, parse)
}

// readList reads a list; each element that parse refuses is a fault of its own.
func readList[T any](t *table, key string, into *[]T, parse func(raw any) (T, error)) {
	raw, there := t.get(key)
	if !there {
		return
	}
	path := join(t.path, key)
	list, ok := raw.([]any)
	if !ok {
		t.fault(path, raw, "must be a list, such as [\"…\", \"…\"], not "+kind(raw))
		return
	}
	for i, element := range list {
		value, err := parse(element)
		if err != nil {
			t.fault(index(path, i), element, err.Error())
			continue
		}
		*into = append(*into, value)
	}
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

var indices = regexp.MustCompile(`\[\d+\]`)

// withoutIndex turns organizer[3].calendar[0] into organizer.calendar.
func withoutIndex(path string) string { return indices.ReplaceAllString(path, "") }
