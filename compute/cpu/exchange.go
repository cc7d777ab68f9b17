package cpu

import (
	"sync"
	"unsafe"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// An Exchange shows each rank the data of the others. All ranks make the same
// calls in the same order.
type Exchange interface {
	// Begin returns n bytes for all ranks to fill, each its own spans. The
	// bytes are aligned to 16, have arbitrary contents, and are valid until the
	// next Begin.
	Begin(n int) []byte
	// End shows the other ranks the spans that this rank filled, and waits for
	// theirs. After an error, all calls of the group fail until the owner of the
	// exchange resets it.
	End(own []Span) error
}

// A Span is the range of bytes [From, To).
type Span struct{ From, To int }

// alone is the exchange of a single rank.
type alone struct{ buffer []byte }

func (x *alone) Begin(n int) []byte { return grow(&x.buffer, n) }
func (x *alone) End([]Span) error   { return nil }

// group is the exchange of ranks that share memory. Two buffers alternate, so one
// barrier is enough: before a rank fills a buffer again, all ranks have reached the
// End in between, and so have stopped reading the buffer.
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

// grow returns n bytes of buffer, which grows to the largest size requested. Go
// aligns memory of at least 1024 bytes to 16 or more.
func grow(buffer *[]byte, n int) []byte {
	if cap(*buffer) < n {
		*buffer = make([]byte, max(n, 1024))
	}
	return (*buffer)[:n]
}

// floats reinterprets bytes as float32.
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

// gatherMask collects the rows of all ranks in the first rank's mask.
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

// span returns a single span of n bytes, reusing the memory of spans.
func span(spans *[]Span, from, n int) []Span {
	*spans = append((*spans)[:0], Span{from, from + n})
	return *spans
}
