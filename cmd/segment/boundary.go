package main

import "math"

// boundaryTolerance is the share of a photo's diagonal by which a boundary may
// be off, as it is customary: Csurka et al., "What is a good evaluation measure
// for semantic segmentation?", BMVC 2013; Perazzi et al. (DAVIS), CVPR 2016
// (0.8 % there).
const boundaryTolerance = 0.0075

// boundaryScorer judges the boundaries of classes. It keeps its buffers between
// photos.
type boundaryScorer struct {
	labels            []uint8 // without the narrow bands that are ignored
	excluded          []bool  // pixels whose boundaries do not count
	predicted, actual []bool  // pixels on the boundary of a class
	distance          distances
}

// score is the mean F-score of the boundaries of the classes in a photo, 0 to 1,
// and the number of these classes. A class counts that has a boundary in the mask
// or in the labels.
//
//	precision = share of the mask's boundary that is near one of the labels
//	recall    = share of the labels' boundary that is near one of the mask
//	F         = 2·precision·recall / (precision + recall)
//
// Annotators leave narrow bands between objects unlabelled: the boundary is taken
// to be in their middle. What is near other pixels without a label is left out.
func (b *boundaryScorer) score(mask, labels []uint8, height, width int) (f float64, classes int) {
	tolerance := max(1, int(math.Ceil(boundaryTolerance*math.Hypot(float64(height), float64(width)))))
	b.ignore(labels, height, width, tolerance)
	var present [256]bool
	for i, label := range b.labels {
		present[label], present[mask[i]] = true, true
	}
	sum := 0.
	for class := range ignored {
		if !present[class] {
			continue
		}
		b.predicted = outline(b.predicted, mask, nil, height, width, uint8(class))
		b.actual = outline(b.actual, b.labels, b.labels, height, width, uint8(class))
		right, found := b.near(b.predicted, b.actual, height, width, tolerance)
		seen, there := b.near(b.actual, b.predicted, height, width, tolerance)
		if found+there == 0 {
			continue
		}
		classes++
		if right > 0 && seen > 0 {
			precision, recall := float64(right)/float64(found), float64(seen)/float64(there)
			sum += 2 * precision * recall / (precision + recall)
		}
	}
	return sum / float64(max(classes, 1)), classes
}

// ignore gives the label of the nearest labelled pixel to those that are within
// the tolerance, and excludes what is as near to pixels that are left.
func (b *boundaryScorer) ignore(labels []uint8, height, width, tolerance int) {
	b.labels = append(b.labels[:0], labels...)
	b.excluded = resized(b.excluded, len(labels))
	for i, label := range labels {
		b.excluded[i] = label != ignored
	}
	b.distance.measure(b.excluded, height, width)
	for i, squared := range b.distance.squared {
		if squared <= int32(tolerance*tolerance) {
			b.labels[i] = labels[b.distance.nearest[i]]
		}
	}
	for i, label := range b.labels {
		b.excluded[i] = label == ignored
	}
	b.distance.measure(b.excluded, height, width)
	for i, squared := range b.distance.squared {
		b.excluded[i] = squared <= int32(tolerance*tolerance)
	}
}

// outline marks the pixels of a class that touch another class, above, below or
// beside them. In labels, which say what is ignored, that does not count.
func outline(dst []bool, classes, labels []uint8, height, width int, class uint8) []bool {
	dst = resized(dst, len(classes))
	other := func(i int) bool { return classes[i] != class && (labels == nil || labels[i] != ignored) }
	for y := range height {
		for x := range width {
			i := y*width + x
			dst[i] = classes[i] == class &&
				(x > 0 && other(i-1) || x < width-1 && other(i+1) || y > 0 && other(i-width) || y < height-1 && other(i+width))
		}
	}
	return dst
}

// near counts the marked pixels that count, and those of them that are within
// the tolerance of another mark.
func (b *boundaryScorer) near(marked, others []bool, height, width, tolerance int) (near, all int) {
	b.distance.measure(others, height, width)
	for i, is := range marked {
		if !is || b.excluded[i] {
			continue
		}
		all++
		if b.distance.squared[i] <= int32(tolerance*tolerance) {
			near++
		}
	}
	return near, all
}

// distances is how far each pixel is from the nearest marked one, squared, and
// which that is.
type distances struct {
	squared, nearest []int32

	above  []int32 // the nearest mark of a column, by row; −1 = none
	hull   []int32 // columns whose parabolas are lowest somewhere
	starts []float64
}

const farAway = math.MaxInt32 // there is no mark

// measure is the exact Euclidean distance transform: the nearest mark of each
// column first, then the lower envelope of parabolas in each row (Felzenszwalb
// and Huttenlocher 2012).
func (d *distances) measure(marked []bool, height, width int) {
	d.squared, d.nearest, d.above = resized(d.squared, len(marked)), resized(d.nearest, len(marked)), resized(d.above, len(marked))
	for x := range width {
		last := int32(-1)
		for y := range height {
			if marked[y*width+x] {
				last = int32(y)
			}
			d.above[y*width+x] = last
		}
		next := int32(-1)
		for y := height - 1; y >= 0; y-- {
			i := y*width + x
			if marked[i] {
				next = int32(y)
			}
			if next >= 0 && (d.above[i] < 0 || next-int32(y) < int32(y)-d.above[i]) {
				d.above[i] = next
			}
		}
	}
	for y := range height {
		d.measureRow(y, width)
	}
}

func (d *distances) measureRow(y, width int) {
	d.hull, d.starts = d.hull[:0], d.starts[:0]
	row := d.above[y*width:][:width]
	height := func(x int32) float64 { // of a column's parabola
		down := float64(row[x]) - float64(y)
		return down * down
	}
	for x := range int32(width) {
		if row[x] < 0 {
			continue
		}
		start := math.Inf(-1)
		for len(d.hull) > 0 {
			last := d.hull[len(d.hull)-1]
			start = (height(x) + float64(x)*float64(x) - height(last) - float64(last)*float64(last)) / (2 * float64(x-last))
			if start > d.starts[len(d.starts)-1] {
				break
			}
			d.hull, d.starts, start = d.hull[:len(d.hull)-1], d.starts[:len(d.starts)-1], math.Inf(-1)
		}
		d.hull, d.starts = append(d.hull, x), append(d.starts, start)
	}
	k := 0
	for x := range width {
		i := y*width + x
		if len(d.hull) == 0 {
			d.squared[i], d.nearest[i] = farAway, -1
			continue
		}
		for k+1 < len(d.hull) && d.starts[k+1] < float64(x) {
			k++
		}
		column := d.hull[k]
		across, down := int32(x)-column, int32(y)-row[column]
		d.squared[i], d.nearest[i] = across*across+down*down, row[column]*int32(width)+column
	}
}

// resized is a slice of n values of any content, s's where they fit.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
