package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/cpu/kernel"
	"segmenter/compute/internal/host"
)

const (
	// query8 is how many queries attend at a time, and keys8 to how many keys.
	// Their scores (24 × 128 floats = 12 KB), the block's keys and values (18
	// KB) and the sums (6 KB) stay in the first-level cache.
	query8 = 4 * kernel.TileRows
	keys8  = 128
)

// keyValues8 is how the keys and values of all tokens lie in an exchange. Each
// token's keys and values are quantised by themselves, so that they do not
// depend on which rank holds it. For each head there are:
//
//   - the keys as panels, a token an output. A score is that of base 2, to
//     which the logarithm of the value's scale is added (as a bias);
//   - so the weights of a softmax come multiplied by the values' scales, and
//     the values are summed up as bytes: [tokens/4][width][4];
//   - the inverse of the values' scales, by which the weights themselves are
//     summed up.
//
// Tokens are filled up to a multiple of 16 with some that have no weight.
type keyValues8 struct {
	tokens, size int // tokens is filled up
	inputs       int // of a score: size, filled up
	width        int // of a value: size, filled up
	data         []byte
}

func newKeyValues8(tokens, size int) keyValues8 {
	return keyValues8{
		tokens: pad(tokens, compute.TokenUnit), size: size,
		inputs: pad(size, kernel.Unit), width: pad(size, kernel.PanelWidth),
	}
}

func (l *keyValues8) keyBytes() int {
	return l.tokens / kernel.PanelWidth * kernel.PanelBytes(l.inputs)
}
func (l *keyValues8) valueBytes() int { return l.tokens * l.width }
func (l *keyValues8) headBytes() int  { return l.keyBytes() + l.valueBytes() + 4*l.tokens }

func (l *keyValues8) head(i int) (keys, values []byte, inverse []float32) {
	head := l.data[i*l.headBytes():][:l.headBytes()]
	k, v := l.keyBytes(), l.keyBytes()+l.valueBytes()
	return head[:k:k], head[k:v:v], floats(head[v:])
}

// attention8 is Attention on bytes. SoftmaxState and sums are computed online, as in
// the float one; each block of keys has weights of 0 to 127 of its own highest.
func (d *Device) attention8(out, in *host.Matrix, heads int, at compute.Share) {
	size := out.Cols() / heads
	all := newKeyValues8(at.Total, size)
	all.data = d.exchange.Begin(heads * all.headBytes())
	if err := d.exchange.End(d.pack8(all, in, heads, at)); err != nil {
		d.Fail(err)
		return
	}
	for head := range heads {
		keys, values, inverse := all.head(head)
		for first := 0; first < in.Rows(); first += query8 {
			rows := min(query8, in.Rows()-first)
			a := d.newQueries8(in.Data[first*in.Cols()+head*size:], in.Cols(), rows, &all)
			for k := 0; k < all.tokens; k += keys8 {
				a.attend(keys, values, inverse, k, min(keys8, all.tokens-k), &all)
			}
			for r := range rows {
				y := out.Row(first + r)[head*size:][:size]
				copy(y, a.sums[r*all.width:])
				scale(y, 1/a.state[r].Weight)
			}
		}
	}
}

// pack8 quantises the keys and values of this rank's tokens, lays them out and
// returns where.
func (d *Device) pack8(all keyValues8, qkv *host.Matrix, heads int, at compute.Share) []Span {
	d.spans = d.spans[:0]
	last := at.First + qkv.Rows()
	if last == at.Total {
		last = all.tokens
	}
	panel := kernel.PanelBytes(all.inputs)
	for h := range heads {
		keys, values, inverse := all.head(h)
		for t := at.First; t < last; t += compute.TokenUnit {
			d.packUnit(keys[t/kernel.PanelWidth*panel:], values[t*all.width:], inverse[t:], qkv, heads, h, t-at.First, &all)
		}
		start := h * all.headBytes()
		for _, bytes := range []int{panel / kernel.PanelWidth, all.width, 4} { // of a token
			d.spans = append(d.spans, Span{start + at.First*bytes, start + last*bytes})
			start += all.tokens * bytes
		}
	}
	return d.spans
}

// packUnit lays out the keys and values of 16 tokens of one head. Those that
// only fill up have no keys, and no weight.
func (d *Device) packUnit(keys, values []byte, inverse []float32, qkv *host.Matrix, heads, head, first int, all *keyValues8) {
	rows := min(compute.TokenUnit, qkv.Rows()-first)
	column, width := head*all.size, heads*all.size
	x := qkv.Data[first*qkv.Cols():]
	k8, v8 := &d.keys8, &d.values8
	k8.quantise(x[width+column:], qkv.Cols(), rows, all.size, all.inputs)
	v8.quantise(x[2*width+column:], qkv.Cols(), rows, all.size, all.width)
	kernel.PackPanels(keys, k8.data, all.inputs, all.inputs)
	kernel.PackValues(values, v8.data, all.width, all.width)

	panel := kernel.PanelBytes(all.inputs)
	toBase2 := float32(math.Log2E / math.Sqrt(float64(all.size)))
	for t := range compute.TokenUnit {
		scale, bias, by := float32(0), float32(kernel.Lowest), float32(0)
		if t < rows {
			scale, bias, by = k8.scales[t]*toBase2, kernel.Log2(v8.scales[t]), 1/v8.scales[t]
		}
		kernel.SetScale(keys[t/kernel.PanelWidth*panel:], t%kernel.PanelWidth, scale, bias)
		inverse[t] = by
	}
}

// signed8 is the keys or values of a unit of tokens, quantised and filled up
// with zeros.
type signed8 struct {
	data   []int8
	scales [compute.TokenUnit]float32
}

func (s *signed8) quantise(x []float32, ldx, rows, n, stride int) {
	size := compute.TokenUnit * stride
	if cap(s.data) < size {
		s.data = make([]int8, size)
	}
	s.data = s.data[:size]
	if rows < compute.TokenUnit || n < stride {
		clear(s.data)
	}
	kernel.QuantiseSigned(s.data, stride, x, ldx, n, s.scales[:rows])
}

// queries8 is a block of queries of one head, and what they have attended to.
type queries8 struct {
	rows    int // a multiple of kernel.TileRows
	query   bytes8
	scores  scratch // [rows][keys8]
	weights []byte  // [rows][keys8]
	sums    scratch // [rows][width]: Σ 2^(score − highest)·value
	state   [query8]kernel.SoftmaxState
	blend   [query8]kernel.Blend
}

func (d *Device) newQueries8(x []float32, ldx, rows int, all *keyValues8) *queries8 {
	a := &d.queries8
	a.rows = pad(rows, kernel.TileRows)
	a.query.quantise(x, ldx, rows, all.size)
	a.scores.get(query8 * keys8)
	grow(&a.weights, query8*keys8)
	clear(a.sums.get(query8 * all.width))
	for r := range a.state {
		a.state[r] = kernel.SoftmaxState{Highest: kernel.Lowest}
	}
	return a
}

// attend attends to n keys and values from the first on.
func (a *queries8) attend(keys, values []byte, inverse []float32, first, n int, all *keyValues8) {
	panel := kernel.PanelBytes(all.inputs)
	panels := keys[first/kernel.PanelWidth*panel:][:n/kernel.PanelWidth*panel]
	kernel.MatMul(a.scores, keys8, a.query.data, a.query.stride, a.query.rows[:a.rows], panels, all.inputs, false)
	kernel.Softmax(a.weights, keys8, a.scores, keys8, inverse[first:], n, a.state[:a.rows], a.blend[:a.rows])
	kernel.Attend(a.sums, all.width, a.weights, keys8, a.blend[:a.rows], values[first*all.width:], n)
}
