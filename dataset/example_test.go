package dataset_test

import (
	"context"
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

// Find out what a folder holds before training on it.
func ExampleSet_Check() {
	set, err := dataset.Load("testdata/shapes", dataset.Options{Classes: dataset.Named("background", "square")})
	if err != nil {
		log.Fatal(err)
	}
	report, err := set.Check(context.Background(), func(done int) {})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(report)
	fmt.Println("usable:", report.Err() == nil)
	// Output:
	// 1 photo with labels (layout "folders"), 0.0 megapixels
	//   0  background  68.75 %  1 photo
	//   1      square  25.00 %  1 photo
	// ignored: 6.25 % of the pixels
	// usable: true
}
