package dataset

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// cvatFile is an export "CVAT for images 1.1", as far as it matters here
// (https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/).
type cvatFile struct {
	XMLName xml.Name    `xml:"annotations"`
	Labels  []string    `xml:"meta>task>labels>label>name"`
	Project []string    `xml:"meta>project>labels>label>name"`
	Job     []string    `xml:"meta>job>labels>label>name"`
	Images  []cvatImage `xml:"image"`
	Tracks  []struct{}  `xml:"track"`
}

type cvatImage struct {
	Name   string      `xml:"name,attr"`
	Width  int         `xml:"width,attr"`
	Height int         `xml:"height,attr"`
	Shapes []cvatShape `xml:",any"`
}

// cvatShape is a shape of any kind. Its kind is the element's name, and its places are
// attributes.
type cvatShape struct {
	XMLName    xml.Name
	Attributes []xml.Attr `xml:",any,attr"`
}

// attribute returns an attribute, "" without it.
func (s *cvatShape) attribute(name string) string {
	for _, a := range s.Attributes {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// numbers returns attributes that are numbers.
func (s *cvatShape) numbers(names ...string) ([]float64, error) {
	values := make([]float64, len(names))
	for i, name := range names {
		text := s.attribute(name)
		if text == "" && (name == "rotation" || name == "z_order") {
			continue
		}
		var err error
		if values[i], err = strconv.ParseFloat(text, 64); err != nil {
			return nil, fmt.Errorf("%s=%.40q: expected a number", name, text)
		}
	}
	return values, nil
}

// shape returns the shape, or nil for kinds that have no area.
func (s *cvatShape) shape() (shape, error) {
	switch s.XMLName.Local {
	case "polygon":
		points, err := parseCVATPoints(s.attribute("points"))
		return polygons{points}, err
	case "box":
		v, err := s.numbers("xtl", "ytl", "xbr", "ybr", "rotation")
		if err != nil {
			return nil, err
		}
		return polygons{box(point{v[0], v[1]}, point{v[2], v[3]}, v[4])}, nil
	case "ellipse":
		v, err := s.numbers("cx", "cy", "rx", "ry", "rotation")
		if err != nil {
			return nil, err
		}
		return ellipse{point{v[0], v[1]}, v[2], v[3], v[4]}, nil
	case "mask":
		return s.mask()
	case "polyline", "points", "cuboid", "skeleton":
		return nil, fmt.Errorf("a shape %q: expected polygons, boxes, ellipses and masks, as others have no area", s.XMLName.Local)
	}
	return nil, nil // a tag of the whole picture, or what is no shape
}

// mask reads run lengths, row by row, of the pixels of a box.
func (s *cvatShape) mask() (shape, error) {
	v, err := s.numbers("left", "top", "width", "height")
	if err != nil {
		return nil, err
	}
	for _, n := range v {
		if n != float64(int32(n)) {
			return nil, fmt.Errorf("a mask at %v: expected whole numbers", v)
		}
	}
	r := rowRuns{at: rectangle{int(v[0]), int(v[1]), int(v[2]), int(v[3])}}
	for text := range strings.SplitSeq(s.attribute("rle"), ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("a run length %.40q: expected a whole number", text)
		}
		r.lengths = append(r.lengths, uint32(n))
	}
	return r, nil
}

// parseCVATPoints reads "x,y;x,y;…".
func parseCVATPoints(text string) ([]point, error) {
	var points []point
	for pair := range strings.SplitSeq(text, ";") {
		x, y, ok := strings.Cut(pair, ",")
		px, errX := strconv.ParseFloat(strings.TrimSpace(x), 64)
		py, errY := strconv.ParseFloat(strings.TrimSpace(y), 64)
		if !ok || errX != nil || errY != nil {
			return nil, fmt.Errorf("a point %.40q: expected x,y", pair)
		}
		points = append(points, point{px, py})
	}
	return points, nil
}

// drawing returns the shapes of an image, the highest z_order on top.
func (m *cvatImage) drawing(file string, c *coding) (*drawing, error) {
	d := &drawing{file: file, height: m.Height, width: m.Width, coding: c}
	for i := range m.Shapes {
		s := &m.Shapes[i]
		shape, err := s.shape()
		var z []float64
		if err == nil && shape != nil {
			z, err = s.numbers("z_order")
		}
		if err != nil {
			return nil, fmt.Errorf("image %.200q, shape %d has %w", m.Name, i+1, err)
		}
		if shape != nil {
			name := fmt.Sprintf("image %.200q, shape %d", m.Name, i+1)
			d.objects = append(d.objects, object{name: name, label: s.attribute("label"), shape: shape, size: z[0]})
		}
	}
	slices.SortStableFunc(d.objects, func(a, b object) int { return cmp.Compare(a.size, b.size) })
	return d, nil
}

func parseCVAT(text []byte) (*cvatFile, error) {
	var file cvatFile
	if err := xml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("no valid annotations of CVAT: %w", err)
	}
	if len(file.Tracks) > 0 {
		return nil, errors.New("it has tracks of a video: export it again as \"CVAT for images\"")
	}
	return &file, nil
}

// names returns the labels of the task, or those that its shapes have, if it states none.
func (f *cvatFile) names() []string {
	names := slices.Concat(f.Project, f.Labels, f.Job)
	if len(names) > 0 {
		return names
	}
	seen := make(map[string]bool)
	for i := range f.Images {
		for j := range f.Images[i].Shapes {
			if label := f.Images[i].Shapes[j].attribute("label"); label != "" && !seen[label] {
				seen[label] = true
				names = append(names, label)
			}
		}
	}
	slices.Sort(names)
	return names
}

// cvatFiles returns the exports in a folder.
func (l *loader) cvatFiles() []string {
	if extension(l.options.Masks) == "xml" {
		return []string{cleanFolder(l.options.Masks)}
	}
	var files []string
	for _, name := range l.below("", "xml") {
		if strings.Count(name, "/") <= 1 && l.looksLike(name, "<annotations>") {
			files = append(files, name)
		}
	}
	return files
}

func fitsCVAT(l *loader) bool { return len(l.cvatFiles()) > 0 }

// maxXML limits an export: encoding/xml takes several times its size.
const maxXML = 256 << 20

// loadCVAT reads all exports of a folder.
func loadCVAT(l *loader) error {
	return l.loadAnnotations(l.cvatFiles(), "annotations.xml of CVAT for images", maxXML, func(text []byte, name string, index *photoIndex) error {
		file, err := parseCVAT(text)
		if err != nil {
			return err
		}
		return l.addCVAT(file, name, index)
	})
}

func (l *loader) addCVAT(file *cvatFile, name string, index *photoIndex) error {
	l.shared.names = append(l.shared.names, file.names()...)
	for i := range file.Images {
		m := &file.Images[i]
		d, err := m.drawing(l.path(name), l.shared.coding)
		if err != nil {
			return err
		}
		photo, err := l.claim(m.Name, name, index)
		if err != nil {
			return err
		}
		if photo != "" {
			d.photo = l.photo(photo, index.folder)
			l.add(d.photo, partOfPath(photo), d)
		}
	}
	return nil
}
