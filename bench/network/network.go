// Package network reads the float model that the exporters convert to the peers'
// formats, and does the work that they share.
package network

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"segmenter/model"
	"segmenter/modelfile"
)

// A Precision sets how a model file stores and multiplies matrices.
type Precision string

const (
	Float Precision = "f32"
	// Int8 is dynamic quantisation: int8 weights with one scale per output channel;
	// the engine quantises activations at run time.
	Int8 Precision = "int8"
)

// An Exporter writes the encoder with the mask transformer, for pictures of
// size×size pixels, in a peer's format.
type Exporter func(n *Network, size int, p Precision) ([]byte, error)

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
		return errors.New("the model is quantised: choose the float model it came from")
	}
	if n.Mask == nil {
		return errors.New("the model has no mask transformer, the decoder to measure: choose another model")
	}
	if a := n.Architecture; a.ExtraTokens != 1 || a.Heads*modelfile.HeadWidth != a.Width {
		return fmt.Errorf("the model has %d extra tokens and heads of %d channels; the exporters support one token, the class token, and heads of %d channels", a.ExtraTokens, a.Width/a.Heads, modelfile.HeadWidth)
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

// Patches returns the number of patches along size pixels.
func (n *Network) Patches(size int) (int, error) {
	if patch := n.Architecture.Patch; size < patch || size%patch != 0 {
		return 0, fmt.Errorf("size %d: expected a multiple of the patch's %d pixels", size, patch)
	}
	return size / n.Architecture.Patch, nil
}

// Position returns the position embeddings (1+side², D) for side×side patches,
// resized bilinearly as in the official implementation. The peers' files have
// fixed sizes, so they store the result.
func (n *Network) Position(side int) []float32 {
	a := n.Architecture
	return model.ResizePosition(n.Floats(n.Encoder.Position), a.ExtraTokens, a.Grid, side, side, a.Width)
}

// QKV returns the weight (3D, D) and the bias of the layer that makes queries,
// keys and values. Both include attention's factor on the queries, HeadWidth^−½.
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

// Rows returns the rows from from to to, exclusive.
func (t Tensor) Rows(from, to int) Tensor {
	length := len(t.Values) / t.Shape[0]
	return Tensor{append([]int{to - from}, t.Shape[1:]...), t.Values[from*length : to*length]}
}

// Transposed returns the transpose of a matrix.
func (t Tensor) Transposed() Tensor {
	return Tensor{[]int{t.Shape[1], t.Shape[0]}, modelfile.Transpose(t.Values, t.Shape[0])}
}
