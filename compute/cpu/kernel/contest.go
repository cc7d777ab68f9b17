//go:build goexperiment.simd && wasm

package kernel

import "time"

// A contest finds out which of two ways to multiply bytes is faster here: the instruction of relaxed SIMD
// that sums four products, or pairs of products. Processors with such an instruction (AVX-VNNI, ARM's dot
// product) have the first, others compose it of five. The two compete at the program's own work. Of each,
// the fastest turn counts: slower ones had to share the processor, or came before the browser had
// optimised the code. In each round both have a turn; then the faster one so far works on, for longer
// from round to round, so that the slower one takes little time.
type contest struct {
	isOver  bool
	isPairs bool // who has the turn, or has won
	round   int
	turns   int // of this round
	work    int // of this turn
	spent   time.Duration
	best    [2]float64 // nanoseconds for each product
	since   time.Time
}

var products contest

const (
	// turn is the work of a turn, in products of bytes: a quarter of a millisecond to a few.
	turn = 40e6
	// rounds takes 102 turns, of which the slower way has 12: 4.1 billion products, about a frame of 512² on
	// two threads.
	rounds = 12
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
	c.work, c.spent = 0, 0
	c.turns++
	switch c.turns {
	case 1:
		c.isPairs = !c.isPairs
	case 2:
		c.isPairs = c.best[1] < c.best[0]
	case 3 + c.round:
		c.round, c.turns = c.round+1, 0
		c.isOver = c.round == rounds
	}
}
