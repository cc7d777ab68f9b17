// Package outline turns masks into polygons.
//
// A [Region] is a set of pixels of one class that hang together by their sides. Its rings
// run along the sides of its pixels. Simplified rings of neighbours still have the same
// line between them, without gaps and overlaps: rings are cut where three regions meet, and
// each piece is simplified alone, in a direction that does not depend on the side. Only a
// region that is too thin for the tolerance keeps all its points, and overlaps.
package outline

import (
	"fmt"
	"slices"
)

// A Point is a corner of pixels: the pixel at column x and row y has the corners (x, y) to
// (x+1, y+1).
type Point struct{ X, Y int }

// A Ring is a closed line. The last point is not the first one again.
type Ring []Point

// A Region is pixels of a class that hang together by their sides.
type Region struct {
	Class  uint8
	Pixels int    // before simplification
	Outer  Ring   // clockwise, with y down
	Holes  []Ring // counterclockwise
}

// Trace returns the regions of a mask, row by row from the top left. The mask has height·width
// classes; pixels of class none belong to no region. Rings are simplified so that no point is
// more than tolerance pixels away from the line that replaces it; with 0, only points in the
// middle of a straight line fall away.
func Trace(mask []uint8, height, width int, none uint8, tolerance float64) ([]Region, error) {
	if height < 1 || width < 1 || len(mask) != height*width {
		return nil, fmt.Errorf("outline: a mask of %d×%d pixels with %d values: expected one a pixel", width, height, len(mask))
	}
	if !(tolerance >= 0) {
		return nil, fmt.Errorf("outline: a tolerance of %v pixels: expected 0 or more", tolerance)
	}
	t := &tracer{mask: mask, height: height, width: width, tolerance: tolerance, walked: make([]bool, len(mask))}
	runs, regions := t.label(none)
	// A ring passes above at least one of the pixels on its right: each ring starts there. The pixel
	// above, of another class or beyond the mask, belongs to another region.
	for _, r := range runs {
		for i := int(r.start); i < int(r.end); i++ {
			if t.walked[i] || i >= width && mask[i-width] == mask[i] {
				continue
			}
			y, x := i/width, i%width
			region := &regions[r.region]
			if ring := t.follow(x, y); area(ring) > 0 {
				region.Outer = ring
			} else {
				region.Holes = append(region.Holes, ring)
			}
		}
	}
	return regions, nil
}

type tracer struct {
	mask          []uint8
	height, width int
	tolerance     float64
	walked        []bool // a ring has passed above the pixel
}

// A run is pixels of a class beside each other in a row.
type run struct{ start, end, region int32 }

// label returns the runs, row by row, with the number of each one's region, and the regions without
// rings. A photo has few runs, so its regions take less memory than a label for each pixel.
func (t *tracer) label(none uint8) (runs []run, regions []Region) {
	above := 0 // the first run of the row above
	for row := 0; row < len(t.mask); row += t.width {
		first := len(runs)
		for start := row; start < row+t.width; {
			class, end := t.mask[start], start+1
			for end < row+t.width && t.mask[end] == class {
				end++
			}
			if class != none {
				runs = append(runs, run{int32(start), int32(end), int32(len(runs))})
			}
			start = end
		}
		t.join(runs, above, first)
		above = first
	}
	// Until here, region is an earlier run of the same region, or the run itself.
	for i := range runs {
		r := &runs[i]
		if int(r.region) == i {
			r.region = int32(len(regions))
			regions = append(regions, Region{Class: t.mask[r.start]})
		} else {
			r.region = runs[r.region].region
		}
		regions[r.region].Pixels += int(r.end - r.start)
	}
	return runs, regions
}

// join makes one region of runs that touch: those of a row, from first on, and of the row above it.
func (t *tracer) join(runs []run, above, first int) {
	width := int32(t.width)
	for i := first; i < len(runs); i++ {
		r := &runs[i]
		for above < first && runs[above].end+width <= r.start {
			above++
		}
		for a := above; a < first && runs[a].start+width < r.end; a++ {
			if t.mask[runs[a].start] == t.mask[r.start] {
				x, y := root(runs, int32(i)), root(runs, int32(a))
				runs[max(x, y)].region = min(x, y)
			}
		}
	}
}

// root returns the first run of a region, as far as it is known, and shortens the way to it.
func root(runs []run, i int32) int32 {
	for runs[i].region != i {
		runs[i].region = runs[runs[i].region].region
		i = runs[i].region
	}
	return i
}

// outside is the class of what is beyond the mask.
const outside = -1

func (t *tracer) at(x, y int) int {
	if x < 0 || y < 0 || x >= t.width || y >= t.height {
		return outside
	}
	return int(t.mask[y*t.width+x])
}

// Directions of a walk, each a right turn from the one before.
const (
	right = iota
	down
	left
	up
)

var steps = [4]Point{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}

// sides are the pixels to the right and to the left of a step from the corner 0, 0.
var sides = [4][2]Point{{{0, 0}, {0, -1}}, {{-1, 0}, {0, 0}}, {{-1, -1}, {-1, 0}}, {{0, -1}, {-1, -1}}}

// borders reports whether a step from p has the class on its right, and another one on its
// left.
func (t *tracer) borders(p Point, direction, class int) bool {
	r, l := sides[direction][0], sides[direction][1]
	return t.at(p.X+r.X, p.Y+r.Y) == class && t.at(p.X+l.X, p.Y+l.Y) != class
}

// follow walks along the border of a region, which stays on the right, from the top left corner
// of a pixel. It returns the simplified ring.
func (t *tracer) follow(x, y int) Ring {
	class, start, direction := t.at(x, y), Point{x, y}, right
	var line []corner
	for p := start; ; {
		if direction == right {
			t.walked[p.Y*t.width+p.X] = true
		}
		p.X, p.Y = p.X+steps[direction].X, p.Y+steps[direction].Y
		// A right turn first: pixels that touch by a corner do not hang together.
		next := (direction + 1) % 4
		for !t.borders(p, next, class) {
			next = (next + 3) % 4
		}
		if fixed := t.fixed(p); fixed || next != direction {
			line = append(line, corner{p, fixed})
		}
		direction = next
		if p == start && direction == right {
			start := len(line) - 1 // the corner at the start came last
			return simplify(slices.Concat(line[start:], line[:start]), t.tolerance)
		}
	}
}

// A corner is a point of a ring. A fixed one stays: more than two regions meet there, or it is
// a corner of the mask.
type corner struct {
	Point
	fixed bool
}

func (t *tracer) fixed(p Point) bool {
	a, b, c, d := t.at(p.X-1, p.Y-1), t.at(p.X, p.Y-1), t.at(p.X-1, p.Y), t.at(p.X, p.Y)
	borders := 0
	for _, differ := range [4]bool{a != b, c != d, a != c, b != d} {
		if differ {
			borders++
		}
	}
	return borders > 2 || (p.X == 0 || p.X == t.width) && (p.Y == 0 || p.Y == t.height)
}

// area returns twice the area of a ring: positive if it is clockwise, with y down.
func area(r Ring) (sum int) {
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += p.X*q.Y - q.X*p.Y
	}
	return sum
}

// Polygon returns the region as one ring: holes are joined to the outside by lines that go
// there and back. Filled by even and odd, it has the pixels of the region.
func (r Region) Polygon() Ring {
	ring := slices.Clone(r.Outer)
	for _, hole := range r.Holes {
		at, from := nearest(ring, hole)
		var bridge Ring
		bridge = append(bridge, hole[from:]...)
		bridge = append(bridge, hole[:from+1]...)
		bridge = append(bridge, ring[at])
		ring = slices.Insert(ring, at+1, bridge...)
	}
	return ring
}

// nearest returns the points of two rings with the shortest way between them.
func nearest(a, b Ring) (i, j int) {
	least := -1
	for k, p := range a {
		for l, q := range b {
			if d := squared(p, q); least < 0 || d < least {
				i, j, least = k, l, d
			}
		}
	}
	return i, j
}
