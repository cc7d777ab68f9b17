package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"segmenter/photo/decode"
)

// raster is a mask as its file stores it: a value a pixel, which is a number or a
// colour, 0xrrggbb.
type raster struct {
	height, width int
	coloured      bool          // values are colours
	opaque        bool          // of a coloured raster
	palette       color.Palette // whose entries the values number; nil without one
	lossy         string        // the format, if it changes values; else ""
	row           func(y int, dst []uint32)
	bytes         func(y int) []byte // a row of values below 256, without copying; nil if there are others
}

// maskFormats are the formats of mask files.
var maskFormats = []struct {
	name, magic string
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
}{
	{"PNG", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"JPEG", "\xff\xd8", jpeg.DecodeConfig, jpeg.Decode},
	{"GIF", "GIF8", gif.DecodeConfig, gif.Decode},
	{"WebP", "RIFF", webp.DecodeConfig, webp.Decode},
	{"BMP", "BM", bmp.DecodeConfig, bmp.Decode},
	{"TIFF", "II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"TIFF", "MM\x00*", tiff.DecodeConfig, tiff.Decode},
}

// maskExtensions are the ends of names of mask files, without the dot, best first.
var maskExtensions = []string{"png", "bmp", "tif", "tiff", "gif", "webp", "jpg", "jpeg"}

// readRaster reads a mask file if accept agrees to its size. Its errors are
// predicates, to follow the name of the file.
func readRaster(path string, accept func(height, width int) error) (*raster, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, missing{err}
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, decode.MaxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case len(file) > decode.MaxBytes:
		return nil, fmt.Errorf("is larger than %d MB: save it as PNG", decode.MaxBytes>>20)
	}
	return decodeRaster(file, accept)
}

// missing is the error of a file that cannot be opened. It names the file by itself.
type missing struct{ error }

func (m missing) Unwrap() error { return m.error }

func decodeRaster(file []byte, accept func(height, width int) error) (r *raster, err error) {
	// A bug in one of the decoders must not crash the program.
	defer func() {
		if cause := recover(); cause != nil {
			r, err = nil, fmt.Errorf("is damaged (%v): make it again", cause)
		}
	}()
	for _, format := range maskFormats {
		if !bytes.HasPrefix(file, []byte(format.magic)) {
			continue
		}
		// Check before decoding: the size decides how much memory that takes.
		config, err := format.config(bytes.NewReader(file))
		if err != nil {
			return nil, fmt.Errorf("is damaged or cut short (%w): make it again", err)
		}
		if config.Width < 1 || config.Height < 1 || config.Width > decode.MaxPixels/config.Height {
			return nil, fmt.Errorf("has %d×%d pixels: expected at most %d megapixels", config.Width, config.Height, decode.MaxPixels>>20)
		}
		if err := accept(config.Height, config.Width); err != nil {
			return nil, err
		}
		picture, err := format.decode(bytes.NewReader(file))
		if err != nil {
			return nil, fmt.Errorf("is damaged or cut short (%w): make it again", err)
		}
		if picture.Bounds().Size() != image.Pt(config.Width, config.Height) {
			return nil, errors.New("is damaged: its picture has another size than its header says; make it again")
		}
		r := newRaster(picture, greyBits(file))
		if _, isYCbCr := picture.(*image.YCbCr); isYCbCr || format.name == "JPEG" {
			r.lossy = format.name
		}
		return r, nil
	}
	return nil, errors.New("is not a PNG or another picture: expected one whose values are class ids")
}

// greyBits returns the bits of a sample of a PNG, and 8 for other files.
func greyBits(file []byte) uint8 {
	const start = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
	if !strings.HasPrefix(string(file[:min(len(file), len(start))]), start) || len(file) < len(start)+9 {
		return 8
	}
	return file[len(start)+8]
}

// newRaster reads a picture. The bits are those of a grey sample in the file.
func newRaster(picture image.Image, bits uint8) *raster {
	b := picture.Bounds()
	r := &raster{height: b.Dy(), width: b.Dx()}
	switch m := picture.(type) {
	case *image.Gray:
		// image/png spreads values of fewer bits over 0 to 255.
		if bits < 8 {
			scale := uint8(255 / (1<<bits - 1))
			for i := range m.Pix {
				m.Pix[i] /= scale
			}
		}
		r.readBytes(m.Pix, m.Stride)
	case *image.Paletted:
		r.palette = m.Palette
		r.readBytes(m.Pix, m.Stride)
	case *image.Gray16:
		r.row = func(y int, dst []uint32) {
			for x := range dst {
				dst[x] = uint32(binary.BigEndian.Uint16(m.Pix[y*m.Stride+2*x:]))
			}
		}
	default:
		r.readColours(picture)
	}
	return r
}

// readColours reads any picture. Those that PNG files decode to have a quick way.
func (r *raster) readColours(picture image.Image) {
	r.coloured = true
	o, ok := picture.(interface{ Opaque() bool })
	r.opaque = ok && o.Opaque()
	var pix []byte
	var stride int
	switch m := picture.(type) {
	case *image.NRGBA:
		pix, stride = m.Pix, m.Stride
	case *image.RGBA: // premultiplied
		if r.opaque {
			pix, stride = m.Pix, m.Stride
		}
	}
	b := picture.Bounds()
	r.row = func(y int, dst []uint32) {
		for x := range dst {
			if pix == nil {
				dst[x] = pack(picture.At(b.Min.X+x, b.Min.Y+y))
				continue
			}
			p := pix[y*stride+4*x:][:3]
			dst[x] = uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
		}
	}
}

// readBytes reads values of a byte each.
func (r *raster) readBytes(pix []byte, stride int) {
	r.bytes = func(y int) []byte { return pix[y*stride:][:r.width] }
	r.row = func(y int, dst []uint32) {
		for x, v := range r.bytes(y) {
			dst[x] = uint32(v)
		}
	}
}

// pack returns a colour as 0xrrggbb, whatever its transparency: a mask's transparency
// says how it is shown, not which class it means.
func pack(c color.Color) uint32 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return uint32(n.R)<<16 | uint32(n.G)<<8 | uint32(n.B)
}

// maxColours limits the colours of a mask. A photo has more.
const maxColours = 1 << 16

// count returns the number of pixels of each value.
func (r *raster) count() (map[uint32]int, error) {
	counts := make(map[uint32]int)
	if r.bytes != nil {
		r.countBytes(counts)
		return counts, nil
	}
	row := make([]uint32, r.width)
	for y := range r.height {
		r.row(y, row)
		for x := 0; x < len(row); {
			run := x + 1
			for run < len(row) && row[run] == row[x] {
				run++
			}
			counts[row[x]] += run - x
			x = run
		}
		if len(counts) > maxColours {
			return nil, fmt.Errorf("has more than %d colours, as a photo has: expected a mask, with a colour or a number a class", maxColours)
		}
	}
	return counts, nil
}

func (r *raster) countBytes(counts map[uint32]int) {
	var pixels [256]int
	for y := range r.height {
		for _, v := range r.bytes(y) {
			pixels[v]++
		}
	}
	for v, n := range pixels {
		if n > 0 {
			counts[uint32(v)] = n
		}
	}
}

// paint returns the class of each pixel, by the classes of values.
func (r *raster) paint(classes map[uint32]uint8) []uint8 {
	ids := make([]uint8, r.height*r.width)
	if r.bytes != nil {
		r.paintBytes(ids, classes)
		return ids
	}
	row := make([]uint32, r.width)
	for y := range r.height {
		r.row(y, row)
		out := ids[y*r.width:][:r.width]
		for x, v := range row {
			if x > 0 && v == row[x-1] {
				out[x] = out[x-1]
			} else {
				out[x] = classes[v]
			}
		}
	}
	return ids
}

func (r *raster) paintBytes(ids []uint8, classes map[uint32]uint8) {
	var table [256]uint8
	for v, id := range classes {
		table[uint8(v)] = id
	}
	for y := range r.height {
		out := ids[y*r.width:]
		for x, v := range r.bytes(y) {
			out[x] = table[v]
		}
	}
}
