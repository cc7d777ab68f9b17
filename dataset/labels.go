package dataset

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
)

// indexPNG is the path of a PNG whose pixel values are class ids.
type indexPNG string

func (path indexPNG) read(height, width, classes int) ([]uint8, error) {
	f, err := os.Open(string(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	labels, err := readIndexPNG(f, height, width, classes)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return labels, nil
}

// A PNG begins with its signature and the chunk IHDR: length, name, width,
// height, bits of a sample, colour type.
const (
	pngStart     = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
	pngHeadBytes = len(pngStart) + 4 + 4 + 1 + 1
)

// The PNG colour types whose values can be class ids.
const (
	pngGrey    = 0
	pngPalette = 3
)

// readIndexPNG reads the pixel values of a PNG. Its errors are predicates, to
// follow the name of the file.
func readIndexPNG(r io.Reader, height, width, classes int) ([]uint8, error) {
	file := bufio.NewReader(r)
	head, err := file.Peek(pngHeadBytes)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if err != nil || !bytes.HasPrefix(head, []byte(pngStart)) {
		return nil, errors.New("is not a PNG: expected one whose values are class ids")
	}
	// Check before decoding: size and kind decide how much memory that takes.
	shape := head[len(pngStart):]
	gotWidth, gotHeight := binary.BigEndian.Uint32(shape), binary.BigEndian.Uint32(shape[4:])
	if int64(gotWidth) != int64(width) || int64(gotHeight) != int64(height) {
		return nil, fmt.Errorf("has %d×%d pixels, its photo %d×%d: expected the same size", gotWidth, gotHeight, width, height)
	}
	const expected = "expected 8-bit grey or a palette, whose values are class ids"
	switch bits, kind := shape[8], shape[9]; {
	case kind == pngPalette:
	case kind != pngGrey:
		return nil, fmt.Errorf("is a colour picture: %s", expected)
	case bits != 8: // the decoder scales values of fewer bits, so ids would be lost
		return nil, fmt.Errorf("is %d-bit grey: %s", bits, expected)
	}
	picture, err := png.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("is damaged or cut short (%w): make it again", err)
	}
	var labels []uint8
	switch m := picture.(type) {
	case *image.Gray:
		labels = m.Pix
	case *image.Paletted:
		labels = m.Pix
	default: // grey with one transparent value
		return nil, fmt.Errorf("is a transparent picture: %s", expected)
	}
	for _, label := range labels {
		if int(label) >= classes && label != Ignore {
			return nil, fmt.Errorf("has the label %d: expected class ids, 0 to %d, or %d for pixels that do not count", label, classes-1, Ignore)
		}
	}
	return labels, nil
}
