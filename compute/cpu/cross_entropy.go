//go:build !js

package cpu

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// crossEntropy is the state of CrossEntropy.
//
// A vector holds one class's scores of neighbouring pixels, a strip: as many as fit, all
// between the same two columns of patches. So no sum runs across a vector until the
// pixels between two rows of patches are done.
type crossEntropy struct {
	classes int
	rows    []compute.Place
	columns []compute.Place
	strips  []strip

	row           scratch // (columns, C): scores of a row of pixels, interpolated down only
	across        scratch // (strips, lanes): how far each pixel is from one column to the next
	powers        scratch // (C, lanes): e^(score − highest) of a strip
	sums, tops    scratch // (lanes): their sum, and the highest score
	factors       scratch // (lanes): what turns powers into gradients
	upper, bottom scratch // (strips, C, lanes): gradients to pass on to two rows of patches
}

// strip is pixels [first, first+n) of a row, between the columns lo and hi of patches.
type strip struct{ first, n, lo, hi int }

// CrossEntropy: see [compute.Gradients].
func (d *trainer) CrossEntropy(dscores, scores compute.Tensor, v compute.View, labels []uint8, weight float32) (loss float64) {
	host.SameLength("CrossEntropy", v.Patches(), scores.Rows())
	host.SameLength("CrossEntropy", v.Height*v.Width, len(labels))
	e := &d.entropy
	e.reset(v, scores.Cols())
	line := v.Cols() * e.classes // values of a row of patches
	x, dx := data(scores), data(dscores)
	row := e.row.get(line)[:line]
	for y, p := range e.rows {
		mix(row, x[p.Lo*line:][:line], x[p.Hi*line:][:line], p.T)
		for i := range e.strips {
			loss += e.addStrip(i, row, labels[y*v.Width:], p.T, weight)
		}
		if y+1 == v.Height || e.rows[y+1].Lo != p.Lo {
			e.flush(dx[p.Lo*line:][:line], e.upper)
			if y+1 == v.Height {
				e.flush(dx[p.Hi*line:][:line], e.bottom)
			}
			e.upper, e.bottom = e.bottom, e.upper
		}
	}
	return loss * float64(weight)
}

// reset plans a picture.
func (e *crossEntropy) reset(v compute.View, classes int) {
	e.classes = classes
	e.rows = compute.Places(e.rows, v.Height, 1/float32(v.Patch), v.Rows())
	e.columns = compute.Places(e.columns, v.Width, 1/float32(v.Patch), v.Cols())
	e.strips = e.strips[:0]
	for x, c := range e.columns {
		if n := len(e.strips); n > 0 && e.strips[n-1].lo == c.Lo && e.strips[n-1].n < lanes {
			e.strips[n-1].n++
		} else {
			e.strips = append(e.strips, strip{x, 1, c.Lo, c.Hi})
		}
	}
	across := e.across.get(len(e.strips) * lanes)
	for i, s := range e.strips {
		for j := range lanes {
			across[i*lanes+j] = e.columns[min(s.first+j, s.first+s.n-1)].T
		}
	}
	values := len(e.strips) * classes * lanes
	e.upper, e.bottom = e.upper.get(values), e.bottom.get(values)
	clear(e.upper)
	clear(e.bottom)
}

// addStrip returns the loss of a strip of a row of pixels, which is down of the way from one
// row of patches to the next, and adds its gradient to upper and bottom.
func (e *crossEntropy) addStrip(i int, row []float32, labels []uint8, down, weight float32) float64 {
	s, C := e.strips[i], e.classes
	lo, hi, t := row[s.lo*C:][:C], row[s.hi*C:][:C], e.across[i*lanes:][:lanes]
	powers, sums, tops := e.powers.get(C*lanes), e.sums.get(lanes), e.tops.get(lanes)
	softmaxStrip(powers, sums, tops, lo, hi, t)
	factors := e.factors.get(lanes)
	clear(factors)
	from := i * C * lanes
	upper, bottom := e.upper[from:][:C*lanes], e.bottom[from:][:C*lanes]
	loss, product := 0., 1. // of the sums: one logarithm for all
	for j, label := range labels[s.first:][:s.n] {
		if label == compute.Ignore {
			continue
		}
		loss += float64(tops[j] - (lo[label]*(1-t[j]) + hi[label]*t[j]))
		product *= float64(sums[j])
		factors[j] = weight / sums[j]
		upper[int(label)*lanes+j] -= weight * (1 - down)
		bottom[int(label)*lanes+j] -= weight * down
	}
	addStrip(upper, bottom, powers, factors, down)
	return loss + math.Log(product)
}

// flush adds the gradient of a row of patches, and clears it.
func (e *crossEntropy) flush(dscores, gradient []float32) {
	C := e.classes
	for i, s := range e.strips {
		t := e.across[i*lanes:][:lanes]
		for c := range C {
			values := gradient[(i*C+c)*lanes:][:lanes]
			var all, right float32
			for j, g := range values {
				all += g
				right += g * t[j]
			}
			dscores[s.lo*C+c] += all - right
			dscores[s.hi*C+c] += right
		}
	}
	clear(gradient)
}
