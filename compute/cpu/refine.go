package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// refiner is the scratch memory of Refine. It covers only the cells and the guide
// rows that this rank's rows of the mask depend on. A function is four values,
// [a, a, a, b]; a cell has one for each class that may win.
type refiner struct {
	compute.Refinement
	view          compute.View
	rows, cols    int // of patches
	height, width int // of the mask

	guide   band // (columns, 3)
	means   band // (columns, 3): the colours of cells
	scores  band // (columns, classes): those of cells
	fitted  band // (columns, functions): of windows
	blended band // (columns, functions)
	winners []uint8

	present []uint8    // the classes that win somewhere
	slots   [256]int16 // the index in present of each of these classes

	line      []int32 // the sum of four rows of the frame
	patches   scratch // scores between two rows of patches
	colours   scratch // of the guide, between two rows
	functions scratch // between two rows of cells

	cellColumns, guideColumns []compute.Place
	blocks                    []block // below blockRow, a row of cells
	blockRow                  int
	candidates                []int16 // of all blocks
}

// A band holds the rows [first, end) of a matrix, stride values each.
type band struct {
	first, end int
	stride     int
	values     scratch
}

func (b *band) set(first, end, stride int) {
	b.first, b.end, b.stride = first, end, stride
	b.values = b.values.get((end - first) * stride)
}

func (b *band) row(y int) []float32 { return b.values[(y-b.first)*b.stride:][:b.stride] }

// A block is the area between the centres of four cells. Its pixels may have the
// classes whose slots are candidates[from:to].
type block struct{ from, to int }

// Refine: see [compute.Device].
func (d *Device) Refine(dst compute.Mask, scores compute.Tensor, view compute.View, guide compute.Frame) {
	if d.Failed() {
		return
	}
	mask, in, frame := dst.(*host.Mask), scores.(*host.Matrix), guide.(*host.Frame)
	host.SameLength("Refine", view.Patches(), in.Rows())
	host.SameLength("Refine", view.Height*view.Width, frame.Height()*frame.Width())
	if mask.Rows() > 0 {
		d.refiner.prepare(view, frame, in, mask.Height(), mask.Width(), mask.First, mask.Rows())
		for i := range mask.Rows() {
			d.refiner.paint(mask.Row(i), mask.First+i, nil)
		}
	}
	d.gatherMask(mask)
}

// Matte: see [compute.Device].
func (d *Device) Matte(dst []uint8, height, width int, scores compute.Tensor, view compute.View, guide compute.Frame, in []bool) error {
	if err := d.Finish(); err != nil {
		return err
	}
	matrix, frame, r := scores.(*host.Matrix), guide.(*host.Frame), &d.refiner
	host.SameLength("Matte", height*width, len(dst))
	host.SameLength("Matte", matrix.Cols(), len(in))
	r.prepare(view, frame, matrix, height, width, 0, height)
	for y := range height {
		r.paint(dst[y*width:][:width], y, in)
	}
	return nil
}

// prepare computes what rows of a mask are painted from: as many as rows, from first on.
func (r *refiner) prepare(view compute.View, guide *host.Frame, scores *host.Matrix, height, width, first, rows int) {
	r.reset(view, height, width, first, rows)
	r.halve(guide)
	r.average()
	r.interpolate(scores)
	r.fit(scores.Cols())
	r.blend()
}

// reset works out the cells and guide rows that rows of a mask depend on.
func (r *refiner) reset(view compute.View, height, width, first, rows int) {
	r.rows, r.cols = view.Rows(), view.Cols()
	r.Refinement, r.view, r.height, r.width = view.Refinement(), view, height, width
	scale := r.guideScaleX()
	r.guideColumns = compute.Places(r.guideColumns, r.width, scale, r.GuideCols)
	r.cellColumns = compute.Places(r.cellColumns, r.width, scale/float32(r.Side), r.Cols)
	r.blockRow = -1
	top, _, _ := r.cellRow(first)
	_, bottom, _ := r.cellRow(first + rows - 1)
	r.blended.first, r.blended.end = top, bottom+1
	r.fitted.first, r.fitted.end = compute.Around(top, bottom, 1, r.Rows)
	from, end := compute.Around(top, bottom, 2, r.Rows)
	r.means.set(from, end, 3*r.Cols)
	r.guide.set(from*r.Side, min(end*r.Side, r.GuideRows), 3*r.GuideCols)
}

func (r *refiner) guideScaleX() float32 { return float32(r.view.Width) / float32(2*r.width) }
func (r *refiner) guideScaleY() float32 { return float32(r.view.Height) / float32(2*r.height) }

// cellRow returns the rows of cells that row y of the mask lies between, t of the
// way.
func (r *refiner) cellRow(y int) (lo, hi int, t float32) {
	return compute.Bilinear(y, r.guideScaleY()/float32(r.Side), r.Rows)
}

// halve computes the guide: it sums four rows, then four pixels of the sums.
func (r *refiner) halve(frame *host.Frame) {
	stride := 3 * frame.Width()
	if len(r.line) < stride+9 {
		r.line = make([]int32, stride+9)
	}
	line := r.line[:stride+9] // with a pixel before the row and two after it
	for y := r.guide.first; y < r.guide.end; y++ {
		row := func(i int) []uint8 {
			at := min(max(2*y-1+i, 0), frame.Height()-1) * stride
			return frame.RGB[at:][:stride]
		}
		a, b, c, d := row(0), row(1), row(2), row(3)
		for i := range a {
			line[3+i] = int32(a[i]) + int32(d[i]) + 3*(int32(b[i])+int32(c[i]))
		}
		copy(line[:3], line[3:6])
		copy(line[stride+3:], line[stride:stride+3])
		copy(line[stride+6:], line[stride:stride+3])
		out, from := r.guide.row(y), line
		for ; len(out) >= 3; out, from = out[3:], from[6:] {
			p := from[:12]
			out[0] = float32(p[0]+p[9]+3*(p[3]+p[6])) * (1. / (64 * 255))
			out[1] = float32(p[1]+p[10]+3*(p[4]+p[7])) * (1. / (64 * 255))
			out[2] = float32(p[2]+p[11]+3*(p[5]+p[8])) * (1. / (64 * 255))
		}
	}
}

// average computes the mean colours of cells.
func (r *refiner) average() {
	for row := r.means.first; row < r.means.end; row++ {
		means := r.means.row(row)
		clear(means)
		bottom := min((row+1)*r.Side, r.GuideRows)
		for y := row * r.Side; y < bottom; y++ {
			line := r.guide.row(y)
			for column := range r.Cols {
				var sum [3]float32
				for p := line[3*column*r.Side : 3*min((column+1)*r.Side, r.GuideCols)]; len(p) >= 3; p = p[3:] {
					sum[0] += p[0]
					sum[1] += p[1]
					sum[2] += p[2]
				}
				for c, v := range sum {
					means[3*column+c] += v
				}
			}
		}
		for column := range r.Cols {
			pixels := (bottom - row*r.Side) * (min((column+1)*r.Side, r.GuideCols) - column*r.Side)
			for c := range 3 {
				means[3*column+c] /= float32(pixels)
			}
		}
	}
}

// interpolate computes the scores of cells, and finds the classes that may win.
func (r *refiner) interpolate(in *host.Matrix) {
	classes, scale := in.Cols(), r.CellScale(r.view)
	r.scores.set(r.means.first, r.means.end, r.Cols*classes)
	r.winners = r.winners[:0]
	r.patches = r.patches.get(r.cols * classes)
	var wins [256]bool
	for row := r.scores.first; row < r.scores.end; row++ {
		lo, hi, t := compute.Bilinear(row, scale, r.rows)
		mix(r.patches, in.Data[lo*len(r.patches):], in.Data[hi*len(r.patches):], t)
		out := r.scores.row(row)
		for column := range r.Cols {
			lo, hi, t := compute.Bilinear(column, scale, r.cols)
			at := out[column*classes:][:classes]
			mix(at, r.patches[lo*classes:], r.patches[hi*classes:], t)
			winner := winnerOf(at)
			r.winners = append(r.winners, winner)
			wins[winner] = true
		}
	}
	r.present = r.present[:0]
	for class, won := range wins {
		if won {
			r.slots[class] = int16(len(r.present))
			r.present = append(r.present, uint8(class))
		}
	}
}

// fit computes the functions of windows.
func (r *refiner) fit(classes int) {
	r.fitted.set(r.fitted.first, r.fitted.end, 4*r.Cols*len(r.present))
	var w window
	for row := r.fitted.first; row < r.fitted.end; row++ {
		out := r.fitted.row(row)
		for column := range r.Cols {
			w.measure(r, row, column)
			for _, class := range r.present {
				w.apply(out[:4], r.scores.values[int(class):], classes)
				out = out[4:]
			}
		}
	}
}

// A window holds what the functions of all its classes share: a is the sum of the
// cells' scores, weighted by weights.
type window struct {
	colour  [3]float32
	cells   int
	at      [9]int        // cells
	weights [9][3]float32 // (Σ + εI)⁻¹·(colour of the cell − colour)/cells
}

func (w *window) measure(r *refiner, row, column int) {
	top, bottom := compute.Around(row, row, 1, r.Rows)
	left, right := compute.Around(column, column, 1, r.Cols)
	w.cells, w.colour = 0, [3]float32{}
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			i := (y-r.means.first)*r.Cols + x
			w.at[w.cells] = i
			w.cells++
			mean := r.means.values[3*i:][:3]
			w.colour[0] += mean[0]
			w.colour[1] += mean[1]
			w.colour[2] += mean[2]
		}
	}
	share := 1 / float32(w.cells)
	w.colour[0] *= share
	w.colour[1] *= share
	w.colour[2] *= share
	var rr, rg, rb, gg, gb, bb float32
	for k, i := range w.at[:w.cells] {
		mean := r.means.values[3*i:][:3]
		red, green, blue := mean[0]-w.colour[0], mean[1]-w.colour[1], mean[2]-w.colour[2]
		w.weights[k] = [3]float32{red, green, blue}
		rr += red * red
		rg += red * green
		rb += red * blue
		gg += green * green
		gb += green * blue
		bb += blue * blue
	}
	// The inverse of a symmetric matrix, by its cofactors. The sums are not divided
	// by the number of cells; eps is multiplied by it instead.
	eps := float32(compute.GuideEps) * float32(w.cells)
	rr, gg, bb = rr+eps, gg+eps, bb+eps
	irr, irg, irb := gg*bb-gb*gb, rb*gb-rg*bb, rg*gb-rb*gg
	igg, igb, ibb := rr*bb-rb*rb, rg*rb-rr*gb, rr*gg-rg*rg
	scale := 1 / (rr*irr + rg*irg + rb*irb)
	for k := range w.weights[:w.cells] {
		o := &w.weights[k]
		red, green, blue := o[0]*scale, o[1]*scale, o[2]*scale
		o[0] = irr*red + irg*green + irb*blue
		o[1] = irg*red + igg*green + igb*blue
		o[2] = irb*red + igb*green + ibb*blue
	}
}

// apply computes a class's function. scores begins with the class's score in the
// first cell; the next cell's is stride further.
func (w *window) apply(out, scores []float32, stride int) {
	var red, green, blue, sum float32
	for k, i := range w.at[:w.cells] {
		s := scores[i*stride]
		o := &w.weights[k]
		red += o[0] * s
		green += o[1] * s
		blue += o[2] * s
		sum += s
	}
	out = out[:4]
	out[0], out[1], out[2] = red, green, blue
	out[3] = sum/float32(w.cells) - red*w.colour[0] - green*w.colour[1] - blue*w.colour[2]
}

// blend computes the functions of cells.
func (r *refiner) blend() {
	n := 4 * len(r.present)
	r.blended.set(r.blended.first, r.blended.end, n*r.Cols)
	r.functions = r.functions.get(n * r.Cols)
	for row := r.blended.first; row < r.blended.end; row++ {
		top, bottom := compute.Around(row, row, 1, r.Rows)
		sums := r.functions
		copy(sums, r.fitted.row(top))
		for y := top + 1; y < bottom; y++ {
			add(sums, r.fitted.row(y))
		}
		out := r.blended.row(row)
		for column := range r.Cols {
			left, right := compute.Around(column, column, 1, r.Cols)
			at := out[column*n:][:n]
			copy(at, sums[left*n:])
			for x := left + 1; x < right; x++ {
				add(at, sums[x*n:][:n])
			}
			share := 1 / float32((bottom-top)*(right-left))
			for i := range at {
				at[i] *= share
			}
		}
	}
}

// paint paints row y: of the mask, or of the matte of the classes in, unless nil.
func (r *refiner) paint(pixels []uint8, y int, in []bool) {
	upper, lower, down := r.cellRow(y)
	if upper != r.blockRow {
		r.findBlocks(upper, lower)
	}
	if len(r.candidates) > len(r.blocks) { // otherwise each block has one
		lo, hi, t := compute.Bilinear(y, r.guideScaleY(), r.GuideRows)
		r.colours = r.colours.get(3 * r.GuideCols)
		mix(r.colours, r.guide.row(lo), r.guide.row(hi), t)
		mix(r.functions, r.blended.row(upper), r.blended.row(lower), down)
	}
	for from := 0; from < len(pixels); {
		left := r.cellColumns[from].Lo
		to := from + 1
		for to < len(pixels) && r.cellColumns[to].Lo == left {
			to++
		}
		b := r.blocks[left]
		candidates := r.candidates[b.from:b.to]
		switch {
		case in != nil:
			r.weigh(pixels, from, to, candidates, in)
		case len(candidates) == 1:
			class := r.present[candidates[0]]
			for x := from; x < to; x++ {
				pixels[x] = class
			}
		default:
			r.contest(pixels, from, to, candidates)
		}
		from = to
	}
}

// findBlocks finds the classes that may win between two rows of cells.
func (r *refiner) findBlocks(upper, lower int) {
	r.blockRow, r.blocks, r.candidates = upper, r.blocks[:0], r.candidates[:0]
	top, bottom := compute.Around(upper, lower, compute.GuideReach, r.Rows)
	for column := range r.Cols {
		left, right := compute.Around(column, min(column+1, r.Cols-1), compute.GuideReach, r.Cols)
		from := len(r.candidates)
		for y := top; y < bottom; y++ {
			for _, class := range r.winners[(y-r.scores.first)*r.Cols:][left:right] {
				r.addCandidate(from, r.slots[class])
			}
		}
		r.blocks = append(r.blocks, block{from, len(r.candidates)})
	}
}

// addCandidate inserts a slot in candidates[from:], which stays sorted, without
// duplicates.
func (r *refiner) addCandidate(from int, slot int16) {
	i := len(r.candidates)
	for ; i > from && r.candidates[i-1] >= slot; i-- {
		if r.candidates[i-1] == slot {
			return
		}
	}
	r.candidates = append(r.candidates, 0)
	copy(r.candidates[i+1:], r.candidates[i:])
	r.candidates[i] = slot
}

// contest classifies pixels of one block with several candidates.
func (r *refiner) contest(pixels []uint8, from, to int, candidates []int16) {
	n := 4 * len(r.present)
	for x := from; x < to; x++ {
		at, g := r.cellColumns[x], r.guideColumns[x]
		a, b := r.colours[3*g.Lo:][:3], r.colours[3*g.Hi:][:3]
		red, green, blue := a[0]*(1-g.T)+b[0]*g.T, a[1]*(1-g.T)+b[1]*g.T, a[2]*(1-g.T)+b[2]*g.T
		left, right := r.functions[at.Lo*n:][:n], r.functions[at.Hi*n:][:n]
		best, highest := int16(-1), float32(0)
		for _, slot := range candidates {
			p, q := left[4*slot:][:4], right[4*slot:][:4]
			before := p[0]*red + p[1]*green + p[2]*blue + p[3]
			after := q[0]*red + q[1]*green + q[2]*blue + q[3]
			if score := before*(1-at.T) + after*at.T; best < 0 || score > highest {
				best, highest = slot, score
			}
		}
		pixels[x] = r.present[best]
	}
}

// weigh sets the values of a matte in one block.
func (r *refiner) weigh(pixels []uint8, from, to int, candidates []int16, in []bool) {
	inside := 0
	for _, slot := range candidates {
		if in[r.present[slot]] {
			inside++
		}
	}
	if inside == 0 || inside == len(candidates) {
		value := uint8(0)
		if inside > 0 {
			value = 255
		}
		for x := from; x < to; x++ {
			pixels[x] = value
		}
		return
	}
	n := 4 * len(r.present)
	for x := from; x < to; x++ {
		at, g := r.cellColumns[x], r.guideColumns[x]
		a, b := r.colours[3*g.Lo:][:3], r.colours[3*g.Hi:][:3]
		red, green, blue := a[0]*(1-g.T)+b[0]*g.T, a[1]*(1-g.T)+b[1]*g.T, a[2]*(1-g.T)+b[2]*g.T
		left, right := r.functions[at.Lo*n:][:n], r.functions[at.Hi*n:][:n]
		best := [2]float32{-math.MaxFloat32, -math.MaxFloat32} // out, in
		for _, slot := range candidates {
			p, q := left[4*slot:][:4], right[4*slot:][:4]
			before := p[0]*red + p[1]*green + p[2]*blue + p[3]
			after := q[0]*red + q[1]*green + q[2]*blue + q[3]
			side := 0
			if in[r.present[slot]] {
				side = 1
			}
			if score := before*(1-at.T) + after*at.T; score > best[side] {
				best[side] = score
			}
		}
		pixels[x] = compute.MatteValue(best[1] - best[0])
	}
}
