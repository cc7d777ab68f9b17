// Package metrics says how good masks are. A mask and its labels are class ids,
// one for each pixel, row by row; pixels whose label is [dataset.Ignore] do not
// count. All scores are shares, 0 to 1.
//
//   - [Confusion] counts pixels, and gives intersection over union and pixel
//     accuracy, with classes as they are or put together by a [View];
//   - [Boundaries] scores where classes meet;
//   - [Agreement] compares two masks.
//
// Confusion and Boundaries add up photos. Where several goroutines judge photos,
// each has its own and they are merged at the end.
package metrics

import (
	"fmt"
	"math"

	"segmenter/dataset"
)

// Confusion counts pixels: [label][class]. Its zero value has counted none.
type Confusion [256][256]int

// Add counts the pixels of a mask and its labels, which are equally many.
func (c *Confusion) Add(mask, labels []uint8) {
	checkLengths(mask, labels)
	for i, class := range mask {
		c[labels[i]][class]++
	}
}

// Merge adds what another has counted.
func (c *Confusion) Merge(other *Confusion) {
	for label := range other {
		for class, pixels := range other[label] {
			c[label][class] += pixels
		}
	}
}

// IoU returns the intersection over union of each class of the view: the pixels
// that have the class in mask and labels, of those that have it in either. It is
// NaN, and no part of [Mean], for classes that do not occur in the labels.
func (c *Confusion) IoU(view View) []float64 {
	n := view.classes()
	both, inLabels, inMask := make([]int, n), make([]int, n), make([]int, n)
	c.each(view, func(label, class, pixels int) {
		inLabels[label] += pixels
		inMask[class] += pixels
		if label == class {
			both[label] += pixels
		}
	})
	iou := make([]float64, n)
	for i := range iou {
		iou[i] = math.NaN()
		if inLabels[i] > 0 {
			iou[i] = float64(both[i]) / float64(inLabels[i]+inMask[i]-both[i])
		}
	}
	return iou
}

// PixelAccuracy is the share of pixels whose class in the mask is their label;
// 0 if no pixel counts.
func (c *Confusion) PixelAccuracy(view View) float64 {
	right, all := 0, 0
	c.each(view, func(label, class, pixels int) {
		all += pixels
		if label == class {
			right += pixels
		}
	})
	return float64(right) / float64(max(all, 1))
}

// each calls f with the counts of all pairs of a label and a class, as the view
// renames them. It leaves out the label Ignore and what the view does not have.
func (c *Confusion) each(view View, f func(label, class, pixels int)) {
	for label, row := range c[:min(dataset.Ignore, len(view))] {
		for class, pixels := range row[:len(view)] {
			f(view[label], view[class], pixels)
		}
	}
}

// Mean is the mean of the values that are numbers, as in mIoU; 0 if none is.
func Mean(values []float64) float64 {
	sum, n := 0., 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// Agreement is the share of pixels that have the same class in two masks of the
// same size.
func Agreement(a, b []uint8) float64 { return float64(Same(a, b)) / float64(max(len(a), 1)) }

// Same is the number of pixels that have the same class in two masks of the same
// size.
func Same(a, b []uint8) (pixels int) {
	checkLengths(a, b)
	for i, class := range a {
		if class == b[i] {
			pixels++
		}
	}
	return pixels
}

// checkLengths panics where a caller compares pictures of different sizes.
func checkLengths(a, b []uint8) {
	if len(a) != len(b) {
		panic(fmt.Sprintf("metrics: %d and %d pixels, which must be equally many", len(a), len(b)))
	}
}
