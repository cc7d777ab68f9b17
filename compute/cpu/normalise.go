package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/cpu/kernel"
	"segmenter/compute/internal/host"
)

// LayerNorm: see [compute.Device].
func (d *Device) LayerNorm(dst, x compute.Tensor, n compute.Norm) {
	if d.Failed() {
		return
	}
	out, in := dst.(*host.Matrix), x.(*host.Matrix)
	host.SameLength("LayerNorm", len(in.Data), len(out.Data))
	weight, bias := n.Weight.(*host.Matrix).Data, n.Bias.(*host.Matrix).Data
	kernel.Normalise(out.Data, in.Data, weight, bias, compute.Eps)
}

// L2Normalize: see [compute.Device].
func (d *Device) L2Normalize(x compute.Tensor) {
	if d.Failed() {
		return
	}
	m := x.(*host.Matrix)
	for r := range m.Rows() {
		scale(m.Row(r), 1/float32(math.Sqrt(float64(kernel.SumOfSquares(m.Row(r), 0)))))
	}
}

// normalise returns the layer normalisation of a block of rows, valid until the
// next call.
func (d *Device) normalise(x []float32, n compute.Norm) []float32 {
	weight, bias := n.Weight.(*host.Matrix).Data, n.Bias.(*host.Matrix).Data
	dst := d.input.get(blockRows * len(weight))[:len(x)]
	kernel.Normalise(dst, x, weight, bias, compute.Eps)
	return dst
}

// gelu replaces x by x·Φ(x).
func (d *Device) gelu(x []float32) {
	if d.arithmetic == compute.Int8 {
		kernel.GELU(x)
	} else {
		exactGELU(x)
	}
}
