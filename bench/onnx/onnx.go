// Package onnx exports Segmenter as an ONNX file, in the form that onnxruntime
// runs fastest.
package onnx

import (
	"segmenter/bench/network"
	"segmenter/compute"
	"segmenter/modelfile"
)

// Names of the file's input and output.
const (
	Input  = "image"  // (1, 3, size, size), normalised
	Output = "scores" // (1, patches, classes), patches row by row
)

// exporter writes one network.
type exporter struct {
	*network.Network
	*graph
}

// Export is a [network.Exporter].
func Export(n *network.Network, size int, precision network.Precision) ([]byte, error) {
	side, err := n.Patches(size)
	if err != nil {
		return nil, err
	}
	e := &exporter{n, &graph{precision: precision}}
	patches, classes := side*side, len(n.Classes)
	scores := e.decode(e.encode(side), patches, classes)
	e.operator("", "Identity", []string{scores}, []string{Output})
	return e.model(Input, []int{1, 3, size, size}, Output, []int{1, patches, classes}), nil
}

// encode returns the features (1, patches, D).
func (e *exporter) encode(side int) string {
	D, patches := e.Architecture.Width, side*side
	patch := int64(e.Architecture.Patch)
	x := e.node("Conv", []string{
		Input, e.parameter(e.Encoder.PatchEmbedding.Weight), e.parameter(e.Encoder.PatchEmbedding.Bias),
	}, intsAttribute("kernel_shape", patch, patch), intsAttribute("strides", patch, patch))
	x = e.node("Reshape", []string{x, e.int64s(1, D, patches)})
	x = e.node("Transpose", []string{x}, intsAttribute("perm", 0, 2, 1))
	x = e.node("Concat", []string{e.parameter(e.Encoder.ClassToken), x}, intAttribute("axis", 1))
	x = e.node("Add", []string{x, e.floats(e.Position(side), 1, 1+patches, D)})
	for _, b := range e.Encoder.Blocks {
		x = e.block(x, b, 1+patches, e.Architecture.Heads)
	}
	return e.rows(e.norm(x, e.Encoder.Norm), 1, 1+patches)
}

// decode returns the scores (1, patches, classes).
func (e *exporter) decode(features string, patches, classes int) string {
	m := e.Mask
	x := e.layer(features, m.Input)
	x = e.node("Concat", []string{x, e.parameter(m.ClassEmbeddings)}, intAttribute("axis", 1))
	for _, b := range m.Blocks {
		x = e.block(x, b, patches+classes, e.Architecture.DecoderHeads())
	}
	x = e.norm(x, m.Norm)
	p := e.unit(e.layer(e.rows(x, 0, patches), m.PatchProjection))
	c := e.unit(e.layer(e.rows(x, patches, patches+classes), m.ClassProjection))
	scores := e.node("MatMul", []string{p, e.node("Transpose", []string{c}, intsAttribute("perm", 0, 2, 1))})
	return e.norm(scores, m.ScoreNorm)
}

// block adds a transformer block on x (1, tokens, D).
func (e *exporter) block(x string, b modelfile.Block, tokens, heads int) string {
	y := e.attention(e.norm(x, b.Norm1), b.QKV, tokens, heads)
	x = e.node("Add", []string{x, e.layer(y, b.Proj)})
	y = e.layer(e.norm(x, b.Norm2), b.FC1)
	y = e.extension("Gelu", y)
	return e.node("Add", []string{x, e.layer(y, b.FC2)})
}

// attention adds softmax(q·kᵀ)·v of every head. The weights of q include its scale.
//
// On WebAssembly, onnxruntime's fused operators (Attention, QAttention,
// MultiHeadAttention) are as fast as this on one thread, and up to an eighth
// slower on two.
func (e *exporter) attention(x string, layer modelfile.LinearLayer, tokens, heads int) string {
	D := e.Architecture.Width
	weight, bias := e.QKV(layer)
	qkv := e.nodes("Split", 3, []string{e.linear(x, weight, bias)}, intAttribute("axis", 2))
	split := func(x string, permutation ...int64) string {
		x = e.node("Reshape", []string{x, e.int64s(1, tokens, heads, D/heads)})
		return e.node("Transpose", []string{x}, intsAttribute("perm", permutation...))
	}
	q, k, v := split(qkv[0], 0, 2, 1, 3), split(qkv[1], 0, 2, 3, 1), split(qkv[2], 0, 2, 1, 3)
	products := e.node("MatMul", []string{q, k})
	weights := e.node("Softmax", []string{products}, intAttribute("axis", -1))
	y := e.node("Transpose", []string{e.node("MatMul", []string{weights, v})}, intsAttribute("perm", 0, 2, 1, 3))
	return e.node("Reshape", []string{y, e.int64s(1, tokens, D)})
}

func (e *exporter) layer(x string, l modelfile.LinearLayer) string {
	return e.linear(x, e.Weight(l), e.Floats(l.Bias))
}

func (e *exporter) norm(x string, n modelfile.Norm) string {
	inputs := []string{x, e.parameter(n.Gain), e.parameter(n.Bias)}
	return e.node("LayerNormalization", inputs, intAttribute("axis", -1), floatAttribute("epsilon", compute.Eps))
}

func (e *exporter) parameter(p *modelfile.Parameter) string { return e.tensor(e.Tensor(p)) }

// rows slices the tokens of x from from to to, exclusive.
func (e *exporter) rows(x string, from, to int) string {
	return e.node("Slice", []string{x, e.int64s(from), e.int64s(to), e.int64s(1)})
}

// unit scales the rows of x to length 1.
func (e *exporter) unit(x string) string {
	length := e.node("ReduceL2", []string{x}, intsAttribute("axes", -1), intAttribute("keepdims", 1))
	return e.node("Div", []string{x, length})
}
