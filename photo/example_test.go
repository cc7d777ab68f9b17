package photo_test

import (
	"fmt"

	"segmenter/photo"
)

// Resize a picture for the network.
func Example() {
	source := &photo.Image{Height: 480, Width: 640, Pix: make([]byte, 3*480*640)}

	height, width := source.Size()
	var seen photo.Image
	seen.Height, seen.Width = photo.Fit(height, width, 256, 16)

	var resizer photo.Resizer // keep it for the next frame
	if err := resizer.Resize(&seen, source, photo.Cubic); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d × %d, %d bytes\n", seen.Width, seen.Height, len(seen.Pix))
	// Output: 336 × 256, 258048 bytes
}
