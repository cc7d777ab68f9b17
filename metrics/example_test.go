package metrics_test

import (
	"fmt"

	"segmenter/dataset"
	"segmenter/metrics"
)

// Score the masks of two photos of 2×3 pixels.
func Example() {
	const sky, cat, dog = 0, 1, 2
	names := []string{"sky", "cat", "dog"}

	var confusion metrics.Confusion
	confusion.Add(
		[]uint8{sky, sky, sky, cat, cat, dog}, // mask
		[]uint8{sky, sky, sky, cat, cat, cat}, // labels
	)
	confusion.Add(
		[]uint8{sky, sky, dog, dog, dog, dog},
		[]uint8{sky, sky, sky, dog, dog, dataset.Ignore},
	)

	view := metrics.Each(len(names))
	iou := confusion.IoU(view)
	for id, name := range names {
		fmt.Printf("%s %.2f\n", name, iou[id])
	}
	fmt.Printf("mIoU %.2f, pixel accuracy %.2f\n", metrics.Mean(iou), confusion.PixelAccuracy(view))

	animals := metrics.View{sky, cat, cat} // cats and dogs are one class
	fmt.Printf("mIoU of sky and animals %.2f\n", metrics.Mean(confusion.IoU(animals)))
	// Output:
	// sky 0.83
	// cat 0.67
	// dog 0.50
	// mIoU 0.67, pixel accuracy 0.82
	// mIoU of sky and animals 0.83
}

// In small pictures, the tolerance is one pixel.
func ExampleBoundaries() {
	var boundaries metrics.Boundaries
	boundaries.Add(
		[]uint8{
			0, 1, 1, 1, 1, 1,
			0, 0, 0, 1, 1, 1,
		},
		[]uint8{
			0, 0, 0, 1, 1, 1,
			0, 0, 0, 1, 1, 1,
		}, 2, 6)
	fmt.Printf("F %.2f\n", boundaries.F())
	// Output: F 0.80
}
