// Package metrics scores masks. A mask and its labels are class ids, one for each
// pixel, row by row; pixels whose label is [dataset.Ignore] do not count. All
// scores are 0 to 1.
//
//   - [Confusion] counts pixels and computes intersection over union and pixel
//     accuracy, with classes as they are or merged by a [View];
//   - [Boundaries] scores the boundaries between classes;
//   - [Agreement] compares two masks.
//
// Confusion and Boundaries sum over photos. Neither is safe for concurrent use:
// give each goroutine its own, and merge them at the end.
package metrics

import (
	"fmt"
	"math"

	"segmenter/dataset"
)

// Confusion counts pixels: [label][class]. Its zero value is empty.
type Confusion [256][256]int

// Add counts the pixels of a mask and its labels. It panics if their lengths
// differ.
func (c *Confusion) Add(mask, labels []uint8) {
	checkLengths(mask, labels)
	for i, class := range mask {
		c[labels[i]][class]++
	}
}

// Merge adds the counts of other.
func (c *Confusion) Merge(other *Confusion) {
	for label := range other {
		for class, pixels := range other[label] {
			c[label][class] += pixels
		}
	}
}

// IoU returns the intersection over union of each class of the view: the pixels
// that have the class in both mask and labels, divided by those that have it in
// either. A class that does not occur in the labels gets NaN, which [Mean] skips.
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

// PixelAccuracy returns the share of pixels whose class in the mask equals their
// label, or 0 if no pixel counts.
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

// each calls f with the count of every pair of label and class, both as classes of
// the view. It skips Ignore and ids beyond the view.
func (c *Confusion) each(view View, f func(label, class, pixels int)) {
	for label, row := range c[:min(dataset.Ignore, len(view))] {
		for class, pixels := range row[:len(view)] {
			f(view[label], view[class], pixels)
		}
	}
}

// Mean returns the mean of the values that are not NaN, such as mIoU, or 0 if
// there is none.
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

// Agreement returns the share of pixels that have the same class in two masks. It
// panics if their lengths differ.
func Agreement(a, b []uint8) float64 { return float64(Same(a, b)) / float64(max(len(a), 1)) }

// Same returns the number of pixels that have the same class in two masks. It
// panics if their lengths differ.
func Same(a, b []uint8) (pixels int) {
	checkLengths(a, b)
	for i, class := range a {
		if class == b[i] {
			pixels++
		}
	}
	return pixels
}

// checkLengths panics if the lengths differ.
func checkLengths(a, b []uint8) {
	if len(a) != len(b) {
		panic(fmt.Sprintf("metrics: cannot compare pictures of %d and %d pixels", len(a), len(b)))
	}
}
