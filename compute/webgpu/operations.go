//go:build js

package webgpu

import (
	"fmt"
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
	"segmenter/compute/webgpu/gpu"
)

// The shaders have these sizes too.
const (
	tileRows, tileOutputs = 32, 64 // matmul
	floatStep, int8Step   = 4, 16  // of the inner dimension: numbers_float, and the other numbers_*
	rowGroup, rowLanes    = 64, 8  // rows: invocations per workgroup, and per row
	queryBlock            = 32     // attention
	largestHead, headUnit = 64, 4
	squareSide            = 8     // resize_columns, resize_rows: invocations per side of a workgroup
	countGroups           = 64    // count: with more, there would only be more parts to add up
	flatGroup             = 64    // invocations per workgroup where each works alone
	maxGroups             = 65535 // workgroups per dimension that every WebGPU device allows
)

func groups(n, unit int) int { return (n + unit - 1) / unit }

// Copy: see [compute.Device].
func (d *Device) Copy(dst, src compute.Tensor) {
	to, from := dst.(*tensor), src.(*tensor)
	host.SameLength("Copy", to.size(), from.size())
	d.copy(to, from)
}

// Gather copies: the only rank has all rows.
func (d *Device) Gather(dst, src compute.Tensor, _ int) { d.Copy(dst, src) }

// Linear: see [compute.Device].
func (d *Device) Linear(dst, x compute.Tensor, w compute.Linear, op compute.LinearOp) {
	end := store
	if op.Add {
		end = residual
	}
	d.linear(dst.(*tensor), x.(*tensor), w.(*linear), op.Norm, end)
}

func (d *Device) linear(dst, x *tensor, l *linear, n *compute.Norm, end ending) {
	host.SameLength("Linear", l.in, x.cols)
	host.SameLength("Linear", l.out, dst.cols)
	host.SameLength("Linear", x.rows, dst.rows)
	if l.int8 && d.arithmetic == compute.Int8 {
		bytes, scales := d.quantise(x, n)
		words := padded(x.cols) / int8Step
		d.product(d.variant.productOfBytes(end), dst, place{bytes, 0, uint32(words)}, scales, l.w, l.ends, l.in, int8Step)
		return
	}
	if n != nil {
		x = d.normalised(x, *n)
	}
	d.productOfFloats(dst, x, l, end)
}

// productOfFloats records a linear layer whose input is float32.
func (d *Device) productOfFloats(dst, x *tensor, l *linear, end ending) {
	step := floatStep
	if l.int8 {
		step = int8Step
	}
	d.product(product(l.int8, end), dst, x.fours(), nil, l.w, l.ends, l.in, step)
}

// place locates a matrix: its buffer, its first element, and the elements per row.
type place struct {
	buffer        *gpu.Buffer
	first, stride uint32
}

// fours locates a tensor in elements of four values.
func (t *tensor) fours() place { return place{t.buffer, uint32(t.first / 4), uint32(t.stride() / 4)} }

// values locates a tensor in elements of one value.
func (t *tensor) values() place { return place{t.buffer, uint32(t.first), uint32(t.stride())} }

// product records dst = x·Wᵀ + b, for a program that takes step elements of the
// inner dimension at a time. scales has the scales of the rows of x if x is
// quantised, otherwise it is nil.
func (d *Device) product(p program, dst *tensor, x place, scales, w, ends *gpu.Buffer, inner, step int) {
	to := dst.fours()
	c := call{
		program:    p,
		bindings:   [8]gpu.Binding{1: w, ends, to.buffer, x.buffer},
		parameters: parameters{uint32(dst.rows), uint32(groups(inner, step)), x.first, x.stride, to.first, to.stride},
		groups:     [2]int{groups(dst.cols, tileOutputs), groups(dst.rows, tileRows)},
		work:       2 * dst.rows * dst.cols * inner,
	}
	if scales != nil {
		c.bindings[5] = scales
	}
	d.run(c)
}

// scratch makes a tensor in scratch memory.
func scratch(b *gpu.Buffer, rows, cols int) *tensor { return &tensor{nil, b, 0, rows, cols} }

// normalised records the layer normalisation of rows into scratch memory.
func (d *Device) normalised(x *tensor, n compute.Norm) *tensor {
	t := scratch(d.grow(&d.rows, "rows", 4*x.rows*x.stride()), x.rows, x.cols)
	d.normalise(t, x, n)
	return t
}

func (d *Device) normalise(dst, x *tensor, n compute.Norm) {
	from, to := x.values(), dst.values()
	d.run(call{
		program:    d.variant.layerNorm(),
		bindings:   [8]gpu.Binding{1: from.buffer, to.buffer, 4: n.Weight.(*tensor).buffer, n.Bias.(*tensor).buffer},
		parameters: parameters{uint32(x.rows), uint32(x.cols), from.first, to.first, to.stride},
		groups:     [2]int{groups(x.rows, d.variant.rowsAtOnce()), 1},
	})
}

// quantise records the quantisation of rows into scratch memory, after layer
// normalisation unless n is nil.
func (d *Device) quantise(x *tensor, n *compute.Norm) (bytes, scales *gpu.Buffer) {
	bytes = d.grow(&d.bytes, "quantised rows", x.rows*x.stride())
	scales = d.grow(&d.scales, "scales of rows", 4*x.rows)
	from := x.values()
	c := call{
		program:    d.variant.quantise(),
		bindings:   [8]gpu.Binding{1: from.buffer, bytes, scales},
		parameters: parameters{uint32(x.rows), uint32(x.cols), from.first, from.stride, from.stride / 4},
		groups:     [2]int{groups(x.rows, d.variant.rowsAtOnce()), 1},
	}
	if n != nil {
		c.program = d.variant.quantiseNormalised()
		c.bindings[4], c.bindings[5] = n.Weight.(*tensor).buffer, n.Bias.(*tensor).buffer
	}
	d.run(c)
	return bytes, scales
}

// FeedForward: see [compute.Device]. The hidden values are the largest of a network. Where they do
// not fit in a binding, the rows go in turns.
func (d *Device) FeedForward(x compute.Tensor, n compute.Norm, fc1, fc2 compute.Linear) {
	t, l1, l2 := x.(*tensor), fc1.(*linear), fc2.(*linear)
	atOnce := max(1, d.visible/(4*padded(l1.out)))
	for first := 0; first < t.rows; first += atOnce {
		part := t.Slice(first, min(first+atOnce, t.rows)).(*tensor)
		hidden := scratch(nil, part.rows, l1.out)
		hidden.buffer = d.grow(&d.hidden, "hidden", 4*part.rows*hidden.stride())
		d.linear(hidden, part, l1, &n, gelu)
		d.linear(part, hidden, l2, nil, residual)
	}
}

// PatchEmbed: see [compute.Device].
func (d *Device) PatchEmbed(dst compute.Tensor, f compute.Frame, v compute.View, window, first int, e compute.PatchEmbedding) {
	out, l, picture := dst.(*tensor), e.Projection.(*linear), f.(*frame)
	host.SameLength("PatchEmbed", 3*v.Patch*v.Patch, l.in)
	host.SameLength("PatchEmbed", l.out, out.cols)
	d.Copy(dst, e.Position)
	x := scratch(nil, out.rows, l.in)
	x.buffer = d.grow(&d.rows, "rows", 4*x.rows*x.stride())
	place := v.Window(window)
	p := parameters{uint32(x.rows), uint32(first), uint32(v.Cols()), uint32(v.Patch), uint32(x.stride() / 4), uint32(picture.width)}
	copy(p[8:], []uint32{uint32(place.Top), uint32(place.Left), uint32(v.WindowHeight), uint32(v.WindowWidth)})
	for c := range 3 {
		p[12+c] = math.Float32bits(1 / (255 * e.Std[c]))
		p[16+c] = math.Float32bits(-e.Mean[c] / e.Std[c])
	}
	d.run(call{
		program:    patches,
		bindings:   [8]gpu.Binding{1: picture.buffer, x.buffer},
		parameters: p,
		groups:     [2]int{min(maxGroups, groups(x.rows*x.stride()/4, flatGroup)), 1},
	})
	d.productOfFloats(out, x, l, residual)
}

// LayerNorm: see [compute.Device].
func (d *Device) LayerNorm(dst, x compute.Tensor, n compute.Norm) {
	out, in := dst.(*tensor), x.(*tensor)
	if out.buffer == in.buffer && out.first == in.first { // a shader cannot write to a buffer that it reads
		in = scratch(d.grow(&d.rows, "rows", 4*out.rows*out.stride()), out.rows, out.cols)
		d.copy(in, out)
	}
	d.normalise(out, in, n)
}

// L2Normalize: see [compute.Device].
func (d *Device) L2Normalize(x compute.Tensor) {
	t := x.(*tensor)
	at := t.values()
	d.run(call{
		program:    d.variant.l2Normalize(),
		bindings:   [8]gpu.Binding{1: at.buffer},
		parameters: parameters{uint32(t.rows), uint32(t.cols), at.first, at.stride},
		groups:     [2]int{groups(t.rows, d.variant.rowsAtOnce()), 1},
	})
}

// MatMulT is a linear layer whose weights are a tensor. A shader first arranges
// them like other weights.
func (d *Device) MatMulT(dst, a, b compute.Tensor) {
	out, x, w := dst.(*tensor), a.(*tensor), b.(*tensor)
	host.SameLength("MatMulT", x.cols, w.cols)
	host.SameLength("MatMulT", out.cols, w.rows)
	host.SameLength("MatMulT", out.rows, x.rows)
	steps := groups(w.cols, floatStep)
	packs := roundUp(w.rows, tileOutputs) * steps
	d.grow(&d.arranged, "arranged rows", 4*floatStep*packs)
	from := w.fours()
	d.run(call{
		program:    arrangeRows,
		bindings:   [8]gpu.Binding{1: from.buffer, d.arranged},
		parameters: parameters{uint32(w.rows), uint32(steps), from.first, from.stride, uint32(packs)},
		groups:     [2]int{min(maxGroups, groups(packs, flatGroup)), 1},
	})
	d.product(product(false, store), out, x.fours(), nil, d.arranged, d.identity(w.rows), w.cols, floatStep)
}

// Extend: see [compute.Device].
func (d *Device) Extend(dst, scores, further, rivals compute.Tensor) {
	out, in, more := dst.(*tensor), scores.(*tensor), further.(*tensor)
	host.SameLength("Extend", in.cols+more.cols, out.cols)
	host.SameLength("Extend", in.rows, out.rows)
	host.SameLength("Extend", more.rows, out.rows)
	against, rivalCols := in, 0 // something has to be bound
	if rivals != nil {
		against = rivals.(*tensor)
		rivalCols = against.cols
	}
	to, s, m, a := out.values(), in.values(), more.values(), against.values()
	d.run(call{
		program:  extend,
		bindings: [8]gpu.Binding{1: s.buffer, m.buffer, a.buffer, to.buffer},
		parameters: parameters{
			uint32(out.rows), uint32(in.cols), uint32(more.cols), uint32(rivalCols),
			s.first, s.stride, m.first, m.stride, a.first, a.stride, to.first, to.stride,
		},
		groups: [2]int{groups(out.rows, flatGroup), 1},
	})
}

// identity returns the ends of at least n outputs: scale 1 and bias 0.
func (d *Device) identity(n int) *gpu.Buffer {
	values := ends(n, nil, nil)
	if d.unscaled == nil || d.unscaled.Size() < 4*len(values) {
		d.grow(&d.unscaled, "scale 1, bias 0", 4*len(values))
		if d.err == nil {
			d.write(d.unscaled, 0, bytesOf(wordsOf(values)))
		}
	}
	return d.unscaled
}

// Attention: see [compute.Device].
func (d *Device) Attention(dst, qkv compute.Tensor, heads int, _ compute.Share) {
	out, in := dst.(*tensor), qkv.(*tensor)
	host.SameLength("Attention", 3*out.cols, in.cols)
	host.SameLength("Attention", out.rows, in.rows)
	size := out.cols / heads
	if (size > largestHead || size%headUnit != 0) && d.err == nil {
		d.err = fmt.Errorf("attention heads have %d channels, expected a multiple of %d up to %d on WebGPU: use the CPU", size, headUnit, largestHead)
	}
	from, to := in.fours(), out.fours()
	c := call{
		program:    attention(size),
		bindings:   [8]gpu.Binding{1: from.buffer, to.buffer},
		parameters: parameters{uint32(out.rows), uint32(heads), from.first, from.stride, to.first, to.stride},
		groups:     [2]int{groups(out.rows, queryBlock), heads},
		work:       4 * out.rows * out.rows * out.cols,
	}
	if d.arithmetic == compute.Int8 && size%rowUnit == 0 {
		// Each head of a token is a row with its own scale.
		c.program = d.variant.attentionOfBytes(size)
		c.bindings[1], c.bindings[3] = d.quantise(&tensor{nil, in.buffer, in.first, 3 * heads * in.rows, size}, nil)
		c.parameters[2] = 0
	}
	d.run(c)
}

// Smooth: see [compute.Device].
func (d *Device) Smooth(average, looks, scores compute.Tensor, p, f compute.Frame, v compute.View, weight float32) {
	to, lookRows, from, picture := average.(*tensor), looks.(*tensor), scores.(*tensor), f.(*frame)
	host.SameLength("Smooth", to.size(), from.size())
	host.SameLength("Smooth", to.rows*compute.LookWidth, lookRows.size())
	d.run(call{
		program:  look,
		bindings: [8]gpu.Binding{1: picture.buffer, lookRows.buffer},
		parameters: parameters{
			uint32(to.rows), uint32(v.Cols()), uint32(v.Patch), uint32(lookRows.stride()),
			uint32(v.Height), uint32(v.Width), math.Float32bits(weight),
			math.Float32bits(compute.StillBelow), math.Float32bits(1. / (compute.ChangedFrom - compute.StillBelow)),
		},
		groups: [2]int{groups(to.rows, flatGroup), 1},
	})
	d.run(call{
		program:  smooth,
		bindings: [8]gpu.Binding{1: from.buffer, lookRows.buffer, to.buffer},
		parameters: parameters{
			uint32(to.rows), uint32(to.stride()), uint32(from.first), uint32(lookRows.stride()), compute.LookWidth - 1,
		},
		groups: [2]int{min(maxGroups, groups(to.rows*to.stride(), flatGroup)), 1},
	})
	if p == nil {
		return
	}
	d.run(call{
		program:  smoothPicture,
		bindings: [8]gpu.Binding{1: picture.buffer, lookRows.buffer, p.(*frame).buffer},
		parameters: parameters{
			uint32(v.Cols()), uint32(v.Patch), uint32(lookRows.stride()), compute.LookWidth - 1, uint32(v.Height), uint32(v.Width),
		},
		groups: [2]int{min(maxGroups, groups(v.Height*v.Width, flatGroup)), 1},
	})
}

// Classify: see [compute.Device].
func (d *Device) Classify(dst compute.Mask, scores compute.Tensor, v compute.View) {
	mask, s := dst.(*Mask), scores.(*tensor)
	if d.windows == nil || d.view != v {
		var words []uint32
		for i := range v.Windows() {
			at := v.Window(i)
			words = append(words, uint32(at.Top), uint32(at.Left))
		}
		d.grow(&d.windows, "windows", 4*len(words))
		if d.err != nil {
			return
		}
		d.write(d.windows, 0, bytesOf(words))
		d.view = v
	}
	from := s.fours()
	d.run(call{
		program:  classify,
		bindings: [8]gpu.Binding{1: from.buffer, d.windows, mask.buffer},
		parameters: parameters{
			uint32(v.Patch), uint32(v.Rows()), uint32(v.Cols()), uint32(s.cols),
			uint32(v.Height), uint32(v.Width), uint32(v.WindowHeight), uint32(v.WindowWidth),
			uint32(v.Windows()), uint32(mask.height), uint32(mask.width), from.first, from.stride,
		},
		groups: [2]int{min(maxGroups, groups(mask.height*mask.width, 4*flatGroup)), 1},
	})
}
