//go:build js

package webgpu

import "segmenter/compute/webgpu/gpu"

// Features are optional features that [gpu.Open] should request.
var Features = []string{"shader-f16", "subgroups"}

// variant is one of several ways to compute the same, for different GPUs.
type variant struct {
	// Products of bytes use dot4I8Packed if packed, 16-bit floats if half, and
	// float32 otherwise.
	packed, half bool
	// A subgroup, of at most this many invocations, takes a row. With 0, rows use
	// workgroup memory instead.
	subgroups int
}

// variantOf returns the variant for a GPU.
//
// WebGPU does not say whether the GPU has an instruction for dot4I8Packed. Apple's
// GPUs have none, and neither has a CPU that emulates a GPU: there, the browser
// expands it to code that is slower than floats. The same holds for 16-bit floats
// on a CPU.
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

// rowsAtOnce is the number of rows that a workgroup takes, at least.
func (v variant) rowsAtOnce() int {
	if v.subgroups > 0 {
		return max(1, rowGroup/v.subgroups)
	}
	return rowGroup / rowLanes
}
