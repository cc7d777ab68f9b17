package cpu

import (
	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// Extend: see [compute.Device].
func (d *Device) Extend(dst, scores, further, rivals compute.Tensor) {
	if d.Failed() {
		return
	}
	out, in, more := dst.(*host.Matrix), scores.(*host.Matrix), further.(*host.Matrix)
	host.SameLength("Extend", in.Cols()+more.Cols(), out.Cols())
	host.SameLength("Extend", out.Rows()*in.Cols(), len(in.Data))
	host.SameLength("Extend", out.Rows()*more.Cols(), len(more.Data))
	for r := range in.Rows() {
		row, others := out.Row(r), in.Row(r)
		copy(row, others)
		ahead := others[winnerOf(others)]
		if rivals != nil {
			against := rivals.(*host.Matrix).Row(r)
			ahead -= against[winnerOf(against)]
		}
		for i, v := range more.Row(r) {
			row[len(others)+i] = v + ahead
		}
	}
}

// classifier is the scratch memory of Classify.
type classifier struct {
	compute.Upsampler
	candidates []candidate
}

// A candidate is a class that may win somewhere between two columns of patches,
// with its scores at both.
type candidate struct {
	class       uint8
	left, right float32
}

// Classify: see [compute.Device].
func (d *Device) Classify(dst compute.Mask, scores compute.Tensor, view compute.View) {
	if d.Failed() {
		return
	}
	mask, in := dst.(*host.Mask), scores.(*host.Matrix)
	host.SameLength("Classify", view.Windows()*view.Patches(), in.Rows())
	c := &d.classifier
	c.Reset(view, in.Data, in.Cols(), mask.Height(), mask.Width())
	for i := range mask.Rows() {
		if c.Direct() {
			c.paintSpans(mask.Row(i), c.PatchRow(mask.First+i), in.Cols())
		} else {
			paintPixels(mask.Row(i), c.Row(mask.First+i), in.Cols())
		}
	}
	d.gatherMask(mask)
}

// paintSpans classifies a row of pixels, given the row's scores at the columns of
// patches. Between two columns every score is linear, so only a class whose higher
// end reaches the best lower end can win: mostly one or two.
func (c *classifier) paintSpans(pixels []uint8, row []float32, classes int) {
	for from := 0; from < len(pixels); {
		lo, hi, _ := c.Column(from)
		to := from + 1
		for ; to < len(pixels); to++ {
			if next, _, _ := c.Column(to); next != lo {
				break
			}
		}
		c.contend(row[lo*classes:][:classes], row[hi*classes:][:classes])
		for x := from; x < to; x++ {
			_, _, t := c.Column(x)
			pixels[x] = c.winner(t)
		}
		from = to
	}
}

// contend finds the candidates between two columns. It compares by hand, because
// min and max of floats are function calls in WebAssembly.
func (c *classifier) contend(left, right []float32) {
	right = right[:len(left)]
	floor := left[0]
	if right[0] < floor {
		floor = right[0]
	}
	for i, l := range left {
		if r := right[i]; l > floor && r > floor {
			if r < l {
				l = r
			}
			floor = l
		}
	}
	c.candidates = c.candidates[:0]
	for i, l := range left {
		if r := right[i]; !(l < floor && r < floor) {
			c.candidates = append(c.candidates, candidate{uint8(i), l, r})
		}
	}
}

// winner returns the class with the highest score, t of the way from left to right.
func (c *classifier) winner(t float32) uint8 {
	best := c.candidates[0]
	if len(c.candidates) == 1 {
		return best.class
	}
	highest := best.left*(1-t) + best.right*t
	for _, other := range c.candidates[1:] {
		if score := other.left*(1-t) + other.right*t; score > highest {
			best, highest = other, score
		}
	}
	return best.class
}

// paintPixels classifies a row of pixels, given their scores.
func paintPixels(pixels []uint8, scores []float32, classes int) {
	for x := range pixels {
		pixels[x] = winnerOf(scores[x*classes:][:classes])
	}
}

// winnerOf returns the class with the highest score; of equal scores, the lowest.
func winnerOf(scores []float32) uint8 {
	best, highest := 0, scores[0]
	for i, s := range scores {
		if s > highest {
			best, highest = i, s
		}
	}
	return uint8(best)
}
