package decode

import (
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"math/bits"
)

// bmpHeader is what the headers of a BMP file state. (Microsoft, "Bitmap Storage"
// and BITMAPV5HEADER.)
type bmpHeader struct {
	width, height int
	topDown       bool
	depth         int // bits per pixel
	compression   uint32
	palette       color.Palette
	masks         [4]uint32 // of red, green, blue and alpha
	pixels        []byte
}

// Compressions of BMP.
const (
	bmpRGB, bmpRLE8, bmpRLE4, bmpBitfields, bmpAlphaBitfields = 0, 1, 2, 3, 6
)

// openBMP decodes a BMP.
func openBMP(file []byte, maxPixels int) (*decoded, error) {
	h, profile, err := readBMPHeader(file, maxPixels)
	if err != nil {
		return nil, err
	}
	var picture image.Image
	switch {
	case h.compression == bmpRLE8 || h.compression == bmpRLE4:
		picture, err = h.runs()
	case h.depth <= 8:
		picture, err = h.indices()
	default:
		picture, err = h.colours()
	}
	if err != nil {
		return nil, err
	}
	return &decoded{picture: picture, canvas: picture.Bounds(), orientation: 1, space: profileSpace(profile)}, nil
}

func readBMPHeader(file []byte, maxPixels int) (h *bmpHeader, profile []byte, err error) {
	const fileHeader = 14
	if len(file) < fileHeader+4 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	info := file[fileHeader:]
	size := int(min(binary.LittleEndian.Uint32(info), 1<<20))
	if len(info) < size {
		return nil, nil, io.ErrUnexpectedEOF
	}
	number := func(at int) uint32 { return binary.LittleEndian.Uint32(info[at:]) }
	short := func(at int) int { return int(binary.LittleEndian.Uint16(info[at:])) }

	h = &bmpHeader{}
	entry, colours := 4, uint32(0) // bytes of a colour of the palette, and their number
	switch size {
	case 12: // OS/2
		h.width, h.height, h.depth = short(4), short(6), short(10)
		entry = 3
	case 40, 52, 56, 64, 108, 124:
		h.width, h.height = int(int32(number(4))), int(int32(number(8)))
		if h.height < 0 {
			h.height, h.topDown = -h.height, true
		}
		h.depth, h.compression, colours = short(14), number(16), number(32)
	default:
		return nil, nil, errors.New("a header of unknown size")
	}
	switch {
	case h.compression == bmpRGB,
		h.compression == bmpRLE8 && h.depth == 8,
		h.compression == bmpRLE4 && h.depth == 4,
		(h.compression == bmpBitfields || h.compression == bmpAlphaBitfields) && (h.depth == 16 || h.depth == 32) && size != 64:
	case h.compression > bmpAlphaBitfields:
		return nil, nil, errors.New("an unknown compression")
	default:
		return nil, nil, unsupported("a BMP of a rare compression")
	}
	if err := checkSize(h.width, h.height, maxPixels); err != nil {
		return nil, nil, err
	}

	at := fileHeader + size
	switch {
	case h.compression == bmpBitfields || h.compression == bmpAlphaBitfields:
		fields := 3
		if size >= 56 || h.compression == bmpAlphaBitfields {
			fields = 4
		}
		const masks = 40 // after the first header, or part of a later one
		if len(info) < masks+4*fields {
			return nil, nil, io.ErrUnexpectedEOF
		}
		for i := range fields {
			h.masks[i] = number(masks + 4*i)
		}
		at = max(at, fileHeader+masks+4*fields)
	case h.depth == 16:
		h.masks = [4]uint32{0x7c00, 0x3e0, 0x1f}
	default:
		h.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	}
	pixels := int(min(binary.LittleEndian.Uint32(file[10:]), uint32(len(file))))
	switch h.depth {
	case 1, 2, 4, 8:
		if colours == 0 || colours > 1<<h.depth {
			colours = 1 << h.depth
		}
		for ; colours > 0 && at+entry <= pixels; colours-- {
			h.palette = append(h.palette, color.RGBA{file[at+2], file[at+1], file[at], 255})
			at += entry
		}
	case 16, 24, 32:
	default:
		return nil, nil, errors.New("an unknown depth")
	}
	h.pixels = file[pixels:]

	if size == 124 && string(info[56:60]) == "DEBM" { // PROFILE_EMBEDDED, little-endian
		start, n := uint64(number(112)), uint64(number(116))
		if start+n <= uint64(len(info)) {
			profile = info[start:][:n]
		}
	}
	return h, profile, nil
}

// row returns row y, counted from the top.
func (h *bmpHeader) row(y int) ([]byte, error) {
	if !h.topDown {
		y = h.height - 1 - y
	}
	stride, used := (h.width*h.depth+31)/32*4, (h.width*h.depth+7)/8
	if len(h.pixels) < y*stride+used {
		return nil, io.ErrUnexpectedEOF
	}
	return h.pixels[y*stride:][:used], nil
}

// indices reads colours of the palette.
func (h *bmpHeader) indices() (image.Image, error) {
	m := image.NewPaletted(image.Rect(0, 0, h.width, h.height), h.palette)
	for y := range h.height {
		row, err := h.row(y)
		if err != nil {
			return nil, err
		}
		for x := range h.width {
			bit := x * h.depth
			m.Pix[y*m.Stride+x] = row[bit/8] << (bit % 8) >> (8 - h.depth)
		}
	}
	return m, nil
}

// colours reads pixels of 16, 24 or 32 bits by their masks.
func (h *bmpHeader) colours() (image.Image, error) {
	m := image.NewNRGBA(image.Rect(0, 0, h.width, h.height))
	var shift, most [4]uint32
	for i, mask := range h.masks {
		shift[i] = uint32(bits.TrailingZeros32(mask)) % 32
		most[i] = mask >> shift[i]
	}
	clear := h.masks[3] != 0
	for y := range h.height {
		row, err := h.row(y)
		if err != nil {
			return nil, err
		}
		for x := range h.width {
			var v uint32
			switch h.depth {
			case 16:
				v = uint32(binary.LittleEndian.Uint16(row[2*x:]))
			case 24:
				v = uint32(row[3*x]) | uint32(row[3*x+1])<<8 | uint32(row[3*x+2])<<16
			case 32:
				v = binary.LittleEndian.Uint32(row[4*x:])
			}
			out := m.Pix[y*m.Stride+4*x:][:4]
			out[3] = 255
			for i := range out {
				if most[i] != 0 {
					out[i] = uint8((uint64(v&h.masks[i]>>shift[i])*255 + uint64(most[i])/2) / uint64(most[i]))
				}
			}
			clear = clear && out[3] == 0
		}
	}
	// Programs that know no transparency leave its bits at zero.
	if clear {
		for i := 3; i < len(m.Pix); i += 4 {
			m.Pix[i] = 255
		}
	}
	return m, nil
}

// runs reads run-length coding. Pixels that no run covers have colour 0.
func (h *bmpHeader) runs() (image.Image, error) {
	m := image.NewPaletted(image.Rect(0, 0, h.width, h.height), h.palette)
	x, y, rest := 0, 0, h.pixels
	set := func(index byte) {
		if x < h.width && y < h.height {
			row := y
			if !h.topDown {
				row = h.height - 1 - y
			}
			m.Pix[row*m.Stride+x] = index
		}
		x++
	}
	for len(rest) >= 2 {
		count, value := int(rest[0]), rest[1]
		rest = rest[2:]
		switch {
		case count > 0: // a run, of two alternating colours with 4 bits
			for i := range count {
				set(h.part(value, i))
			}
		case value == 0:
			x, y = 0, y+1
		case value == 1:
			return m, nil
		case value == 2:
			if len(rest) < 2 {
				return nil, io.ErrUnexpectedEOF
			}
			x, y, rest = x+int(rest[0]), y+int(rest[1]), rest[2:]
		default: // as many pixels as they are, padded to 16 bits
			used := (int(value)*h.depth + 7) / 8
			if len(rest) < used {
				return nil, io.ErrUnexpectedEOF
			}
			for i := range int(value) {
				set(h.part(rest[i*h.depth/8], i))
			}
			rest = rest[min(used+used%2, len(rest)):]
		}
	}
	if y < h.height-1 || y == h.height-1 && x < h.width {
		return nil, io.ErrUnexpectedEOF
	}
	return m, nil // without its end mark
}

// part returns the colour of pixel i of those in a byte.
func (h *bmpHeader) part(b byte, i int) byte {
	switch {
	case h.depth == 8:
		return b
	case i%2 == 0:
		return b >> 4
	}
	return b & 15
}
