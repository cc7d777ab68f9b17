package decode

import (
	"fmt"
	"image"
	"image/color"

	"segmenter/photo"
)

// source returns the rows of a decoded picture upright, as RGB. It converts each
// row on demand and leaves the picture unchanged, so callers may read rows in
// any order and more than once.
type source struct {
	picture       image.Image
	at            func(x, y int) (r, g, b uint8)
	orientation   int
	height, width int // upright
}

func newSource(picture image.Image, orientation int) photo.Source {
	bounds := picture.Bounds()
	s := &source{picture, pixels(picture), orientation, bounds.Dy(), bounds.Dx()}
	if orientation >= 5 {
		s.height, s.width = s.width, s.height
	}
	return s
}

func (s *source) Size() (height, width int) { return s.height, s.width }

func (s *source) Row(y int, dst []byte) error {
	if y < 0 || y >= s.height || len(dst) < 3*s.width {
		return fmt.Errorf("row %d of %d, into %d bytes: expected a row of the photo and %d bytes", y, s.height, len(dst), 3*s.width)
	}
	min, dx, dy := s.start(y)
	for i := range s.width {
		dst[3*i], dst[3*i+1], dst[3*i+2] = s.at(min.X+i*dx, min.Y+i*dy)
	}
	return nil
}

// start returns where the stored picture has the first pixel of upright row y,
// and the direction of that row there. The comments give the upright sides of
// the stored picture's row 0 and column 0 (EXIF 2.32, tag 274).
func (s *source) start(y int) (first image.Point, dx, dy int) {
	b := s.picture.Bounds()
	last := image.Pt(b.Max.X-1, b.Max.Y-1)
	switch s.orientation {
	case 2: // top, right
		return image.Pt(last.X, b.Min.Y+y), -1, 0
	case 3: // bottom, right
		return image.Pt(last.X, last.Y-y), -1, 0
	case 4: // bottom, left
		return image.Pt(b.Min.X, last.Y-y), 1, 0
	case 5: // left, top
		return image.Pt(b.Min.X+y, b.Min.Y), 0, 1
	case 6: // right, top
		return image.Pt(b.Min.X+y, last.Y), 0, -1
	case 7: // right, bottom
		return image.Pt(last.X-y, last.Y), 0, -1
	case 8: // left, bottom
		return image.Pt(last.X-y, b.Min.Y), 0, 1
	}
	return image.Pt(b.Min.X, b.Min.Y+y), 1, 0
}

// pixels returns a function that reads a pixel of the picture. The types that
// most photos decode to have a fast path.
func pixels(picture image.Image) func(x, y int) (r, g, b uint8) {
	switch m := picture.(type) {
	case *image.YCbCr:
		return func(x, y int) (r, g, b uint8) {
			i, c := m.YOffset(x, y), m.COffset(x, y)
			return color.YCbCrToRGB(m.Y[i], m.Cb[c], m.Cr[c])
		}
	case *image.Gray:
		return func(x, y int) (r, g, b uint8) {
			v := m.Pix[m.PixOffset(x, y)]
			return v, v, v
		}
	case *image.RGBA: // premultiplied
		return func(x, y int) (r, g, b uint8) {
			p := m.Pix[m.PixOffset(x, y):][:4]
			white := 255 - p[3]
			return p[0] + white, p[1] + white, p[2] + white
		}
	case *image.NRGBA:
		return func(x, y int) (r, g, b uint8) {
			p := m.Pix[m.PixOffset(x, y):][:4]
			if p[3] == 255 {
				return p[0], p[1], p[2]
			}
			return overWhite(p[0], p[3]), overWhite(p[1], p[3]), overWhite(p[2], p[3])
		}
	case *image.Paletted:
		var palette [256][3]uint8
		for i, c := range m.Palette[:min(len(m.Palette), 256)] {
			palette[i][0], palette[i][1], palette[i][2] = toRGB(c)
		}
		return func(x, y int) (r, g, b uint8) {
			c := palette[m.Pix[m.PixOffset(x, y)]]
			return c[0], c[1], c[2]
		}
	}
	return func(x, y int) (r, g, b uint8) { return toRGB(picture.At(x, y)) }
}

// overWhite lays v with the given alpha over white, rounded.
func overWhite(v, alpha uint8) uint8 {
	return uint8((uint32(v)*uint32(alpha) + 255*uint32(255-alpha) + 127) / 255)
}

// toRGB lays any colour over white and rounds it from 16 bits.
func toRGB(c color.Color) (r, g, b uint8) {
	r16, g16, b16, a16 := c.RGBA() // premultiplied
	white := 0xffff - a16
	return round8(r16 + white), round8(g16 + white), round8(b16 + white)
}

func round8(v uint32) uint8 { return uint8((v*255 + 0x7fff) / 0xffff) }
