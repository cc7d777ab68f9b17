package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/cpu/kernel"
	"segmenter/compute/internal/host"
)

const (
	// query8 queries attend to keys8 keys at a time. Their scores (24 × 128
	// floats = 12 KB), the block's keys and values (18 KB) and the sums (6 KB)
	// stay in the L1 cache.
	query8 = 4 * kernel.TileRows
	keys8  = 128
)

// keyValues8 is the layout of the keys and values of all tokens in an exchange.
// Each token's key and value are quantised on their own, so they do not depend on
// the rank that holds the token. Each head has:
//
//   - the keys as panels: a token is an output. Scores are base 2, and a key's bias
//     is the logarithm of its value's scale;
//   - the values as bytes, [tokens/4][width][4]. They can be summed as bytes, since
//     that bias multiplies the softmax's weights by the values' scales;
//   - the inverse of the values' scales, to sum the weights themselves.
//
// Padding tokens without weight make the tokens a multiple of 16.
type keyValues8 struct {
	tokens, size int // tokens is padded
	inputs       int // of a score: size, padded
	width        int // of a value: size, padded
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

// attention8 is Attention on bytes. It computes the softmax online too; the
// weights of a block of keys are 0 to 127, relative to the block's highest.
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

// pack8 quantises and writes the keys and values of this rank's tokens, and
// returns the spans that it wrote.
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
		for _, bytes := range []int{panel / kernel.PanelWidth, all.width, 4} { // per token
			d.spans = append(d.spans, Span{start + at.First*bytes, start + last*bytes})
			start += all.tokens * bytes
		}
	}
	return d.spans
}

// packUnit packs the keys and values of 16 tokens of one head. Padding tokens have
// no keys, and no weight.
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
		scale, bias, reciprocal := float32(0), float32(kernel.Lowest), float32(0)
		if t < rows {
			scale, bias, reciprocal = k8.scales[t]*toBase2, kernel.Log2(v8.scales[t]), 1/v8.scales[t]
		}
		kernel.SetScale(keys[t/kernel.PanelWidth*panel:], t%kernel.PanelWidth, scale, bias)
		inverse[t] = reciprocal
	}
}

// signed8 holds the keys or values of a unit of tokens, quantised and padded with
// zeros.
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

// queries8 is a block of queries of one head, with the state of their online
// softmax.
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
	kernel.MatMul(a.scores, keys8, a.query.data, a.query.stride, a.query.rows[:a.rows], panels, all.inputs, 0, false)
	kernel.Softmax(a.weights, keys8, a.scores, keys8, inverse[first:], n, a.state[:a.rows], a.blend[:a.rows])
	kernel.Attend(a.sums, all.width, a.weights, keys8, a.blend[:a.rows], values[first*all.width:], n)
}
