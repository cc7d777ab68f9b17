// Package onnx writes Segmenter as an ONNX file for onnxruntime, in the form
// in which that runs it fastest.
package onnx

import (
	"fmt"

	"segmenter/bench/network"
	"segmenter/compute"
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

// Export is the encoder with the mask transformer, for pictures of size×size
// pixels.
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
		Input, e.tensor(e.Tensors["encoder.patch_embed.proj.weight"]), e.tensor(e.Tensors["encoder.patch_embed.proj.bias"]),
	}, intsAttribute("kernel_shape", patch, patch), intsAttribute("strides", patch, patch))
	x = e.node("Reshape", []string{x, e.int64s(1, D, patches)})
	x = e.node("Transpose", []string{x}, intsAttribute("perm", 0, 2, 1))
	x = e.node("Concat", []string{e.tensor(e.Tensors["encoder.cls_token"]), x}, intAttribute("axis", 1))
	x = e.node("Add", []string{x, e.floats(e.Position(side), 1, 1+patches, D)})
	for i := range e.Architecture.Depth {
		x = e.block(x, fmt.Sprintf("encoder.blocks.%d.", i), 1+patches, e.Architecture.Heads)
	}
	return e.rows(e.norm(x, "encoder.norm"), 1, 1+patches)
}

// decode returns the scores (1, patches, classes).
func (e *exporter) decode(features string, patches, classes int) string {
	x := e.linearNamed(features, "mask.proj_dec")
	x = e.node("Concat", []string{x, e.tensor(e.Tensors["mask.cls_emb"])}, intAttribute("axis", 1))
	for i := range e.Architecture.DecoderDepth {
		x = e.block(x, fmt.Sprintf("mask.blocks.%d.", i), patches+classes, e.Architecture.Width/network.HeadWidth)
	}
	x = e.norm(x, "mask.decoder_norm")
	p := e.unit(e.linear(e.rows(x, 0, patches), e.Tensors["mask.proj_patch"].Transposed(), nil))
	c := e.unit(e.linear(e.rows(x, patches, patches+classes), e.Tensors["mask.proj_classes"].Transposed(), nil))
	scores := e.node("MatMul", []string{p, e.node("Transpose", []string{c}, intsAttribute("perm", 0, 2, 1))})
	return e.norm(scores, "mask.mask_norm")
}

// block is a transformer block on x (1, tokens, D).
func (e *exporter) block(x, name string, tokens, heads int) string {
	y := e.norm(x, name+"norm1")
	y = e.attention(y, name+"attn.", tokens, heads)
	x = e.node("Add", []string{x, e.linearNamed(y, name+"attn.proj")})
	y = e.linearNamed(e.norm(x, name+"norm2"), name+"mlp.fc1")
	y = e.extension("Gelu", y)
	return e.node("Add", []string{x, e.linearNamed(y, name+"mlp.fc2")})
}

// attention is softmax(q·kᵀ)·v of every head; q's scale is in its weights.
//
// On WebAssembly, onnxruntime's operators for whole attentions (Attention,
// QAttention, MultiHeadAttention) are as fast as this on one thread, and up to
// an eighth slower on two.
func (e *exporter) attention(x, name string, tokens, heads int) string {
	D := e.Architecture.Width
	weight, bias := e.QKV(name + "qkv")
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

func (e *exporter) linearNamed(x, name string) string {
	return e.linear(x, e.Tensors[name+".weight"], e.Tensors[name+".bias"].Values)
}

func (e *exporter) norm(x, name string) string {
	inputs := []string{x, e.tensor(e.Tensors[name+".weight"]), e.tensor(e.Tensors[name+".bias"])}
	return e.node("LayerNormalization", inputs, intAttribute("axis", -1), floatAttribute("epsilon", compute.Eps))
}

// rows is the tokens of x from (inclusive) to to (exclusive).
func (e *exporter) rows(x string, from, to int) string {
	return e.node("Slice", []string{x, e.int64s(from), e.int64s(to), e.int64s(1)})
}

// unit scales the rows of x to length 1.
func (e *exporter) unit(x string) string {
	length := e.node("ReduceL2", []string{x}, intsAttribute("axes", -1), intAttribute("keepdims", 1))
	return e.node("Div", []string{x, length})
}
