//go:build goexperiment.simd && wasm

package kernel

import "time"

// A contest finds out which of two ways to multiply bytes is faster here: the instruction of relaxed SIMD
// that sums four products, or pairs of products by itself. Processors with such an
// instruction (AVX-VNNI, ARM's dot product) have the first, others compose it of five. The two take turns
// at the program's own work, first until the browser has optimised both, then timed. Chance gives the
// turns, since layers take turns too.
type contest struct {
	isOver  bool
	isPairs bool // who has the turn, or has won
	chance  uint32
	work    [2]int
	spent   [2]time.Duration
	since   time.Time
}

var products contest

const (
	// rehearsal and trial are the work of each kernel, in products of bytes, before it is timed and
	// then: about a third of a frame of 256², and two thirds.
	rehearsal = 250e6
	trial     = 500e6
)

// next reports whether it is the turn of pairs.
func (c *contest) next() bool {
	if c.isOver {
		return c.isPairs
	}
	c.chance = c.chance*1664525 + 1013904223 // Numerical Recipes' generator
	c.isPairs = c.chance>>31 == 1
	if min(c.work[0], c.work[1]) >= rehearsal {
		c.since = time.Now()
	}
	return c.isPairs
}

// done ends the turn.
func (c *contest) done(work int) {
	if c.isOver {
		return
	}
	i := 0
	if c.isPairs {
		i = 1
	}
	c.work[i] += work
	if !c.since.IsZero() {
		c.spent[i] += time.Since(c.since)
	}
	if min(c.work[0], c.work[1]) < rehearsal+trial {
		return
	}
	c.isOver = true
	c.isPairs = c.spent[1] < c.spent[0]
}
