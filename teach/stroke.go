package teach

import "math"

// A Stroke is a line that somebody drew on a photo, in pixels of the photo.
type Stroke struct {
	Points []Point
	Width  float32
	Not    bool // whether it shows what is not the class
}

// A Point is a place in a photo, in pixels from its left and upper edges.
type Point struct{ X, Y float32 }

// perPatch is the number of places along the side of a patch.
const perPatch = 2

// places returns where the strokes that are Not, or the others, mark the photo, in patches: (0, 0)
// is the middle of the first. There are at most perPatch² for each patch, so going over the same
// place twice counts once.
func (p *Photo) places(strokes []Stroke, not bool) (list []Point) {
	rows, cols := perPatch*p.View.Rows(), perPatch*p.View.Cols()
	across := float32(p.View.Width) / float32(p.Width*p.View.Patch) // patches per pixel
	down := float32(p.View.Height) / float32(p.Height*p.View.Patch)
	type nearest struct {
		at       Point
		distance float32
	}
	cells := map[int]nearest{}
	for _, s := range strokes {
		if s.Not != not {
			continue
		}
		radius := s.Width / 2 * across
		reach := max(radius, math.Sqrt2/2/perPatch)
		for i := range s.Points {
			a, b := s.Points[max(i-1, 0)], s.Points[i]
			a, b = Point{a.X * across, a.Y * down}, Point{b.X * across, b.Y * down}
			top, bottom := int((min(a.Y, b.Y)-reach)*perPatch), int((max(a.Y, b.Y)+reach)*perPatch)
			left, right := int((min(a.X, b.X)-reach)*perPatch), int((max(a.X, b.X)+reach)*perPatch)
			for y := max(top, 0); y <= min(bottom, rows-1); y++ {
				for x := max(left, 0); x <= min(right, cols-1); x++ {
					centre := Point{(float32(x) + 0.5) / perPatch, (float32(y) + 0.5) / perPatch}
					at, distance := closest(a, b, centre)
					if distance > reach {
						continue
					}
					if distance <= radius {
						at, distance = centre, 0
					}
					if before, ok := cells[y*cols+x]; !ok || distance < before.distance {
						cells[y*cols+x] = nearest{at, distance}
					}
				}
			}
		}
	}
	for i := range rows * cols {
		if c, ok := cells[i]; ok {
			list = append(list, Point{c.at.X - 0.5, c.at.Y - 0.5})
		}
	}
	return list
}

// closest returns the point of a line that is closest to p, and its distance.
func closest(a, b, p Point) (Point, float32) {
	dx, dy := b.X-a.X, b.Y-a.Y
	t := float32(0)
	if length := dx*dx + dy*dy; length > 0 {
		t = min(max(((p.X-a.X)*dx+(p.Y-a.Y)*dy)/length, 0), 1)
	}
	at := Point{a.X + t*dx, a.Y + t*dy}
	return at, float32(math.Hypot(float64(at.X-p.X), float64(at.Y-p.Y)))
}

// at interpolates rows of values, one a patch, bilinearly at a place.
func (p *Photo) at(values []float32, place Point) []float32 {
	rows, cols := p.View.Rows(), p.View.Cols()
	n := len(values) / (rows * cols)
	x, y := clamp(place.X, cols), clamp(place.Y, rows)
	left, top := int(x), int(y)
	right, bottom := min(left+1, cols-1), min(top+1, rows-1)
	s, t := x-float32(left), y-float32(top)
	out := make([]float32, n)
	for i := range out {
		upper := values[(top*cols+left)*n+i]*(1-s) + values[(top*cols+right)*n+i]*s
		lower := values[(bottom*cols+left)*n+i]*(1-s) + values[(bottom*cols+right)*n+i]*s
		out[i] = upper*(1-t) + lower*t
	}
	return out
}

func clamp(v float32, n int) float32 { return min(max(v, 0), float32(n-1)) }
