package dataset

import (
	"errors"
	"fmt"
	"math"
	"sort"
)

// canvas is labels that shapes are drawn on. A pixel belongs to a shape if its centre
// does.
type canvas struct {
	height, width int
	ids           []uint8
	flips         []bool // [height][width], of one polygon: see polygon; all false between shapes
}

func newCanvas(height, width int, background uint8) *canvas {
	c := &canvas{height: height, width: width, ids: make([]uint8, height*width)}
	for i := range c.ids {
		c.ids[i] = background
	}
	return c
}

// point is a point of a picture, whose pixel at 0, 0 covers 0 to 1.
type point struct{ x, y float64 }

// farthest is the coordinate that no point of a picture exceeds.
const farthest = 1e6

// checkPoints refuses points that no picture has.
func checkPoints(points []point) error {
	for _, p := range points {
		if !(math.Abs(p.x) <= farthest && math.Abs(p.y) <= farthest) { // NaN too
			return fmt.Errorf("a point at %g, %g: expected points of the picture", p.x, p.y)
		}
	}
	return nil
}

// subpixels is how finely outlines are followed.
const subpixels = 5

// polygon fills a polygon, by even and odd, with the pixels of pycocotools' rleFrPoly.
//
// The outline is drawn in subpixels. Where it crosses the middle of a column of pixels, the
// inside begins or ends: such a pixel is marked in flips, and rows are filled between marks.
func (c *canvas) polygon(points []point, id uint8) {
	if len(points) < 3 {
		return // no area
	}
	if c.flips == nil {
		c.flips = make([]bool, c.height*c.width)
	}
	marked := area{top: c.height, left: c.width}
	from := subpixelOf(points[len(points)-1])
	for _, p := range points {
		to := subpixelOf(p)
		c.edge(from, to, &marked)
		from = to
	}
	c.fill(marked, id)
}

// subpixelPoint is a point in subpixels.
type subpixelPoint struct{ x, y int }

func subpixelOf(p point) subpixelPoint {
	return subpixelPoint{int(subpixels*p.x + 0.5), int(subpixels*p.y + 0.5)}
}

// area is the rows and columns that an outline crosses.
type area struct{ top, bottom, left, right int } // bottom and right are not part of it

// edge marks where a line crosses the middles of columns.
func (c *canvas) edge(a, b subpixelPoint, marked *area) {
	dx, dy := max(a.x-b.x, b.x-a.x), max(a.y-b.y, b.y-a.y)
	flat := dx >= dy
	if flat && a.x > b.x || !flat && a.y > b.y {
		a, b = b, a
	}
	// The middle of column x is between the subpixels 5x+2 and 5x+3.
	const before = subpixels / 2
	left, right := min(a.x, b.x), max(a.x, b.x)
	first := max(0, (left-before+subpixels-1)/subpixels)
	if left < before {
		first = 0
	}
	last := min(c.width-1, (right-before-1)/subpixels)
	if right < before+1 {
		return
	}
	for x := first; x <= last; x++ {
		u := subpixels*x + before
		var v int
		if flat {
			slope := float64(b.y-a.y) / float64(dx)
			at := func(t int) int { return int(float64(a.y) + slope*float64(t) + 0.5) }
			v = min(at(u-a.x), at(u-a.x+1))
		} else {
			slope := float64(b.x-a.x) / float64(dy)
			at := func(t int) int { return int(float64(a.x) + slope*float64(t) + 0.5) }
			t := sort.Search(dy+1, func(t int) bool {
				if slope > 0 {
					return at(t) > u
				}
				return at(t) <= u
			})
			if t == 0 || t > dy {
				continue // rounded away
			}
			v = a.y + t - 1
		}
		c.mark(x, v, marked)
	}
}

// mark marks the first pixel of a column below subpixel v.
func (c *canvas) mark(x, v int, marked *area) {
	y := int(math.Ceil(min(max((float64(v)+0.5)/subpixels-0.5, 0), float64(c.height))))
	if y < c.height {
		c.flips[y*c.width+x] = !c.flips[y*c.width+x]
		marked.top, marked.left = min(marked.top, y), min(marked.left, x)
		marked.right = max(marked.right, x+1)
	}
	marked.bottom = max(marked.bottom, y)
}

// fill paints between the marks of each column, and removes them.
func (c *canvas) fill(marked area, id uint8) {
	if marked.left >= marked.right {
		return
	}
	inside := make([]bool, marked.right-marked.left)
	for y := marked.top; y < min(marked.bottom+1, c.height); y++ {
		flips := c.flips[y*c.width:][marked.left:marked.right]
		ids := c.ids[y*c.width:][marked.left:marked.right]
		for x, flip := range flips {
			if flip {
				inside[x] = !inside[x]
				flips[x] = false
			}
			if inside[x] {
				ids[x] = id
			}
		}
	}
}

// ellipse fills an ellipse with the half axes rx and ry, turned by degrees clockwise.
func (c *canvas) ellipse(centre point, rx, ry, degrees float64, id uint8) {
	if rx <= 0 || ry <= 0 {
		return
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	reachX, reachY := math.Hypot(rx*cos, ry*sin), math.Hypot(rx*sin, ry*cos)
	for y := max(0, int(centre.y-reachY)); y < c.height && float64(y) < centre.y+reachY; y++ {
		for x := max(0, int(centre.x-reachX)); x < c.width && float64(x) < centre.x+reachX; x++ {
			dx, dy := float64(x)+0.5-centre.x, float64(y)+0.5-centre.y
			along, across := (dx*cos+dy*sin)/rx, (dy*cos-dx*sin)/ry
			if along*along+across*across <= 1 {
				c.ids[y*c.width+x] = id
			}
		}
	}
}

// box returns the corners of a box, turned around its centre by degrees clockwise.
func box(a, b point, degrees float64) []point {
	corners := []point{a, {b.x, a.y}, b, {a.x, b.y}}
	if degrees == 0 {
		return corners
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	centre := point{(a.x + b.x) / 2, (a.y + b.y) / 2}
	for i, p := range corners {
		dx, dy := p.x-centre.x, p.y-centre.y
		corners[i] = point{centre.x + dx*cos - dy*sin, centre.y + dx*sin + dy*cos}
	}
	return corners
}

// rectangle is rows and columns of a picture.
type rectangle struct{ left, top, width, height int }

// runs paints run lengths: pixels outside, pixels inside, and so on, over all of a
// rectangle, column by column or row by row.
func (c *canvas) runs(lengths []uint32, r rectangle, byColumns bool, id uint8) error {
	if r.left < 0 || r.top < 0 || r.width < 1 || r.height < 1 || r.left > c.width-r.width || r.top > c.height-r.height {
		return fmt.Errorf("run lengths for %d×%d pixels at %d, %d: the picture has %d×%d", r.width, r.height, r.left, r.top, c.width, c.height)
	}
	all, sum := uint64(r.width)*uint64(r.height), uint64(0)
	for _, n := range lengths {
		sum += uint64(n)
	}
	if sum != all {
		return fmt.Errorf("run lengths that cover %d pixels: expected %d×%d = %d", sum, r.width, r.height, all)
	}
	at := 0
	for i, n := range lengths {
		for range n {
			if i%2 == 1 {
				x, y := at%r.width, at/r.width
				if byColumns {
					x, y = at/r.height, at%r.height
				}
				c.ids[(r.top+y)*c.width+r.left+x] = id
			}
			at++
		}
	}
	return nil
}

// unpackRuns reads COCO's compressed run lengths. Each is a number in groups of five
// bits, the lowest first, in the characters from "0" on: the sixth bit says that more
// follow, and the fifth of the last one is the sign. From the fourth number on they are
// differences to the number two before.
func unpackRuns(text string) ([]uint32, error) {
	lengths := make([]uint32, 0, len(text)/2)
	for at := 0; at < len(text); {
		var n int64
		for shift := 0; ; shift += 5 {
			if at == len(text) {
				return nil, errors.New("run lengths that are cut short")
			}
			group := int64(text[at]) - '0'
			if group < 0 || group > 63 || shift > 35 {
				return nil, fmt.Errorf("run lengths with %q: expected COCO's compressed form", text[at])
			}
			at++
			n |= group & 31 << shift
			if group&32 == 0 {
				if group&16 != 0 {
					n |= -1 << (shift + 5)
				}
				break
			}
		}
		if i := len(lengths); i > 2 {
			n += int64(lengths[i-2])
		}
		if n < 0 || n > math.MaxUint32 {
			return nil, fmt.Errorf("a run of %d pixels", n)
		}
		lengths = append(lengths, uint32(n))
	}
	return lengths, nil
}
