package calendar_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"convoke/calendar"
)

func render(changes []calendar.LineChange) string {
	var b strings.Builder
	for _, c := range changes {
		if c.Removed {
			b.WriteString("-" + c.Text + " ")
		} else {
			b.WriteString("+" + c.Text + " ")
		}
	}
	return strings.TrimSpace(b.String())
}

func TestDiff(t *testing.T) {
	cases := []struct{ name, before, after, want string }{
		{"equal", "a b c", "a b c", ""},
		{"changed", "a b c", "a x c", "-b +x"},
		{"removed before added", "a b c d", "a x y d", "-b -c +x +y"},
		{"two places", "a b c d e", "a x c y e", "-b +x -d +y"},
		{"added at the end", "a", "a b", "+b"},
		{"removed at the start", "a b", "b", "-a"},
		{"all", "a b", "c", "-a -b +c"},
		{"from nothing", "", "a", "+a"},
		{"doubled", "a b a b", "a b b", "-a"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			lines := func(s string) []byte { return []byte(strings.Join(strings.Fields(s), "\r\n")) }
			assert.Equal(t, c.want, render(calendar.Diff(lines(c.before), lines(c.after))))
		})
	}
	assert.Empty(t, calendar.Diff([]byte("A:b\r\n c\r\n"), []byte("A:bc\n")), "folding and line ends do not count")
}

// TestDiffApplies makes random edits and applies what Diff says: the result is the text after.
func TestDiffApplies(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		before, after := randomLines(r), randomLines(r)
		changes := calendar.Diff([]byte(strings.Join(before, "\n")), []byte(strings.Join(after, "\n")))
		removed, added := 0, 0
		for _, c := range changes {
			if c.Removed {
				removed++
			} else {
				added++
			}
		}
		assert.Equal(t, len(after)-len(before), added-removed)
		assert.Equal(t, len(before)+len(after)-2*common(before, after), len(changes), "the shortest: %v → %v", before, after)
	}
}

func TestDiffOfVeryDifferentTexts(t *testing.T) {
	var before, after strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&before, "a%d\n", i)
		fmt.Fprintf(&after, "b%d\n", i)
	}
	assert.Len(t, calendar.Diff([]byte(before.String()), []byte(after.String())), 10000)
}

func randomLines(r *rand.Rand) []string {
	lines := make([]string, r.IntN(12))
	for i := range lines {
		lines[i] = string(rune('a' + r.IntN(4)))
	}
	return lines
}

// common is the length of the longest common subsequence, by the textbook.
func common(a, b []string) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			old := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = old
		}
	}
	return row[len(b)]
}
