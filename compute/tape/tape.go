// Package tape differentiates a forward pass: reverse mode over memory.
//
// A [Tape] is a device over another one. It runs each operation there, and records
// what the backward pass needs. Every buffer has a shadow, its gradient; a slice of
// the buffer has a slice of the shadow. [Tape.Backward] replays the operations in
// reverse. An operation that overwrites a buffer consumes the shadow and clears it; one
// that adds to the buffer leaves the shadow, since the sum passes its gradient on to
// both. So operations may work in place and blocks may share buffers, and the forward
// pass needs no graph of values.
//
// Afterwards the shadows of buffers that no operation wrote, which are parameters,
// have grown by their gradients. All others are 0 again.
//
// Operations that the device fuses run in steps of their own. The tape keeps their
// input, and computes again what they hid.
package tape

import (
	"math/rand/v2"

	"segmenter/compute"
)

// A Tape records the operations on its buffers. Use only buffers that it made.
//
// It keeps its memory from pass to pass: one like the last allocates nothing.
type Tape struct {
	compute.Device // for pictures, frames and waiting
	inner          compute.Differentiable
	steps          []step

	kept    map[size]*pool // values for the backward pass
	scratch map[scratch]compute.Tensor

	// Branch, unless nil, is asked about each branch that adds to a residual stream.
	Branch func() Regularisation
	// AttentionDropout, unless nil, is asked about each attention: the share of the
	// softmax's values that become 0, at random; the others grow to make up for them.
	AttentionDropout func() float32
	// Random draws what dropout drops.
	Random *rand.Rand
	drawn  []float32
}

// Regularisation changes a residual branch, x += branch(x), in training. The zero value
// drops the branch; [Whole] leaves it as it is.
type Regularisation struct {
	// Scale multiplies the branch. 0 drops it (stochastic depth, Huang et al. 2016).
	Scale float32
	// Dropout is the share of values that become 0, at random, in the branch's
	// hidden layer and in its result; the others grow to make up for them.
	Dropout float32
}

// Whole does not regularise.
var Whole = Regularisation{Scale: 1}

// New returns a tape over a device.
func New(d compute.Differentiable) *Tape {
	return &Tape{Device: d, inner: d, kept: map[size]*pool{}, scratch: map[scratch]compute.Tensor{}}
}

// tensor is a matrix and its shadow.
type tensor struct {
	compute.Tensor
	shadow compute.Tensor
}

func (t *tensor) Free() { t.Tensor.Free(); t.shadow.Free() }

func (t *tensor) Slice(from, to int) compute.Tensor {
	return &tensor{t.Tensor.Slice(from, to), t.shadow.Slice(from, to)}
}

// linear is a layer and the gradients of its parameters.
type linear struct {
	compute.Linear
	weight, bias compute.Tensor // (Out, In), (1, Out)
}

func (l *linear) Free() { l.Linear.Free(); l.weight.Free(); l.bias.Free() }

// norm is a layer normalisation whose parameters have shadows.
type norm struct{ weight, bias *tensor }

func normOf(n compute.Norm) norm { return norm{n.Weight.(*tensor), n.Bias.(*tensor)} }

func (n norm) values() compute.Norm {
	return compute.Norm{Weight: n.weight.Tensor, Bias: n.bias.Tensor}
}
func (n norm) shadows() compute.Norm {
	return compute.Norm{Weight: n.weight.shadow, Bias: n.bias.shadow}
}

// Gradient returns the shadow of a tensor.
func Gradient(t compute.Tensor) compute.Tensor { return t.(*tensor).shadow }

// LinearGradients returns the gradients of a layer's weight (Out, In) and bias
// (1, Out).
func LinearGradients(l compute.Linear) (weight, bias compute.Tensor) {
	return l.(*linear).weight, l.(*linear).bias
}

// Reset forgets the recorded pass.
func (t *Tape) Reset() {
	t.steps = t.steps[:0]
	for _, p := range t.kept {
		p.used = 0
	}
}

// Trim frees what the tape keeps from pass to pass, before passes of another shape.
func (t *Tape) Trim() {
	for _, p := range t.kept {
		for _, m := range p.list {
			m.Free()
		}
	}
	for _, m := range t.scratch {
		m.Free()
	}
	clear(t.kept)
	clear(t.scratch)
}

// Backward replays the recorded pass in reverse, and forgets it.
func (t *Tape) Backward() error {
	for i := len(t.steps) - 1; i >= 0; i-- {
		t.steps[i].back(t, &t.steps[i])
	}
	t.Reset()
	return t.Finish()
}

type size struct{ rows, cols int }

// pool holds matrices of one size, the first of which are in use.
type pool struct {
	list []compute.Tensor
	used int
}

// scratch identifies memory by its use within an operation.
type scratch struct {
	use string
	size
}

// temporary returns a matrix for one use within an operation.
func (t *Tape) temporary(use string, rows, cols int) compute.Tensor {
	key := scratch{use, size{rows, cols}}
	m := t.scratch[key]
	if m == nil {
		m = t.newTensor(rows, cols)
		t.scratch[key] = m
	}
	return m
}

// zeros returns a matrix of zeros for one use within an operation.
func (t *Tape) zeros(use string, rows, cols int) compute.Tensor {
	m := t.temporary(use, rows, cols)
	t.inner.Clear(m)
	return m
}

// keep returns a matrix that stays as it is until the pass has been replayed.
func (t *Tape) keep(rows, cols int) compute.Tensor {
	p := t.kept[size{rows, cols}]
	if p == nil {
		p = new(pool)
		t.kept[size{rows, cols}] = p
	}
	if p.used == len(p.list) {
		p.list = append(p.list, t.newTensor(rows, cols))
	}
	p.used++
	return p.list[p.used-1]
}

// copyOf keeps a copy of x.
func (t *Tape) copyOf(x compute.Tensor) compute.Tensor {
	c := t.keep(x.Rows(), x.Cols())
	t.inner.Copy(c, x)
	return c
}

// newTensor makes a tensor without a shadow. On a Differentiable, that never fails.
func (t *Tape) newTensor(rows, cols int) compute.Tensor {
	m, err := t.inner.NewTensor(rows, cols)
	if err != nil {
		panic(err)
	}
	return m
}
