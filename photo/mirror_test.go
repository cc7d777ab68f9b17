package photo_test

import (
	"slices"
	"testing"

	"segmenter/photo"
)

// TestMirrored mirrors pictures of odd and even widths, into rows that are longer too.
func TestMirrored(t *testing.T) {
	for width := range 6 {
		src := noise(3, width+1)
		mirrored := photo.Mirrored(src)
		row := make([]byte, 3*src.Width+2)
		for y := range src.Height {
			if err := mirrored.Row(y, row); err != nil {
				t.Fatal(err)
			}
			for x := range src.Width {
				want := src.Pix[3*(y*src.Width+src.Width-1-x):][:3]
				if got := row[3*x:][:3]; !slices.Equal(got, want) {
					t.Errorf("width %d: pixel %d of row %d is %v, expected %v", src.Width, x, y, got, want)
				}
			}
		}
		if err := mirrored.Row(3, row); err == nil {
			t.Error("a row below the picture: expected an error")
		}
	}
}
