package cpu

import (
	"sync"
	"unsafe"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// An Exchange is how a rank sees the data of the others. All ranks make the
// same calls in the same order.
type Exchange interface {
	// Begin returns n bytes that all ranks are about to fill, each its own
	// spans of them. They start at a multiple of 16, hold anything, and are
	// valid until the next Begin.
	Begin(n int) []byte
	// End shows what this rank has filled in to the others, and waits until
	// all bytes are there. After an error, all calls of the group fail, until
	// whoever made the exchange mends it.
	End(own []Span) error
}

// A Span is the bytes from From (inclusive) to To (exclusive).
type Span struct{ From, To int }

// alone is the exchange of a single rank.
type alone struct{ buffer []byte }

func (x *alone) Begin(n int) []byte { return grow(&x.buffer, n) }
func (x *alone) End([]Span) error   { return nil }

// group is the exchange of ranks that share memory. Two buffers take turns, so
// that one barrier is enough: a rank may only be filling in a buffer again when
// all have come to the End in between, and thus no longer read it.
type group struct {
	mu      sync.Mutex
	arrived *sync.Cond
	ranks   int
	waiting int
	rounds  int
	buffers [2][]byte
}

// member is one rank's side of a group.
type member struct {
	*group
	turn int
}

func newGroup(ranks int) *group {
	g := &group{ranks: ranks}
	g.arrived = sync.NewCond(&g.mu)
	return g
}

func (m *member) Begin(n int) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn = 1 - m.turn
	return grow(&m.buffers[m.turn], n)
}

func (m *member) End([]Span) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	round := m.rounds
	m.waiting++
	if m.waiting == m.ranks {
		m.waiting = 0
		m.rounds++
		m.arrived.Broadcast()
	}
	for m.rounds == round {
		m.arrived.Wait()
	}
	return nil
}

// grow returns n bytes of buffer, which keeps to the largest size asked for.
// Memory of this size is aligned to at least 16 bytes.
func grow(buffer *[]byte, n int) []byte {
	if cap(*buffer) < n {
		*buffer = make([]byte, max(n, 1024))
	}
	return (*buffer)[:n]
}

// floats is bytes seen as float32.
func floats(bytes []byte) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(bytes))), len(bytes)/4)
}

// Gather: see [compute.Device].
func (d *Device) Gather(dst, src compute.Tensor, first int) {
	if d.Failed() {
		return
	}
	out, in := dst.(*host.Matrix), src.(*host.Matrix)
	all := floats(d.exchange.Begin(4 * len(out.Data)))
	own := span(&d.spans, 4*first*out.Cols(), 4*len(in.Data))
	copy(all[first*out.Cols():], in.Data)
	if err := d.exchange.End(own); err != nil {
		d.Fail(err)
		return
	}
	copy(out.Data, all)
}

// gatherMask puts the rows of all ranks together in the first rank's mask.
func (d *Device) gatherMask(m *host.Mask) {
	if d.Count == 1 {
		return
	}
	own, first := m.Own(), m.First*m.Width()
	all := d.exchange.Begin(m.Height() * m.Width())
	copy(all[first:], own)
	if err := d.exchange.End(span(&d.spans, first, len(own))); err != nil {
		d.Fail(err)
		return
	}
	copy(m.Whole(), all)
}

// span is the only span of an exchange, of n bytes, in spans' memory.
func span(spans *[]Span, from, n int) []Span {
	*spans = append((*spans)[:0], Span{from, from + n})
	return *spans
}
