package host

import (
	"cmp"
	"slices"
)

// Specks removes small areas from masks. It keeps its memory from one mask to the
// next.
//
// An area is the pixels of one class that touch each other side by side. The mask is
// cut into runs, the pixels of one class that follow each other in a row; areas join
// runs by a union-find. So the time depends on the number of runs, not of pixels.
type Specks struct {
	runs    []run
	rows    []int // the first run of each row, and the end
	borders []border
}

// run is the pixels from start to the next run's start.
type run struct {
	start int32 // in the mask
	area  int32 // an earlier run of the same area, or the run itself
	size  int32 // pixels of the area, in its first run
	class uint8
}

// border is a part of a speck's border.
type border struct {
	speck  int32 // the first run of its area
	class  uint8 // beyond the border
	length int32 // in pixels
}

// Remove implements RemoveSpecks of [segmenter/compute.Mask]. A mask of nothing but
// specks stays as it is.
func (s *Specks) Remove(mask []uint8, width, least int) {
	if width == 0 || least < 2 {
		return
	}
	for {
		s.findRuns(mask, width)
		s.joinAreas(width)
		if specks, changed := s.recolour(mask, width, int32(least)); changed == specks || changed == 0 {
			return
		}
	}
}

func (s *Specks) findRuns(mask []uint8, width int) {
	s.runs, s.rows = s.runs[:0], s.rows[:0]
	for from := 0; from < len(mask); from += width {
		s.rows = append(s.rows, len(s.runs))
		row := mask[from : from+width]
		for x := 0; x < width; {
			start, class := x, row[x]
			for x < width && row[x] == class {
				x++
			}
			n := int32(len(s.runs))
			s.runs = append(s.runs, run{start: int32(from + start), area: n, size: int32(x - start), class: class})
		}
	}
	s.rows = append(s.rows, len(s.runs))
}

// root returns the first run of a run's area.
func (s *Specks) root(i int32) int32 {
	for s.runs[i].area != i {
		s.runs[i].area = s.runs[s.runs[i].area].area // halves the way for the next search
		i = s.runs[i].area
	}
	return i
}

func (s *Specks) joinAreas(width int) {
	s.touching(width, func(above, below, _ int32) {
		if s.runs[above].class != s.runs[below].class {
			return
		}
		a, b := s.root(above), s.root(below)
		if a == b {
			return
		}
		a, b = min(a, b), max(a, b)
		s.runs[b].area = a
		s.runs[a].size += s.runs[b].size
	})
}

// touching calls f for each pair of runs in neighbouring rows that share columns, with
// the number of those.
func (s *Specks) touching(width int, f func(above, below, columns int32)) {
	for y := 1; y+1 < len(s.rows); y++ {
		above, below := s.rows[y-1], s.rows[y]
		for above < s.rows[y] && below < s.rows[y+1] {
			aboveStart, aboveEnd := s.span(above, y-1, width)
			belowStart, belowEnd := s.span(below, y, width)
			if columns := min(aboveEnd, belowEnd) - max(aboveStart, belowStart); columns > 0 {
				f(int32(above), int32(below), columns)
			}
			if aboveEnd <= belowEnd {
				above++
			}
			if belowEnd <= aboveEnd {
				below++
			}
		}
	}
}

// span returns the columns of a run of row y.
func (s *Specks) span(i, y, width int) (start, end int32) {
	from := int32(y * width)
	if i+1 < s.rows[y+1] {
		return s.runs[i].start - from, s.runs[i+1].start - from
	}
	return s.runs[i].start - from, int32(width)
}

// recolour paints the specks that border an area that is none. It returns how many
// specks there are, and how many it painted.
func (s *Specks) recolour(mask []uint8, width int, least int32) (specks, changed int) {
	isSpeck := func(i int32) bool { return s.runs[s.root(i)].size < least }
	s.borders = s.borders[:0]
	note := func(a, b, length int32) {
		if isSpeck(a) && !isSpeck(b) {
			s.borders = append(s.borders, border{s.root(a), s.runs[b].class, length})
		}
	}
	s.touching(width, func(above, below, columns int32) {
		if s.runs[above].class != s.runs[below].class {
			note(above, below, columns)
			note(below, above, columns)
		}
	})
	for y := range len(s.rows) - 1 {
		for i := int32(s.rows[y]); i < int32(s.rows[y+1]); i++ {
			if s.runs[i].area == i && isSpeck(i) {
				specks++
			}
			if i+1 < int32(s.rows[y+1]) {
				note(i, i+1, 1)
				note(i+1, i, 1)
			}
		}
	}
	changed = s.chooseClasses()
	s.paint(mask)
	return specks, changed
}

// chooseClasses gives each speck among the borders the class along most of its border,
// and returns how many it gave one.
func (s *Specks) chooseClasses() (changed int) {
	slices.SortFunc(s.borders, func(a, b border) int {
		return cmp.Or(cmp.Compare(a.speck, b.speck), cmp.Compare(a.class, b.class))
	})
	for i := 0; i < len(s.borders); changed++ {
		speck := s.borders[i].speck
		var best border
		for i < len(s.borders) && s.borders[i].speck == speck {
			sum := s.borders[i]
			for i++; i < len(s.borders) && s.borders[i].speck == speck && s.borders[i].class == sum.class; i++ {
				sum.length += s.borders[i].length
			}
			if sum.length > best.length {
				best = sum
			}
		}
		s.runs[speck].class = best.class
	}
	return changed
}

// paint writes the classes of areas that have another than their runs.
func (s *Specks) paint(mask []uint8) {
	for i := range s.runs {
		r := s.runs[i]
		class := s.runs[s.root(int32(i))].class
		if mask[r.start] == class {
			continue
		}
		end := len(mask)
		if i+1 < len(s.runs) {
			end = int(s.runs[i+1].start)
		}
		for j := int(r.start); j < end; j++ {
			mask[j] = class
		}
	}
}
