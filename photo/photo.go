// Package photo reads pictures row by row and resizes them for the network.
//
// A [Source] returns the rows of a picture from top to bottom: a decoded file
// (package photo/decode), a picture in memory ([Image]) or a camera frame.
// [Fit] chooses the size for the network, and a [Resizer] resizes row by row, so
// that memory never holds a photo of 100 megapixels as RGB:
//
//	height, width := source.Size()
//	h, w := photo.Fit(height, width, 512, 16)
//	seen := photo.Image{Height: h, Width: w}
//	err := resizer.Resize(&seen, source, photo.Cubic)
//
// The package knows no file formats and imports no image package: in
// WebAssembly, the browser decodes.
package photo

import "fmt"

// Source is a picture, read row by row.
type Source interface {
	// Size returns the height and width in pixels, both at least 1.
	Size() (height, width int)

	// Row writes row y to dst: 3·width bytes, the sRGB red, green and blue of
	// each pixel. Callers read rows from top to bottom, each at most once.
	Row(y int, dst []byte) error
}

// Image is a picture in memory. A pointer to it is a [Source].
type Image struct {
	Height, Width int
	Pix           []byte // [Height][Width][3], red, green, blue
}

// Size returns the height and width in pixels.
func (m *Image) Size() (height, width int) { return m.Height, m.Width }

// Row copies row y to dst.
func (m *Image) Row(y int, dst []byte) error {
	n := 3 * m.Width
	if y < 0 || y >= m.Height || len(m.Pix) < m.Height*n {
		return fmt.Errorf("photo: no row %d in a picture of %d × %d pixels (width × height) with %d bytes", y, m.Width, m.Height, len(m.Pix))
	}
	copy(dst, m.Pix[y*n:][:n])
	return nil
}

// maxAspect limits the long side that Fit returns, as a multiple of the short
// side.
const maxAspect = 4

// Fit returns the size for the network of a picture of height × width pixels. It
// scales the short side to short and the long side in proportion, then rounds
// both to the nearest multiple of the patch size, at least one patch. It
// squeezes pictures longer than 1:4 to that, since a strip of 1 × 5000 pixels
// would otherwise become 512 × 2,560,000.
//
// With short = 0, Fit returns the size unchanged; the network pads it.
func Fit(height, width, short, patch int) (h, w int) {
	if short == 0 {
		return height, width
	}
	side := max(1, min(height, width))
	longest := max(patch, maxAspect*short/patch*patch)
	fit := func(n int) int {
		patches := (2*n*short + side*patch) / (2 * side * patch) // n·short/side/patch, rounded
		return min(max(1, patches)*patch, longest)
	}
	return fit(height), fit(width)
}
