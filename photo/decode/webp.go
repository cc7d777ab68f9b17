package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"iter"

	"golang.org/x/image/webp"
)

// riffChunks returns the chunks of a RIFF container, by name. The last may be
// cut short.
func riffChunks(rest []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(rest) >= 8 {
			length := uint64(binary.LittleEndian.Uint32(rest[4:]))
			data := rest[8:][:min(length, uint64(len(rest)-8))]
			if !yield(string(rest[:4]), data) {
				return
			}
			rest = rest[min(8+len(data)+len(data)%2, len(rest)):]
		}
	}
}

// openWebP decodes a WebP (RFC 9649); of an animation, the first frame in its
// place on the canvas. It hands the frame to x/image/webp in a container of its
// own, since that reads no animations, and refuses stills whose header announces
// transparency that does not follow, or another size.
func openWebP(file []byte, maxPixels int) (*decoded, error) {
	d := &decoded{orientation: 1}
	var (
		kind        string // of the frame's data, "VP8 " or "VP8L"
		data, alpha []byte
		animated    bool
	)
	still := func(chunks []byte) {
		for name, chunk := range riffChunks(chunks) {
			switch {
			case kind != "": // a later frame
			case name == "ALPH":
				alpha = chunk
			case name == "VP8 ", name == "VP8L":
				kind, data = name, chunk
			}
		}
	}
	var offset image.Point
	for name, chunk := range riffChunks(file[12:]) {
		switch name {
		case "VP8X":
			if len(chunk) < 10 {
				return nil, errors.New("a wrong header")
			}
			animated = chunk[0]&2 != 0
			d.canvas = image.Rect(0, 0, uint24(chunk[4:])+1, uint24(chunk[7:])+1)
		case "ANMF":
			if len(chunk) >= 16 && kind == "" {
				offset = image.Pt(2*uint24(chunk), 2*uint24(chunk[3:]))
				still(chunk[16:])
			}
		case "ICCP":
			d.space = profileSpace(chunk)
		case "EXIF":
			d.orientation = orientation(bytes.TrimPrefix(chunk, []byte("Exif\x00\x00")))
		}
	}
	if kind == "" {
		still(file[12:])
	}
	if kind == "" {
		return nil, errors.New("no picture")
	}
	if kind == "VP8L" {
		alpha = nil
	}
	config, err := webp.DecodeConfig(bytes.NewReader(webpOf(kind, data, nil, 0, 0)))
	if err != nil {
		return nil, err
	}
	if err := checkSize(config.Width, config.Height, maxPixels); err != nil {
		return nil, err
	}
	if d.picture, err = webp.Decode(bytes.NewReader(webpOf(kind, data, alpha, config.Width, config.Height))); err != nil {
		return nil, err
	}
	d.video = kind == "VP8 "
	bounds := d.picture.Bounds()
	if !animated {
		d.canvas = bounds
		return d, nil
	}
	if err := checkSize(d.canvas.Dx(), d.canvas.Dy(), maxPixels); err != nil {
		return nil, err
	}
	if d.canvas = d.canvas.Sub(offset); !bounds.In(d.canvas) {
		return nil, errors.New("a frame outside the picture")
	}
	return d, nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// webpOf returns a WebP file of one frame, with the data of its transparency
// unless they are nil.
func webpOf(kind string, data, alpha []byte, width, height int) []byte {
	file := []byte("RIFF____WEBP")
	add := func(name string, data []byte) {
		file = binary.LittleEndian.AppendUint32(append(file, name...), uint32(len(data)))
		file = append(file, data...)
		if len(data)%2 != 0 {
			file = append(file, 0)
		}
	}
	if alpha != nil {
		const hasAlpha = 1 << 4
		w, h := width-1, height-1
		add("VP8X", []byte{hasAlpha, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
		add("ALPH", alpha)
	}
	add(kind, data)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}
