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
	labels, regions := t.label(none)
	// A ring passes above at least one of the pixels on its right: each ring starts there.
	for i, label := range labels {
		if label < 0 || t.walked[i] || i >= width && labels[i-width] == label {
			continue
		}
		y, x := i/width, i%width
		r := &regions[label]
		if ring := t.follow(x, y); area(ring) > 0 {
			r.Outer = ring
		} else {
			r.Holes = append(r.Holes, ring)
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

// label returns the region of each pixel, or −1, and the regions without rings.
func (t *tracer) label(none uint8) (labels []int32, regions []Region) {
	labels = make([]int32, len(t.mask))
	for i := range labels {
		labels[i] = -1
	}
	var queue []int32
	for start, class := range t.mask {
		if class == none || labels[start] >= 0 {
			continue
		}
		label := int32(len(regions))
		visit := func(i int) {
			if t.mask[i] == class && labels[i] < 0 {
				labels[i] = label
				queue = append(queue, int32(i))
			}
		}
		visit(start)
		pixels := 0
		for len(queue) > 0 {
			i := int(queue[len(queue)-1])
			queue = queue[:len(queue)-1]
			pixels++
			if i >= t.width {
				visit(i - t.width)
			}
			if i+t.width < len(t.mask) {
				visit(i + t.width)
			}
			if x := i % t.width; x > 0 {
				visit(i - 1)
			}
			if (i+1)%t.width > 0 {
				visit(i + 1)
			}
		}
		regions = append(regions, Region{Class: class, Pixels: pixels})
	}
	return labels, regions
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
