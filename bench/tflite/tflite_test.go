package tflite

import (
	"encoding/binary"
	"testing"

	"segmenter/bench/network"
	"segmenter/bench/network/networktest"
)

func TestExporter(t *testing.T) { networktest.TestExporter(t, Export) }

// object is a table in an encoded file.
type object struct {
	file []byte
	at   int
}

func u32(file []byte, at int) int { return int(binary.LittleEndian.Uint32(file[at:])) }

// root returns the root of a file and checks its identifier.
func root(t *testing.T, file []byte) object {
	t.Helper()
	if got := string(file[4:8]); got != "TFL3" {
		t.Fatalf("the file is a %q", got)
	}
	return object{file, u32(file, 0)}
}

// field returns the position of a field's value, 0 if the table lacks it.
func (o object) field(slot int) int {
	vtable := o.at - u32(o.file, o.at)
	if 4+2*slot >= int(binary.LittleEndian.Uint16(o.file[vtable:])) {
		return 0
	}
	place := int(binary.LittleEndian.Uint16(o.file[vtable+4+2*slot:]))
	if place == 0 {
		return 0
	}
	return o.at + place
}

func (o object) int(slot int) int {
	at := o.field(slot)
	if at == 0 {
		return 0
	}
	return u32(o.file, at)
}

func (o object) byte(slot int) int {
	at := o.field(slot)
	if at == 0 {
		return 0
	}
	return int(o.file[at])
}

// vector returns the position of the first element and the number of elements.
func (o object) vector(slot int) (at, n int) {
	f := o.field(slot)
	if f == 0 {
		return 0, 0
	}
	at = f + u32(o.file, f)
	return at + 4, u32(o.file, at)
}

func (o object) objects(slot int) (list []object) {
	at, n := o.vector(slot)
	for i := range n {
		list = append(list, object{o.file, at + 4*i + u32(o.file, at+4*i)})
	}
	return list
}

func (o object) ints(slot int) (list []int) {
	at, n := o.vector(slot)
	for i := range n {
		list = append(list, int(int32(u32(o.file, at+4*i))))
	}
	return list
}

// TestGraph decodes the graph: every input of an operator must be a constant or
// the output of an earlier operator, and every constant aligned and as long as its
// shape.
func TestGraph(t *testing.T) {
	for _, precision := range []network.Precision{network.Float, network.Int8} {
		model := root(t, networktest.Export(t, Export, precision))
		graph, buffers := model.objects(2)[0], model.objects(4)
		known := map[int]bool{-1: true}
		for _, i := range graph.ints(1) {
			known[i] = true
		}
		for i, tensor := range graph.objects(0) {
			if buffer := tensor.int(2); buffer > 0 {
				checkConstant(t, tensor, buffers[buffer])
				known[i] = true
			}
		}
		codes := model.objects(1)
		operators := map[int]int{}
		for _, operator := range graph.objects(3) {
			code := codes[operator.int(0)].int(3)
			operators[code]++
			for _, input := range operator.ints(1) {
				if !known[input] {
					t.Errorf("%s: operator %d uses tensor %d before its definition", precision, code, input)
				}
			}
			for _, output := range operator.ints(2) {
				known[output] = true
			}
		}
		for _, output := range graph.ints(2) {
			if !known[output] {
				t.Errorf("%s: nothing computes the output", precision)
			}
		}
		// 14 blocks of six layers, the decoder's input, two projections.
		if n := operators[opFullyConnected.code]; n != 87 {
			t.Errorf("%s: %d layers, expected 87", precision, n)
		}
		// Two of each attention, and patches·classes.
		if n := operators[opBatchMatMul.code]; n != 29 {
			t.Errorf("%s: %d products, expected 29", precision, n)
		}
	}
}

func checkConstant(t *testing.T, tensor, buffer object) {
	t.Helper()
	want := map[int]int{typeFloat32: 4, typeInt32: 4, typeInt8: 1}[tensor.byte(1)]
	shape := tensor.ints(0)
	for _, dim := range shape {
		want *= dim
	}
	at, got := buffer.vector(0)
	if got != want || at%16 != 0 {
		t.Errorf("a constant of shape %v has %d bytes at %d, expected %d at a multiple of 16", shape, got, at, want)
	}
	if tensor.byte(1) == typeInt8 {
		quantisation := object{tensor.file, tensor.field(4) + tensor.int(4)}
		if _, scales := quantisation.vector(2); scales != shape[0] {
			t.Errorf("a weight of shape %v has %d scales", shape, scales)
		}
	}
}

func TestEncode(t *testing.T) {
	file := encode("TFL3", table{
		0: byteField(7),
		1: nodeField(text("name")),
		3: floatField(1.5),
		5: nodeField(numbers[int64]{-1, 2}),
		6: nodeField(tables{table{0: intField(9)}, table{}}),
	})
	o := root(t, file)
	if o.byte(0) != 7 || o.int(3) != 0x3fc00000 || o.field(2) != 0 || o.field(9) != 0 {
		t.Error("numbers differ, or omitted fields are present")
	}
	if at, n := o.vector(1); string(file[at:at+n+1]) != "name\x00" {
		t.Errorf("the text became %q", file[at:at+n+1])
	}
	if at, n := o.vector(5); n != 2 || at%8 != 0 || int64(binary.LittleEndian.Uint64(file[at:])) != -1 {
		t.Error("the vector of eight-byte numbers is wrong or misaligned")
	}
	if list := o.objects(6); len(list) != 2 || list[0].int(0) != 9 || list[1].int(0) != 0 {
		t.Error("the vector of tables is wrong")
	}
}
