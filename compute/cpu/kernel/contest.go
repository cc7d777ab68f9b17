//go:build goexperiment.simd && wasm

package kernel

import "time"

// A contest finds out which of two ways to multiply bytes is faster here: the instruction of relaxed SIMD
// that sums four products, or pairs of products. Processors with such an instruction (AVX-VNNI, ARM's dot
// product) have the first, others compose it of five. The two take turns at the program's own work. Of
// each, the fastest turn counts: slower ones had to share the processor, or came before the browser had
// optimised the code.
type contest struct {
	isOver  bool
	isPairs bool // who has the turn, or has won
	turns   int
	work    int // of this turn
	spent   time.Duration
	best    [2]float64 // nanoseconds for each product
	since   time.Time
}

var products contest

const (
	// turn is the work of a turn, in products of bytes: half a millisecond to a few.
	turn = 40e6
	// rounds is how many turns each has: two frames of 256² in all.
	rounds = 40
)

// begin starts the clock, unless the contest is over.
func (c *contest) begin() {
	if !c.isOver {
		c.since = time.Now()
	}
}

// done stops it after so much work.
func (c *contest) done(work int) {
	if c.isOver {
		return
	}
	c.spent += time.Since(c.since)
	if c.work += work; c.work < turn {
		return
	}
	i := 0
	if c.isPairs {
		i = 1
	}
	if each := float64(c.spent) / float64(c.work); c.best[i] == 0 || each < c.best[i] {
		c.best[i] = each
	}
	c.work, c.spent, c.isPairs = 0, 0, !c.isPairs
	if c.turns++; c.turns == 2*rounds {
		c.isOver, c.isPairs = true, c.best[1] < c.best[0]
	}
}
