//go:build js

package webgpu

import "segmenter/compute/webgpu/gpu"

// Features are those that [gpu.Open] should ask for. None is needed.
var Features = []string{"shader-f16", "subgroups"}

// variant is which of several ways of computing the same suits a processor.
type variant struct {
	// Products of bytes are computed by dot4I8Packed, or if not that in 16-bit
	// floats, or if not that either in float32.
	packed, half bool
	// Rows are shared out to subgroups, of at most so many invocations; 0 has
	// workgroup memory take their place.
	subgroups int
}

// variantOf chooses by what the processor is.
//
// Whether it has an instruction for dot4I8Packed, WebGPU does not say. Apple's
// have none, nor has a processor that computes in place of a graphics
// processor: there, the browser writes it out, which takes longer than floats.
// The same holds for 16-bit floats on a processor.
func variantOf(g *gpu.Device) variant {
	info := g.Info()
	v := variant{
		packed: info.PackedDot && !info.IsFallback && info.Vendor != "apple",
		half:   g.Has("shader-f16") && !info.IsFallback,
	}
	if g.Has("subgroups") && info.SubgroupID {
		v.subgroups = info.SubgroupMax
	}
	return v
}

// rowsAtOnce is how many rows a workgroup does, at least.
func (v variant) rowsAtOnce() int {
	if v.subgroups > 0 {
		return max(1, rowGroup/v.subgroups)
	}
	return rowGroup / rowLanes
}
