package calendar

import "slices"

// A LineChange is one unfolded logical line that an edit removes or adds.
type LineChange struct {
	Removed bool
	Text    string
}

// maxDiff bounds the work of Diff: beyond so many changes everything counts as changed.
const maxDiff = 2000

// Diff lists the logical lines in which two objects differ, in their order, removed ones before added ones. Folding and
// line ends do not count.
func Diff(before, after []byte) []LineChange {
	a, b := texts(before), texts(after)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	gone, new := shortestEdit(a, b)
	var changes []LineChange
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && gone[i]:
			changes = append(changes, LineChange{true, a[i]})
			i++
		case j < len(b) && new[j]:
			changes = append(changes, LineChange{false, b[j]})
			j++
		default:
			i, j = i+1, j+1
		}
	}
	return changes
}

func texts(data []byte) []string {
	var all []string
	for _, l := range readLines(string(data)) {
		all = append(all, l.text)
	}
	return all
}

// shortestEdit marks the lines of a that go and those of b that are new. It is the greedy algorithm of Myers, "An O(ND)
// Difference Algorithm and Its Variations", 1986: far[k] is how far diagonal k got, trail keeps it for every step.
func shortestEdit(a, b []string) (gone, new []bool) {
	limit := min(len(a)+len(b), maxDiff)
	far := make([]int, 2*limit+3)
	at := func(k int) *int { return &far[k+limit+1] }
	var trail [][]int
	for d := 0; d <= limit; d++ {
		trail = append(trail, slices.Clone(far[limit-d:limit+d+3]))
		for k := -d; k <= d; k += 2 {
			x := *at(k - 1) + 1
			if k == -d || k != d && *at(k - 1) < *at(k + 1) {
				x = *at(k + 1)
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			*at(k) = x
			if x >= len(a) && x-k >= len(b) {
				return backtrack(len(a), len(b), trail)
			}
		}
	}
	return slices.Repeat([]bool{true}, len(a)), slices.Repeat([]bool{true}, len(b))
}

// backtrack follows the trail from the end of both texts; step d has the diagonals -d-1 to d+1.
func backtrack(x, y int, trail [][]int) (gone, new []bool) {
	gone, new = make([]bool, x), make([]bool, y)
	for d := len(trail) - 1; d > 0; d-- {
		far, k := trail[d], x-y
		left, right := far[k-1+d+1], far[k+1+d+1]
		if k == -d || k != d && left < right {
			x, y = right, right-(k+1)
			new[y] = true
		} else {
			x, y = left, left-(k-1)
			gone[x] = true
		}
	}
	return gone, new
}
