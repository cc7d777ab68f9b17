package dataset

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// maxJSON limits an annotation file; instances_train2017.json has 470 MB.
const maxJSON = 2 << 30

// cocoFile is an annotation file in COCO's form, as far as it matters here
// (https://cocodataset.org/#format-data).
type cocoFile struct {
	Images []struct {
		ID            cocoID
		FileName      string `json:"file_name"`
		Height, Width wholeNumber
	}
	Annotations []cocoAnnotation
	Categories  []cocoCategory
}

type cocoCategory struct {
	ID   cocoID
	Name string
}

type cocoAnnotation struct {
	ID           cocoID
	ImageID      cocoID `json:"image_id"`
	CategoryID   cocoID `json:"category_id"`
	IsCrowd      cocoFlag
	Box          cocoBox `json:"bbox"`
	Segmentation cocoShape
}

// cocoID is an id, a number for most programs and a text for others.
type cocoID string

func (id *cocoID) UnmarshalJSON(text []byte) error {
	*id = cocoID(strings.Trim(string(text), `"`))
	return nil
}

// wholeNumber is a number without a fraction, which some programs write as 480.0. Of
// null it is 0.
type wholeNumber int

func (n *wholeNumber) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || v != float64(int32(v)) || v < 0 {
		return fmt.Errorf("%.40s is no number of pixels", text)
	}
	*n = wholeNumber(v)
	return nil
}

// cocoFlag is 0, 1, false or true.
type cocoFlag bool

func (f *cocoFlag) UnmarshalJSON(text []byte) error {
	*f = string(text) == "1" || string(text) == "true"
	return nil
}

// cocoBox is left, top, width and height; nil if it is anything else.
type cocoBox []float64

func (b *cocoBox) UnmarshalJSON(text []byte) error {
	var v []float64
	if json.Unmarshal(text, &v) == nil && len(v) == 4 {
		*b = v
	}
	return nil
}

// cocoShape is a segmentation: polygons, run lengths, or nothing.
type cocoShape struct{ shape }

func (s *cocoShape) UnmarshalJSON(text []byte) (err error) {
	switch {
	case text[0] == '{':
		s.shape, err = parseCOCORuns(text)
	case text[0] == '[':
		s.shape, err = parseCOCOPolygons(text)
	case string(text) != "null":
		err = fmt.Errorf("a segmentation %.40s: expected polygons or run lengths", text)
	}
	return err
}

func parseCOCORuns(text []byte) (shape, error) {
	var v struct {
		Size   []wholeNumber
		Counts json.RawMessage
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	if len(v.Size) != 2 || len(v.Counts) == 0 {
		return nil, errors.New(`run lengths without "size": [height, width] and "counts"`)
	}
	r := columnRuns{height: int(v.Size[0]), width: int(v.Size[1])}
	var err error
	if v.Counts[0] == '"' {
		err = json.Unmarshal(v.Counts, &r.packed)
	} else {
		err = json.Unmarshal(v.Counts, &r.lengths)
	}
	if err != nil {
		return nil, fmt.Errorf("run lengths that are no whole numbers and no text: %w", err)
	}
	return r, nil
}

// parseCOCOPolygons reads [[x, y, …], …], or [x, y, …], as some programs write one
// polygon. Without any, it returns nil.
func parseCOCOPolygons(text []byte) (shape, error) {
	var parts [][]float64
	if err := json.Unmarshal(text, &parts); err != nil {
		var flat []float64
		if json.Unmarshal(text, &flat) != nil {
			return nil, fmt.Errorf("a segmentation %.40s…: expected lists of numbers x, y, x, y, …", text)
		}
		parts = [][]float64{flat}
	}
	var p polygons
	for _, part := range parts {
		if len(part)%2 != 0 {
			return nil, fmt.Errorf("a polygon of %d numbers: expected x, y, x, y, …", len(part))
		}
		if len(part) == 0 {
			continue
		}
		points := make([]point, len(part)/2)
		for i := range points {
			points[i] = point{part[2*i], part[2*i+1]}
		}
		p = append(p, points)
	}
	if p == nil {
		return nil, nil
	}
	return p, nil
}

func parseCOCO(text []byte) (*cocoFile, error) {
	var file cocoFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("no valid annotations in COCO's form: %w", err)
	}
	return &file, nil
}

// cocoFiles returns the annotation files in COCO's form: those that begin with instances_,
// if there are any, as captions and others lie beside them.
func (l *loader) cocoFiles() []string {
	if extension(l.options.Masks) == "json" {
		return []string{cleanFolder(l.options.Masks)}
	}
	var files, instances []string
	for _, name := range l.below("", "json") {
		if strings.Count(name, "/") > 1 || l.isLabelMe(name) || !l.looksLike(name, `"images"`, `"annotations"`, `"categories"`) {
			continue
		}
		files = append(files, name)
		if strings.HasPrefix(path.Base(name), "instances_") {
			instances = append(instances, name)
		}
	}
	if instances != nil {
		return instances
	}
	return files
}

func fitsCOCO(l *loader) bool { return len(l.cocoFiles()) > 0 }

// loadCOCO reads all annotation files of a folder.
func loadCOCO(l *loader) error {
	return l.loadAnnotations(l.cocoFiles(), "JSON file with images, annotations and categories", maxJSON, func(text []byte, name string, index *photoIndex) error {
		file, err := parseCOCO(text)
		if err != nil {
			return err
		}
		return l.addCOCO(file, name, index)
	})
}

// addCOCO adds the images of a file.
func (l *loader) addCOCO(file *cocoFile, name string, index *photoIndex) error {
	names, err := file.categories()
	if err != nil {
		return err
	}
	for _, c := range file.Categories {
		l.shared.names = append(l.shared.names, c.Name)
	}
	drawings := make(map[cocoID]*drawing, len(file.Images))
	for _, image := range file.Images {
		if drawings[image.ID] != nil {
			return fmt.Errorf("two images have the id %.40q", image.ID)
		}
		d := &drawing{file: l.path(name), height: int(image.Height), width: int(image.Width), coding: l.shared.coding}
		drawings[image.ID] = d
		photo, err := l.claim(image.FileName, name, index)
		if err != nil {
			return err
		}
		if photo != "" {
			d.photo = l.photo(photo, index.folder)
			part := cmp.Or(partOfPath(photo), partOf(path.Base(name)))
			l.add(d.photo, part, d)
		}
	}
	boxes, err := file.draw(drawings, names)
	if boxes > 0 {
		l.shared.set.Notes = append(l.shared.set.Notes, fmt.Sprintf("%s: %d objects have a box but no outline; the pixels of their boxes are ignored", l.path(name), boxes))
	}
	return err
}

// categories returns the names by id. It sorts the categories by id, whose numbers may
// have gaps.
func (f *cocoFile) categories() (map[cocoID]string, error) {
	names := make(map[cocoID]string, len(f.Categories))
	for _, c := range f.Categories {
		switch {
		case c.Name == "":
			return nil, fmt.Errorf("the category %.40q has no name", c.ID)
		case names[c.ID] != "":
			return nil, fmt.Errorf("the categories %q and %q have the same id, %.40q", names[c.ID], c.Name, c.ID)
		}
		names[c.ID] = c.Name
	}
	if len(names) == 0 {
		return nil, errors.New(`it has no "categories": expected a list of ids and names`)
	}
	number := func(id cocoID) int { n, _ := strconv.Atoi(string(id)); return n }
	slices.SortStableFunc(f.Categories, func(a, b cocoCategory) int { return cmp.Compare(number(a.ID), number(b.ID)) })
	return names, nil
}

// draw adds the annotations to the drawings of their images. Crowds, and objects of
// which only a box is known, do not count, and lie at the bottom; of the others, small
// ones lie on top of large ones. It returns the number of boxes.
func (f *cocoFile) draw(drawings map[cocoID]*drawing, names map[cocoID]string) (boxes int, err error) {
	type sized interface{ size() float64 }
	for _, a := range f.Annotations {
		d, label := drawings[a.ImageID], names[a.CategoryID]
		switch {
		case d == nil:
			return boxes, fmt.Errorf("annotation %.40s is for the image %.40q, which is not listed", a.ID, a.ImageID)
		case label == "":
			return boxes, fmt.Errorf("annotation %.40s has the category %.40q, which is not listed", a.ID, a.CategoryID)
		}
		o := object{name: fmt.Sprintf("annotation %.40s", a.ID), label: label, ignored: bool(a.IsCrowd), shape: a.Segmentation.shape}
		if o.shape == nil {
			if a.Box == nil {
				continue // an object that is nowhere
			}
			boxes++
			o.ignored = true
			o.shape = polygons{box(point{a.Box[0], a.Box[1]}, point{a.Box[0] + a.Box[2], a.Box[1] + a.Box[3]}, 0)}
		}
		o.size = o.shape.(sized).size()
		if o.ignored {
			o.size = math.Inf(1)
		}
		d.objects = append(d.objects, o)
	}
	for _, d := range drawings {
		slices.SortStableFunc(d.objects, func(a, b object) int { return cmp.Compare(b.size, a.size) })
	}
	return boxes, nil
}
