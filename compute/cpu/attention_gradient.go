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
	dscores, dropped     scratch // (queryBlock, T)
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

// headWeights are the rows of a matrix (heads·T, T) that belong to a head's queries.
func headWeights(t compute.Tensor, head, first, n int) operand {
	return matrix(t).rowsFrom(head*t.Cols()+first, n)
}

// SoftmaxAttention takes the scores of all keys at once, which is faster than an online
// softmax if they fit into the cache.
func (d *trainer) SoftmaxAttention(dst, weights, qkv, factors compute.Tensor, heads int) {
	d.Clear(dst)
	out, in, size := matrix(dst), matrix(qkv), dst.Cols()/heads
	host.SameLength("SoftmaxAttention", 3*heads*size, in.cols)
	host.SameLength("SoftmaxAttention", heads*in.rows*in.rows, len(data(weights)))
	for i := range heads {
		h := headOf(in, i, size)
		keysT := pack(d.heads.keysT.get(panelLength(size, in.rows)), h.key.transposed())
		values := pack(d.heads.values.get(panelLength(in.rows, size)), h.value)
		for first := 0; first < in.rows; first += queryBlock {
			n := min(queryBlock, in.rows-first)
			w := headWeights(weights, i, first, n)
			d.softmax(w, d.scaled(h.query.rowsFrom(first, n)), keysT)
			d.add(out.columns(i*size, (i+1)*size).rowsFrom(first, n), d.dropout(w, factors, i, first), values)
		}
	}
}

// scaled returns q/√size for a block of queries.
func (d *trainer) scaled(query operand) operand {
	q := dense(d.heads.query.get(queryBlock * query.cols)[:query.rows*query.cols], query.cols)
	query.copyTo(q.data, q.cols)
	scale(q.data, float32(1/math.Sqrt(float64(q.cols))))
	return q
}

// softmax computes weights = softmax(q·kᵀ).
func (d *trainer) softmax(weights, query operand, keysT panels) {
	clear(weights.data[:weights.rows*weights.cols])
	d.add(weights, query, keysT)
	for r := range weights.rows {
		row := weights.row(r)
		scale(row, 1/exponentials(row, highest(row)))
	}
}

// dropout returns weights times their factors, if there are any.
func (d *trainer) dropout(weights operand, factors compute.Tensor, head, first int) operand {
	if factors == nil {
		return weights
	}
	product := dense(d.heads.dropped.get(queryBlock * weights.cols)[:weights.rows*weights.cols], weights.cols)
	weights.copyTo(product.data, product.cols)
	multiply(product.data, headWeights(factors, head, first, weights.rows).data)
	return product
}

func (d *trainer) AttentionGradient(dqkv, dy, qkv, weights, factors compute.Tensor, heads int) {
	in, out, g, size := matrix(qkv), matrix(dqkv), matrix(dy), dy.Cols()/heads
	host.SameLength("AttentionGradient", 3*heads*size, in.cols)
	host.SameLength("AttentionGradient", heads*in.rows*in.rows, len(data(weights)))
	for i := range heads {
		d.headGradient(headOf(out, i, size), g.columns(i*size, (i+1)*size), headOf(in, i, size), weights, factors, i)
	}
}

func (d *trainer) headGradient(dh head, dy operand, h head, weights, factors compute.Tensor, index int) {
	s, tokens, size := &d.heads, h.key.rows, h.key.cols
	keys := pack(s.keys.get(panelLength(tokens, size)), h.key)
	valuesT := pack(s.valuesT.get(panelLength(size, tokens)), h.value.transposed())
	for first := 0; first < tokens; first += queryBlock {
		n := min(queryBlock, tokens-first)
		gradient, w := dy.rowsFrom(first, n), headWeights(weights, index, first, n)
		d.add(dh.value, d.dropout(w, factors, index, first).transposed(), pack(s.dy.get(panelLength(n, size)), gradient))

		dscores := dense(s.dscores.get(queryBlock * tokens)[:n*tokens], tokens)
		clear(dscores.data)
		d.add(dscores, gradient, valuesT)
		if factors != nil {
			multiply(dscores.data, headWeights(factors, index, first, n).data)
		}
		for r := range n {
			softmaxGradient(dscores.row(r), w.row(r))
		}
		d.add(dh.key, dscores.transposed(), pack(s.queries.get(panelLength(n, size)), d.scaled(h.query.rowsFrom(first, n))))

		dquery := dense(s.dquery.get(queryBlock * size)[:n*size], size)
		clear(dquery.data)
		d.add(dquery, dscores, keys)
		for r := range n {
			addScaled(dh.query.row(first+r), dquery.row(r), float32(1/math.Sqrt(float64(size))))
		}
	}
}
