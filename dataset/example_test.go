package dataset_test

import (
	"fmt"
	"log"

	"segmenter/dataset"
)

// Count the classes of labelled photos.
func Example() {
	set, err := dataset.Open("testdata/shapes", "")
	if err != nil {
		log.Fatal(err)
	}
	for _, sample := range set.Samples {
		photo, err := sample.Photo.Open()
		if err != nil {
			log.Fatal(err)
		}
		height, width := photo.Size()
		labels, err := sample.Labels(height, width, 2)
		if err != nil {
			log.Fatal(err)
		}
		var pixels [256]int
		for _, label := range labels {
			pixels[label]++
		}
		fmt.Printf("%s, %d×%d: %d pixels of class 0, %d of class 1, %d without\n",
			sample.Photo.Name, width, height, pixels[0], pixels[1], pixels[dataset.Ignore])
	}
	// Output: square.png, 8×6: 33 pixels of class 0, 12 of class 1, 3 without
}
