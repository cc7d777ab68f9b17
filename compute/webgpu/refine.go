//go:build js

package webgpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
	"segmenter/compute/webgpu/gpu"
)

// refiner is the scratch memory of Refine.
type refiner struct {
	guide   *gpu.Buffer
	cells   *gpu.Buffer
	fitted  *gpu.Buffer // functions of windows
	blended *gpu.Buffer // functions of cells
	matte   *gpu.Buffer
	set     *gpu.Buffer // of classes
}

var (
	refineGuide = shader("refine: guide", "refine", "refine_guide")
	refineCells = shader("refine: cells", "refine", "cell_scores", "refine_cells")
	refineFit   = shader("refine: fit", "refine", "cell_scores", "refine_fit")
	refineBlend = shader("refine: blend", "refine", "refine_blend")
	refinePaint = shader("refine: paint", "refine", "refine_scores", "refine_paint")
	refineMatte = shader("refine: matte", "refine", "refine_scores", "refine_matte")
)

// Refine: see [compute.Device] and [compute.Refinement].
func (d *Device) Refine(dst compute.Mask, scores compute.Tensor, v compute.View, guide compute.Frame) {
	mask := dst.(*Mask)
	d.refine(refinePaint, mask.height, mask.width, scores.(*tensor), v, guide.(*frame), mask.buffer)
}

// Matte: see [compute.Device].
func (d *Device) Matte(dst []uint8, height, width int, scores compute.Tensor, v compute.View, guide compute.Frame, in []bool) error {
	host.SameLength("Matte", height*width, len(dst))
	host.SameLength("Matte", scores.Cols(), len(in))
	words := make([]uint32, len(in))
	for class, isIn := range in {
		if isIn {
			words[class] = 1
		}
	}
	r, size := &d.refiner, roundUp(len(dst), 4)
	d.grow(&r.matte, "matte", size)
	d.grow(&r.set, "set of classes", 4*maxClasses)
	if d.err == nil {
		d.write(r.set, 0, bytesOf(words))
	}
	d.refine(refineMatte, height, width, scores.(*tensor), v, guide.(*frame), r.matte, r.set)
	values := make([]byte, size)
	err := d.read(values, r.matte, 0)
	copy(dst, values)
	return err
}

// refine prepares the functions of cells, and runs a program on each pixel of height×width.
func (d *Device) refine(last program, height, width int, s *tensor, v compute.View, picture *frame, bound ...gpu.Binding) {
	r := &d.refiner
	host.SameLength("Refine", v.Patches(), s.rows)
	host.SameLength("Refine", v.Height*v.Width, picture.height*picture.width)
	n := v.Refinement()
	pixels, cells := n.GuideRows*n.GuideCols, n.Rows*n.Cols
	const value = 16 // bytes: a colour, or a function
	d.grow(&r.guide, "guide", value*pixels)
	d.grow(&r.cells, "cells", value*cells)
	d.grow(&r.fitted, "functions of windows", value*cells*s.cols)
	d.grow(&r.blended, "functions of cells", value*cells*s.cols)
	from := s.fours()
	run := func(p program, invocations int, bound ...gpu.Binding) {
		c := call{
			program: p,
			parameters: parameters{
				uint32(v.Patch), uint32(v.Rows()), uint32(v.Cols()), uint32(s.cols),
				uint32(v.Height), uint32(v.Width), uint32(height), uint32(width), from.first, from.stride,
				uint32(n.GuideRows), uint32(n.GuideCols), uint32(n.Side), uint32(n.Rows), uint32(n.Cols),
				math.Float32bits(compute.GuideEps), math.Float32bits(compute.MatteGain),
			},
			groups: [2]int{min(maxGroups, groups(invocations, flatGroup)), 1},
		}
		copy(c.bindings[1:], bound)
		d.run(c)
	}
	run(refineGuide, pixels, picture.buffer, r.guide)
	run(refineCells, cells, from.buffer, r.guide, r.cells)
	run(refineFit, cells*groups(s.cols, 4), from.buffer, r.cells, r.fitted)
	run(refineBlend, cells*s.cols, r.fitted, r.blended)
	run(last, groups(height*width, 4), append([]gpu.Binding{r.guide, r.cells, r.blended}, bound...)...)
}
