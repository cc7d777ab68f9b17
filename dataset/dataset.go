// Package dataset reads photos and the labels that people gave to their pixels.
//
// [Open] reads the project's own layout, a folder with two others in it:
//
//	images/NAME.jpg   photos, also .jpeg, .png and .webp
//	labels/NAME.png   the class of each pixel of NAME's photo, upright: 8-bit
//	                  grey or a palette, whose values are class ids
//
// Whatever the layout, labels are class ids in memory, one for each pixel, row
// by row, and [Ignore] where a pixel does not count. Another layout (Pascal
// VOC's, ADE20K's, Cityscapes', COCO's) is a function beside Open, and a type
// beside indexPNG that reads its labels.
//
// Photos without labels, as calibration wants them, are listed by [Photos].
//
// Files come from strangers: what a file may make the program allocate is
// bounded before it is decoded. Errors name the file and say what was expected.
package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// Ignore is the label of pixels that do not count.
const Ignore = 255

// Set is photos with their labels.
type Set struct {
	Samples []Sample // by name
}

// Sample is a photo with its labels.
type Sample struct {
	Photo  Photo
	labels labels
}

// labels are those of one photo, as a layout stores them.
type labels interface {
	// read returns what [Sample.Labels] does.
	read(height, width, classes int) ([]uint8, error)
}

// Open lists a folder with images/ and labels/. It takes only photos whose file
// names begin with the prefix, and fails if there is none. It does not look at
// labels yet: if a photo has none, [Sample.Labels] fails.
func Open(folder, prefix string) (*Set, error) {
	photos, err := Photos(filepath.Join(folder, "images"), prefix)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: expected a folder with images/NAME.jpg and labels/NAME.png", err)
	}
	if err != nil {
		return nil, err
	}
	set := &Set{}
	for _, p := range photos {
		name := strings.TrimSuffix(p.Name, filepath.Ext(p.Name)) + ".png"
		set.Samples = append(set.Samples, Sample{p, indexPNG(filepath.Join(folder, "labels", name))})
	}
	return set, nil
}

// Labels reads the labels, height×width values row by row: class ids below
// classes, or [Ignore]. Height and width are the photo's, upright; labels of
// another size are an error.
func (s Sample) Labels(height, width, classes int) ([]uint8, error) {
	labels, err := s.labels.read(height, width, classes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Photo.Name, err)
	}
	return labels, nil
}
