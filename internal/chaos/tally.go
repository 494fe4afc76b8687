package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Tally counts what became of requests, by kind and fault; None stands for those that were let through.
type Tally map[Kind]map[Fault]int

// Add counts what another tally has.
func (t Tally) Add(other Tally) {
	for kind, faults := range other {
		for fault, n := range faults {
			t.count(kind, fault, n)
		}
	}
}

func (t Tally) count(kind Kind, fault Fault, n int) {
	if t[kind] == nil {
		t[kind] = map[Fault]int{}
	}
	t[kind][fault] += n
}

// Requests is the number of all requests, spoiled or not.
func (t Tally) Requests() (n int) {
	for _, faults := range t {
		for _, m := range faults {
			n += m
		}
	}
	return n
}

// Spoiled is the number of requests that met a fault.
func (t Tally) Spoiled() int {
	n := t.Requests()
	for _, faults := range t {
		n -= faults[None]
	}
	return n
}

// String is a table with a row for each fault, and one for those that were let through, and a column for each kind.
func (t Tally) String() string {
	rows := append(slices.Clone(Faults), None)
	return Table(rows, append(slices.Clone(Kinds), t.others()...), func(f Fault, k Kind) string { return fmt.Sprint(t[k][f]) })
}

// others are kinds that convoke is not known to make requests of.
func (t Tally) others() []Kind {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(t)), func(k Kind) bool { return slices.Contains(Kinds, k) })
}

// Table is a row for each fault and a column for each kind, with what cell says of the two.
func Table(faults []Fault, kinds []Kind, cell func(Fault, Kind) string) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(first string, cell func(Kind) string) {
		fmt.Fprint(w, first)
		for _, k := range kinds {
			fmt.Fprint(w, "\t", cell(k))
		}
		fmt.Fprintln(w)
	}
	row("", func(k Kind) string { return string(k) })
	for _, f := range faults {
		row(string(f), func(k Kind) string { return cell(f, k) })
	}
	w.Flush() // into memory: it cannot fail
	return text.String()
}
