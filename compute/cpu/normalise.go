package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// LayerNorm: see [compute.Device].
func (*Device) LayerNorm(dst, x compute.Tensor, n compute.Norm) {
	out, in := dst.(*host.Matrix), x.(*host.Matrix)
	host.SameLength("LayerNorm", len(in.Data), len(out.Data))
	weight, bias := n.Weight.(*host.Matrix).Data, n.Bias.(*host.Matrix).Data
	for r := range in.Rows() {
		normaliseRow(out.Row(r), in.Row(r), weight, bias)
	}
}

// normaliseRow is the layer normalisation of one token. The variance is
// computed from the differences to the mean: the one-pass formula cancels
// badly in float32.
func normaliseRow(dst, x, weight, bias []float32) {
	n := float32(len(x))
	mean := sum(x) / n
	variance := sumOfSquares(x, mean) / n
	scaleShift(dst, x, mean, 1/float32(math.Sqrt(float64(variance)+compute.Eps)), weight, bias)
}

// L2Normalize: see [compute.Device].
func (*Device) L2Normalize(x compute.Tensor) {
	m := x.(*host.Matrix)
	for r := range m.Rows() {
		scale(m.Row(r), 1/float32(math.Sqrt(float64(sumOfSquares(m.Row(r), 0)))))
	}
}
