package reference

import (
	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// A function is a score as a linear function of the colour.
type function struct {
	a [3]float64
	b float64
}

// Refine follows the steps of [compute.Refinement].
func (device) Refine(dst compute.Mask, scores compute.Tensor, v compute.View, guide compute.Frame) {
	mask := dst.(*host.Mask)
	c := newContest(scores.(*host.Matrix), v, guide.(*host.Frame), mask.Height(), mask.Width())
	for y := range mask.Height() {
		for x := range mask.Width() {
			highest, class := 0., -1
			c.scores(y, x, func(candidate int, score float64) {
				if class < 0 || score > highest || score == highest && candidate < class {
					highest, class = score, candidate
				}
			})
			mask.Row(y)[x] = uint8(class)
		}
	}
}

// Matte: see [compute.Device].
func (device) Matte(dst []uint8, height, width int, scores compute.Tensor, v compute.View, guide compute.Frame, in []bool) error {
	c := newContest(scores.(*host.Matrix), v, guide.(*host.Frame), height, width)
	for i := range dst {
		best := map[bool]float64{}
		c.scores(i/width, i%width, func(candidate int, score float64) {
			if other, ok := best[in[candidate]]; !ok || score > other {
				best[in[candidate]] = score
			}
		})
		inside, hasIn := best[true]
		outside, hasOut := best[false]
		switch {
		case !hasOut:
			dst[i] = 255
		case !hasIn:
			dst[i] = 0
		default:
			dst[i] = compute.MatteValue(float32(inside - outside))
		}
	}
	return nil
}

// A contest has what the classes of pixels are found from.
type contest struct {
	compute.Refinement
	view          compute.View
	height, width int          // of the mask
	guide         [][3]float64 // colours
	winners       []uint8      // of cells
	functions     [][]function // of classes, in cells
}

func newContest(in *host.Matrix, v compute.View, guide *host.Frame, height, width int) *contest {
	r := v.Refinement()
	colours := halve(guide, r)
	means := cellMeans(colours, r)
	winners, best := make([]uint8, r.Rows*r.Cols), make([]float32, r.Rows*r.Cols)
	functions := make([][]function, in.Cols())
	for class := range functions {
		plane := make([]float32, v.Patches())
		for i := range plane {
			plane[i] = in.Row(i)[class]
		}
		plane = resize(plane, v.Rows(), v.Cols(), r.Rows, r.Cols, r.CellScale(v), r.CellScale(v))
		for i, s := range plane {
			if class == 0 || s > best[i] {
				best[i], winners[i] = s, uint8(class)
			}
		}
		functions[class] = blend(fit(means, plane, r), r)
	}
	return &contest{r, v, height, width, colours, winners, functions}
}

// halve makes the guide.
func halve(frame *host.Frame, r compute.Refinement) [][3]float64 {
	guide := make([][3]float64, r.GuideRows*r.GuideCols)
	for i := range guide {
		y, x := i/r.GuideCols, i%r.GuideCols
		for dy, down := range compute.GuideTaps {
			for dx, across := range compute.GuideTaps {
				row, column := min(max(2*y-1+dy, 0), frame.Height()-1), min(max(2*x-1+dx, 0), frame.Width()-1)
				for c := range 3 {
					guide[i][c] += float64(down*across) * float64(frame.RGB[(row*frame.Width()+column)*3+c]) / (64 * 255)
				}
			}
		}
	}
	return guide
}

// cellMeans returns the mean colour of each cell.
func cellMeans(guide [][3]float64, r compute.Refinement) [][3]float64 {
	means := make([][3]float64, r.Rows*r.Cols)
	for i := range means {
		top, left := i/r.Cols*r.Side, i%r.Cols*r.Side
		bottom, right := min(top+r.Side, r.GuideRows), min(left+r.Side, r.GuideCols)
		for y := top; y < bottom; y++ {
			for x := left; x < right; x++ {
				for c, value := range guide[y*r.GuideCols+x] {
					means[i][c] += value / float64((bottom-top)*(right-left))
				}
			}
		}
	}
	return means
}

// window calls f for each cell of the window around cell i, and returns their
// number.
func window(i int, r compute.Refinement, f func(j int)) float64 {
	top, bottom := compute.Around(i/r.Cols, i/r.Cols, 1, r.Rows)
	left, right := compute.Around(i%r.Cols, i%r.Cols, 1, r.Cols)
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			f(y*r.Cols + x)
		}
	}
	return float64((bottom - top) * (right - left))
}

// fit returns the function of each window: a = (Σ + εI)⁻¹·cov(colour, score).
func fit(means [][3]float64, scores []float32, r compute.Refinement) []function {
	fitted := make([]function, len(means))
	for i := range fitted {
		var colour [3]float64
		score := 0.
		n := window(i, r, func(int) {})
		window(i, r, func(j int) {
			for c, value := range means[j] {
				colour[c] += value / n
			}
			score += float64(scores[j]) / n
		})
		var covariance [3][3]float64
		var with [3]float64
		window(i, r, func(j int) {
			for c := range 3 {
				deviation := means[j][c] - colour[c]
				for d := range 3 {
					covariance[c][d] += deviation * (means[j][d] - colour[d]) / n
				}
				with[c] += deviation * (float64(scores[j]) - score) / n
			}
		})
		for c := range 3 {
			covariance[c][c] += compute.GuideEps
		}
		f := function{solve(covariance, with), score}
		for c := range 3 {
			f.b -= f.a[c] * colour[c]
		}
		fitted[i] = f
	}
	return fitted
}

// solve returns m⁻¹·v for a positive definite m, by elimination.
func solve(m [3][3]float64, v [3]float64) [3]float64 {
	for i := range 3 {
		for j := range 3 {
			if j == i {
				continue
			}
			factor := m[j][i] / m[i][i]
			for k := range 3 {
				m[j][k] -= factor * m[i][k]
			}
			v[j] -= factor * v[i]
		}
	}
	for i := range 3 {
		v[i] /= m[i][i]
	}
	return v
}

// blend averages, for each cell, the functions of the windows that contain it.
func blend(fitted []function, r compute.Refinement) []function {
	out := make([]function, len(fitted))
	for i := range out {
		n := window(i, r, func(j int) { add(&out[i], fitted[j], 1) })
		for c := range 3 {
			out[i].a[c] /= n
		}
		out[i].b /= n
	}
	return out
}

func add(sum *function, f function, weight float64) {
	for c := range 3 {
		sum.a[c] += f.a[c] * weight
	}
	sum.b += f.b * weight
}

// scores calls f with the scores of the classes that compete for a pixel. A class may come
// several times.
func (c *contest) scores(y, x int, f func(candidate int, score float64)) {
	scaleY, scaleX := float32(c.view.Height)/float32(2*c.height), float32(c.view.Width)/float32(2*c.width)
	var colour [3]float64
	corners(y, x, scaleY, scaleX, c.GuideRows, c.GuideCols, func(i int, weight float64) {
		for k := range 3 {
			colour[k] += c.guide[i][k] * weight
		}
	})
	scaleY, scaleX = scaleY/float32(c.Side), scaleX/float32(c.Side)
	upper, lower, _ := compute.Bilinear(y, scaleY, c.Rows)
	left, right, _ := compute.Bilinear(x, scaleX, c.Cols)
	top, bottom := compute.Around(upper, lower, compute.GuideReach, c.Rows)
	first, end := compute.Around(left, right, compute.GuideReach, c.Cols)
	for row := top; row < bottom; row++ {
		for column := first; column < end; column++ {
			candidate := int(c.winners[row*c.Cols+column])
			var g function
			corners(y, x, scaleY, scaleX, c.Rows, c.Cols, func(i int, weight float64) { add(&g, c.functions[candidate][i], weight) })
			f(candidate, g.a[0]*colour[0]+g.a[1]*colour[1]+g.a[2]*colour[2]+g.b)
		}
	}
}

// corners calls f for the four values around a pixel, with their weights.
func corners(y, x int, scaleY, scaleX float32, rows, cols int, f func(i int, weight float64)) {
	top, bottom, t := compute.Bilinear(y, scaleY, rows)
	left, right, u := compute.Bilinear(x, scaleX, cols)
	down, across := float64(t), float64(u)
	f(top*cols+left, (1-down)*(1-across))
	f(top*cols+right, (1-down)*across)
	f(bottom*cols+left, down*(1-across))
	f(bottom*cols+right, down*across)
}
