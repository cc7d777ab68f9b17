package kernel

import "math"

//go:generate go run ./generate

// Module returns the kernels as a WebAssembly module. It exports them, and imports
// the memory that it works in as go.mem. With relaxed, it needs an engine with
// relaxed SIMD; without, it computes the same products more slowly.
func Module(relaxed bool) []byte {
	e := engine{(*tile).accumulateExact, exactMultiplyAdd}
	if relaxed {
		e = engine{(*tile).accumulateDots, relaxedMultiplyAdd}
	}
	functions := []*function{
		e.matmul("matmul", 10), e.attend("attend"),
		e.softmax(), e.normalise(), e.quantise(), quantiseSigned(), e.gelu(),
		packPanels(), packValues(), sumUnits(),
	}
	if relaxed {
		pairs, narrow := engine{(*tile).accumulatePairs, relaxedMultiplyAdd}, engine{(*tile).accumulateNarrow, relaxedMultiplyAdd}
		functions = append(functions,
			pairs.matmul("matmulPairs", 10), pairs.attend("attendPairs"), narrow.matmul("matmulNarrow", 11))
	}
	return assemble(functions)
}

// engine has the instructions that depend on the WebAssembly engine.
type engine struct {
	accumulate  func(t *tile, steps local, step code) code // adds products of bytes to the sums
	multiplyAdd func(a, b, c code) code                    // a·b + c
}

func exactMultiplyAdd(a, b, c code) code { return addFloats(mulFloats(a, b), c) }

// tile has the locals of a tile: the sums of 6 rows × 8 columns, and the operands
// and pointers to add to them.
type tile struct {
	sums    [TileRows][2]local
	rows    [TileRows]local // pointers into the rows of bytes
	weights [2]local
	input   local
	panel   local // pointer to the weights
	count   local
	parts   []local // sums that end up in sums
	runs    local
}

func newTile(f *function) *tile {
	t := &tile{}
	for r := range t.sums {
		t.sums[r] = [2]local(f.list(v128, 2))
		t.rows[r] = f.local(i32)
	}
	t.weights, t.input = [2]local(f.list(v128, 2)), f.local(v128)
	t.panel, t.count, t.runs = f.local(i32), f.local(i32), f.local(i32)
	t.parts = f.list(v128, 2*TileRows)
	return t
}

// point sets the pointers to rows from first on, stride apart, and moves first to
// the next tile.
func (t *tile) point(first, stride local) code {
	c := set(t.rows[0], get(first))
	for r := 1; r < TileRows; r++ {
		c = join(c, set(t.rows[r], add(get(t.rows[r-1]), get(stride))))
	}
	return join(c, set(first, add(get(t.rows[TileRows-1]), get(stride))))
}

// accumulateDots adds the products of 16 inputs, steps times. Each four inputs' weights
// are step bytes apart.
func (t *tile) accumulateDots(steps local, step code) code {
	return t.loop(steps, step, t.sums, relaxedDot)
}

// accumulatePairs is accumulateDots for a CPU without an instruction for products of bytes.
func (t *tile) accumulatePairs(steps local, step code) code {
	return t.loop(steps, step, t.sums, func(a, b, c code) code { return addInt32s(c, int32Pairs(relaxedDot16(a, b))) })
}

// loop adds the products of 16 inputs to sums, steps times.
func (t *tile) loop(steps local, step code, sums [TileRows][2]local, dot func(a, b, c code) code) code {
	var body code
	for four := range Unit / 4 {
		body = join(body,
			set(t.weights[0], load128(get(t.panel), 0)),
			set(t.weights[1], load128(get(t.panel), 16)),
			advance(t.panel, step))
		for r, pair := range sums {
			body = join(body, set(t.input, splat32(get(t.rows[r]), 4*four)))
			for half, sum := range pair {
				body = join(body, set(sum, dot(get(t.weights[half]), get(t.input), get(sum))))
			}
		}
	}
	for _, row := range t.rows {
		body = join(body, advance(row, constant(Unit)))
	}
	return join(set(t.count, get(steps)), repeat(t.count, body))
}

// accumulateExact is accumulateDots in instructions that every engine has. They sum pairs of products, so
// an output has two sums, which are joined in the end: twice as many as accumulateDots holds in registers.
// Hence the rows take turns, and each turn reads the weights anew.
func (t *tile) accumulateExact(steps local, step code) code {
	const turn = 2
	all := get(t.runs) // the panel's start
	c := set(t.runs, get(t.panel))
	for first := 0; first < TileRows; first += turn {
		var body code
		c = join(c, set(t.panel, all), set(t.count, get(steps)))
		for i := range 4 * turn {
			c = join(c, set(t.parts[i], vectorOf(0)))
		}
		inputs := [turn]local{t.weights[0], t.weights[1]}
		for four := range Unit / 4 {
			for r, input := range inputs {
				bytes := splat32(get(t.rows[first+r]), 4*four)
				body = join(body, set(input, lowInt16s(bytes)))
			}
			for pair := range 4 {
				body = join(body, set(t.input, load8Bytes(get(t.panel), 8*pair)))
				for r, input := range inputs {
					part := t.parts[4*r+pair]
					body = join(body, set(part, addInt32s(get(part), pairSums(get(t.input), get(input)))))
				}
			}
			body = join(body, advance(t.panel, step))
		}
		for r := range inputs {
			body = join(body, advance(t.rows[first+r], constant(Unit)))
		}
		c = join(c, repeat(t.count, body))
		for r := range inputs {
			for half, sum := range t.sums[first+r] {
				low, high := get(t.parts[4*r+2*half]), get(t.parts[4*r+2*half+1])
				joined := addInt32s(words(low, high, 0, 2, 4, 6), words(low, high, 1, 3, 5, 7))
				c = join(c, set(sum, addInt32s(get(sum), joined)))
			}
		}
	}
	return c
}

// accumulateNarrow is accumulatePairs for weights that are so small that the products of run steps fit
// into int16, where run is the parameter after the others: two instructions instead of three.
func (t *tile) accumulateNarrow(steps local, step code) code {
	var parts [TileRows][2]local
	var start, end code
	for r, sums := range t.sums {
		for half, sum := range sums {
			part := t.parts[2*r+half]
			parts[r][half] = part
			start = join(start, set(part, vectorOf(0)))
			end = join(end, set(sum, addInt32s(get(sum), int32Pairs(get(part)))))
		}
	}
	run := local(10)
	body := t.loop(run, step, parts, func(a, b, c code) code { return addInt16s(c, relaxedDot16(a, b)) })
	return join(set(t.runs, get(steps)), repeat(t.runs, start, body, end))
}

// matmul is plainMatMul for
//
//	(c, ldc, a, lda, tiles, info, panels, count, steps, add)
//
// where ldc and lda are bytes, tiles = rows/6, count is the number of panels, steps =
// inputs/16, and add is −1 to add to c, otherwise 0. The narrow one has one more, run: there,
// steps = inputs/16/run.
func (e engine) matmul(name string, params int) *function {
	f := newFunction(name, params)
	c, ldc, a, lda, tiles, info := local(0), local(1), local(2), local(3), local(4), local(5)
	panels, count, steps, adding := local(6), local(7), local(8), local(9)
	t := newTile(f)
	rows, from, row, to := f.local(i32), f.local(i32), f.local(i32), f.local(i32)
	mask := f.local(v128)

	var start, end code
	for r, sums := range t.sums {
		start = join(start, set(t.input, splat32(get(row), 8*r)))
		end = join(end, set(t.input, splat32(get(row), 8*r+4)))
		for half, sum := range sums {
			word := func(i int) code { return load128(get(panels), (2*i+half)*16) }
			start = join(start, set(sum, mulInt32s(get(t.input), word(0))))
			y := e.multiplyAdd(floatOf(get(sum)), mulFloats(get(t.input), word(1)), word(2))
			y = addFloats(y, and(load128(get(to), 16*half), get(mask)))
			end = join(end, store128(get(to), 16*half, y))
		}
		end = join(end, advance(to, get(ldc)))
	}
	f.body = join(set(mask, splat(get(adding))), repeat(count,
		set(rows, get(tiles)), set(from, get(a)), set(to, get(c)), set(row, get(info)),
		repeat(rows,
			t.point(from, lda),
			start,
			set(t.panel, add(get(panels), constant(panelHeader))),
			e.accumulate(t, steps, constant(4*PanelWidth)),
			end,
			advance(row, constant(8*TileRows)),
		),
		set(panels, get(t.panel)),
		advance(c, constant(4*PanelWidth)),
	))
	return f
}

// attend is plainAttend for
//
//	(sums, width, weights, ldw, tiles, blend, values, count, steps)
//
// where width is in bytes, the same for a row of sums and for the values of four
// keys, tiles = rows/6, count = width/8 and steps = keys/16.
func (e engine) attend(name string) *function {
	f := newFunction(name, 9)
	sums, width, weights, ldw, tiles, blend := local(0), local(1), local(2), local(3), local(4), local(5)
	values, count, steps := local(6), local(7), local(8)
	t := newTile(f)
	rows, from, row, to := f.local(i32), f.local(i32), f.local(i32), f.local(i32)
	shrink := f.local(v128)

	var start, end code
	for r, pair := range t.sums {
		end = join(end, set(shrink, splat32(get(row), 8*r)), set(t.input, splat32(get(row), 8*r+4)))
		for half, sum := range pair {
			start = join(start, set(sum, vectorOf(0)))
			old := mulFloats(load128(get(to), 16*half), get(shrink))
			end = join(end, store128(get(to), 16*half, e.multiplyAdd(floatOf(get(sum)), get(t.input), old)))
		}
		end = join(end, advance(to, get(width)))
	}
	f.body = repeat(count,
		set(rows, get(tiles)), set(from, get(weights)), set(to, get(sums)), set(row, get(blend)),
		repeat(rows,
			t.point(from, ldw),
			start,
			set(t.panel, get(values)),
			e.accumulate(t, steps, get(width)),
			end,
			advance(row, constant(8*TileRows)),
		),
		advance(values, constant(4*PanelWidth)),
		advance(sums, constant(4*PanelWidth)),
	)
	return f
}

// float puts a constant into all lanes.
func float(v float64) code { return vectorOf(math.Float32bits(float32(v))) }

// constants returns locals that hold float(v), since an engine may rebuild a
// constant at every use.
func (f *function) constants(values ...float64) (locals []local, start code) {
	locals = f.list(v128, len(values))
	for i, v := range values {
		start = join(start, set(locals[i], float(v)))
	}
	return locals, start
}

// across combines the four lanes of v, and leaves the result in all of them.
func across(v local, combine func(a, b code) code) code {
	return join(
		set(v, combine(get(v), words(get(v), get(v), 2, 3, 0, 1))),
		set(v, combine(get(v), words(get(v), get(v), 1, 0, 3, 2))),
	)
}

// ofFour combines four vectors in pairs: a chain through all of them would wait for each.
func ofFour(combine func(a, b code) code, v func(i int) code) code {
	return combine(combine(v(0), v(1)), combine(v(2), v(3)))
}

// integers takes the integers that magic left in the low bits of four vectors, as
// 16 bytes.
func integers(v []local) code {
	i := func(k int) code { return subInt32s(get(v[k]), vectorOf(math.Float32bits(magic))) }
	return bytesOf(int16sOf(i(0), i(1)), int16sOf(i(2), i(3)))
}

// powerOf computes 2^x for −126 ≤ x ≤ 0, times any factor in the coefficients k. It
// overwrites x and shifted.
func (e engine) powerOf(x, shifted, magic local, k []local) (steps, value code) {
	steps = join(
		set(shifted, addFloats(get(x), get(magic))),
		set(x, subFloats(get(x), subFloats(get(shifted), get(magic)))),
	)
	p := e.multiplyAdd(e.multiplyAdd(get(k[2]), get(x), get(k[1])), get(x), get(k[0]))
	return steps, addInt32s(p, shiftLeft(get(shifted), 23))
}

// softmax is plainSoftmax for
//
//	(weights, ldw, scores, lds, inverse, steps, rows, state, blend)
//
// where lds is bytes and steps = n/16.
func (e engine) softmax() *function {
	f := newFunction("softmax", 9)
	weights, ldw, scores, lds, inverse := local(0), local(1), local(2), local(3), local(4)
	steps, rows, state, blend := local(5), local(6), local(7), local(8)
	k, start := f.constants(127*exp0, 127*exp1, 127*exp2, magic, -126)
	magic, lowest := k[3], k[4]
	highest, total, part, shifted := f.local(v128), f.local(v128), f.local(v128), f.local(v128)
	all, old := f.local(v128), f.local(v128)
	x := f.list(v128, 4)
	count, from, by, to := f.local(i32), f.local(i32), f.local(i32), f.local(i32)

	load := func(i int) code { return load128(get(from), 16*i) }
	search := set(highest, higher(get(highest), ofFour(higher, load)))
	var raise code
	for i := range x {
		steps, power := e.powerOf(x[i], shifted, magic, k)
		inverse := load128(get(by), 16*i)
		sum := mulFloats(get(x[i]), inverse)
		if i > 0 {
			sum = e.multiplyAdd(get(x[i]), inverse, get(part))
		}
		raise = join(raise,
			set(x[i], higher(subFloats(load(i), get(highest)), get(lowest))),
			steps,
			set(x[i], power),
			set(part, sum),
			set(x[i], addFloats(get(x[i]), get(magic))),
		)
	}
	raise = join(raise, set(total, addFloats(get(total), get(part))))
	// exponent is 2^(v − all).
	exponent := func(v local, result local) code {
		steps, power := e.powerOf(x[0], shifted, magic, k)
		return join(
			set(x[0], higher(subFloats(get(v), get(all)), get(lowest))), steps,
			set(result, mulFloats(power, float(1./127))),
		)
	}
	f.body = join(start, repeat(rows,
		set(highest, splat32(get(scores), 0)),
		set(from, get(scores)), set(count, get(steps)),
		repeat(count, search, advance(from, constant(4*Unit))),
		across(highest, higher),

		set(total, vectorOf(0)),
		set(from, get(scores)), set(by, get(inverse)), set(to, get(weights)), set(count, get(steps)),
		repeat(count,
			raise, store128(get(to), 0, integers(x)),
			advance(from, constant(4*Unit)), advance(by, constant(4*Unit)), advance(to, constant(Unit)),
		),
		across(total, addFloats),

		set(old, splat32(get(state), 0)),
		set(all, higher(get(old), get(highest))),
		exponent(old, x[1]), exponent(highest, x[2]), // shrink, factor
		store1(get(blend), 0, get(x[1])),
		store1(get(blend), 4, get(x[2])),
		set(old, splat32(get(state), 4)),
		store1(get(state), 0, get(all)),
		store1(get(state), 4, addFloats(mulFloats(get(old), get(x[1])), mulFloats(get(total), get(x[2])))),

		advance(weights, get(ldw)), advance(scores, get(lds)),
		advance(state, constant(8)), advance(blend, constant(8)),
	))
	return f
}

// normalise is plainNormalise for
//
//	(dst, x, rows, steps, inverse, weight, bias, eps)
//
// where steps = n/16, and inverse = 1/n and eps are the bits of floats.
func (e engine) normalise() *function {
	f := newFunction("normalise", 8)
	dst, x, rows, steps := local(0), local(1), local(2), local(3)
	inverse, weight, bias, eps := local(4), local(5), local(6), local(7)
	mean, scale, v := f.local(v128), f.local(v128), f.local(v128)
	sums := f.list(v128, 4)
	count, from, by, to := f.local(i32), f.local(i32), f.local(i32), f.local(i32)

	var clear, sum, square, apply code
	for i, s := range sums {
		difference := subFloats(load128(get(from), 16*i), get(mean))
		clear = join(clear, set(s, vectorOf(0)))
		sum = join(sum, set(s, addFloats(get(s), load128(get(from), 16*i))))
		square = join(square, set(v, difference), set(s, e.multiplyAdd(get(v), get(v), get(s))))
		y := e.multiplyAdd(mulFloats(difference, get(scale)), load128(get(by), 16*i), load128(get(to), 16*i))
		apply = join(apply, store128(get(dst), 16*i, y))
	}
	// average is the sum of all sums, divided by n, in result.
	average := func(result local) code {
		return join(
			set(result, addFloats(addFloats(get(sums[0]), get(sums[1])), addFloats(get(sums[2]), get(sums[3])))),
			across(result, addFloats),
			set(result, mulFloats(get(result), splat(get(inverse)))),
		)
	}
	const bytes = 4 * Unit
	f.body = repeat(rows,
		clear, set(from, get(x)), set(count, get(steps)),
		repeat(count, sum, advance(from, constant(bytes))),
		average(mean),
		clear, set(from, get(x)), set(count, get(steps)),
		repeat(count, square, advance(from, constant(bytes))),
		average(scale),
		set(scale, divFloats(float(1), squareRoot(addFloats(get(scale), splat(get(eps)))))),
		set(from, get(x)), set(by, get(weight)), set(to, get(bias)), set(count, get(steps)),
		repeat(count, apply,
			advance(from, constant(bytes)), advance(by, constant(bytes)),
			advance(to, constant(bytes)), advance(dst, constant(bytes)),
		),
		set(x, get(from)),
	)
	return f
}

// quantise is plainQuantise for (dst, ldd, x, ldx, steps, rows, info), where
// ldx is bytes and steps = n/16.
func (e engine) quantise() *function {
	f := newFunction("quantise", 7)
	dst, ldd, x, ldx, steps, rows, info := local(0), local(1), local(2), local(3), local(4), local(5), local(6)
	low, high, scale, inverse, zero := f.local(v128), f.local(v128), f.local(v128), f.local(v128), f.local(v128)
	v := f.list(v128, 4)
	count, from, to := f.local(i32), f.local(i32), f.local(i32)

	var load, round code
	for i := range v {
		load = join(load, set(v[i], load128(get(from), 16*i)))
		round = join(round, set(v[i], e.multiplyAdd(load128(get(from), 16*i), get(inverse), get(zero))))
	}
	loaded := func(i int) code { return get(v[i]) }
	search := join(load,
		set(low, lower(get(low), ofFour(lower, loaded))),
		set(high, higher(get(high), ofFour(higher, loaded))))
	f.body = repeat(rows,
		set(low, vectorOf(0)), set(high, vectorOf(0)),
		set(from, get(x)), set(count, get(steps)),
		repeat(count, search, advance(from, constant(4*Unit))),
		across(low, lower), across(high, higher),
		set(scale, higher(divFloats(subFloats(get(high), get(low)), float(126)), float(1e-30))),
		set(inverse, divFloats(float(1), get(scale))),
		set(zero, addFloats(subFloats(float(0.5), mulFloats(get(low), get(inverse))), float(magic))),
		store1(get(info), 0, subInt32s(float(magic), get(zero))),
		store1(get(info), 4, get(scale)),
		set(from, get(x)), set(to, get(dst)), set(count, get(steps)),
		repeat(count,
			round, store128(get(to), 0, integers(v)),
			advance(from, constant(4*Unit)), advance(to, constant(Unit)),
		),
		advance(x, get(ldx)), advance(dst, get(ldd)), advance(info, constant(8)),
	)
	return f
}

// quantiseSigned is plainQuantiseSigned for
// (dst, ldd, x, ldx, steps, rows, scales), where ldx is bytes and steps = n/16.
func quantiseSigned() *function {
	f := newFunction("quantiseSigned", 7)
	dst, ldd, x, ldx, steps, rows, scales := local(0), local(1), local(2), local(3), local(4), local(5), local(6)
	largest, inverse := f.local(v128), f.local(v128)
	v := f.list(v128, 4)
	count, from, to := f.local(i32), f.local(i32), f.local(i32)

	size := func(i int) code { return absolute(load128(get(from), 16*i)) }
	search := set(largest, higher(get(largest), ofFour(higher, size)))
	var round code
	for i := range v {
		round = join(round, set(v[i], addFloats(mulFloats(load128(get(from), 16*i), get(inverse)), float(magic))))
	}
	f.body = repeat(rows,
		set(largest, vectorOf(0)),
		set(from, get(x)), set(count, get(steps)),
		repeat(count, search, advance(from, constant(4*Unit))),
		across(largest, higher),
		set(largest, higher(divFloats(get(largest), float(127)), float(1e-12))),
		store1(get(scales), 0, get(largest)),
		set(inverse, divFloats(float(1), get(largest))),
		set(from, get(x)), set(to, get(dst)), set(count, get(steps)),
		repeat(count,
			round, store128(get(to), 0, integers(v)),
			advance(from, constant(4*Unit)), advance(to, constant(Unit)),
		),
		advance(x, get(ldx)), advance(dst, get(ldd)), advance(scales, constant(4)),
	)
	return f
}

// gelu is plainGELU for (x, steps), where steps = n/16.
func (e engine) gelu() *function {
	f := newFunction("gelu", 2)
	x, steps := local(0), local(1)
	k, start := f.constants(phi0, phi1, phi2, phi3, phi4, phi5, phi6, -phiEnd, phiEnd, 0.5)
	v, c, square := f.local(v128), f.local(v128), f.local(v128)
	var body code
	for i := range 4 {
		p := get(k[6])
		for j := 5; j >= 0; j-- {
			p = e.multiplyAdd(p, get(square), get(k[j]))
		}
		body = join(body,
			set(v, load128(get(x), 16*i)),
			set(c, lower(higher(get(v), get(k[7])), get(k[8]))),
			set(square, mulFloats(get(c), get(c))),
			store128(get(x), 16*i, mulFloats(get(v), e.multiplyAdd(p, get(c), get(k[9])))),
		)
	}
	f.body = join(start, repeat(steps, body, advance(x, constant(4*Unit))))
	return f
}

// packPanels is plainPackPanels for (panels, panelBytes, keys, ldk, steps), where
// steps = inputs/16.
func packPanels() *function {
	f := newFunction("packPanels", 5)
	panels, panelBytes, keys, ldk, steps := local(0), local(1), local(2), local(3), local(4)
	v, sum := f.local(v128), f.local(v128)
	panel, panelsLeft, row, rows, from, to, count := f.local(i32), f.local(i32), f.local(i32), f.local(i32), f.local(i32), f.local(i32), f.local(i32)

	pack := join(
		set(v, load128(get(from), 0)),
		set(sum, addInt32s(get(sum), int32Pairs(int16Pairs(get(v))))),
	)
	for four := range 4 { // the next four inputs go into the panel's next row
		pack = join(pack, storeLane(get(to), 4*PanelWidth*four, get(v), byte(four)))
	}
	f.body = join(set(panel, get(panels)), set(row, get(keys)), set(panelsLeft, constant(Group/PanelWidth)), repeat(panelsLeft,
		set(panels, get(panel)), set(rows, constant(PanelWidth)),
		repeat(rows,
			set(from, get(row)), set(to, add(get(panels), constant(panelHeader))), set(count, get(steps)),
			set(sum, vectorOf(0)),
			repeat(count, pack, advance(from, constant(16)), advance(to, constant(4*4*PanelWidth))),
			across(sum, addInt32s),
			store1(get(panels), 0, get(sum)),
			advance(row, get(ldk)), advance(panels, constant(4)),
		),
		advance(panel, get(panelBytes)),
	))
	return f
}

// sumUnits is plainSumUnits for (sums, weights, units).
func sumUnits() *function {
	f := newFunction("sumUnits", 3)
	sums, weights, units := local(0), local(1), local(2)
	halves := f.list(v128, 2)
	body := join(set(halves[0], vectorOf(0)), set(halves[1], vectorOf(0)))
	for i := range PanelWidth { // as many vectors as outputs, since a Unit of inputs fills one
		half := halves[i%2]
		body = join(body, set(half, addInt16s(get(half), unsignedInt16Pairs(absoluteBytes(load128(get(weights), 16*i))))))
	}
	f.body = repeat(units, body,
		store128(get(sums), 0, get(halves[0])), store128(get(sums), 16, get(halves[1])),
		advance(sums, constant(32)), advance(weights, constant(PanelWidth*Unit)))
	return f
}

// packValues is plainPackValues for (dst, values, ldv, steps), where
// steps = width/16.
func packValues() *function {
	f := newFunction("packValues", 4)
	dst, values, ldv, steps := local(0), local(1), local(2), local(3)
	rows := f.list(v128, 4)
	from := f.list(i32, 4)
	pairs := f.list(v128, 4)
	groups, count := f.local(i32), f.local(i32)

	point := set(from[0], get(values))
	for r := 1; r < 4; r++ {
		point = join(point, set(from[r], add(get(from[r-1]), get(ldv))))
	}
	point = join(point, set(values, add(get(from[3]), get(ldv))))
	var pack code
	for r, row := range rows {
		pack = join(pack, set(row, load128(get(from[r]), 0)), advance(from[r], constant(16)))
	}
	for half := range 2 { // alternate bytes of rows 0 and 1, and of 2 and 3
		pack = join(pack,
			set(pairs[half], interleave(get(rows[0]), get(rows[1]), 1, half)),
			set(pairs[2+half], interleave(get(rows[2]), get(rows[3]), 1, half)))
	}
	for quarter := range 4 { // alternate pairs of these
		four := interleave(get(pairs[quarter/2]), get(pairs[2+quarter/2]), 2, quarter%2)
		pack = join(pack, store128(get(dst), 16*quarter, four))
	}
	f.body = join(set(groups, constant(Group/4)), repeat(groups,
		point, set(count, get(steps)),
		repeat(count, pack, advance(dst, constant(64))),
	))
	return f
}
