package decode

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/gif"
	"io"
)

// openGIF decodes the first frame of a GIF, in its place on the canvas.
func openGIF(file []byte, maxPixels int) (*decoded, error) {
	if len(file) < 13 {
		return nil, io.ErrUnexpectedEOF
	}
	canvas := image.Pt(int(binary.LittleEndian.Uint16(file[6:])), int(binary.LittleEndian.Uint16(file[8:])))
	// Some files have a canvas that is smaller than the frame, or empty. Browsers
	// enlarge it, image/gif refuses it.
	if frame, ok := gifFrame(file); ok {
		canvas.X, canvas.Y = max(canvas.X, frame.Max.X), max(canvas.Y, frame.Max.Y)
	}
	if err := checkSize(canvas.X, canvas.Y, maxPixels); err != nil {
		return nil, err
	}
	header := bytes.Clone(file[:10])
	binary.LittleEndian.PutUint16(header[6:], uint16(min(canvas.X, 0xffff)))
	binary.LittleEndian.PutUint16(header[8:], uint16(min(canvas.Y, 0xffff)))
	picture, err := gif.Decode(io.MultiReader(bytes.NewReader(header), bytes.NewReader(file[10:])))
	if err != nil {
		return nil, err
	}
	return &decoded{picture: picture, canvas: image.Rectangle{Max: canvas}, orientation: 1}, nil
}

// gifFrame returns the bounds of the first frame (GIF89a, sections 18 to 24).
func gifFrame(file []byte) (bounds image.Rectangle, ok bool) {
	at := 13
	if flags := file[10]; flags&0x80 != 0 {
		at += 3 << (1 + flags&7)
	}
	for at < len(file) {
		switch file[at] {
		case '!': // an extension: a label and blocks
			for at += 2; at < len(file) && file[at] != 0; at += 1 + int(file[at]) {
			}
			at++
		case ',':
			if len(file)-at < 9 {
				return image.Rectangle{}, false
			}
			number := func(i int) int { return int(binary.LittleEndian.Uint16(file[at+i:])) }
			return image.Rect(number(1), number(3), number(1)+number(5), number(3)+number(7)), true
		default:
			return image.Rectangle{}, false
		}
	}
	return image.Rectangle{}, false
}
