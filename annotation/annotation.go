// Package annotation writes masks in the forms that annotation tools and trainers read:
// COCO, YOLO, LabelMe, Pascal VOC, pictures and SVG. Package dataset reads them.
package annotation

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"segmenter/modelfile"
	"segmenter/outline"
)

// A Mask is the classes of a photo's pixels, row by row.
type Mask struct {
	Photo         string // the path of its file, with slashes, below the folder for all
	Height, Width int
	Classes       []uint8
}

// A File is what a writer makes. Its name is a path with slashes, below the folder for all.
type File struct {
	Name    string
	Content []byte
}

// A Writer writes masks in one format.
type Writer interface {
	// Add returns the files of one mask. Several goroutines may call it at once.
	Add(m *Mask) ([]File, error)
	// Finish writes the files for all photos together with write, one after the other, and reads
	// with read what Add made of each. Photos that were added earlier, by another writer, may be
	// among them.
	Finish(photos []string, read Read, write Write) error
}

// Read returns the content of a file that Add made.
type Read func(name string) ([]byte, error)

// Write makes a file of what content writes, in small pieces.
type Write func(name string, content func(io.Writer) error) error

// separate is a writer whose photos have all they need in files of their own.
type separate struct{}

func (separate) Finish([]string, Read, Write) error { return nil }

// short is the content of a file that is a short text.
func short(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// Options say how to write.
type Options struct {
	// Tolerance is how far a polygon may be from the border of a class, in pixels. Package
	// outline says more.
	Tolerance float64
	// Class is the class of the format "class".
	Class string
	// Part tells the files for all photos together from those of others, where several
	// writers share the photos and the folder.
	Part string
}

// A Format is a way to write masks.
type Format struct {
	Name, Description string
	new               func(list []modelfile.Class, o Options) (Writer, error)
}

// Formats are all formats.
var Formats = []Format{
	{"png", "a PNG of class ids with a palette, NAME.png", newPNG},
	{"class", "a black and white PNG of one class, NAME.png", newClassPNG},
	{"coco", "COCO's polygons, annotations.json", newCOCO},
	{"coco-rle", "COCO's run lengths, annotations.json", newCOCORuns},
	{"yolo", "YOLO's polygons, labels/NAME.txt and data.yaml", newYOLO},
	{"labelme", "LabelMe's polygons, NAME.json", newLabelMe},
	{"voc", "Pascal VOC's folders, SegmentationClass/NAME.png", newVOC},
	{"svg", "outlines, NAME.svg", newSVG},
}

// New returns a writer of the format with that name, for masks of these classes.
func New(format string, classes []modelfile.Class, o Options) (Writer, error) {
	at := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == format })
	if at < 0 {
		var names []string
		for _, f := range Formats {
			names = append(names, f.Name)
		}
		return nil, fmt.Errorf("the format %q is not known: expected %s", format, strings.Join(names, ", "))
	}
	return Formats[at].new(classes, o)
}

// stem is the path of a photo without its extension.
func stem(photo string) string { return strings.TrimSuffix(photo, path.Ext(photo)) }

// withPart adds the part of the writer to the name of a file.
func withPart(name, part string) string {
	if part == "" {
		return name
	}
	return stem(name) + "-" + part + path.Ext(name)
}

// objects are the classes that formats of objects have: all but the background, which they
// leave empty.
type objects struct {
	classes   []modelfile.Class
	tolerance float64
}

// background is the name of the class that is no object.
const background = "background"

// number returns the number of a class among the objects, from 0, or false for the background.
func (o objects) number(class uint8) (int, bool) {
	n := 0
	for id, c := range o.classes {
		isObject := !strings.EqualFold(c.Name, background)
		if id == int(class) {
			return n, isObject
		}
		if isObject {
			n++
		}
	}
	return 0, false
}

// names are those of the objects, by number.
func (o objects) names() (list []string) {
	for _, c := range o.classes {
		if !strings.EqualFold(c.Name, background) {
			list = append(list, c.Name)
		}
	}
	return list
}

// regions returns the regions of objects, the largest first: formats in which later ones lie
// on top then show what lies within others.
func (o objects) regions(m *Mask) ([]outline.Region, error) {
	if err := m.check(len(o.classes)); err != nil {
		return nil, err
	}
	const none = 255
	all, err := outline.Trace(m.Classes, m.Height, m.Width, none, o.tolerance)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r outline.Region) bool { _, ok := o.number(r.Class); return !ok })
	slices.SortStableFunc(all, func(a, b outline.Region) int { return cmp.Compare(b.Pixels, a.Pixels) })
	return all, nil
}

// check refuses a mask that has not the size that it states, or other classes than 255 for
// pixels without one.
func (m *Mask) check(classes int) error {
	if m.Height < 1 || m.Width < 1 || len(m.Classes) != m.Height*m.Width {
		return fmt.Errorf("the mask of %s has %d×%d pixels and %d values: expected one a pixel", m.Photo, m.Width, m.Height, len(m.Classes))
	}
	for _, c := range m.Classes {
		if int(c) >= classes && c != 255 {
			return fmt.Errorf("the mask of %s has the class %d: expected 0 to %d", m.Photo, c, classes-1)
		}
	}
	return nil
}
