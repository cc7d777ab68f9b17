//go:build js

package webgpu

import (
	"fmt"
	"math"
	"slices"

	"segmenter/compute"
	"segmenter/compute/internal/host"
	"segmenter/compute/webgpu/gpu"
)

// Sizes that shaders have too.
const (
	tileRows, tileOutputs = 64, 64 // matmul
	statisticsRows        = 8      // row_statistics, l2_normalize, quantise
	queryBlock            = 64     // attention
	largestHead           = 64
	flat                  = 64    // invocations of a workgroup where each works by itself
	mostGroups            = 65535 // of a dimension, the least that WebGPU allows
)

func groups(n, unit int) int { return (n + unit - 1) / unit }

// Copy: see [compute.Device].
func (d *Device) Copy(dst, src compute.Tensor) {
	to, from := dst.(*tensor), src.(*tensor)
	host.SameLength("Copy", to.size(), from.size())
	d.copy(to, from)
}

// Gather: the only rank's rows are all rows.
func (d *Device) Gather(dst, src compute.Tensor, _ int) { d.Copy(dst, src) }

// Linear: see [compute.Device].
func (d *Device) Linear(dst, x compute.Tensor, w compute.Linear, op compute.LinearOp) {
	after := "after_store"
	if op.Add {
		after = "after_add"
	}
	d.linear(dst.(*tensor), x.(*tensor), w.(*linear), op.Norm, after)
}

func (d *Device) linear(dst, x *tensor, l *linear, n *compute.Norm, after string) {
	host.SameLength("Linear", l.in, x.cols)
	host.SameLength("Linear", l.out, dst.cols)
	host.SameLength("Linear", x.rows, dst.rows)
	if x.rows == 0 {
		return
	}
	c := call{buffers: [8]*gpu.Buffer{1: l.w, l.scaleAndBias, dst.buffer, x.buffer}}
	c.parameters = parameters{uint32(x.rows), uint32(l.in), uint32(l.out), uint32(l.stride), uint32(x.first), 0, uint32(dst.first)}
	c.groups = [2]int{groups(l.out, tileOutputs), groups(x.rows, tileRows)}
	if l.int8 && d.arithmetic == Int8 {
		c.program = productOfBytes(after)
		c.buffers[4], c.buffers[5] = d.quantise(x, l.stride/4, n)
		d.run(c)
		return
	}
	input := "input_rows"
	if n != nil {
		input = "input_normalised"
		c.buffers[5] = d.measure(x)
		c.buffers[6], c.buffers[7] = n.Weight.(*tensor).buffer, n.Bias.(*tensor).buffer
	}
	c.program = product(input, l.int8, after)
	d.run(c)
}

// quantise records the quantisation of rows to so many words each.
func (d *Device) quantise(x *tensor, words int, n *compute.Norm) (bytes, scales *gpu.Buffer) {
	bytes = d.grow(&d.bytes, "quantised rows", 4*x.rows*words)
	scales = d.grow(&d.scales, "scales of rows", 4*x.rows)
	c := call{
		program:    quantise(n != nil),
		buffers:    [8]*gpu.Buffer{1: x.buffer, bytes, scales},
		parameters: parameters{uint32(x.rows), uint32(x.cols), uint32(x.first), uint32(words)},
		groups:     [2]int{groups(x.rows, statisticsRows), 1},
	}
	if n != nil {
		c.buffers[4], c.buffers[5] = n.Weight.(*tensor).buffer, n.Bias.(*tensor).buffer
	}
	d.run(c)
	return bytes, scales
}

// measure records the statistics of rows for their layer normalisation.
func (d *Device) measure(x *tensor) *gpu.Buffer {
	statistics := d.grow(&d.statistics, "statistics", 8*x.rows)
	d.run(call{
		program:    rowStatistics,
		buffers:    [8]*gpu.Buffer{1: x.buffer, statistics},
		parameters: parameters{uint32(x.rows), uint32(x.cols), uint32(x.first)},
		groups:     [2]int{groups(x.rows, statisticsRows), 1},
	})
	return statistics
}

// FeedForward: see [compute.Device].
func (d *Device) FeedForward(x compute.Tensor, n compute.Norm, fc1, fc2 compute.Linear) {
	t, l1, l2 := x.(*tensor), fc1.(*linear), fc2.(*linear)
	hidden := &tensor{d.grow(&d.hidden, "hidden", 4*t.rows*l1.out), 0, t.rows, l1.out}
	d.linear(hidden, t, l1, &n, "after_gelu")
	d.linear(t, hidden, l2, nil, "after_add")
}

// PatchEmbed: see [compute.Device].
func (d *Device) PatchEmbed(dst compute.Tensor, f compute.Frame, g compute.Grid, w compute.Linear, position compute.Tensor) {
	out, l, frame := dst.(*tensor), w.(*linear), f.(*picture)
	host.SameLength("PatchEmbed", 3*g.Patch*g.Patch, l.in)
	host.SameLength("PatchEmbed", l.out, out.cols)
	d.Copy(dst, position)
	p := parameters{uint32(out.rows), uint32(l.in), uint32(l.out), uint32(l.stride), 0, 0, uint32(out.first)}
	copy(p[8:], []uint32{uint32(g.Patch), uint32(g.Cols), uint32(g.First), uint32(frame.width)})
	copy(p[12:], []uint32{uint32(g.Top), uint32(g.Left), uint32(g.Height), uint32(g.Width)})
	for c := range 3 {
		p[16+c] = math.Float32bits(1 / (255 * g.Std[c]))
		p[20+c] = math.Float32bits(-g.Mean[c] / g.Std[c])
	}
	d.run(call{
		program:    product("input_patches", l.int8, "after_add"),
		buffers:    [8]*gpu.Buffer{1: l.w, l.scaleAndBias, out.buffer, frame.buffer},
		parameters: p,
		groups:     [2]int{groups(l.out, tileOutputs), groups(out.rows, tileRows)},
	})
}

// LayerNorm: see [compute.Device].
func (d *Device) LayerNorm(dst, x compute.Tensor, n compute.Norm) {
	out, in := dst.(*tensor), x.(*tensor)
	if *out != *in {
		d.Copy(out, in)
	}
	if out.rows == 0 {
		return
	}
	statistics := d.measure(out)
	d.run(call{
		program:    layerNorm,
		buffers:    [8]*gpu.Buffer{1: out.buffer, statistics, n.Weight.(*tensor).buffer, n.Bias.(*tensor).buffer},
		parameters: parameters{uint32(out.rows), uint32(out.cols), uint32(out.first)},
		groups:     [2]int{min(mostGroups, groups(out.size(), flat)), 1},
	})
}

// L2Normalize: see [compute.Device].
func (d *Device) L2Normalize(x compute.Tensor) {
	t := x.(*tensor)
	d.run(call{
		program:    l2Normalize,
		buffers:    [8]*gpu.Buffer{1: t.buffer},
		parameters: parameters{uint32(t.rows), uint32(t.cols), uint32(t.first)},
		groups:     [2]int{groups(t.rows, statisticsRows), 1},
	})
}

// MatMulT is a linear layer whose weights are a tensor.
func (d *Device) MatMulT(dst, a, b compute.Tensor) {
	out, x, w := dst.(*tensor), a.(*tensor), b.(*tensor)
	host.SameLength("MatMulT", x.cols, w.cols)
	host.SameLength("MatMulT", out.cols, w.rows)
	host.SameLength("MatMulT", out.rows, x.rows)
	d.run(call{
		program:    product("input_rows", false, "after_store"),
		buffers:    [8]*gpu.Buffer{1: w.buffer, d.identity(w.rows), out.buffer, x.buffer},
		parameters: parameters{uint32(x.rows), uint32(x.cols), uint32(w.rows), uint32(w.cols), uint32(x.first), uint32(w.first), uint32(out.first)},
		groups:     [2]int{groups(w.rows, tileOutputs), groups(x.rows, tileRows)},
	})
}

// identity is scale 1 and bias 0 for at least n outputs.
func (d *Device) identity(n int) *gpu.Buffer {
	if d.unscaled != nil && d.unscaled.Size() >= 8*n {
		return d.unscaled
	}
	d.grow(&d.unscaled, "scale 1, bias 0", 8*n)
	if d.err == nil {
		d.write(d.unscaled, 0, bytesOf(slices.Repeat([]uint32{math.Float32bits(1), 0}, n)))
	}
	return d.unscaled
}

// Attention: see [compute.Device].
func (d *Device) Attention(dst, qkv compute.Tensor, heads int, _ compute.Share) {
	out, in := dst.(*tensor), qkv.(*tensor)
	host.SameLength("Attention", 3*out.cols, in.cols)
	host.SameLength("Attention", out.rows, in.rows)
	size := out.cols / heads
	if size > largestHead && d.err == nil {
		d.err = fmt.Errorf("heads of %d channels: the graphics processor takes at most %d; use the processor", size, largestHead)
	}
	d.run(call{
		program:    attention(size),
		buffers:    [8]*gpu.Buffer{1: in.buffer, out.buffer},
		parameters: parameters{uint32(out.rows), uint32(heads), uint32(in.first), uint32(out.first)},
		groups:     [2]int{groups(out.rows, queryBlock), heads},
	})
}

// Classify: see [compute.Device].
func (d *Device) Classify(dst compute.Mask, scores compute.Tensor, v *compute.View) {
	mask, s := dst.(*picture), scores.(*tensor)
	if d.windows == nil || !slices.Equal(d.points, v.Windows) {
		words := make([]uint32, 0, 2*len(v.Windows))
		for _, at := range v.Windows {
			words = append(words, uint32(at.Top), uint32(at.Left))
		}
		d.grow(&d.windows, "windows", 4*len(words))
		if d.err != nil {
			return
		}
		d.write(d.windows, 0, bytesOf(words))
		d.points = slices.Clone(v.Windows)
	}
	d.run(call{
		program: classify,
		buffers: [8]*gpu.Buffer{1: s.buffer, d.windows, mask.buffer},
		parameters: parameters{
			uint32(v.Patch), uint32(v.Rows), uint32(v.Cols), uint32(s.cols),
			uint32(v.Height), uint32(v.Width), uint32(v.WindowHeight), uint32(v.WindowWidth),
			uint32(len(v.Windows)), uint32(mask.height), uint32(mask.width), uint32(s.first),
		},
		groups: [2]int{min(mostGroups, groups(mask.height*mask.width, 4*flat)), 1},
	})
}
