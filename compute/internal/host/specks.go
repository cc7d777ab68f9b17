package host

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
	class uint8

	// Of an area, in its first run:
	size    int32 // pixels
	borders int32 // the last of its borders, from 1 on; 0 = none
}

// border is a part of a speck's border.
type border struct {
	class  uint8 // beyond the border
	length int32 // in pixels
	before int32 // the border before it of the same speck, from 1 on; 0 = none
}

// Remove implements RemoveSpecks of [segmenter/compute.Mask]. A mask of nothing but
// specks stays as it is.
func (s *Specks) Remove(mask []uint8, width, least int) {
	for width > 0 {
		s.findRuns(mask, width)
		s.joinAreas(width)
		s.findBorders(width, int32(least))
		painted := s.chooseClasses()
		s.paint(mask)
		if painted == 0 || painted == s.count(int32(least)) {
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
	// From here on, every run names the first of its area: those before it do already.
	for i := range s.runs {
		s.runs[i].area = s.runs[s.runs[i].area].area
	}
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

// findBorders notes where areas of fewer than least pixels border others.
func (s *Specks) findBorders(width int, least int32) {
	s.borders = s.borders[:0]
	s.touching(width, func(above, below, columns int32) { s.meet(above, below, columns, least) })
	for y := range len(s.rows) - 1 {
		for i := s.rows[y] + 1; i < s.rows[y+1]; i++ {
			s.meet(int32(i-1), int32(i), 1, least)
		}
	}
}

// meet notes a border between two runs, if one's area is a speck and the other's is not.
func (s *Specks) meet(a, b, length, least int32) {
	speck, other := &s.runs[s.runs[a].area], &s.runs[s.runs[b].area]
	if speck.size > other.size {
		speck, other = other, speck
	}
	if speck.size >= least || other.size < least {
		return
	}
	s.borders = append(s.borders, border{other.class, length, speck.borders})
	speck.borders = int32(len(s.borders))
}

// count returns the number of specks.
func (s *Specks) count(least int32) (specks int) {
	for i := range s.runs {
		if s.runs[i].area == int32(i) && s.runs[i].size < least {
			specks++
		}
	}
	return specks
}

// chooseClasses gives each speck that has borders the class along most of them, and
// returns how many those are.
func (s *Specks) chooseClasses() (chosen int) {
	for i := range s.runs {
		if s.runs[i].borders == 0 {
			continue
		}
		chosen++
		var lengths [256]int32
		best := 0
		for b := s.runs[i].borders; b > 0; b = s.borders[b-1].before {
			lengths[s.borders[b-1].class] += s.borders[b-1].length
		}
		for class, length := range lengths {
			if length > lengths[best] {
				best = class
			}
		}
		s.runs[i].class = uint8(best)
	}
	return chosen
}

// paint writes the classes of areas that have a new one.
func (s *Specks) paint(mask []uint8) {
	for i := range s.runs {
		class, start, end := s.runs[s.runs[i].area].class, int(s.runs[i].start), len(mask)
		if mask[start] == class {
			continue
		}
		if i+1 < len(s.runs) {
			end = int(s.runs[i+1].start)
		}
		for j := start; j < end; j++ {
			mask[j] = class
		}
	}
}
