package cpu

import (
	"sync"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// exchange lets the ranks of a group see each other's data. All ranks make the
// same calls in the same order.
type exchange struct {
	mu      sync.Mutex
	arrived *sync.Cond
	waiting int
	rounds  int
	parts   [2][]part // of this round and the one before, by rank
}

// part is what one rank shows to the others: rows of values.
type part struct {
	rows   int
	values []float32
}

func newExchange(ranks int) *exchange {
	x := &exchange{parts: [2][]part{make([]part, ranks), make([]part, ranks)}}
	x.arrived = sync.NewCond(&x.mu)
	return x
}

// all waits for every rank's part and returns them by rank. They are to be
// read before the next call, and a rank may overwrite its part after it: the
// others can only be in the next call when they have read this one's.
func (x *exchange) all(rank int, mine part) []part {
	x.mu.Lock()
	defer x.mu.Unlock()
	round := x.rounds
	parts := x.parts[round%2]
	parts[rank] = mine
	x.waiting++
	if x.waiting == len(parts) {
		x.waiting = 0
		x.rounds++
		x.arrived.Broadcast()
	}
	for x.rounds == round {
		x.arrived.Wait()
	}
	return parts
}

// Gather: see [compute.Device].
func (d *Device) Gather(dst, src compute.Tensor) {
	out, in := dst.(*host.Matrix).Data, src.(*host.Matrix)
	for _, p := range d.exchange.all(d.Index, part{in.Rows(), in.Data}) {
		out = out[copy(out, p.values):]
	}
	host.SameLength("Gather", 0, len(out))
}
