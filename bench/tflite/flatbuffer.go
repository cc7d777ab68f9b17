package tflite

import (
	"encoding/binary"
	"math"
)

// A node is a part of a FlatBuffers file that other parts refer to by its offset.
// Writing begins with the root; each node precedes those that it refers to.
type node interface {
	// write appends the node and returns where its offset points.
	write(*[]byte) int
}

// table is a table of the schema. Its keys are the fields' positions there.
type table map[int]field

// field is a number of 1 or 4 bytes, or another node.
type field struct {
	size int
	bits uint32
	node node
}

func byteField(v int) field { return field{size: 1, bits: uint32(v)} }
func intField(v int) field  { return field{size: 4, bits: uint32(v)} }
func floatField(v float32) field {
	return field{size: 4, bits: math.Float32bits(v)}
}
func nodeField(n node) field { return field{size: 4, node: n} }
func boolField(v bool) field {
	if v {
		return byteField(1)
	}
	return byteField(0)
}

// write writes the vtable, which lists the fields' places, then the table.
func (t table) write(out *[]byte) int {
	slots := 0
	for slot := range t {
		slots = max(slots, slot+1)
	}
	places, size := make([]int, slots), 4 // the offset of the vtable comes first
	for slot := range slots {
		if f, ok := t[slot]; ok {
			size = roundUp(size, f.size)
			places[slot] = size
			size += f.size
		}
	}

	align(out, 4, 0)
	vtable := len(*out)
	*out = binary.LittleEndian.AppendUint16(*out, uint16(4+2*slots))
	*out = binary.LittleEndian.AppendUint16(*out, uint16(size))
	for _, place := range places {
		*out = binary.LittleEndian.AppendUint16(*out, uint16(place))
	}
	align(out, 4, 0)
	at := len(*out)
	*out = append(*out, make([]byte, size)...)
	binary.LittleEndian.PutUint32((*out)[at:], uint32(at-vtable))
	for slot, place := range places {
		switch f := t[slot]; {
		case place == 0:
		case f.node != nil:
			reference(out, at+place, f.node)
		case f.size == 1:
			(*out)[at+place] = byte(f.bits)
		default:
			binary.LittleEndian.PutUint32((*out)[at+place:], f.bits)
		}
	}
	return at
}

// reference writes a node, and its distance at the place that refers to it.
func reference(out *[]byte, from int, n node) {
	to := n.write(out)
	binary.LittleEndian.PutUint32((*out)[from:], uint32(to-from))
}

// tables is a vector of nodes.
type tables []node

func (v tables) write(out *[]byte) int {
	at := startVector(out, len(v), 4)
	first := len(*out)
	*out = append(*out, make([]byte, 4*len(v))...)
	for i, n := range v {
		reference(out, first+4*i, n)
	}
	return at
}

// text is a string. The format requires a zero at its end.
type text string

func (s text) write(out *[]byte) int {
	at := startVector(out, len(s), 1)
	*out = append(append(*out, s...), 0)
	return at
}

// raw is a vector of bytes at a multiple of 16, as TFLite requires for the values
// of tensors.
type raw []byte

func (v raw) write(out *[]byte) int {
	at := startVector(out, len(v), 16)
	*out = append(*out, v...)
	return at
}

// numbers is a vector of numbers.
type numbers[T int32 | int64 | float32] []T

func (v numbers[T]) write(out *[]byte) int {
	at := startVector(out, len(v), binary.Size(*new(T)))
	*out, _ = binary.Append(*out, binary.LittleEndian, []T(v)) // fails only for other types
	return at
}

// startVector writes the length of a vector and aligns its first element.
func startVector(out *[]byte, length, alignment int) int {
	align(out, max(alignment, 4), 4)
	at := len(*out)
	*out = binary.LittleEndian.AppendUint32(*out, uint32(length))
	return at
}

// align adds zeros to align the position ahead bytes after the end.
func align(out *[]byte, alignment, ahead int) {
	end := len(*out) + ahead
	*out = append(*out, make([]byte, roundUp(end, alignment)-end)...)
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// encode returns a whole file: the root's offset, the four-letter identifier,
// nodes.
func encode(identifier string, root table) []byte {
	out := append(make([]byte, 4), identifier...)
	reference(&out, 0, root)
	return out
}
