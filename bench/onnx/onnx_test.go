package onnx

import (
	"encoding/binary"
	"slices"
	"testing"

	"segmenter/bench/network"
	"segmenter/bench/network/networktest"
)

func TestExporter(t *testing.T) { networktest.TestExporter(t, Export) }

// part is a decoded field of a message.
type part struct {
	number int
	value  uint64 // of a varint
	bytes  []byte
}

func readMessage(t *testing.T, m []byte) (parts []part) {
	t.Helper()
	uvarint := func() uint64 {
		v, n := binary.Uvarint(m)
		if n <= 0 {
			t.Fatal("a varint is cut short")
		}
		m = m[n:]
		return v
	}
	for len(m) > 0 {
		key := uvarint()
		p := part{number: int(key >> 3)}
		switch key & 7 {
		case wireVarint:
			p.value = uvarint()
		case wireBytes:
			n := int(uvarint())
			p.bytes, m = m[:n], m[n:]
		case wireFixed4:
			p.bytes, m = m[:4], m[4:]
		default:
			t.Fatalf("wire type %d", key&7)
		}
		parts = append(parts, p)
	}
	return parts
}

func texts(parts []part, number int) (list []string) {
	for _, p := range parts {
		if p.number == number {
			list = append(list, string(p.bytes))
		}
	}
	return list
}

func only(t *testing.T, parts []part, number int) part {
	t.Helper()
	i := slices.IndexFunc(parts, func(p part) bool { return p.number == number })
	if i < 0 {
		t.Fatalf("field %d is missing", number)
	}
	return parts[i]
}

// TestGraph decodes the graph: every input of a node must be a constant or the
// output of an earlier node, and every constant as long as its shape.
func TestGraph(t *testing.T) {
	for _, precision := range []network.Precision{network.Float, network.Int8} {
		graph := readMessage(t, only(t, readMessage(t, networktest.Export(t, Export, precision)), 7).bytes)
		known := map[string]bool{"": true, Input: true}
		for _, p := range graph {
			if p.number == 5 {
				known[checkConstant(t, p.bytes)] = true
			}
		}
		operators := map[string]int{}
		for _, p := range graph {
			if p.number != 1 {
				continue
			}
			node := readMessage(t, p.bytes)
			operator := string(only(t, node, 4).bytes)
			operators[operator]++
			for _, input := range texts(node, 1) {
				if !known[input] {
					t.Errorf("%s: %s uses %q before its definition", precision, operator, input)
				}
			}
			for _, output := range texts(node, 2) {
				known[output] = true
			}
		}
		if !known[Output] {
			t.Errorf("%s: nothing computes %q", precision, Output)
		}
		// 14 blocks of two norms, the encoder's, the decoder's, the scores'.
		if n := operators["LayerNormalization"]; n != 31 {
			t.Errorf("%s: %d layer normalisations, expected 31", precision, n)
		}
		// 14 blocks of four layers, the decoder's input, two projections.
		if n := operators["DynamicQuantizeMatMul"]; precision == network.Int8 && n != 59 || precision == network.Float && n != 0 {
			t.Errorf("%s: %d quantised products", precision, n)
		}
		// Two of each attention, patches·classes, and, with float weights, the layers.
		if n := operators["MatMul"]; precision == network.Int8 && n != 29 || precision == network.Float && n != 88 {
			t.Errorf("%s: %d float products", precision, n)
		}
	}
}

func checkConstant(t *testing.T, message []byte) (name string) {
	t.Helper()
	tensor := readMessage(t, message)
	want := map[uint64]int{typeFloat: 4, typeInt8: 1, typeInt64: 8}[only(t, tensor, 2).value]
	for _, p := range tensor {
		if p.number == 1 {
			want *= int(p.value)
		}
	}
	name = string(only(t, tensor, 8).bytes)
	if got := len(only(t, tensor, 9).bytes); got != want {
		t.Errorf("the constant %s has %d bytes, its shape %d", name, got, want)
	}
	return name
}

func TestNegativeNumbers(t *testing.T) {
	var m message
	m.int(1, -1)
	if p := readMessage(t, m); len(p) != 1 || int64(p[0].value) != -1 {
		t.Errorf("−1 was decoded as %v", p)
	}
}
