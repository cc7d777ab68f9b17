// Package network reads the model that the peers' model files are made from, and
// prepares what those files have in common.
package network

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"segmenter/model"
	"segmenter/modelfile"
)

// A Precision is how the matrices of a model file are stored and multiplied.
type Precision string

const (
	Float Precision = "f32"
	// Int8 is dynamic quantisation, in the words of the peers: int8 weights with one
	// scale an output channel, activations quantised as they come.
	Int8 Precision = "int8"
)

// Network is a float model file in memory, with a mask transformer.
type Network struct{ *modelfile.Model }

// Tensor holds values in row-major order.
type Tensor struct {
	Shape  []int
	Values []float32
}

// Open reads a float model file with a mask transformer.
func Open(path string) (*Network, error) {
	m, err := modelfile.Open(path)
	if err != nil {
		return nil, err
	}
	n := &Network{m}
	if err := n.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

func (n *Network) check() error {
	if n.Precision() != "float32" {
		return errors.New("the model is quantised: choose the float model that it was made from")
	}
	if n.Mask == nil {
		return errors.New("the model has no mask transformer, which is the decoder that is measured: choose another")
	}
	if a := n.Architecture; a.ExtraTokens != 1 || a.Heads*modelfile.HeadWidth != a.Width {
		return fmt.Errorf("the model has %d extra tokens and heads of %d channels; the exporters know one token, the class's, and heads of %d", a.ExtraTokens, a.Width/a.Heads, modelfile.HeadWidth)
	}
	return nil
}

// Tensor returns a parameter in its own shape.
func (n *Network) Tensor(p *modelfile.Parameter) Tensor { return Tensor{p.Shape, n.Floats(p)} }

// Weight returns the matrix of a linear layer (out, in).
func (n *Network) Weight(l modelfile.LinearLayer) Tensor {
	m := n.Matrix(l.Weight)
	return Tensor{[]int{m.Out, m.In}, m.Float}
}

// Patches is how many patches a side of size pixels has.
func (n *Network) Patches(size int) (int, error) {
	if patch := n.Architecture.Patch; size < patch || size%patch != 0 {
		return 0, fmt.Errorf("size %d: a multiple of the patches' %d pixels is needed", size, patch)
	}
	return size / n.Architecture.Patch, nil
}

// Position is the position embeddings (1+side², D) for side×side patches,
// resized bilinearly as the official implementation does. The peers' files
// have one size each, so this is done once, in the file.
func (n *Network) Position(side int) []float32 {
	a := n.Architecture
	return model.ResizePosition(n.Floats(n.Encoder.Position), a.ExtraTokens, a.Grid, side, side, a.Width)
}

// QKV returns the weight (3D, D) and the bias of the layer that makes queries,
// keys and values. Both include the factor that attention multiplies its queries
// with, width^−½.
func (n *Network) QKV(l modelfile.LinearLayer) (weight Tensor, bias []float32) {
	weight = n.Weight(l)
	weight.Values = slices.Clone(weight.Values)
	bias = slices.Clone(n.Floats(l.Bias))
	scale := float32(1 / math.Sqrt(modelfile.HeadWidth))
	for _, queries := range [][]float32{weight.Values[:len(weight.Values)/3], bias[:len(bias)/3]} {
		for i := range queries {
			queries[i] *= scale
		}
	}
	return weight, bias
}

// Rows returns the rows from (inclusive) to to (exclusive).
func (t Tensor) Rows(from, to int) Tensor {
	length := len(t.Values) / t.Shape[0]
	return Tensor{append([]int{to - from}, t.Shape[1:]...), t.Values[from*length : to*length]}
}

// Transposed returns the transpose of a matrix.
func (t Tensor) Transposed() Tensor {
	return Tensor{[]int{t.Shape[1], t.Shape[0]}, modelfile.Transpose(t.Values, t.Shape[0])}
}
