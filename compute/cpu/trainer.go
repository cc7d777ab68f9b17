//go:build !js

package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/cpu/kernel"
	"segmenter/compute/internal/host"
)

// NewTrainer returns a device that also computes gradients, in float32. It has its
// own products, attention and layers (product.go, attention_gradient.go); the engine
// in the browser does not contain them.
func NewTrainer() compute.Differentiable {
	return &trainer{Device: NewRank(0, 1, new(alone), compute.Float32)}
}

type trainer struct {
	*Device
	products
	right   scratch // a right operand, packed
	patches scratch
	heads   headScratch
	entropy crossEntropy
}

// trainable is a linear layer whose parameters change with every step.
type trainable struct {
	host.Freed
	*products
	out, in  int
	forward  panels // Wᵀ (in, out)
	backward panels // W (out, in)
	bias     []float32
}

func (l *trainable) In() int  { return l.in }
func (l *trainable) Out() int { return l.out }

func (d *trainer) NewLinear(w compute.Weight, bias []float32) (compute.Linear, error) {
	l := &trainable{products: &d.products, out: w.Out, in: w.In, bias: make([]float32, w.Out)}
	l.forward.data = make([]float32, panelLength(w.In, w.Out))
	l.backward.data = make([]float32, panelLength(w.Out, w.In))
	weight := w.Float
	if weight == nil {
		weight = make([]float32, w.Out*w.In)
		for i := range weight {
			weight[i] = float32(w.Int8[i]) * w.Scale[i/w.In]
		}
	}
	d.SetLinear(l, weight, bias)
	return l, nil
}

func (d *trainer) SetLinear(w compute.Linear, weight, bias []float32) {
	l := w.(*trainable)
	host.SameLength("SetLinear", l.out*l.in, len(weight))
	host.SameLength("SetLinear", l.out, len(bias))
	copy(l.bias, bias)
	l.forward = pack(l.forward.data, dense(weight, l.in).transposed())
	l.backward = pack(l.backward.data, dense(weight, l.in))
}

// apply: see layer.
func (l *trainable) apply(_ *Device, y, x []float32, rows int, accumulate bool) {
	out := dense(y[:rows*l.out], l.out)
	for r := range rows {
		if accumulate {
			add(out.row(r), l.bias)
		} else {
			copy(out.row(r), l.bias)
		}
	}
	l.products.add(out, dense(x[:rows*l.in], l.in), l.forward)
}

// matrix returns a tensor as an operand.
func matrix(t compute.Tensor) operand { return dense(t.(*host.Matrix).Data, t.Cols()) }

func data(t compute.Tensor) []float32 { return t.(*host.Matrix).Data }

func (d *trainer) pack(m operand) panels {
	return pack(d.right.get(panelLength(m.rows, m.cols)), m)
}

func (d *trainer) MatMulT(dst, a, b compute.Tensor) {
	d.Clear(dst)
	d.add(matrix(dst), matrix(a), d.pack(matrix(b).transposed()))
}

func (d *trainer) Clear(t compute.Tensor) { clear(data(t)) }

func (d *trainer) Drain(dst []float32, t compute.Tensor) {
	x := data(t)
	host.SameLength("Drain", len(x), len(dst))
	const block = 1 << 12 // stays in the cache between its sum and its clearing
	for from := 0; from < len(x); from += block {
		part := x[from:min(from+block, len(x))]
		add(dst[from:][:len(part)], part)
		clear(part)
	}
}

func (d *trainer) AddScaled(dst, x compute.Tensor, scale float32) {
	host.SameLength("AddScaled", len(data(dst)), len(data(x)))
	addScaled(data(dst), data(x), scale)
}

func (d *trainer) AddProduct(dst, a, b compute.Tensor) {
	host.SameLength("AddProduct", len(data(dst)), len(data(a)))
	host.SameLength("AddProduct", len(data(dst)), len(data(b)))
	addProduct(data(dst), data(a), data(b))
}

func (d *trainer) Multiply(x, y compute.Tensor) {
	host.SameLength("Multiply", len(data(x)), len(data(y)))
	multiply(data(x), data(y))
}

func (d *trainer) GELU(dst, slope, x compute.Tensor) {
	host.SameLength("GELU", len(data(x)), len(data(dst)))
	host.SameLength("GELU", len(data(x)), len(data(slope)))
	geluAndSlope(data(dst), data(slope), data(x))
}

func (d *trainer) LinearGradient(dx, dw, db, dy, x compute.Tensor, w compute.Linear) {
	d.add(matrix(dx), matrix(dy), w.(*trainable).backward)
	d.addWeightGradient(dw, db, dy, matrix(x))
}

// addWeightGradient computes dw += dyᵀ·x, and db.
func (d *trainer) addWeightGradient(dw, db, dy compute.Tensor, x operand) {
	host.SameLength("LinearGradient", dw.Rows()*dw.Cols(), dy.Cols()*x.cols)
	host.SameLength("LinearGradient", x.rows, dy.Rows())
	d.add(matrix(dw), matrix(dy).transposed(), d.pack(x))
	for r := range dy.Rows() {
		add(data(db), matrix(dy).row(r))
	}
}

func (d *trainer) MatMulTGradient(da, db, dy, a, b compute.Tensor) {
	d.add(matrix(da), matrix(dy), d.pack(matrix(b)))
	d.add(matrix(db), matrix(dy).transposed(), d.pack(matrix(a)))
}

func (d *trainer) PatchEmbedGradient(dw, db, dposition, dy compute.Tensor, f compute.Frame, v compute.View, window, first int, e compute.PatchEmbedding) {
	in := e.Projection.In()
	x := dense(d.patches.get(dy.Rows()*in), in)
	p := newPatches(f.(*host.Frame), v, window, e)
	for r := range x.rows {
		p.flatten(x.row(r), first+r)
	}
	d.addWeightGradient(dw, db, dy, x)
	d.AddScaled(dposition, dy, 1)
}

func (d *trainer) LayerNormGradient(dx compute.Tensor, dn compute.Norm, dy, x compute.Tensor, n compute.Norm) {
	weight, dWeight, dBias := data(n.Weight), data(dn.Weight), data(dn.Bias)
	in, g, out := matrix(x), matrix(dy), matrix(dx)
	D := float32(in.cols)
	for r := range in.rows {
		mean := kernel.Sum(in.row(r)) / D
		variance := kernel.SumOfSquares(in.row(r), mean) / D
		scale := 1 / float32(math.Sqrt(float64(variance+compute.Eps)))
		normGradient(out.row(r), dWeight, dBias, g.row(r), in.row(r), weight, mean, scale)
	}
}

func (d *trainer) L2NormalizeGradient(dx, dy, x compute.Tensor) {
	in, g, out := matrix(x), matrix(dy), matrix(dx)
	for r := range in.rows {
		scale := 1 / float32(math.Sqrt(float64(kernel.SumOfSquares(in.row(r), 0))))
		along := dot(g.row(r), in.row(r)) * scale * scale
		addScaled(out.row(r), g.row(r), scale)
		addScaled(out.row(r), in.row(r), -along*scale)
	}
}
