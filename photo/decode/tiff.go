package decode

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/bits"
	"slices"

	"golang.org/x/image/ccitt"
	"golang.org/x/image/tiff/lzw"
)

// Tags of TIFF fields (TIFF 6.0, and the supplements for those above 32000).
const (
	tagSubfileType    = 254
	tagWidth          = 256
	tagHeight         = 257
	tagBits           = 258
	tagCompression    = 259
	tagPhotometric    = 262
	tagFillOrder      = 266
	tagStripOffsets   = 273
	tagSamples        = 277
	tagRowsPerStrip   = 278
	tagStripBytes     = 279
	tagPlanar         = 284
	tagT4Options      = 292
	tagPredictor      = 317
	tagColourMap      = 320
	tagTileWidth      = 322
	tagTileHeight     = 323
	tagTileOffsets    = 324
	tagTileBytes      = 325
	tagSubdirectories = 330
	tagInkSet         = 332
	tagExtraSamples   = 338
	tagSampleFormat   = 339
	tagProfile        = 34675
	tagDNGVersion     = 50706
)

// maxSamples limits the samples per pixel: colours, transparency and extra ones.
const maxSamples = 32

// Compressions of TIFF.
const (
	tiffNone, tiffGroup3, tiffGroup4, tiffLZW, tiffDeflate, tiffPackBits, tiffOldDeflate = 1, 3, 4, 5, 8, 32773, 32946
)

// Meanings of samples in TIFF: of the first ones, and of the one after those.
const (
	tiffWhiteIsZero, tiffBlackIsZero, tiffRGB, tiffPalette, tiffCMYK = 0, 1, 2, 3, 5
	tiffPremultiplied, tiffTransparency                              = 1, 2
)

// rareTIFF names kinds that are not read, by compression and by meaning.
var (
	rareCompressions = map[uint32]string{
		2: "a TIFF with CCITT run-length compression", 6: "a TIFF with JPEG compression", 7: "a TIFF with JPEG compression",
		34712: "a TIFF with JPEG 2000 compression", 34925: "a TIFF with LZMA compression",
		50000: "a TIFF with Zstandard compression", 50001: "a TIFF with WebP compression", 50002: "a TIFF with JPEG XL compression",
	}
	rarePhotometrics = map[uint32]string{
		4: "a transparency mask", 6: "a YCbCr TIFF", 8: "a Lab TIFF", 9: "a Lab TIFF", 10: "a Lab TIFF",
		32803: "a camera raw file", 34892: "a camera raw file",
	}
)

// tiffPicture is the first picture of a TIFF file.
type tiffPicture struct {
	file          []byte
	order         binary.ByteOrder
	fields        map[uint16]field
	width, height int
	bits, samples int // per sample, and per pixel
	compression   uint32
	photometric   uint32
	most          uint16 // the highest sample
	alpha         uint32 // the kind of transparency, 0 if the picture has none
	differences   bool   // samples are differences
	colours       []uint32
}

// number returns the first value of a field, or otherwise if it is missing.
func (t *tiffPicture) number(tag uint16, otherwise uint32) uint32 {
	if v := t.fields[tag].numbers(1); len(v) == 1 {
		return v[0]
	}
	return otherwise
}

// openTIFF decodes the first picture of a TIFF.
func openTIFF(file []byte, maxPixels int) (*decoded, error) {
	t := &tiffPicture{file: file, fields: map[uint16]field{}}
	for f := range fields(file) {
		if f.cut && f.tag <= tagSampleFormat && (f.kind == tiffShort || f.kind == tiffLong) {
			return nil, io.ErrUnexpectedEOF
		}
		t.fields[f.tag], t.order = f, f.order
	}
	// Raw files of most makes are TIFF. Their first picture is often a thumbnail.
	_, hasMore := t.fields[tagSubdirectories]
	thumbnail := hasMore && t.number(tagSubfileType, 0)&1 != 0
	_, dng := t.fields[tagDNGVersion]
	if thumbnail || dng || matches(file, "II*\x00\x10\x00\x00\x00CR") {
		return nil, unsupported("a camera raw file")
	}
	t.width, t.height = int(t.number(tagWidth, 0)), int(t.number(tagHeight, 0))
	if err := checkSize(t.width, t.height, maxPixels); err != nil {
		return nil, err
	}
	if err := t.readKind(); err != nil {
		return nil, err
	}
	picture, err := t.decode()
	if err != nil {
		return nil, err
	}
	d := &decoded{picture: picture, canvas: picture.Bounds(), orientation: orientation(file)}
	if t.photometric != tiffCMYK {
		d.space = profileSpace(t.fields[tagProfile].data)
	}
	return d, nil
}

// readKind reads what the samples are. It refuses kinds that are not read.
func (t *tiffPicture) readKind() error {
	t.compression = t.number(tagCompression, tiffNone)
	t.photometric = t.number(tagPhotometric, tiffWhiteIsZero)
	t.samples = int(t.number(tagSamples, 1))
	depths := t.fields[tagBits].numbers(maxSamples)
	if len(depths) == 0 {
		depths = []uint32{1}
	}
	t.bits = int(depths[0])

	if kind, ok := rareCompressions[t.compression]; ok {
		return unsupported(kind)
	}
	if kind, ok := rarePhotometrics[t.photometric]; ok {
		return unsupported(kind)
	}
	colours := map[uint32]int{tiffWhiteIsZero: 1, tiffBlackIsZero: 1, tiffRGB: 3, tiffPalette: 1, tiffCMYK: 4}[t.photometric]
	switch {
	case colours == 0:
		return unsupported(fmt.Sprintf("a TIFF of unknown colours (%d)", t.photometric))
	case t.samples < colours || t.samples > maxSamples:
		return fmt.Errorf("%d samples per pixel", t.samples)
	}
	for _, format := range t.fields[tagSampleFormat].numbers(maxSamples) {
		if format != 1 && format != 4 { // unsigned, or not stated
			return unsupported("a TIFF of signed or floating-point numbers")
		}
	}
	for _, depth := range depths {
		if int(depth) != t.bits {
			return unsupported("a TIFF of unequal channels")
		}
	}
	switch t.bits {
	case 1, 2, 4, 8, 16:
	default:
		return unsupported(fmt.Sprintf("a TIFF of %d bits per channel", t.bits))
	}
	t.most = uint16(uint32(1)<<t.bits - 1)
	switch t.compression {
	case tiffLZW, tiffDeflate, tiffOldDeflate: // others have no predictor
		predictor := t.number(tagPredictor, 1)
		if t.differences = predictor == 2; predictor > 2 {
			return unsupported("a TIFF with a rare predictor")
		}
	}
	if t.photometric == tiffCMYK && t.number(tagInkSet, 1) != 1 {
		return unsupported("a TIFF of inks other than CMYK")
	}
	if t.photometric == tiffPalette {
		t.colours = t.fields[tagColourMap].numbers(3 << t.bits)
		if t.bits > 8 || len(t.colours) != 3<<t.bits {
			return errors.New("a palette of the wrong size")
		}
	}
	if extra := t.number(tagExtraSamples, 0); t.samples > colours && (extra == tiffPremultiplied || extra == tiffTransparency) {
		t.alpha = extra
	}
	return nil
}

// decode reads the picture's blocks, which are strips or tiles.
func (t *tiffPicture) decode() (image.Image, error) {
	var out image.Image
	bounds := image.Rect(0, 0, t.width, t.height)
	switch grey := t.photometric <= tiffBlackIsZero && t.alpha == 0; {
	case grey && t.bits == 16:
		out = image.NewGray16(bounds)
	case grey:
		out = image.NewGray(bounds)
	case t.bits == 16:
		out = image.NewNRGBA64(bounds)
	default:
		out = image.NewNRGBA(bounds)
	}

	width, height := t.width, min(t.height, int(t.number(tagRowsPerStrip, 1<<31)))
	offsetTag, bytesTag := uint16(tagStripOffsets), uint16(tagStripBytes)
	tiled := t.fields[tagTileWidth].data != nil
	if tiled {
		width, height = int(t.number(tagTileWidth, 0)), int(t.number(tagTileHeight, 0))
		offsetTag, bytesTag = tagTileOffsets, tagTileBytes
	}
	// Tiles much larger than the picture, or tiny ones, would cost memory or time.
	if width < 1 || height < 1 || tiled && (width < 8 || height < 8) || width > t.width+1024 || height > t.height+1024 {
		return nil, errors.New("blocks of a wrong size")
	}
	planes, chunky := 1, t.samples // samples per pixel in one plane
	if t.number(tagPlanar, 1) == 2 {
		planes, chunky = t.samples, 1
	}
	across, down := (t.width+width-1)/width, (t.height+height-1)/height
	offsets, sizes := t.fields[offsetTag].numbers(across*down*planes), t.fields[bytesTag].numbers(across*down*planes)
	if len(offsets) < across*down*planes {
		return nil, io.ErrUnexpectedEOF
	}

	block := make([][]byte, planes)
	row := make([]uint16, width*t.samples)
	for i := range across * down {
		x0, y0 := i%across*width, i/across*height
		rows := min(height, t.height-y0)
		stored := rows
		if tiled {
			stored = height
		}
		stride := (width*chunky*t.bits + 7) / 8
		for p := range planes {
			n := p*across*down + i
			data := t.file[min(int(offsets[n]), len(t.file)):]
			if n < len(sizes) { // some programs leave out the size of a single strip
				data = data[:min(int(sizes[n]), len(data))]
			}
			var err error
			if block[p], err = t.expand(data, width, stored, stride*stored); err != nil {
				return nil, err
			}
			if len(block[p]) < stride*rows {
				return nil, io.ErrUnexpectedEOF
			}
		}
		for y := range rows {
			for p := range planes {
				t.unpack(row[p:], planes, block[p][y*stride:][:stride], width, chunky)
			}
			t.write(out, x0, y0+y, row[:min(width, t.width-x0)*t.samples])
		}
	}
	return out, nil
}

// expand undoes the compression of a block of width × rows pixels, size bytes. It
// may return less, and more.
func (t *tiffPicture) expand(data []byte, width, rows, size int) ([]byte, error) {
	read := func(r io.Reader) ([]byte, error) {
		var b bytes.Buffer
		_, err := io.Copy(&b, io.LimitReader(r, int64(size)))
		if b.Len() == size || errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil // the caller sees what is missing
		}
		return b.Bytes(), err
	}
	reversed := t.number(tagFillOrder, 1) == 2
	if reversed && t.compression != tiffGroup3 && t.compression != tiffGroup4 {
		data = slices.Clone(data)
		for i, b := range data {
			data[i] = bits.Reverse8(b)
		}
	}
	switch t.compression {
	case tiffNone, 0:
		return data, nil
	case tiffLZW:
		return read(lzw.NewReader(bytes.NewReader(data), lzw.MSB, 8))
	case tiffDeflate, tiffOldDeflate:
		r, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return read(r)
	case tiffPackBits:
		return unpackBits(data, size), nil
	case tiffGroup3, tiffGroup4:
		if t.bits != 1 || t.samples != 1 {
			return nil, errors.New("fax compression of a picture that is not black and white")
		}
		order, coding := ccitt.MSB, ccitt.Group4
		if reversed {
			order = ccitt.LSB
		}
		if t.compression == tiffGroup3 {
			if t.number(tagT4Options, 0)&1 != 0 {
				return nil, unsupported("a TIFF with two-dimensional fax compression")
			}
			coding = ccitt.Group3
		}
		// The coding's black is 1, as if white were zero.
		return read(ccitt.NewReader(bytes.NewReader(data), order, coding, width, rows, &ccitt.Options{Invert: true}))
	}
	return nil, unsupported(fmt.Sprintf("a TIFF of rare compression (%d)", t.compression))
}

// unpackBits undoes PackBits (TIFF 6.0, section 9), up to size bytes.
func unpackBits(data []byte, size int) []byte {
	var out []byte
	for len(data) > 0 && len(out) < size {
		switch n := int(int8(data[0])); {
		case n >= 0:
			run := data[1:min(n+2, len(data))]
			out, data = append(out, run...), data[1+len(run):]
		case n == -128:
			data = data[1:]
		case len(data) < 2:
			return out
		default:
			out, data = append(out, bytes.Repeat(data[1:2], 1-n)...), data[2:]
		}
	}
	return out
}

// unpack writes a row of packed samples to every step-th of dst, after undoing the
// predictor: with it, each sample but those of the first pixel is a difference
// (TIFF 6.0, section 14).
func (t *tiffPicture) unpack(dst []uint16, step int, packed []byte, width, chunky int) {
	for i := range width * chunky {
		var v uint16
		switch t.bits {
		case 8:
			v = uint16(packed[i])
		case 16:
			v = t.order.Uint16(packed[2*i:])
		default:
			bit := i * t.bits
			v = uint16(packed[bit/8] << (bit % 8) >> (8 - t.bits))
		}
		if t.differences && i >= chunky {
			v = (v + dst[(i-chunky)*step]) & t.most
		}
		dst[i*step] = v
	}
}

// write writes a row of samples to the picture.
func (t *tiffPicture) write(out image.Image, x, y int, row []uint16) {
	for ; len(row) > 0; x, row = x+1, row[t.samples:] {
		c := t.colour(row[:t.samples])
		switch m := out.(type) {
		case *image.Gray:
			m.Pix[m.PixOffset(x, y)] = uint8(c.R)
		case *image.Gray16:
			m.SetGray16(x, y, color.Gray16{Y: c.R})
		case *image.NRGBA:
			m.SetNRGBA(x, y, color.NRGBA{uint8(c.R), uint8(c.G), uint8(c.B), uint8(c.A)})
		case *image.NRGBA64:
			m.SetNRGBA64(x, y, c)
		}
	}
}

// colour returns the colour of a pixel, with 16 bits per channel if its samples have
// 16, else with 8.
func (t *tiffPicture) colour(pixel []uint16) (c color.NRGBA64) {
	full := uint16(max(t.most, 0xff))
	scale := full / t.most // exact: 1, 17, 85 or 255
	colours := 1
	switch t.photometric {
	case tiffWhiteIsZero:
		v := full - pixel[0]*scale
		c = color.NRGBA64{v, v, v, full}
	case tiffBlackIsZero:
		v := pixel[0] * scale
		c = color.NRGBA64{v, v, v, full}
	case tiffPalette:
		colour := func(i int) uint16 { return uint16(t.colours[i<<t.bits+int(pixel[0])] >> 8) }
		c = color.NRGBA64{colour(0), colour(1), colour(2), full}
	case tiffRGB:
		c = color.NRGBA64{pixel[0] * scale, pixel[1] * scale, pixel[2] * scale, full}
		colours = 3
	case tiffCMYK:
		paper := uint32(full - pixel[3]*scale)
		ink := func(i int) uint16 { return uint16(uint32(full-pixel[i]*scale) * paper / uint32(full)) }
		c = color.NRGBA64{ink(0), ink(1), ink(2), full}
		colours = 4
	}
	if t.alpha != 0 {
		c.A = pixel[colours] * scale
	}
	if t.alpha == tiffPremultiplied && c.A > 0 {
		for _, v := range []*uint16{&c.R, &c.G, &c.B} {
			*v = uint16(min(uint32(full), uint32(*v)*uint32(full)/uint32(c.A)))
		}
	}
	return c
}
