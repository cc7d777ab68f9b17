package decode

import (
	"fmt"
	"image"
	"image/color"

	"segmenter/photo"
)

// source returns the rows of a decoded picture upright, as sRGB. It converts each
// row on demand and leaves the picture unchanged, so callers may read rows in
// any order and more than once, but not at the same time.
type source struct {
	bounds, canvas image.Rectangle
	read           reader
	space          *conversion // to apply to what read writes
	alpha          []byte      // of the pixels read; nil if the picture is opaque
	orientation    int
	height, width  int // upright
}

// A line is n pixels of the stored picture: a row or column of it, either way. The
// first is at x, y, the next ones dx, dy from one another.
type line struct{ x, y, dx, dy, n int }

// A reader writes a line of the picture to rgb and its transparency, not yet
// applied, to alpha, which is nil if the picture is opaque.
type reader func(l line, rgb, alpha []byte)

func newSource(d *decoded) photo.Source {
	s := &source{bounds: d.picture.Bounds(), canvas: d.canvas, orientation: d.orientation}
	s.height, s.width = d.canvas.Dy(), d.canvas.Dx()
	if d.orientation >= 5 {
		s.height, s.width = s.width, s.height
	}
	var transparent bool
	s.read, s.space, transparent = newReader(d)
	if transparent {
		s.alpha = make([]byte, s.width)
	}
	return s
}

func (s *source) Size() (height, width int) { return s.height, s.width }

func (s *source) Row(y int, dst []byte) error {
	if y < 0 || y >= s.height || len(dst) < 3*s.width {
		return fmt.Errorf("row %d of %d, into %d bytes: expected a row of the photo and %d bytes", y, s.height, len(dst), 3*s.width)
	}
	dst = dst[:3*s.width]
	l := s.line(y)
	if s.bounds != s.canvas {
		for i := range dst {
			dst[i] = 255
		}
		var skip int
		if l, skip = l.within(s.bounds); l.n == 0 {
			return nil
		}
		dst = dst[3*skip:][:3*l.n]
	}
	if s.alpha == nil {
		s.read(l, dst, nil)
	} else {
		s.read(l, dst, s.alpha[:l.n])
	}
	if s.space != nil {
		s.space.row(dst)
	}
	if s.alpha != nil {
		for i, alpha := range s.alpha[:l.n] {
			if alpha != 255 {
				p := dst[3*i:][:3]
				p[0], p[1], p[2] = overWhite(p[0], alpha), overWhite(p[1], alpha), overWhite(p[2], alpha)
			}
		}
	}
	return nil
}

// line returns where the canvas has upright row y. The comments give the upright
// sides of the stored picture's row 0 and column 0 (EXIF 2.32, tag 274).
func (s *source) line(y int) line {
	b := s.canvas
	last := image.Pt(b.Max.X-1, b.Max.Y-1)
	switch s.orientation {
	case 2: // top, right
		return line{last.X, b.Min.Y + y, -1, 0, s.width}
	case 3: // bottom, right
		return line{last.X, last.Y - y, -1, 0, s.width}
	case 4: // bottom, left
		return line{b.Min.X, last.Y - y, 1, 0, s.width}
	case 5: // left, top
		return line{b.Min.X + y, b.Min.Y, 0, 1, s.width}
	case 6: // right, top
		return line{b.Min.X + y, last.Y, 0, -1, s.width}
	case 7: // right, bottom
		return line{last.X - y, last.Y, 0, -1, s.width}
	case 8: // left, bottom
		return line{last.X - y, b.Min.Y, 0, 1, s.width}
	}
	return line{b.Min.X, b.Min.Y + y, 1, 0, s.width}
}

// within returns the part of a line that lies in r, after skip pixels.
func (l line) within(r image.Rectangle) (part line, skip int) {
	at := image.Pt(l.x, l.y)
	step := image.Pt(l.dx, l.dy)
	for ; l.n > 0 && !at.In(r); l.n-- {
		at = at.Add(step)
		skip++
	}
	for l.n > 0 && !at.Add(step.Mul(l.n-1)).In(r) {
		l.n--
	}
	return line{at.X, at.Y, l.dx, l.dy, l.n}, skip
}

// newReader returns the reader of a picture, the conversion that is left to do after
// it, and whether it writes alpha. The types that most photos decode to have
// readers of their own.
func newReader(d *decoded) (read reader, space *conversion, transparent bool) {
	switch m := d.picture.(type) {
	case *image.YCbCr:
		if m.Rect.Min == (image.Point{}) {
			return readYCbCr(m, d.video), d.space, false
		}
	case *image.NYCbCrA:
		if m.Rect.Min == (image.Point{}) {
			colours := readYCbCr(&m.YCbCr, d.video)
			return func(l line, rgb, alpha []byte) {
				colours(l, rgb, nil)
				for i := range alpha {
					alpha[i] = m.A[m.AOffset(l.x+i*l.dx, l.y+i*l.dy)]
				}
			}, d.space, true
		}
	case *image.Gray:
		var colours [256][3]uint8
		for v := range colours {
			colours[v] = [3]uint8{uint8(v), uint8(v), uint8(v)}
		}
		return readIndexed(m.Pix, m.Stride, m.Rect.Min, colours, d.space), nil, false
	case *image.Paletted:
		return readPaletted(m, d.space)
	case *image.NRGBA:
		return func(l line, rgb, alpha []byte) {
			at, step := m.PixOffset(l.x, l.y), 4*l.dx+l.dy*m.Stride
			for i := range alpha {
				p, out := m.Pix[at:][:4:4], rgb[3*i:][:3:3]
				out[0], out[1], out[2], alpha[i] = p[0], p[1], p[2], p[3]
				at += step
			}
		}, d.space, true
	case *image.RGBA: // premultiplied
		return func(l line, rgb, alpha []byte) {
			at, step := m.PixOffset(l.x, l.y), 4*l.dx+l.dy*m.Stride
			for i := range alpha {
				p, out := m.Pix[at:][:4:4], rgb[3*i:][:3:3]
				out[0], out[1], out[2], alpha[i] = p[0], p[1], p[2], p[3]
				if a := uint32(p[3]); a != 0 && a != 255 {
					for j, v := range p[:3] {
						out[j] = uint8(min(255, (uint32(v)*255+a/2)/a))
					}
				}
				at += step
			}
		}, d.space, true
	}
	return readDeep(d.picture, d.space), nil, false
}

// readPaletted converts the palette instead of the pixels.
func readPaletted(m *image.Paletted, space *conversion) (reader, *conversion, bool) {
	var colours [256][3]uint8
	for i, c := range m.Palette[:min(len(m.Palette), 256)] {
		colour := color.NRGBAModel.Convert(c).(color.NRGBA)
		row := []byte{colour.R, colour.G, colour.B}
		if space != nil {
			space.row(row)
		}
		colours[i] = [3]uint8{overWhite(row[0], colour.A), overWhite(row[1], colour.A), overWhite(row[2], colour.A)}
	}
	return readIndexed(m.Pix, m.Stride, m.Rect.Min, colours, nil), nil, false
}

// readIndexed reads a picture of one byte per pixel, whose colours it converts first.
func readIndexed(pix []byte, stride int, origin image.Point, colours [256][3]uint8, space *conversion) reader {
	if space != nil {
		for i := range colours {
			space.row(colours[i][:])
		}
	}
	return func(l line, rgb, _ []byte) {
		at, step := (l.y-origin.Y)*stride+l.x-origin.X, l.dx+l.dy*stride
		for i := range l.n {
			c, out := &colours[pix[at]], rgb[3*i:][:3:3]
			out[0], out[1], out[2] = c[0], c[1], c[2]
			at += step
		}
	}
}

// readDeep reads a picture of any type: of 16 bits, or CMYK.
func readDeep(picture image.Image, space *conversion) reader {
	at := func(x, y int) color.RGBA64 { return color.RGBA64Model.Convert(picture.At(x, y)).(color.RGBA64) }
	if m, ok := picture.(image.RGBA64Image); ok {
		at = m.RGBA64At
	}
	colour := func(x, y int) color.NRGBA64 {
		c := at(x, y) // premultiplied
		if c.A != 0 && c.A != 0xffff {
			part := func(v uint16) uint16 { return uint16(min(0xffff, uint32(v)*0xffff/uint32(c.A))) }
			c.R, c.G, c.B = part(c.R), part(c.G), part(c.B)
		}
		return color.NRGBA64(c)
	}
	if m, ok := picture.(*image.NRGBA64); ok {
		colour = m.NRGBA64At
	}
	return func(l line, rgb, _ []byte) {
		for i := range l.n {
			out := rgb[3*i:][:3:3]
			out[0], out[1], out[2] = toRGB(colour(l.x+i*l.dx, l.y+i*l.dy), space)
		}
	}
}

// overWhite lays v with the given alpha over white, rounded.
func overWhite(v, alpha uint8) uint8 {
	return uint8((uint32(v)*uint32(alpha) + 255*uint32(255-alpha) + 127) / 255)
}

// toRGB converts a colour of 16 bits and lays it over white.
func toRGB(c color.NRGBA64, space *conversion) (r, g, b uint8) {
	if space == nil {
		over := func(v uint16) uint8 {
			return round8((uint32(v)*uint32(c.A) + 0xffff*uint32(0xffff-c.A) + 0x7fff) / 0xffff)
		}
		return over(c.R), over(c.G), over(c.B)
	}
	r, g, b = space.colour16(c.R, c.G, c.B)
	alpha := round8(uint32(c.A))
	return overWhite(r, alpha), overWhite(g, alpha), overWhite(b, alpha)
}

func round8(v uint32) uint8 { return uint8((v*255 + 0x7fff) / 0xffff) }
