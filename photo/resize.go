package photo

import (
	"fmt"
	"slices"
)

// Resizer resizes pictures. It keeps its tables and buffers, so a frame of the
// same sizes as the one before allocates nothing. The zero value is ready to
// use, by one goroutine at a time.
//
// Resizing is separable: a Resizer resizes each source row to the new width as
// it arrives. Each row of the result is a weighted sum of such rows, and memory
// holds only the rows of one sum.
//
//	go test -bench Resize ./photo
type Resizer struct {
	columns, rows axis

	bytes  []byte    // one source row
	line   []float32 // the same row, and one value more
	ring   []float32 // [rows.widest][stride]: source row y, resized to the new width, at y mod rows.widest
	stride int       // length of a row of the ring: 3·width of the result + 1
	sum    []float32 // one row of the result, not yet rounded
}

// Resize resizes src to the dst.Height × dst.Width pixels of dst. It allocates
// dst.Pix if that is too small. It computes in float32 and rounds once, at the
// end. If src fails, Resize returns its error, and dst holds part of a picture.
func (r *Resizer) Resize(dst *Image, src Source, f Filter) error {
	height, width := src.Size()
	if min(height, width, dst.Height, dst.Width) < 1 {
		return fmt.Errorf("photo: cannot resize from %d × %d to %d × %d pixels (width × height): a side must be at least 1", width, height, dst.Width, dst.Height)
	}
	n := 3 * dst.Width
	dst.Pix = sized(dst.Pix, dst.Height*n)
	if height == dst.Height && width == dst.Width {
		for y := range height {
			if err := src.Row(y, dst.Pix[y*n:][:n]); err != nil {
				return err
			}
		}
		return nil
	}

	r.prepare(height, width, dst, f)
	next := 0 // the source row to read next
	for y := range dst.Height {
		first, weights := r.rows.tap(y)
		for ; next < first+len(weights); next++ {
			if err := r.read(src, next); err != nil {
				return err
			}
		}
		clear(r.sum)
		for i, w := range weights {
			addScaled(r.sum, r.row(first+i), w)
		}
		round(dst.Pix[y*n:][:n], r.sum)
	}
	return nil
}

// prepare adapts tables and buffers to the sizes of a picture.
func (r *Resizer) prepare(height, width int, dst *Image, f Filter) {
	r.columns.set(width, dst.Width, f)
	r.rows.set(height, dst.Height, f)
	r.bytes = sized(r.bytes, 3*width)
	r.line = sized(r.line, 3*width+1)
	r.stride = 3*dst.Width + 1
	r.ring = sized(r.ring, r.rows.widest*r.stride)
	r.sum = sized(r.sum, 3*dst.Width)
}

// sized returns a slice of length n with any content, in s's memory if it fits.
func sized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// row returns the place of source row y in the ring.
func (r *Resizer) row(y int) []float32 {
	return r.ring[y%r.rows.widest*r.stride:][:r.stride]
}

// read reads source row y and resizes it to the new width.
func (r *Resizer) read(src Source, y int) error {
	if err := src.Row(y, r.bytes); err != nil {
		return err
	}
	widen(r.line, r.bytes)
	filterRow(r.row(y), r.line, &r.columns)
	return nil
}

// toByte rounds v to 0 … 255.
func toByte(v float32) byte {
	switch {
	case v <= 0:
		return 0
	case v >= 255:
		return 255
	default:
		return byte(int32(v + 0.5))
	}
}
