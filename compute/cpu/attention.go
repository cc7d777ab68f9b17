package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// keyBlock is the number of keys scored at a time. The scores of a block of
// queries, blockRows × keyBlock floats = 24 KB, stay in the L1 cache. Scores of all
// keys are never stored, so memory is linear in the tokens.
const keyBlock = 128

// keyValues is the layout of the keys and values of all tokens in an exchange. For
// each head, the keys come first, as panels like the weights of a linear layer,
// then the values row by row, padded to valueWidth. The padding of panels and rows
// may hold anything. (Natively a panel may be wider than TokenUnit and belong to
// two ranks; shared memory allows that.)
type keyValues struct {
	tokens, size, valueWidth int
	data                     []float32
}

func (l keyValues) headLength() int {
	return pad(l.tokens, panelWidth)*l.size + l.tokens*l.valueWidth
}

// head returns a head's keys, panels of [size][panelWidth], and its values,
// [tokens][valueWidth].
func (l keyValues) head(i int) (keys, values []float32) {
	head := l.data[i*l.headLength():][:l.headLength()]
	split := pad(l.tokens, panelWidth) * l.size
	return head[:split], head[split:]
}

// Attention: see [compute.Device]. It computes the softmax online (Milakov and
// Gimelshein 2018; Dao et al. 2022, algorithm 1): each block of keys rescales the
// sums so far to the new highest score.
func (d *Device) Attention(dst, qkv compute.Tensor, heads int, at compute.Share) {
	if d.Failed() {
		return
	}
	out, in := dst.(*host.Matrix), qkv.(*host.Matrix)
	size := out.Cols() / heads
	host.SameLength("Attention", 3*heads*size, in.Cols())
	host.SameLength("Attention", in.Rows(), out.Rows())
	if d.arithmetic == compute.Int8 {
		d.attention8(out, in, heads, at)
		return
	}
	all := keyValues{tokens: at.Total, size: size, valueWidth: pad(size, panelWidth)}
	all.data = floats(d.exchange.Begin(4 * heads * all.headLength()))
	if err := d.exchange.End(d.pack(all, in, heads, at.First)); err != nil {
		d.Fail(err)
		return
	}
	for head := range heads {
		keys, values := all.head(head)
		for first := 0; first < in.Rows(); first += blockRows {
			rows := min(blockRows, in.Rows()-first)
			a := d.newQueries(in, first, rows, head*size, size)
			a.attend(keys, values)
			for r := range rows {
				y := out.Row(first + r)[head*size:][:size]
				copy(y, a.sums[r*a.valueWidth:])
				scale(y, 1/a.weight[r])
			}
		}
	}
}

// pack writes the keys and values of this rank's tokens, which start at first, and
// returns the spans that it wrote.
func (d *Device) pack(all keyValues, qkv *host.Matrix, heads, first int) []Span {
	d.spans = d.spans[:0]
	width, last := heads*all.size, first+qkv.Rows()
	for h := range heads {
		keys, values := all.head(h)
		for t := range qkv.Rows() {
			row := qkv.Row(t)
			packRow(keys, row[width+h*all.size:][:all.size], first+t)
			copy(values[(first+t)*all.valueWidth:], row[2*width+h*all.size:][:all.size])
		}
		at := h * all.headLength()
		d.spans = append(d.spans, Span{4 * (at + first*all.size), 4 * (at + pad(last, panelWidth)*all.size)})
		at += pad(all.tokens, panelWidth) * all.size
		d.spans = append(d.spans, Span{4 * (at + first*all.valueWidth), 4 * (at + last*all.valueWidth)})
	}
	return d.spans
}

// queries is a block of queries of one head, with the state of their online
// softmax.
type queries struct {
	size, valueWidth int
	rows             int       // a multiple of tileRows
	query            []float32 // [rows][size], scaled by 1/√size
	scores           []float32 // [rows][keyBlock]
	sums             []float32 // [rows][valueWidth]: Σ e^(score − highest)·value
	highest, weight  [blockRows]float32
}

func (d *Device) newQueries(qkv *host.Matrix, first, rows, column, size int) *queries {
	a := &d.queries
	a.size, a.valueWidth, a.rows = size, pad(size, panelWidth), pad(rows, tileRows)
	a.query = d.query.get(blockRows * size)
	a.scores = d.scores.get(blockRows * keyBlock)
	a.sums = d.sums.get(blockRows * a.valueWidth)
	clear(a.sums)
	clear(a.query[rows*size:])
	for r := range a.rows {
		a.highest[r], a.weight[r] = float32(math.Inf(-1)), 0
	}
	for r := range rows {
		q := a.query[r*size:][:size]
		copy(q, qkv.Row(first + r)[column:])
		scale(q, float32(1/math.Sqrt(float64(size))))
	}
	return a
}

// attend attends to all keys and values.
func (a *queries) attend(keys, values []float32) {
	tokens := len(values) / a.valueWidth
	for first := 0; first < tokens; first += keyBlock {
		n := min(keyBlock, tokens-first)
		for p := 0; p < n; p += panelWidth {
			panel := keys[(first+p)*a.size:]
			for r := 0; r < a.rows; r += tileRows {
				tile(a.scores[r*keyBlock+p:], keyBlock, a.query[r*a.size:], a.size, panel, panelWidth, a.size)
			}
		}
		for r := range a.rows {
			a.exponentiate(r, n)
		}
		for column := 0; column < a.valueWidth; column += panelWidth {
			for r := 0; r < a.rows; r += tileRows {
				tileAdd(a.sums[r*a.valueWidth+column:], a.valueWidth, a.scores[r*keyBlock:], keyBlock,
					values[first*a.valueWidth+column:], a.valueWidth, n)
			}
		}
	}
}

// exponentiate turns the n scores of row r into e^(score − highest). A new highest
// score rescales the sums so far.
func (a *queries) exponentiate(r, n int) {
	scores := a.scores[r*keyBlock:][:n]
	if h := highest(scores); h > a.highest[r] {
		shrink := float32(math.Exp(float64(a.highest[r] - h)))
		a.highest[r] = h
		a.weight[r] *= shrink
		scale(a.sums[r*a.valueWidth:][:a.valueWidth], shrink)
	}
	a.weight[r] += exponentials(scores, a.highest[r])
}
