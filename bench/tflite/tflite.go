// Package tflite exports Segmenter as a .tflite file, in the form that LiteRT runs
// fastest.
package tflite

import (
	"segmenter/bench/network"
	"segmenter/compute"
	"segmenter/modelfile"
)

// exporter writes one network.
type exporter struct {
	*network.Network
	*graph
}

// Export is a [network.Exporter]. The file's input is (1, size, size, 3),
// normalised, its output the scores (1, rows, columns, classes) of patches.
func Export(n *network.Network, size int, precision network.Precision) ([]byte, error) {
	side, err := n.Patches(size)
	if err != nil {
		return nil, err
	}
	e := &exporter{n, newGraph(precision)}
	input := e.tensor(typeFloat32, []int{1, size, size, 3}, 0, nil)
	scores := e.decode(e.encode(input, side), side*side, len(n.Classes))
	output := e.reshape(scores, 1, side, side, len(n.Classes))
	return e.model(input, output), nil
}

// encode returns the features (1, patches, D).
func (e *exporter) encode(image value, side int) value {
	D, patches := e.Architecture.Width, side*side
	x := e.reshape(e.patchEmbedding(image, side), 1, patches, D)
	x = e.concatenate(e.parameter(e.Encoder.ClassToken), x)
	x = e.elementwise(opAdd, x, e.floats(e.Position(side), 1, 1+patches, D))
	for _, b := range e.Encoder.Blocks {
		x = e.block(x, b, e.Architecture.Heads)
	}
	return e.rows(e.norm(x, e.Encoder.Norm), 1, 1+patches)
}

func (e *exporter) patchEmbedding(image value, side int) value {
	kernel := e.Floats(e.Encoder.PatchEmbedding.Weight) // (D, 3, P, P)
	D, P := e.Architecture.Width, e.Architecture.Patch
	ohwi := network.Tensor{Shape: []int{D, P, P, 3}}
	for d := range D {
		filter := kernel[d*3*P*P:][:3*P*P]
		ohwi.Values = append(ohwi.Values, modelfile.Transpose(filter, 3)...)
	}
	options := table{
		0: byteField(1),                // padding: none
		1: intField(P), 2: intField(P), // strides
		4: intField(1), 5: intField(1), // dilations
	}
	return e.add(opConv2D, options, []int{1, side, side, D},
		image, e.weight(ohwi), e.parameter(e.Encoder.PatchEmbedding.Bias))
}

// decode returns the scores (1, patches, classes).
func (e *exporter) decode(features value, patches, classes int) value {
	m := e.Mask
	x := e.concatenate(e.layer(features, m.Input), e.parameter(m.ClassEmbeddings))
	for _, b := range m.Blocks {
		x = e.block(x, b, e.Architecture.DecoderHeads())
	}
	x = e.norm(x, m.Norm)
	p := e.unit(e.layer(e.rows(x, 0, patches), m.PatchProjection))
	c := e.unit(e.layer(e.rows(x, patches, patches+classes), m.ClassProjection))
	return e.norm(e.multiply(p, c, true), m.ScoreNorm)
}

// block adds a transformer block on x (1, tokens, D).
func (e *exporter) block(x value, b modelfile.Block, heads int) value {
	y := e.attention(e.norm(x, b.Norm1), b.QKV, heads)
	x = e.elementwise(opAdd, x, e.layer(y, b.Proj))
	y = e.layer(e.norm(x, b.Norm2), b.FC1)
	y = e.add(opGelu, table{}, e.shapes[y], y) // exact, not approximate
	return e.elementwise(opAdd, x, e.layer(y, b.FC2))
}

// attention adds softmax(q·kᵀ)·v of every head. The weights of q include its scale.
// One product for q, k and v, split afterwards, takes LiteRT just as long.
func (e *exporter) attention(x value, layer modelfile.LinearLayer, heads int) value {
	D, tokens := e.Architecture.Width, e.shapes[x][1]
	weight, bias := e.QKV(layer)
	part := func(i int) value {
		y := e.linear(x, weight.Rows(i*D, (i+1)*D), bias[i*D:(i+1)*D])
		return e.transpose(e.reshape(y, 1, tokens, heads, D/heads), 0, 2, 1, 3)
	}
	q, k, v := part(0), part(1), part(2)
	products := e.multiply(q, k, true)
	weights := e.add(opSoftmax, table{0: floatField(1)}, e.shapes[products], products)
	return e.reshape(e.transpose(e.multiply(weights, v, false), 0, 2, 1, 3), 1, tokens, D)
}

// norm adds a layer normalisation, for which TFLite has no operator.
func (e *exporter) norm(x value, n modelfile.Norm) value {
	d := e.elementwise(opSub, x, e.reduce(opMean, x))
	variance := e.reduce(opMean, e.elementwise(opMul, d, d))
	shifted := e.elementwise(opAdd, variance, e.floats([]float32{compute.Eps}, 1))
	y := e.elementwise(opMul, d, e.add(opRsqrt, nil, e.shapes[shifted], shifted))
	return e.elementwise(opAdd, e.elementwise(opMul, y, e.parameter(n.Gain)), e.parameter(n.Bias))
}

// unit scales the rows of x to length 1.
func (e *exporter) unit(x value) value {
	square := e.reduce(opSum, e.elementwise(opMul, x, x))
	return e.elementwise(opMul, x, e.add(opRsqrt, nil, e.shapes[square], square))
}

func (e *exporter) layer(x value, l modelfile.LinearLayer) value {
	return e.linear(x, e.Weight(l), e.Floats(l.Bias))
}

func (e *exporter) parameter(p *modelfile.Parameter) value {
	return e.floats(e.Floats(p), p.Shape...)
}
