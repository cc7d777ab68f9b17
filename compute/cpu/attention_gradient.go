//go:build !js

package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// queryBlock is the number of queries that training scores at a time. The block's
// scores of 1000 keys take 380 KB.
const queryBlock = 96

// headScratch is the scratch memory of the attention of one head.
type headScratch struct {
	keys, keysT, valuesT scratch // packed: K, Kᵀ, Vᵀ
	values, queries, dy  scratch // packed: V, a block of Q, a block of dY
	scores, dscores      scratch // (queryBlock, T)
	query                scratch // (queryBlock, size), scaled
	dquery               scratch // (queryBlock, size)
}

// head is a head's columns of (T, 3D).
type head struct{ query, key, value operand }

func headOf(qkv operand, i, size int) head {
	D := qkv.cols / 3
	part := func(which int) operand { return qkv.columns(which*D+i*size, which*D+(i+1)*size) }
	return head{part(0), part(1), part(2)}
}

// Attention takes the scores of all keys at once, which is faster than an online
// softmax if they fit into the cache.
func (d *trainer) Attention(dst, qkv compute.Tensor, heads int, _ compute.Share) {
	d.Clear(dst)
	out, in, size := matrix(dst), matrix(qkv), dst.Cols()/heads
	host.SameLength("Attention", 3*heads*size, in.cols)
	for i := range heads {
		h := headOf(in, i, size)
		keysT := packTransposed(d.heads.keysT.get(panelLength(size, in.rows)), h.key)
		values := pack(d.heads.values.get(panelLength(in.rows, size)), h.value)
		for first := 0; first < in.rows; first += queryBlock {
			n := min(queryBlock, in.rows-first)
			scores, _ := d.softmax(h.query.rowsFrom(first, n), keysT)
			d.add(out.columns(i*size, (i+1)*size).rowsFrom(first, n), scores, values)
		}
	}
}

// softmax returns softmax(q·kᵀ/√size) and q/√size.
func (d *trainer) softmax(query operand, keysT panels) (weights, scaled operand) {
	scaled = dense(d.heads.query.get(queryBlock * query.cols)[:query.rows*query.cols], query.cols)
	weights = dense(d.heads.scores.get(queryBlock * keysT.cols)[:query.rows*keysT.cols], keysT.cols)
	clear(weights.data)
	for r := range query.rows {
		copy(scaled.row(r), query.row(r))
	}
	scale(scaled.data, float32(1/math.Sqrt(float64(query.cols))))
	d.add(weights, scaled, keysT)
	for r := range weights.rows {
		row := weights.row(r)
		scale(row, 1/exponentials(row, highest(row)))
	}
	return weights, scaled
}

func (d *trainer) AttentionGradient(dqkv, dy, qkv compute.Tensor, heads int) {
	in, out, g, size := matrix(qkv), matrix(dqkv), matrix(dy), dy.Cols()/heads
	host.SameLength("AttentionGradient", 3*heads*size, in.cols)
	for i := range heads {
		d.headGradient(headOf(out, i, size), g.columns(i*size, (i+1)*size), headOf(in, i, size))
	}
}

func (d *trainer) headGradient(dh head, dy operand, h head) {
	s, tokens, size := &d.heads, h.key.rows, h.key.cols
	keys := pack(s.keys.get(panelLength(tokens, size)), h.key)
	keysT := packTransposed(s.keysT.get(panelLength(size, tokens)), h.key)
	valuesT := packTransposed(s.valuesT.get(panelLength(size, tokens)), h.value)
	for first := 0; first < tokens; first += queryBlock {
		n := min(queryBlock, tokens-first)
		gradient := dy.rowsFrom(first, n)
		weights, query := d.softmax(h.query.rowsFrom(first, n), keysT)
		d.addTransposed(dh.value, weights, pack(s.dy.get(panelLength(n, size)), gradient))

		dscores := dense(s.dscores.get(queryBlock * tokens)[:n*tokens], tokens)
		clear(dscores.data)
		d.add(dscores, gradient, valuesT)
		for r := range n {
			softmaxGradient(dscores.row(r), weights.row(r))
		}
		d.addTransposed(dh.key, dscores, pack(s.queries.get(panelLength(n, size)), query))

		dquery := dense(s.dquery.get(queryBlock * size)[:n*size], size)
		clear(dquery.data)
		d.add(dquery, dscores, keys)
		for r := range n {
			addScaled(dh.query.row(first+r), dquery.row(r), float32(1/math.Sqrt(float64(size))))
		}
	}
}
