package decode

import (
	"image"
	"testing"
)

// BenchmarkRows reads all rows of a photo of 12 megapixels, once decoded.
func BenchmarkRows(b *testing.B) {
	size := image.Rect(0, 0, 4000, 3000)
	noisy := func(planes ...[]byte) {
		for _, plane := range planes {
			for i := range plane {
				plane[i] = byte(i * 197 >> 3)
			}
		}
	}
	jpeg420 := image.NewYCbCr(size, image.YCbCrSubsampleRatio420)
	jpeg444 := image.NewYCbCr(size, image.YCbCrSubsampleRatio444)
	opaque, clear, grey := image.NewRGBA(size), image.NewNRGBA(size), image.NewGray(size)
	noisy(jpeg420.Y, jpeg420.Cb, jpeg420.Cr, jpeg444.Y, jpeg444.Cb, jpeg444.Cr, opaque.Pix, clear.Pix, grey.Pix)
	for i := 3; i < len(opaque.Pix); i += 4 {
		opaque.Pix[i] = 255
	}
	for _, c := range []struct {
		name        string
		picture     image.Image
		orientation int
		space       *conversion
	}{
		{"JPEG 4:2:0", jpeg420, 1, nil},
		{"JPEG 4:2:0, turned", jpeg420, 6, nil},
		{"JPEG 4:2:0, Display P3", jpeg420, 1, codedSpace(12, 13)},
		{"JPEG 4:4:4", jpeg444, 1, nil},
		{"PNG", opaque, 1, nil},
		{"PNG with alpha", clear, 1, nil},
		{"PNG, grey", grey, 1, nil},
		{"PNG of 16 bits", image.NewRGBA64(image.Rect(0, 0, 1000, 750)), 1, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := newSource(&decoded{picture: c.picture, canvas: c.picture.Bounds(), orientation: c.orientation, space: c.space})
			height, width := s.Size()
			row := make([]byte, 3*width)
			b.ReportAllocs()
			for b.Loop() {
				for y := range height {
					if err := s.Row(y, row); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
