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
}

var (
	refineGuide = shader("refine: guide", "refine", "refine_guide")
	refineCells = shader("refine: cells", "refine", "cell_scores", "refine_cells")
	refineFit   = shader("refine: fit", "refine", "cell_scores", "refine_fit")
	refineBlend = shader("refine: blend", "refine", "refine_blend")
	refinePaint = shader("refine: paint", "refine", "refine_paint")
)

// Refine: see [compute.Device] and [compute.Refinement].
func (d *Device) Refine(dst compute.Mask, scores compute.Tensor, v compute.View, guide compute.Frame) {
	mask, s, picture, r := dst.(*Mask), scores.(*tensor), guide.(*frame), &d.refiner
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
				uint32(v.Height), uint32(v.Width), uint32(mask.height), uint32(mask.width), from.first, from.stride,
				uint32(n.GuideRows), uint32(n.GuideCols), uint32(n.Side), uint32(n.Rows), uint32(n.Cols),
				math.Float32bits(compute.GuideEps),
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
	run(refinePaint, groups(mask.height*mask.width, 4), r.guide, r.cells, r.blended, mask.buffer)
}
