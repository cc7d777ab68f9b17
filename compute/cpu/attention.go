package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// keyBlock is how many keys are scored at a time. The scores of a block of
// queries, blockRows × keyBlock floats = 8 KB, stay in the first-level cache;
// they are never stored for all keys, so that memory is linear in tokens.
const keyBlock = 128

// keyValues is how a rank lays out the keys and values of its tokens for all
// ranks: for each head first the keys as panels, like the weights of a linear
// layer, then the values row by row, filled up with zeros to valueWidth.
type keyValues struct {
	tokens, size, valueWidth int
	data                     []float32
}

func (l keyValues) headLength() int {
	return pad(l.tokens, panelWidth)*l.size + l.tokens*l.valueWidth
}

// keys is panels of [size][panelWidth]; values is [tokens][valueWidth].
func (l keyValues) head(i int) (keys, values []float32) {
	head := l.data[i*l.headLength():][:l.headLength()]
	split := pad(l.tokens, panelWidth) * l.size
	return head[:split], head[split:]
}

// Attention: see [compute.Device]. The softmax is computed online (Milakov and
// Gimelshein 2018; Dao et al. 2022, algorithm 1): for each block of keys, the
// sums so far are scaled to the new highest score.
func (d *Device) Attention(dst, qkv compute.Tensor, heads int) {
	out, in := dst.(*host.Matrix), qkv.(*host.Matrix)
	size := out.Cols() / heads
	host.SameLength("Attention", 3*heads*size, in.Cols())
	host.SameLength("Attention", in.Rows(), out.Rows())
	parts := d.exchange.all(d.Index, part{in.Rows(), d.packKeyValues(in, heads, size)})
	for head := range heads {
		for first := 0; first < in.Rows(); first += blockRows {
			rows := min(blockRows, in.Rows()-first)
			a := d.newQueries(in, first, rows, head*size, size)
			for _, p := range parts {
				a.attend(keyValues{p.rows, size, a.valueWidth, p.values}.head(head))
			}
			for r := range rows {
				y := out.Row(first + r)[head*size:][:size]
				copy(y, a.sums[r*a.valueWidth:])
				scale(y, 1/a.weight[r])
			}
		}
	}
}

// packKeyValues lays out the keys and values of qkv for all ranks. The buffer
// of the call before may still be read by other ranks, so two take turns.
func (d *Device) packKeyValues(qkv *host.Matrix, heads, size int) []float32 {
	l := keyValues{tokens: qkv.Rows(), size: size, valueWidth: pad(size, panelWidth)}
	d.turn = 1 - d.turn
	l.data = d.shared[d.turn].get(heads * l.headLength())
	clear(l.data)
	width := heads * size
	for h := range heads {
		keys, values := l.head(h)
		for t := range qkv.Rows() {
			row := qkv.Row(t)
			packRow(keys, row[width+h*size:][:size], t)
			copy(values[t*l.valueWidth:], row[2*width+h*size:][:size])
		}
	}
	return l.data
}

// queries is a block of queries of one head, and what they have attended to.
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

// attend attends to the keys and values of one rank.
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

// exponentiate turns the n scores of row r into e^(score − highest), and
// scales what was summed so far when there is a new highest score.
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
