package outline

import (
	"cmp"
	"math"
	"slices"
)

// simplify removes points of a ring: Douglas and Peucker's algorithm between fixed points.
func simplify(line []corner, tolerance float64) Ring {
	line = startFixed(line)
	var ring Ring
	for from := 0; from < len(line); {
		to := from + 1
		for to < len(line) && !line[to].fixed {
			to++
		}
		piece := points(line[from:to])
		piece = append(piece, line[to%len(line)].Point)
		ring = append(ring, simplifyPiece(piece, tolerance)...)
		from = to
	}
	if len(ring) < 3 || area(ring) == 0 || (area(ring) > 0) != (area(points(line)) > 0) {
		return points(line) // too thin for the tolerance
	}
	return ring
}

func points(line []corner) Ring {
	ring := make(Ring, len(line))
	for i, c := range line {
		ring[i] = c.Point
	}
	return ring
}

// startFixed turns a ring so that it starts at a fixed point. A ring without one gets two: its
// first in reading order, and the one farthest from it.
func startFixed(line []corner) []corner {
	start := slices.IndexFunc(line, func(c corner) bool { return c.fixed })
	if start < 0 {
		start = indexOfLeast(line, func(a, b corner) int { return compare(a.Point, b.Point) })
		first := line[start].Point
		line[start].fixed = true
		line[farthest(line, first)].fixed = true
	}
	return slices.Concat(line[start:], line[:start])
}

func indexOfLeast(line []corner, compare func(a, b corner) int) (least int) {
	for i := range line {
		if compare(line[i], line[least]) < 0 {
			least = i
		}
	}
	return least
}

// farthest returns the point that is farthest from another one, of several the first in reading
// order.
func farthest(line []corner, from Point) int {
	return indexOfLeast(line, func(a, b corner) int {
		return cmp.Or(cmp.Compare(squared(b.Point, from), squared(a.Point, from)), compare(a.Point, b.Point))
	})
}

func squared(p, q Point) int { return (p.X-q.X)*(p.X-q.X) + (p.Y-q.Y)*(p.Y-q.Y) }

// compare compares by reading order.
func compare(p, q Point) int { return cmp.Or(cmp.Compare(p.Y, q.Y), cmp.Compare(p.X, q.X)) }

// simplifyPiece simplifies the line between two fixed points, which may be the same. It returns
// it without the last point. Both regions beside the line get the same points.
func simplifyPiece(piece Ring, tolerance float64) Ring {
	last := len(piece) - 1
	backwards := cmp.Or(compare(piece[0], piece[last]), compare(piece[1], piece[last-1])) > 0
	if backwards {
		slices.Reverse(piece)
	}
	kept := make([]bool, len(piece))
	kept[0], kept[last] = true, true
	type span struct{ from, to int }
	for spans := []span{{0, last}}; len(spans) > 0; {
		s := spans[len(spans)-1]
		spans = spans[:len(spans)-1]
		if at, distance := farthestFromLine(piece, s.from, s.to); distance > tolerance || piece[s.from] == piece[s.to] && at > 0 {
			kept[at] = true
			spans = append(spans, span{s.from, at}, span{at, s.to})
		}
	}
	var simple Ring
	for i, p := range piece {
		if kept[i] {
			simple = append(simple, p)
		}
	}
	if backwards {
		slices.Reverse(simple)
	}
	return simple[:len(simple)-1]
}

// farthestFromLine returns the point between two others that is farthest from the straight line
// between them, or 0 if there is none.
func farthestFromLine(piece Ring, from, to int) (at int, distance float64) {
	a, b := piece[from], piece[to]
	dx, dy := float64(b.X-a.X), float64(b.Y-a.Y)
	length := dx*dx + dy*dy
	distance = -1
	for i := from + 1; i < to; i++ {
		px, py := float64(piece[i].X-a.X), float64(piece[i].Y-a.Y)
		t := 0.
		if length > 0 {
			t = max(0, min(1, (px*dx+py*dy)/length))
		}
		if d := math.Hypot(px-t*dx, py-t*dy); d > distance {
			at, distance = i, d
		}
	}
	return at, distance
}
