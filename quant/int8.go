package quant

import (
	"iter"
	"math"
)

// PerChannel quantises a weight to int8 with one scale for each index of axis,
// the output channel: values[…, c, …] ≈ q[…, c, …]·scale[c]. It is symmetric:
// q is from −127 to 127, and zero stays zero. A channel of zeros has scale 1.
//
// The values must be finite and fill shape; q has the same order.
func PerChannel(values []float32, shape []int, axis int) (q []int8, scale []float32) {
	q = make([]int8, len(values))
	scale = make([]float32, shape[axis])
	for run, c := range channelRuns(len(values), shape, axis) {
		for _, v := range values[run.from:run.to] {
			scale[c] = max(scale[c], v, -v)
		}
	}
	for c, peak := range scale {
		scale[c] = channelScale(peak)
	}
	for run, c := range channelRuns(len(values), shape, axis) {
		for i := run.from; i < run.to; i++ {
			q[i] = toInt8(values[i], scale[c])
		}
	}
	return q, scale
}

// Dequantise returns the values that the output of [PerChannel] stands for.
func Dequantise(q []int8, scale []float32, shape []int, axis int) []float32 {
	values := make([]float32, len(q))
	for run, c := range channelRuns(len(q), shape, axis) {
		for i := run.from; i < run.to; i++ {
			values[i] = float32(q[i]) * scale[c]
		}
	}
	return values
}

// span is a range of indices, to exclusive.
type span struct{ from, to int }

// channelRuns cuts n values into runs of equal index on an axis, and yields each
// run with that index.
func channelRuns(n int, shape []int, axis int) iter.Seq2[span, int] {
	length := 1
	for _, dim := range shape[axis+1:] {
		length *= dim
	}
	return func(yield func(span, int) bool) {
		for from := 0; from < n; from += length {
			if !yield(span{from, from + length}, from/length%shape[axis]) {
				return
			}
		}
	}
}

// channelScale maps the largest magnitude of a channel to 127.
func channelScale(peak float32) float32 {
	if scale := peak / 127; scale > 0 {
		return scale
	}
	return 1 // all zero, or so small that the scale underflows
}

func toInt8(v, scale float32) int8 {
	r := math.RoundToEven(float64(v) / float64(scale))
	return int8(max(-127, min(127, r)))
}
