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
	return r.ResizePart(dst, src, Part{Height: dst.Height, Width: dst.Width}, f)
}

// Part is where a picture lies in a larger one.
type Part struct {
	Height, Width int // of the larger one
	Top, Left     int
}

// ResizePart is Resize for a part of the result: it resizes src to the height and width
// that part states, and writes the dst.Height × dst.Width pixels that begin at its top
// and left. It reads only the rows that these need.
func (r *Resizer) ResizePart(dst *Image, src Source, part Part, f Filter) error {
	height, width := src.Size()
	if min(height, width, dst.Height, dst.Width) < 1 {
		return fmt.Errorf("photo: cannot resize from %d × %d to %d × %d pixels (width × height): a side must be at least 1", width, height, dst.Width, dst.Height)
	}
	if part.Top < 0 || part.Left < 0 || part.Top > part.Height-dst.Height || part.Left > part.Width-dst.Width {
		return fmt.Errorf("photo: no part of %d × %d pixels at %d, %d in a picture of %d × %d (width × height)", dst.Width, dst.Height, part.Left, part.Top, part.Width, part.Height)
	}
	n := 3 * dst.Width
	dst.Pix = sized(dst.Pix, dst.Height*n)
	if height == part.Height && width == part.Width {
		return r.copy(dst, src, part)
	}
	r.prepare(height, width, dst, part, f)
	next, _ := r.rows.tap(0) // the source row to read next
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

// copy copies a part of a picture.
func (r *Resizer) copy(dst *Image, src Source, part Part) error {
	n := 3 * dst.Width
	for y := range dst.Height {
		row := dst.Pix[y*n:][:n]
		if dst.Width == part.Width {
			if err := src.Row(part.Top+y, row); err != nil {
				return err
			}
			continue
		}
		r.bytes = sized(r.bytes, 3*part.Width)
		if err := src.Row(part.Top+y, r.bytes); err != nil {
			return err
		}
		copy(row, r.bytes[3*part.Left:])
	}
	return nil
}

// prepare adapts tables and buffers to the sizes of a picture.
func (r *Resizer) prepare(height, width int, dst *Image, part Part, f Filter) {
	r.columns.set(width, part.Width, part.Left, dst.Width, f)
	r.rows.set(height, part.Height, part.Top, dst.Height, f)
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
