package decode

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image/png"
	"io"
	"iter"
)

// pngChunk is a chunk of a PNG file (PNG third edition, section 5.3).
type pngChunk struct {
	name  string
	data  []byte
	whole []byte // with length, name and checksum; may be cut short
	sound bool   // the checksum is right
}

func pngChunks(file []byte) iter.Seq[pngChunk] {
	return func(yield func(pngChunk) bool) {
		const overhead = 12
		for rest := file[8:]; len(rest) >= overhead; {
			length := uint64(binary.BigEndian.Uint32(rest)) + overhead
			c := pngChunk{name: string(rest[4:8]), whole: rest[:min(length, uint64(len(rest)))]}
			if length <= uint64(len(rest)) {
				c.data = c.whole[8 : length-4]
				c.sound = crc32.ChecksumIEEE(c.whole[4:length-4]) == binary.BigEndian.Uint32(c.whole[length-4:])
			}
			if !yield(c) {
				return
			}
			rest = rest[len(c.whole):]
		}
	}
}

// openPNG decodes a PNG. It gives image/png only the chunks that the pixels
// depend on, since that refuses a file for an ancillary chunk with a wrong
// checksum or in the wrong place. Browsers ignore such chunks.
func openPNG(file []byte, maxPixels int) (*decoded, error) {
	var (
		d      = &decoded{orientation: 1}
		pixels = []io.Reader{bytes.NewReader(file[:8])}
		header []byte
		colour = map[string][]byte{}
		parts  = map[string]bool{}
	)
	for c := range pngChunks(file) {
		keep := false
		switch c.name {
		case "IHDR":
			if header != nil || len(c.data) != 13 {
				return nil, errors.New("a wrong header")
			}
			header, keep = c.data, true
		case "CgBI":
			return nil, unsupported("a PNG for iPhone programs (CgBI)")
		case "PLTE":
			keep = header != nil && header[9] == pngPalette
		case "tRNS":
			keep = c.sound && header != nil && !parts["IDAT"] && !parts["tRNS"] && transparencyFits(header, len(c.data), parts["PLTE"])
		case "IDAT":
			keep = true
		case "eXIf":
			if c.sound {
				d.orientation = orientation(c.data)
			}
		case "cICP", "iCCP", "sRGB", "gAMA", "cHRM":
			if c.sound && !parts["IDAT"] && colour[c.name] == nil {
				colour[c.name] = c.data
			}
		}
		if keep {
			pixels = append(pixels, bytes.NewReader(c.whole))
			parts[c.name] = true
		}
		if c.name == "IEND" {
			break
		}
	}
	if header == nil {
		return nil, io.ErrUnexpectedEOF
	}
	if err := checkSize(int(binary.BigEndian.Uint32(header)), int(binary.BigEndian.Uint32(header[4:])), maxPixels); err != nil {
		return nil, err
	}
	pixels = append(pixels, bytes.NewReader([]byte("\x00\x00\x00\x00IEND\xae\x42\x60\x82")))
	picture, err := png.Decode(io.MultiReader(pixels...))
	if err != nil {
		return nil, err
	}
	d.picture, d.canvas = picture, picture.Bounds()
	d.space = pngSpace(colour)
	return d, nil
}

// Colour types of PNG (section 11.2.1).
const pngGrey, pngRGB, pngPalette = 0, 2, 3

// transparencyFits reports whether a chunk tRNS of n bytes fits the picture. One
// that does not is no reason to refuse a photo.
func transparencyFits(header []byte, n int, afterPalette bool) bool {
	switch header[9] {
	case pngGrey:
		return n == 2
	case pngRGB:
		return n == 6
	case pngPalette:
		return afterPalette && n <= 256
	}
	return false
}

// pngSpace returns the conversion that the chunks about colour ask for, in the
// order of precedence of PNG (section 4.3).
func pngSpace(chunks map[string][]byte) *conversion {
	if c := chunks["cICP"]; len(c) == 4 {
		return codedSpace(c[0], c[1])
	}
	if c := chunks["iCCP"]; c != nil {
		_, packed, ok := bytes.Cut(c, []byte{0})
		if ok && len(packed) > 1 && packed[0] == 0 {
			if r, err := zlib.NewReader(bytes.NewReader(packed[1:])); err == nil {
				profile, _ := io.ReadAll(io.LimitReader(r, maxProfile))
				return profileSpace(profile)
			}
		}
	}
	if chunks["sRGB"] != nil {
		return nil
	}
	c, curve := sRGBPrimaries, curve(sRGBCurve)
	primaries, gamma := chunks["cHRM"], chunks["gAMA"]
	if len(primaries) == 32 {
		for i := range c {
			c[i] = float64(binary.BigEndian.Uint32(primaries[4*i:])) / 100000
		}
	}
	if len(gamma) == 4 {
		// 1/2.2 is how PNG states the curve of sRGB (section 11.3.2.3).
		if g := binary.BigEndian.Uint32(gamma); g > 0 && (g < 45000 || g > 46000) {
			curve = power(100000 / float64(g))
		}
	}
	return newConversion(c.toPCS(), curve, curve, curve)
}
