// Package dataset reads photos and the labels of their pixels.
//
// [Load] reads a folder in any of the common layouts: photos and masks of the same names,
// Pascal VOC, ADE20K, Cityscapes, COCO, CVAT and LabelMe (docs/training.md has an example of
// each). [Set.Check] reads all labels once and reports what they hold. Sets are split for
// validation by part, list, folder or share.
//
// [Open] reads the project's own layout without looking for others, a folder with two
// subfolders:
//
//	images/NAME.jpg   photos, also .jpeg, .png and .webp
//	labels/NAME.png   the class of each pixel of NAME's photo
//
// In memory, the labels of any layout are class ids, one for each pixel of the upright
// photo, row by row, and [Ignore] where a pixel does not count. Layouts store them as
//
//   - mask files, whose values or colours stand for classes: a file becomes a raster of
//     values, and a coding says what they mean;
//   - shapes with names, which are drawn on a canvas.
//
// To add a layout, write a function that finds photos and labels, such as loadVOC, and
// list it in layouts.
//
// [Photos] lists photos without labels, for calibration.
//
// Files are untrusted: the package limits what a file may allocate before it
// decodes. Errors name the file and say what was expected.
package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"segmenter/compute"
	"segmenter/photo"
)

// Ignore is the label of pixels that do not count.
const Ignore = compute.Ignore

// Set is photos with their labels.
type Set struct {
	Samples []Sample // by name
	Classes Classes  // as [Load] found them; zero if nothing states any
	Layout  string   // one of [Layouts]

	Unlabelled []string // photos without labels
	Orphans    []string // labels without a photo
	Notes      []string // sentences about labels that count for less than they seem
}

// Sample is a photo with its labels.
type Sample struct {
	Photo  Photo
	Part   string // of its set: "train", "val", "test", or "" if the layout has no parts
	labels labels
}

// Open lists a folder with images/ and labels/. It takes only photos whose file
// names begin with the prefix, and fails if there is none. It does not look at
// labels: if a photo has none, [Sample.Labels] fails.
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
		set.Samples = append(set.Samples, Sample{Photo: p, labels: &maskFile{filepath.Join(folder, "labels", name), p, &coding{}}})
	}
	return set, nil
}

// Read opens the photo and reads its labels: see [Photo.Open] and [Sample.Labels].
func (s Sample) Read(classes int) (photo.Source, []uint8, error) {
	source, err := s.Photo.Open()
	if err != nil {
		return nil, nil, err
	}
	height, width := source.Size()
	labels, err := s.Labels(height, width, classes)
	return source, labels, err
}

// Labels reads the labels, height×width values row by row: class ids below
// classes, or [Ignore]. Height and width are the photo's, upright; Labels fails
// if the labels have another size.
func (s Sample) Labels(height, width, classes int) ([]uint8, error) {
	r, err := s.labels.read(height, width, classes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Photo.Name, err)
	}
	return r.ids, nil
}
