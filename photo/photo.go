// Package photo is what lies between a picture and the network: rows of
// pixels, and resizing them.
//
// A picture is a [Source]: something that gives its rows from top to bottom.
// A decoder of files is one (package photo/decode), a picture in memory is
// another ([Image]), a frame of a camera a third. [Fit] says at which size the
// network should see a picture, and a [Resizer] brings it to that size row by
// row, so that a photo of 100 megapixels is never held in memory as RGB:
//
//	height, width := source.Size()
//	h, w := photo.Fit(height, width, 512, 16)
//	seen := photo.Image{Height: h, Width: w}
//	err := resizer.Resize(&seen, source, photo.Cubic)
//
// The package knows no file formats and needs no image package: it is compiled
// to WebAssembly, where the browser decodes.
package photo

import "fmt"

// Source is a picture that is read row by row.
type Source interface {
	// Size returns the height and width in pixels, both at least 1.
	Size() (height, width int)

	// Row writes row y to dst: 3·width bytes, red, green and blue of each
	// pixel in turn, as sRGB. Rows are asked for from top to bottom, each at
	// most once.
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
		return fmt.Errorf("photo: row %d of a picture of %d × %d pixels (width × height) that holds %d bytes", y, m.Width, m.Height, len(m.Pix))
	}
	copy(dst, m.Pix[y*n:][:n])
	return nil
}

// stripAspect is the longest side that Fit gives, in short sides.
const stripAspect = 4

// Fit returns the size at which the network sees a picture of height × width
// pixels: the short side is resized to short and the long side in proportion,
// then both to the nearest multiple of the patch size, at least one patch.
// Pictures longer than 1:4 are squeezed to that, since a strip of 1 × 5000
// pixels would otherwise become one of 512 × 2,560,000.
//
// With short = 0 the size stays as it is; the network pads it.
func Fit(height, width, short, patch int) (h, w int) {
	if short == 0 {
		return height, width
	}
	side := max(1, min(height, width))
	longest := max(patch, stripAspect*short/patch*patch)
	fit := func(n int) int {
		patches := (2*n*short + side*patch) / (2 * side * patch) // n·short/side/patch, rounded
		return min(max(1, patches)*patch, longest)
	}
	return fit(height), fit(width)
}
