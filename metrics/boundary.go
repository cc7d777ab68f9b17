package metrics

import (
	"math"

	"segmenter/dataset"
)

// boundaryTolerance is the share of a photo's diagonal by which a boundary may
// be off. It is the usual value: Csurka et al., "What is a good evaluation measure
// for semantic segmentation?", BMVC 2013. Perazzi et al. (DAVIS), CVPR 2016, use
// 0.8 %.
const boundaryTolerance = 0.0075

// Boundaries scores where classes meet. Its zero value has seen no photo.
//
// The F-score of a photo is the mean over its classes that have a boundary in
// the mask or in the labels:
//
//	precision = share of the mask's boundary that is near one of the labels
//	recall    = share of the labels' boundary that is near one of the mask
//	F         = 2·precision·recall / (precision + recall)
//
// Near means within 0.75 % of the photo's diagonal, rounded up to pixels.
// Annotators leave narrow bands between objects unlabelled: Boundaries places the
// boundary in their middle. Pixels near any other unlabelled pixel do not count.
type Boundaries struct {
	sum    float64 // of the F-scores of photos that have boundaries
	photos int

	// Buffers, kept from one photo to the next.
	labels            []uint8 // with narrow unlabelled bands filled
	excluded          []bool  // pixels that do not count
	predicted, actual []bool  // pixels on the boundary of a class
	distance          distances
}

// Add scores a mask against its labels, both of height×width pixels. It panics if
// their lengths differ.
func (b *Boundaries) Add(mask, labels []uint8, height, width int) {
	checkLengths(mask, labels)
	if f, classes := b.score(mask, labels, height, width); classes > 0 {
		b.sum += f
		b.photos++
	}
}

// Merge adds the photos that other has scored.
func (b *Boundaries) Merge(other *Boundaries) {
	b.sum += other.sum
	b.photos += other.photos
}

// F returns the mean F-score of the photos that have boundaries, or 0 if none has.
func (b *Boundaries) F() float64 { return b.sum / float64(max(b.photos, 1)) }

// score returns the F-score of a photo and the number of classes it averages.
func (b *Boundaries) score(mask, labels []uint8, height, width int) (f float64, classes int) {
	tolerance := max(1, int(math.Ceil(boundaryTolerance*math.Hypot(float64(height), float64(width)))))
	b.ignore(labels, height, width, tolerance)
	var present [256]bool
	for i, label := range b.labels {
		present[label], present[mask[i]] = true, true
	}
	sum := 0.
	for class := range dataset.Ignore {
		if !present[class] {
			continue
		}
		b.predicted = outline(b.predicted, mask, nil, height, width, uint8(class))
		b.actual = outline(b.actual, b.labels, b.labels, height, width, uint8(class))
		right, predicted := b.near(b.predicted, b.actual, height, width, tolerance)
		found, actual := b.near(b.actual, b.predicted, height, width, tolerance)
		if predicted+actual == 0 {
			continue
		}
		classes++
		if right > 0 && found > 0 {
			precision, recall := float64(right)/float64(predicted), float64(found)/float64(actual)
			sum += 2 * precision * recall / (precision + recall)
		}
	}
	return sum / float64(max(classes, 1)), classes
}

// ignore gives unlabelled pixels the label of the nearest labelled pixel within
// the tolerance. It excludes the pixels that still have none, and those near them.
func (b *Boundaries) ignore(labels []uint8, height, width, tolerance int) {
	b.labels = append(b.labels[:0], labels...)
	b.excluded = resized(b.excluded, len(labels))
	for i, label := range labels {
		b.excluded[i] = label != dataset.Ignore
	}
	b.distance.measure(b.excluded, height, width)
	for i, squared := range b.distance.squared {
		if squared <= int64(tolerance)*int64(tolerance) {
			b.labels[i] = labels[b.distance.nearest[i]]
		}
	}
	for i, label := range b.labels {
		b.excluded[i] = label == dataset.Ignore
	}
	b.distance.measure(b.excluded, height, width)
	for i, squared := range b.distance.squared {
		b.excluded[i] = squared <= int64(tolerance)*int64(tolerance)
	}
}

// outline marks the pixels of a class that touch another class above, below or
// beside them. Neighbours that are [dataset.Ignore] in labels, unless nil, do not
// count.
func outline(dst []bool, classes, labels []uint8, height, width int, class uint8) []bool {
	dst = resized(dst, len(classes))
	other := func(i int) bool { return classes[i] != class && (labels == nil || labels[i] != dataset.Ignore) }
	for y := range height {
		for x := range width {
			i := y*width + x
			dst[i] = classes[i] == class &&
				(x > 0 && other(i-1) || x < width-1 && other(i+1) || y > 0 && other(i-width) || y < height-1 && other(i+width))
		}
	}
	return dst
}

// near counts the marked pixels that are not excluded, and those of them within
// the tolerance of one of the others.
func (b *Boundaries) near(marked, others []bool, height, width, tolerance int) (near, all int) {
	b.distance.measure(others, height, width)
	for i, isMarked := range marked {
		if !isMarked || b.excluded[i] {
			continue
		}
		all++
		if b.distance.squared[i] <= int64(tolerance)*int64(tolerance) {
			near++
		}
	}
	return near, all
}

// distances measures how far each pixel is from the nearest marked one.
type distances struct {
	squared []int64 // distance², farAway if nothing is marked
	nearest []int32 // the index of that pixel; −1 = none

	rows   []int32   // for each pixel, the row of the nearest mark in its column; −1 = none
	hull   []int32   // columns whose parabolas are lowest somewhere
	starts []float64 // where each of them becomes the lowest
}

const farAway int64 = math.MaxInt64

// measure computes the exact Euclidean distance transform: first the nearest mark
// in each column, then the lower envelope of parabolas in each row (Felzenszwalb
// and Huttenlocher 2012).
func (d *distances) measure(marked []bool, height, width int) {
	d.squared, d.nearest, d.rows = resized(d.squared, len(marked)), resized(d.nearest, len(marked)), resized(d.rows, len(marked))
	for x := range width {
		last := int32(-1)
		for y := range height {
			if marked[y*width+x] {
				last = int32(y)
			}
			d.rows[y*width+x] = last
		}
		next := int32(-1)
		for y := height - 1; y >= 0; y-- {
			i := y*width + x
			if marked[i] {
				next = int32(y)
			}
			if next >= 0 && (d.rows[i] < 0 || next-int32(y) < int32(y)-d.rows[i]) {
				d.rows[i] = next
			}
		}
	}
	for y := range height {
		d.measureRow(y, width)
	}
}

func (d *distances) measureRow(y, width int) {
	d.hull, d.starts = d.hull[:0], d.starts[:0]
	row := d.rows[y*width:][:width]
	height := func(x int32) float64 { // of the parabola of column x
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
		across, down := int64(x)-int64(column), int64(y)-int64(row[column])
		d.squared[i], d.nearest[i] = across*across+down*down, row[column]*int32(width)+column
	}
}

// resized returns a slice of length n with any content, in s's memory if it fits.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
