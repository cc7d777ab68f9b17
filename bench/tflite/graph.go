package tflite

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"segmenter/bench/network"
	"segmenter/quant"
)

// Field numbers and enumerations are from TFLite's schema.fbs.
const (
	typeFloat32 = 0
	typeInt32   = 2
	typeInt8    = 9
)

// operator is a builtin operator.
type operator struct {
	code, version int
	options       int // the type of its options in the union BuiltinOptions; 0 = none
}

var (
	opAdd            = operator{code: 0, version: 1, options: 11}
	opConcatenation  = operator{code: 2, version: 1, options: 10}
	opConv2D         = operator{code: 3, version: 1, options: 1}
	opFullyConnected = operator{code: 9, version: 1, options: 8}
	opMul            = operator{code: 18, version: 1, options: 21}
	opReshape        = operator{code: 22, version: 1}
	opSoftmax        = operator{code: 25, version: 1, options: 9}
	opTranspose      = operator{code: 39, version: 1}
	opMean           = operator{code: 40, version: 1, options: 27}
	opSub            = operator{code: 41, version: 1, options: 28}
	opSlice          = operator{code: 65, version: 1}
	opSum            = operator{code: 74, version: 1, options: 27}
	opRsqrt          = operator{code: 76, version: 1}
	opBatchMatMul    = operator{code: 126, version: 1, options: 101}
	opGelu           = operator{code: 150, version: 1, options: 116}

	// Since version 9, int8 weights may have one scale per output.
	opFullyConnectedInt8 = operator{code: 9, version: 9, options: 8}
)

// value is the index of a tensor of the graph.
type value int

type graph struct {
	precision network.Precision
	shapes    [][]int
	tensors   tables
	buffers   tables
	operators tables
	codes     []operator
}

func newGraph(precision network.Precision) *graph {
	// The first buffer is empty, for tensors without constant values.
	return &graph{precision: precision, buffers: tables{table{}}}
}

func (g *graph) tensor(kind int, shape []int, buffer int, quantisation node) value {
	g.shapes = append(g.shapes, shape)
	t := table{
		0: nodeField(int32s(shape)),
		1: byteField(kind),
		2: intField(buffer),
		3: nodeField(text(fmt.Sprint("t", len(g.tensors)))),
	}
	if quantisation != nil {
		t[4] = nodeField(quantisation)
	}
	g.tensors = append(g.tensors, t)
	return value(len(g.tensors) - 1)
}

func (g *graph) constant(kind int, shape []int, content []byte, quantisation node) value {
	g.buffers = append(g.buffers, table{0: nodeField(raw(content))})
	return g.tensor(kind, shape, len(g.buffers)-1, quantisation)
}

func (g *graph) floats(values []float32, shape ...int) value {
	content := make([]byte, 0, 4*len(values))
	for _, v := range values {
		content = binary.LittleEndian.AppendUint32(content, math.Float32bits(v))
	}
	return g.constant(typeFloat32, shape, content, nil)
}

func (g *graph) ints(values ...int) value {
	var content []byte
	for _, v := range values {
		content = binary.LittleEndian.AppendUint32(content, uint32(v))
	}
	return g.constant(typeInt32, []int{len(values)}, content, nil)
}

// weight adds the matrix or the kernel of a layer, output channels first.
func (g *graph) weight(t network.Tensor) value {
	if g.precision == network.Float {
		return g.floats(t.Values, t.Shape...)
	}
	values, scale := quant.PerChannel(t.Values, t.Shape, 0)
	content := make([]byte, len(values))
	for i, v := range values {
		content[i] = byte(v)
	}
	return g.constant(typeInt8, t.Shape, content, table{ // QuantizationParameters along dimension 0
		2: nodeField(numbers[float32](scale)),
		3: nodeField(make(numbers[int64], len(scale))),
	})
}

func int32s(values []int) node {
	list := make(numbers[int32], len(values))
	for i, v := range values {
		list[i] = int32(v)
	}
	return list
}

func indices(values []value) node {
	list := make(numbers[int32], len(values))
	for i, v := range values {
		list[i] = int32(v)
	}
	return list
}

// missing stands for an omitted input.
const missing value = -1

// add adds an operator and returns its output.
func (g *graph) add(op operator, options table, shape []int, inputs ...value) value {
	output := g.tensor(typeFloat32, shape, 0, nil)
	code := slices.Index(g.codes, op)
	if code < 0 {
		code = len(g.codes)
		g.codes = append(g.codes, op)
	}
	t := table{0: intField(code), 1: nodeField(indices(inputs)), 2: nodeField(indices([]value{output}))}
	if op.options != 0 {
		t[3] = byteField(op.options)
		t[4] = nodeField(options)
	}
	g.operators = append(g.operators, t)
	return output
}

// elementwise adds an operator on two values, which broadcasts the smaller one.
func (g *graph) elementwise(op operator, a, b value) value {
	shape := slices.Clone(g.shapes[a])
	for i := range g.shapes[b] {
		fromEnd := len(g.shapes[b]) - i
		at := len(shape) - fromEnd
		shape[at] = max(shape[at], g.shapes[b][i])
	}
	return g.add(op, table{}, shape, a, b)
}

func (g *graph) reshape(x value, shape ...int) value {
	return g.add(opReshape, nil, shape, x, g.ints(shape...))
}

func (g *graph) transpose(x value, permutation ...int) value {
	shape := make([]int, len(permutation))
	for i, from := range permutation {
		shape[i] = g.shapes[x][from]
	}
	return g.add(opTranspose, nil, shape, x, g.ints(permutation...))
}

// concatenate joins two values along axis 1.
func (g *graph) concatenate(a, b value) value {
	shape := slices.Clone(g.shapes[a])
	shape[1] += g.shapes[b][1]
	return g.add(opConcatenation, table{0: intField(1)}, shape, a, b)
}

// rows slices x[:, from:to] from x (1, tokens, width).
func (g *graph) rows(x value, from, to int) value {
	width := g.shapes[x][2]
	return g.add(opSlice, nil, []int{1, to - from, width}, x, g.ints(0, from, 0), g.ints(1, to-from, width))
}

// reduce adds the mean or the sum along the last axis, and keeps that axis.
func (g *graph) reduce(op operator, x value) value {
	shape := slices.Clone(g.shapes[x])
	last := len(shape) - 1
	shape[last] = 1
	return g.add(op, table{0: boolField(true)}, shape, x, g.ints(last))
}

func (g *graph) multiply(a, b value, transposeB bool) value {
	shape := slices.Clone(g.shapes[a])
	width := g.shapes[b][len(shape)-1]
	if transposeB {
		width = g.shapes[b][len(shape)-2]
	}
	shape[len(shape)-1] = width
	return g.add(opBatchMatMul, table{1: boolField(transposeB)}, shape, a, b)
}

// linear adds x·Wᵀ + b with a weight (out, in); the bias may be nil.
func (g *graph) linear(x value, weight network.Tensor, bias []float32) value {
	shape := slices.Clone(g.shapes[x])
	out := weight.Shape[0]
	shape[len(shape)-1] = out
	b := missing
	if bias != nil {
		b = g.floats(bias, out)
	}
	op, options := opFullyConnected, table{2: boolField(true)} // keep_num_dims
	if g.precision == network.Int8 {
		op, options[3] = opFullyConnectedInt8, boolField(true) // asymmetric_quantize_inputs
	}
	return g.add(op, options, shape, x, g.weight(weight), b)
}

// model returns the whole file.
func (g *graph) model(input, output value) []byte {
	var codes tables
	for _, op := range g.codes {
		codes = append(codes, table{
			0: byteField(min(op.code, 127)), // deprecated_builtin_code, for older readers
			2: intField(op.version),
			3: intField(op.code),
		})
	}
	subgraph := table{
		0: nodeField(g.tensors),
		1: nodeField(indices([]value{input})),
		2: nodeField(indices([]value{output})),
		3: nodeField(g.operators),
		4: nodeField(text("main")),
	}
	return encode("TFL3", table{
		0: intField(3), // version of the schema
		1: nodeField(codes),
		2: nodeField(tables{subgraph}),
		3: nodeField(text("segmenter")),
		4: nodeField(g.buffers),
	})
}
