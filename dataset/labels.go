package dataset

import (
	"errors"
	"fmt"
	"io"

	"segmenter/photo/decode"
)

// labels are the labels of one photo, as a layout stores them.
type labels interface {
	// read reads the labels of a photo of the given size, upright. Its errors name
	// the file. Classes are below limit.
	read(height, width, limit int) (*reading, error)
	// hash writes what the labels consist of.
	hash(dst io.Writer) error
}

// reading is the labels of a photo.
type reading struct {
	ids     []uint8
	blurred int            // pixels that are ignored because their colours are no class's
	unknown map[string]int // labels that are no classes, and so ignored, with their pixels or objects
}

// maskFile is a picture whose values or colours stand for classes.
type maskFile struct {
	path   string
	photo  Photo
	coding *coding
}

func (m *maskFile) read(height, width, limit int) (*reading, error) {
	turn := upright
	r, err := readRaster(m.path, func(h, w int) (err error) {
		turn, err = m.photo.turnOf(h, w, height, width)
		return err
	})
	var d *decoded
	if err == nil {
		d, err = m.coding.decode(r, limit)
	}
	if err != nil {
		if _, ok := errors.AsType[missing](err); ok {
			return nil, err
		}
		return nil, fmt.Errorf("%s %w", m.path, err)
	}
	return &reading{turn.apply(r.paint(d.classes), r.height, r.width), d.blurred, d.unknown}, nil
}

// turning is an orientation by EXIF, 1 to 8.
type turning int

const upright turning = 1

// turnOf returns how labels of h×w pixels are turned to lie on the photo, which has
// height×width pixels, upright. Most programs show phone photos upright, and so labels
// are drawn upright; only labels whose size fits the stored photo alone are turned with
// it. Its error is a predicate, to follow the name of the file.
func (p Photo) turnOf(h, w, height, width int) (turning, error) {
	if h == height && w == width {
		return upright, nil
	}
	if h == width && w == height {
		if head, err := decode.ReadHead(p.path); err == nil && head.Orientation >= 5 {
			return turning(head.Orientation), nil
		}
	}
	return 0, fmt.Errorf("has %d×%d pixels, its photo %d×%d: expected the same size", w, h, width, height)
}

// apply turns labels of height×width pixels. Only orientations from 5 on get here,
// whose upright rows are stored as columns (EXIF 2.32, tag 274).
func (t turning) apply(ids []uint8, height, width int) []uint8 {
	if t == upright {
		return ids
	}
	out := make([]uint8, len(ids))
	for y := range width {
		for x := range height {
			row, column := x, y
			if t == 6 || t == 7 {
				row = height - 1 - x
			}
			if t == 7 || t == 8 {
				column = width - 1 - y
			}
			out[y*height+x] = ids[row*width+column]
		}
	}
	return out
}
