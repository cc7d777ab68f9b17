package host

import "segmenter/compute"

// Smooth: see [compute.Pictures]. It takes next to no time, so plain loops are
// fast enough for every device in ordinary memory.
func (m *Memory) Smooth(average, looks, scores compute.Tensor, picture, f compute.Frame, v compute.View, weight float32) {
	if m.Failed() {
		return
	}
	to, lookRows, from, frame := average.(*Matrix), looks.(*Matrix), scores.(*Matrix), f.(*Frame)
	SameLength("Smooth", len(to.Data), len(from.Data))
	SameLength("Smooth", to.rows*compute.LookWidth, len(lookRows.Data))
	cols := v.Cols()
	for i := range to.rows {
		top, left := i/cols*v.Patch, i%cols*v.Patch
		look, dst, src := lookRows.Row(i), to.Row(i), from.Row(i)
		w := frame.look(look, top, left, v.Patch, weight)
		for c, s := range src {
			dst[c] += w * (s - dst[c])
		}
		if picture != nil {
			picture.(*Frame).blend(frame, top, left, v.Patch, w)
		}
	}
}

// blend mixes other's patch at (top, left) into f with the given weight.
func (f *Frame) blend(other *Frame, top, left, patch int, weight float32) {
	if f.RGB == nil {
		f.RGB = make([]byte, 3*f.height*f.width)
	}
	n := 3 * (min(left+patch, f.width) - left)
	for y := top; y < min(top+patch, f.height); y++ {
		at := 3 * (y*f.width + left)
		dst, src := f.RGB[at:][:n], other.RGB[at:][:n]
		if weight == 1 {
			copy(dst, src)
			continue
		}
		for x, v := range src {
			before := float32(dst[x])
			dst[x] = byte(before + weight*(float32(v)-before) + 0.5)
		}
	}
}

// look compares the patch at (top, left) with its look so far, updates the look,
// and returns the weight of the new frame.
func (f *Frame) look(look []float32, top, left, patch int, weight float32) float32 {
	var means [compute.LookBlocks * compute.LookBlocks]float32
	change := float32(0)
	for b := range means {
		means[b] = f.brightness(
			top+b/compute.LookBlocks*patch/compute.LookBlocks,
			left+b%compute.LookBlocks*patch/compute.LookBlocks, patch/compute.LookBlocks)
		change = max(change, means[b]-look[b], look[b]-means[b])
	}
	w := compute.SmoothWeight(change, weight)
	for b, mean := range means {
		look[b] += w * (mean - look[b])
	}
	look[len(means)] = w
	return w
}

// brightness is the mean of (R + 2G + B)/4 in a square. Beyond the frame, its
// last row and column repeat.
func (f *Frame) brightness(top, left, side int) float32 {
	sum := 0
	for y := top; y < top+side; y++ {
		row := f.RGB[min(y, f.height-1)*f.width*3:][:f.width*3]
		for x := left; x < left+side; x++ {
			at := 3 * min(x, f.width-1)
			sum += int(row[at]) + 2*int(row[at+1]) + int(row[at+2])
		}
	}
	return float32(sum) / float32(4*side*side)
}
