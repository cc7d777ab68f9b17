// Package network reads the weights that the peers' model files are made of,
// and prepares what those files have in common.
package network

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"segmenter/model"
	"segmenter/quant"
)

// A Precision is how the matrices of a model file are stored and multiplied.
type Precision string

const (
	Float Precision = "f32"
	// Int8 is what the peers call dynamic quantisation: int8 weights with one
	// scale an output channel, activations quantised as they come.
	Int8 Precision = "int8"
)

// Network is a float model file in memory.
type Network struct {
	quant.Card
	Tensors map[string]Tensor
}

// Tensor holds values in row-major order.
type Tensor struct {
	Shape  []int
	Values []float32
}

// Open reads a float model file with a mask transformer.
func Open(path string) (*Network, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	n, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

func read(r io.Reader) (*Network, error) {
	file, err := quant.NewReader(r)
	if err != nil {
		return nil, err
	}
	card, err := quant.Describe(file)
	if err != nil {
		return nil, err
	}
	n := &Network{Card: card, Tensors: map[string]Tensor{}}
	for {
		t, err := file.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		values, err := file.Float32s()
		if err != nil {
			return nil, err
		}
		n.Tensors[t.Name] = Tensor{t.Shape, values}
	}
	if _, ok := n.Tensors["mask.cls_emb"]; !ok {
		return nil, fmt.Errorf("the model has no mask transformer, which is the decoder that is measured: choose another")
	}
	if a := n.Architecture; a.ExtraTokens != 1 || a.Heads*HeadWidth != a.Width {
		return nil, fmt.Errorf("the model has %d extra tokens and heads of %d channels; the exporters know one token, the class's, and heads of %d", a.ExtraTokens, a.Width/a.Heads, HeadWidth)
	}
	return n, nil
}

// HeadWidth is the width of every attention's heads.
const HeadWidth = 64

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
	return model.ResizePosition(n.Tensors["encoder.pos_embed"].Values, a.ExtraTokens, a.Grid, side, side, a.Width)
}

// QKV is the layer that makes queries, keys and values (3D, D), with what
// attention multiplies its queries with, width^−½, already in it.
func (n *Network) QKV(name string) (weight Tensor, bias []float32) {
	w, b := n.Tensors[name+".weight"], n.Tensors[name+".bias"]
	weight = Tensor{w.Shape, slices.Clone(w.Values)}
	bias = slices.Clone(b.Values)
	scale := float32(1 / math.Sqrt(HeadWidth))
	for _, queries := range [][]float32{weight.Values[:len(weight.Values)/3], bias[:len(bias)/3]} {
		for i := range queries {
			queries[i] *= scale
		}
	}
	return weight, bias
}

// Rows is the rows from (inclusive) to to (exclusive).
func (t Tensor) Rows(from, to int) Tensor {
	length := len(t.Values) / t.Shape[0]
	return Tensor{append([]int{to - from}, t.Shape[1:]...), t.Values[from*length : to*length]}
}

// Transposed is the transposed of a matrix.
func (t Tensor) Transposed() Tensor {
	return Tensor{[]int{t.Shape[1], t.Shape[0]}, Transpose(t.Values, t.Shape[0])}
}

// Transpose transposes a matrix of rows.
func Transpose[T any](values []T, rows int) []T {
	cols := len(values) / rows
	out := make([]T, len(values))
	for i, v := range values {
		out[i%cols*rows+i/cols] = v
	}
	return out
}
