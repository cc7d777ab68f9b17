package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"segmenter/bench/network"
	"segmenter/modelfile"
	"segmenter/quant"
)

// Field numbers and enumerations are from onnx.proto.
const (
	irVersion = 9
	opset     = 17

	typeFloat = 1
	typeInt8  = 3
	typeInt64 = 7

	attributeFloat = 1
	attributeInt   = 2
	attributeInts  = 7
)

// microsoft is the domain of onnxruntime's own operators.
const microsoft = "com.microsoft"

// graph collects the nodes and constants of a model. Values have names.
type graph struct {
	precision network.Precision
	message   message // a GraphProto
	values    int     // number of names given
}

func (g *graph) name() string {
	g.values++
	return fmt.Sprint("v", g.values)
}

type attribute func(*message)

func intAttribute(name string, value int64) attribute {
	return func(m *message) {
		m.string(1, name)
		m.int(3, value)
		m.int(20, attributeInt)
	}
}

func floatAttribute(name string, value float32) attribute {
	return func(m *message) {
		m.string(1, name)
		m.float(2, value)
		m.int(20, attributeFloat)
	}
}

func intsAttribute(name string, values ...int64) attribute {
	return func(m *message) {
		m.string(1, name)
		for _, v := range values {
			m.int(8, v)
		}
		m.int(20, attributeInts)
	}
}

// node adds an ONNX operator and returns the name of its output. "" stands for an
// omitted input.
func (g *graph) node(op string, inputs []string, attributes ...attribute) string {
	return g.nodes(op, 1, inputs, attributes...)[0]
}

// nodes adds an ONNX operator with several outputs.
func (g *graph) nodes(op string, outputs int, inputs []string, attributes ...attribute) []string {
	names := make([]string, outputs)
	for i := range names {
		names[i] = g.name()
	}
	g.operator("", op, inputs, names, attributes...)
	return names
}

// extension adds an onnxruntime operator.
func (g *graph) extension(op string, inputs ...string) string {
	output := g.name()
	g.operator(microsoft, op, inputs, []string{output})
	return output
}

func (g *graph) operator(domain, op string, inputs, outputs []string, attributes ...attribute) {
	g.message.sub(1, func(m *message) {
		for _, name := range inputs {
			m.string(1, name)
		}
		for _, name := range outputs {
			m.string(2, name)
		}
		m.string(3, op+" "+outputs[0])
		m.string(4, op)
		for _, a := range attributes {
			m.sub(5, a)
		}
		if domain != "" {
			m.string(7, domain)
		}
	})
}

func (g *graph) constant(dataType int64, shape []int, raw []byte) string {
	name := g.name()
	g.message.sub(5, func(m *message) {
		for _, dim := range shape {
			m.int(1, int64(dim))
		}
		m.int(2, dataType)
		m.string(8, name)
		m.bytes(9, raw)
	})
	return name
}

func (g *graph) floats(values []float32, shape ...int) string {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return g.constant(typeFloat, shape, raw)
}

func (g *graph) int8s(values []int8, shape ...int) string {
	raw := make([]byte, len(values))
	for i, v := range values {
		raw[i] = byte(v)
	}
	return g.constant(typeInt8, shape, raw)
}

func (g *graph) int64s(values ...int) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return g.constant(typeInt64, []int{len(values)}, raw)
}

func (g *graph) tensor(t network.Tensor) string { return g.floats(t.Values, t.Shape...) }

// linear adds x·Wᵀ + b with a weight (out, in); the bias may be nil.
func (g *graph) linear(x string, weight network.Tensor, bias []float32) string {
	out, in := weight.Shape[0], weight.Shape[1]
	if g.precision == network.Int8 {
		values, scale := quant.PerChannel(weight.Values, weight.Shape, 0)
		inputs := []string{x, g.int8s(modelfile.Transpose(values, out), in, out), g.floats(scale, out)}
		if bias != nil {
			inputs = append(inputs, "", g.floats(bias, out))
		}
		return g.extension("DynamicQuantizeMatMul", inputs...)
	}
	y := g.node("MatMul", []string{x, g.tensor(weight.Transposed())})
	if bias == nil {
		return y
	}
	return g.node("Add", []string{y, g.floats(bias, out)})
}

// model returns the whole file, a ModelProto.
func (g *graph) model(input string, inputShape []int, output string, outputShape []int) []byte {
	g.message.string(2, "segmenter")
	g.message.sub(11, valueInfo(input, inputShape))
	g.message.sub(12, valueInfo(output, outputShape))
	var m message
	m.int(1, irVersion)
	m.string(2, "segmenter/bench")
	m.bytes(7, g.message)
	m.sub(8, operatorSet("", opset))
	m.sub(8, operatorSet(microsoft, 1))
	return m
}

func operatorSet(domain string, version int64) func(*message) {
	return func(m *message) {
		m.string(1, domain)
		m.int(2, version)
	}
}

func valueInfo(name string, shape []int) func(*message) {
	return func(m *message) {
		m.string(1, name)
		m.sub(2, func(m *message) { // TypeProto
			m.sub(1, func(m *message) { // TypeProto.Tensor
				m.int(1, typeFloat)
				m.sub(2, func(m *message) { // TensorShapeProto
					for _, dim := range shape {
						m.sub(1, func(m *message) { m.int(1, int64(dim)) })
					}
				})
			})
		})
	}
}
