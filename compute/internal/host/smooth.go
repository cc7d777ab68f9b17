package host

import "segmenter/compute"

// Smooth: see [compute.Device]. It costs next to nothing, so that plain loops
// do for every device in ordinary memory.
func (Memory) Smooth(average, looks, scores compute.Tensor, picture, f compute.Frame, g compute.Grid, weight float32) {
	to, seen, from, frame := average.(*Matrix), looks.(*Matrix), scores.(*Matrix), f.(*Frame)
	SameLength("Smooth", len(to.Data), len(from.Data))
	SameLength("Smooth", to.rows*compute.LookWidth, len(seen.Data))
	for i := range to.rows {
		look, dst, src := seen.Row(i), to.Row(i), from.Row(i)
		w := frame.look(look, g, i, weight)
		for c, s := range src {
			dst[c] += w * (s - dst[c])
		}
		if picture != nil {
			picture.(*Frame).blend(frame, g, i, w)
		}
	}
}

// blend takes the i-th patch of another picture in with a weight.
func (f *Frame) blend(other *Frame, g compute.Grid, i int, weight float32) {
	if f.RGB == nil {
		f.RGB = make([]byte, 3*f.height*f.width)
	}
	top, left := i/g.Cols*g.Patch, i%g.Cols*g.Patch
	n := 3 * (min(left+g.Patch, g.Width) - left)
	for y := g.Top + top; y < g.Top+min(top+g.Patch, g.Height); y++ {
		at := 3 * (y*f.width + g.Left + left)
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

// look compares the i-th patch with what was seen of it, brings that up to
// date, and returns the weight of what is new.
func (f *Frame) look(look []float32, g compute.Grid, i int, weight float32) float32 {
	var means [compute.LookBlocks * compute.LookBlocks]float32
	top, left := g.Top+i/g.Cols*g.Patch, g.Left+i%g.Cols*g.Patch
	change := float32(0)
	for b := range means {
		means[b] = f.brightness(
			top+b/compute.LookBlocks*g.Patch/compute.LookBlocks,
			left+b%compute.LookBlocks*g.Patch/compute.LookBlocks, g.Patch/compute.LookBlocks)
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
// last row and column go on.
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
