package kernel

import "encoding/binary"

// This file is a small assembler: functions that return instructions in the
// binary format of WebAssembly (core specification 2.0, chapter 5, and the
// proposal for relaxed SIMD). An instruction is written with its operands:
//
//	set(sum, add(get(sum), load32(get(p), 4)))

// code is a sequence of instructions.
type code []byte

func join(parts ...code) code {
	var all code
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// unsigned and signed encode numbers in LEB128 (5.2.2).
func unsigned(n int) code { return binary.AppendUvarint(nil, uint64(n)) }

func signed(n int) code {
	var c code
	for {
		low := byte(n & 0x7f)
		n >>= 7
		if n == 0 && low&0x40 == 0 || n == -1 && low&0x40 != 0 {
			return append(c, low)
		}
		c = append(c, low|0x80)
	}
}

// A valueType is the type of a parameter or a local (5.3.1).
type valueType byte

const (
	i32  valueType = 0x7f
	v128 valueType = 0x7b
)

// A local is the index of a parameter or a local variable.
type local int

func get(l local) code             { return join(code{0x20}, unsigned(int(l))) }
func set(l local, value code) code { return join(value, code{0x21}, unsigned(int(l))) }
func constant(n int) code          { return join(code{0x41}, signed(n)) }

// Instructions on i32 (5.4.7).
func add(a, b code) code { return join(a, b, code{0x6a}) }
func sub(a, b code) code { return join(a, b, code{0x6b}) }

// memory encodes the operands of a load or a store: alignment 1, and the offset.
func memory(offset int) code { return join(code{0}, unsigned(offset)) }

// vector encodes an instruction on vectors: a prefix and an opcode (5.4.9).
func vector(opcode int, operands ...code) code {
	return join(join(operands...), code{0xfd}, unsigned(opcode))
}

func load128(address code, offset int) code { return join(vector(0x00, address), memory(offset)) }
func store128(address code, offset int, v code) code {
	return join(vector(0x0b, address, v), memory(offset))
}

// splat32 loads 32 bits into all lanes.
func splat32(address code, offset int) code { return join(vector(0x09, address), memory(offset)) }

// storeLane stores one 32-bit lane, store1 the first.
func storeLane(address code, offset int, v code, lane byte) code {
	return join(vector(0x5a, address, v), memory(offset), code{lane})
}
func store1(address code, offset int, v code) code { return storeLane(address, offset, v, 0) }

// vectorOf puts constant bits into all 32-bit lanes; splat takes them from an i32.
func vectorOf(bits uint32) code {
	word := binary.LittleEndian.AppendUint32(nil, bits)
	return join(vector(0x0c), word, word, word, word)
}
func splat(a code) code { return vector(0x11, a) }

// words picks four 32-bit words out of the eight of a and b.
func words(a, b code, i ...int) code {
	c := vector(0x0d, a, b)
	for _, word := range i {
		for k := range 4 {
			c = append(c, byte(4*word+k))
		}
	}
	return c
}

// interleave alternates items of a and b, of 1 or 2 bytes, from their lower (0) or
// upper (1) halves.
func interleave(a, b code, size, half int) code {
	c := vector(0x0d, a, b)
	for item := range 8 / size {
		for _, from := range []int{0, 16} {
			for i := range size {
				c = append(c, byte(from+8*half+size*item+i))
			}
		}
	}
	return c
}

func addInt32s(a, b code) code     { return vector(0xae, a, b) }
func subInt32s(a, b code) code     { return vector(0xb1, a, b) }
func mulInt32s(a, b code) code     { return vector(0xb5, a, b) }
func shiftLeft(a code, n int) code { return vector(0xab, a, constant(n)) }
func floatOf(int32s code) code     { return vector(0xfa, int32s) }
func absolute(a code) code         { return vector(0xe0, a) }
func absoluteBytes(a code) code    { return vector(0x60, a) }
func squareRoot(a code) code       { return vector(0xe3, a) }
func addFloats(a, b code) code     { return vector(0xe4, a, b) }
func subFloats(a, b code) code     { return vector(0xe5, a, b) }
func mulFloats(a, b code) code     { return vector(0xe6, a, b) }
func divFloats(a, b code) code     { return vector(0xe7, a, b) }

// lower and higher are the "pseudo" minimum and maximum: a single instruction of
// the CPU, unlike those that handle NaN.
func lower(a, b code) code  { return vector(0xea, a, b) }
func higher(a, b code) code { return vector(0xeb, a, b) }

// int16sOf and bytesOf narrow the lanes of a and b, signed, with saturation.
func int16sOf(a, b code) code { return vector(0x85, a, b) }
func bytesOf(a, b code) code  { return vector(0x65, a, b) }

// lowInt16s widens the lower half of a's bytes to int16; pairSums multiplies and sums
// pairs of neighbours.
func lowInt16s(a code) code   { return vector(0x87, a) }
func pairSums(a, b code) code { return vector(0xba, a, b) }

// Sums of neighbours: 16 bytes as 8 int16, signed or not, and 8 int16 as 4 int32.
func int16Pairs(a code) code         { return vector(0x7c, a) }
func unsignedInt16Pairs(a code) code { return vector(0x7d, a) }
func int32Pairs(a code) code         { return vector(0x7e, a) }

// relaxedMultiplyAdd is a·b + c, rounded once or twice.
func relaxedMultiplyAdd(a, b, c code) code { return vector(0x105, a, b, c) }

func and(a, b code) code { return vector(0x4e, a, b) }

func addInt16s(a, b code) code { return vector(0x8e, a, b) }

// load8Bytes loads 8 bytes and widens them to int16.
func load8Bytes(address code, offset int) code { return join(vector(0x01, address), memory(offset)) }

// relaxedDot16 multiplies signed bytes of a by bytes of b, 0 to 127, and sums pairs of neighbours as
// int16.
func relaxedDot16(a, b code) code { return vector(0x112, a, b) }

// relaxedDot adds to each int32 of c the products of four signed bytes of a and
// four bytes of b, which must be 0 to 127. Go cannot emit this instruction.
func relaxedDot(a, b, c code) code { return vector(0x113, a, b, c) }

// repeat runs the body counter times, at least once.
func repeat(counter local, body ...code) code {
	return join(
		code{0x03, 0x40}, join(body...),
		set(counter, sub(get(counter), constant(1))),
		get(counter), code{0x0d, 0, 0x0b}, // br_if 0, end
	)
}

// advance adds bytes to a pointer.
func advance(p local, bytes code) code { return set(p, add(get(p), bytes)) }

// A function is exported under its name, takes i32s and returns nothing.
type function struct {
	name   string
	params int
	locals []valueType
	body   code
}

func newFunction(name string, params int) *function { return &function{name: name, params: params} }

func (f *function) local(t valueType) local {
	f.locals = append(f.locals, t)
	return local(f.params + len(f.locals) - 1)
}

func (f *function) list(t valueType, n int) []local {
	list := make([]local, n)
	for i := range list {
		list[i] = f.local(t)
	}
	return list
}

// assemble builds a module (5.5) that imports the memory go.mem.
func assemble(functions []*function) []byte {
	var types, indexes, exports, bodies []code
	for i, f := range functions {
		types = append(types, join(code{0x60}, list(repeated(code{byte(i32)}, f.params)), code{0}))
		indexes = append(indexes, unsigned(i))
		exports = append(exports, join(name(f.name), code{0}, unsigned(i)))
		var locals []code
		for _, t := range f.locals {
			locals = append(locals, join(unsigned(1), code{byte(t)}))
		}
		body := join(list(locals), f.body, code{0x0b})
		bodies = append(bodies, join(unsigned(len(body)), body))
	}
	imports := []code{join(name("go"), name("mem"), code{2, 0}, unsigned(1))} // a memory of at least 1 page
	return join(
		code("\x00asm\x01\x00\x00\x00"),
		section(1, types), section(2, imports), section(3, indexes), section(7, exports), section(10, bodies),
	)
}

func section(id byte, entries []code) code {
	content := list(entries)
	return join(code{id}, unsigned(len(content)), content)
}

func list(entries []code) code { return join(unsigned(len(entries)), join(entries...)) }
func name(s string) code       { return join(unsigned(len(s)), code(s)) }

// repeated is n times c.
func repeated(c code, n int) []code {
	all := make([]code, n)
	for i := range all {
		all[i] = c
	}
	return all
}
