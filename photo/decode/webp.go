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

// webpFile is what the chunks of a WebP hold (RFC 9649); of an animation, of the first
// frame.
type webpFile struct {
	kind          string // of the frame's data, "VP8 " or "VP8L"
	data, alpha   []byte
	width, height int // of the frame
	animated      bool
	canvas        image.Rectangle // of an animation
	offset        image.Point     // of the frame there
	profile       []byte
	orientation   int
}

// still reads the chunks of a frame.
func (w *webpFile) still(chunks []byte) {
	for name, chunk := range riffChunks(chunks) {
		switch {
		case w.kind != "": // a later frame
		case name == "ALPH":
			w.alpha = chunk
		case name == "VP8 ", name == "VP8L":
			w.kind, w.data = name, chunk
		}
	}
}

func readWebP(file []byte, maxPixels int) (*webpFile, error) {
	w := &webpFile{orientation: 1}
	for name, chunk := range riffChunks(file[12:]) {
		switch name {
		case "VP8X":
			if len(chunk) < 10 {
				return nil, errors.New("a wrong header")
			}
			w.animated = chunk[0]&2 != 0
			w.canvas = image.Rect(0, 0, uint24(chunk[4:])+1, uint24(chunk[7:])+1)
		case "ANMF":
			if len(chunk) >= 16 && w.kind == "" {
				w.offset = image.Pt(2*uint24(chunk), 2*uint24(chunk[3:]))
				w.still(chunk[16:])
			}
		case "ICCP":
			w.profile = chunk
		case "EXIF":
			w.orientation = orientation(bytes.TrimPrefix(chunk, []byte("Exif\x00\x00")))
		}
	}
	if w.kind == "" {
		w.still(file[12:])
	}
	if w.kind == "" {
		return nil, errors.New("no picture")
	}
	if w.kind == "VP8L" {
		w.alpha = nil
	}
	config, err := webp.DecodeConfig(bytes.NewReader(webpOf(w.kind, w.data, nil, 0, 0)))
	if err != nil {
		return nil, err
	}
	w.width, w.height = config.Width, config.Height
	if !w.animated {
		w.canvas = image.Rect(0, 0, w.width, w.height)
	}
	if err := checkSize(w.width, w.height, maxPixels); err != nil {
		return nil, err
	}
	return w, checkSize(w.canvas.Dx(), w.canvas.Dy(), maxPixels)
}

// openWebP decodes a WebP; of an animation, the first frame in its place on the canvas.
// It hands the frame to x/image/webp in a container of its own, since that reads no
// animations, and refuses stills whose header announces transparency that does not
// follow, or another size.
func openWebP(file []byte, maxPixels int) (*decoded, error) {
	w, err := readWebP(file, maxPixels)
	if err != nil {
		return nil, err
	}
	d := &decoded{orientation: w.orientation, canvas: w.canvas, video: w.kind == "VP8 "}
	if w.profile != nil {
		d.space = profileSpace(w.profile)
	}
	if d.picture, err = webp.Decode(bytes.NewReader(webpOf(w.kind, w.data, w.alpha, w.width, w.height))); err != nil {
		return nil, err
	}
	bounds := d.picture.Bounds()
	if !w.animated {
		d.canvas = bounds
		return d, nil
	}
	if d.canvas = d.canvas.Sub(w.offset); !bounds.In(d.canvas) {
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
