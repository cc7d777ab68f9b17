package dataset

import (
	"cmp"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"path"
	"slices"
	"strings"
)

// labelMeFile is the annotations of a photo by LabelMe
// (https://github.com/wkentaro/labelme), as far as they matter here. Shapes of the same
// group are parts of one object, which makes no difference to classes.
type labelMeFile struct {
	Shapes      []labelMeShape
	ImagePath   string
	ImageHeight wholeNumber
	ImageWidth  wholeNumber
}

type labelMeShape struct {
	Label  string
	Points [][]float64
	Kind   string `json:"shape_type"`
	Mask   []byte // a PNG, in base64
}

// shape returns the shape, or what is wrong with it.
func (s *labelMeShape) shape() (shape, error) {
	points := make([]point, len(s.Points))
	for i, p := range s.Points {
		if len(p) != 2 {
			return nil, fmt.Errorf("a point of %d numbers: expected x, y", len(p))
		}
		points[i] = point{p[0], p[1]}
	}
	if err := checkPoints(points); err != nil {
		return nil, err
	}
	kind := cmp.Or(s.Kind, "polygon") // old files state none
	switch {
	case kind == "polygon", kind == "rectangle" && len(points) == 4, kind == "oriented_rectangle" && len(points) == 4:
		return polygons{points}, nil
	case (kind == "rectangle" || kind == "circle" || kind == "mask") && len(points) != 2:
		return nil, fmt.Errorf("a %s of %d points: expected 2", kind, len(points))
	case kind == "rectangle":
		return polygons{box(points[0], points[1], 0)}, nil
	case kind == "circle": // its centre, and a point of its edge
		radius := math.Hypot(points[1].x-points[0].x, points[1].y-points[0].y)
		return ellipse{points[0], radius, radius, 0}, nil
	case kind == "mask":
		return stamp{int(points[0].x), int(points[0].y), s.Mask}, nil
	}
	return nil, fmt.Errorf("a shape %.40q: expected polygons, rectangles, circles and masks, as others have no area", kind)
}

// stamp is a PNG whose pixels that are not 0 belong to the object, and where it lies.
type stamp struct {
	left, top int
	png       []byte
}

func (s stamp) draw(c *canvas, id uint8) error {
	r, err := decodeRaster(s.png, func(height, width int) error {
		if !image.Rect(s.left, s.top, s.left+width, s.top+height).In(image.Rect(0, 0, c.width, c.height)) {
			return fmt.Errorf("has %d×%d pixels at %d, %d: the picture has %d×%d", width, height, s.left, s.top, c.width, c.height)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("a mask that %w", err)
	}
	row := make([]uint32, r.width)
	for y := range r.height {
		r.row(y, row)
		for x, v := range row {
			if v != 0 {
				c.ids[(s.top+y)*c.width+s.left+x] = id
			}
		}
	}
	return nil
}

func parseLabelMe(text []byte) (*labelMeFile, error) {
	var file labelMeFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("no valid annotations of LabelMe: %w", err)
	}
	return &file, nil
}

// drawing returns the shapes, the later ones on top.
func (f *labelMeFile) drawing(file string, c *coding) (*drawing, error) {
	d := &drawing{file: file, height: int(f.ImageHeight), width: int(f.ImageWidth), coding: c}
	for i := range f.Shapes {
		name := fmt.Sprintf("shape %d (%.40q)", i+1, f.Shapes[i].Label)
		shape, err := f.Shapes[i].shape()
		if err != nil {
			return nil, fmt.Errorf("%s has %w", name, err)
		}
		d.objects = append(d.objects, object{name: name, label: f.Shapes[i].Label, shape: shape})
	}
	return d, nil
}

func fitsLabelMe(l *loader) bool {
	return slices.ContainsFunc(l.below("", "json"), l.isLabelMe)
}

// isLabelMe reports whether a file begins like one of LabelMe.
func (l *loader) isLabelMe(name string) bool { return l.looksLike(name, `"shapes"`, `"imageData"`) }

// maxLabelMe limits a file, which may hold its photo too.
const maxLabelMe = 256 << 20

// loadLabelMe reads a file for each photo, beside it or in another folder.
func loadLabelMe(l *loader) error {
	files := slices.DeleteFunc(l.below(l.options.Masks, "json"), func(name string) bool { return !l.isLabelMe(name) })
	err := l.loadAnnotations(files, "JSON file of LabelMe", maxLabelMe, func(text []byte, name string, index *photoIndex) error {
		file, err := parseLabelMe(text)
		if err != nil {
			return err
		}
		return l.addLabelMe(file, name, index)
	})
	slices.Sort(l.shared.names)
	l.shared.names = slices.Compact(l.shared.names)
	return err
}

func (l *loader) addLabelMe(file *labelMeFile, name string, index *photoIndex) error {
	d, err := file.drawing(l.path(name), l.shared.coding)
	if err != nil {
		return err
	}
	for _, o := range d.objects {
		if !isVoid(o.label) {
			l.shared.names = append(l.shared.names, o.label)
		}
	}
	photo, err := l.claimLabelMe(file, name, index)
	if err == nil && photo != "" {
		d.photo = l.photo(photo, index.folder)
		l.add(d.photo, partOfPath(photo), d)
	}
	return err
}

// claimLabelMe finds the photo of a file: the one that it names or, since people rename
// photos and files together, the one beside it with the same stem.
func (l *loader) claimLabelMe(file *labelMeFile, name string, index *photoIndex) (string, error) {
	for _, e := range photoExtensions {
		for _, beside := range []string{stem(name) + "." + e, stem(name) + "." + strings.ToUpper(e)} {
			if _, found := slices.BinarySearch(l.files, beside); found && index.used[beside] == "" {
				index.used[beside] = name
				return beside, nil
			}
		}
	}
	wanted := cmp.Or(file.ImagePath, stem(path.Base(name))+".jpg")
	return l.claim(wanted, name, index)
}
