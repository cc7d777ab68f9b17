package annotation

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"path"
	"strconv"
	"strings"

	"segmenter/modelfile"
	"segmenter/outline"
)

// labelMeWriter writes a file for each photo (https://github.com/wkentaro/labelme).
type labelMeWriter struct {
	separate
	objects
}

func newLabelMe(classes []modelfile.Class, o Options) (Writer, error) {
	return labelMeWriter{objects: objects{classes, o.Tolerance}}, nil
}

type labelMeFile struct {
	Version     string          `json:"version"`
	Flags       struct{}        `json:"flags"`
	Shapes      []labelMeShape  `json:"shapes"`
	ImagePath   string          `json:"imagePath"`
	ImageData   json.RawMessage `json:"imageData"` // null: the photo lies beside the file
	ImageHeight int             `json:"imageHeight"`
	ImageWidth  int             `json:"imageWidth"`
}

type labelMeShape struct {
	Label   string   `json:"label"`
	Points  [][2]int `json:"points"`
	GroupID *int     `json:"group_id"`
	Kind    string   `json:"shape_type"`
	Flags   struct{} `json:"flags"`
}

func (w labelMeWriter) Add(m *Mask) ([]File, error) {
	regions, err := w.regions(m)
	if err != nil {
		return nil, err
	}
	file := labelMeFile{Version: "5.0.0", Shapes: []labelMeShape{}, ImagePath: path.Base(m.Photo), ImageHeight: m.Height, ImageWidth: m.Width}
	for _, r := range regions {
		shape := labelMeShape{Label: w.classes[r.Class].Name, Kind: "polygon"}
		for _, p := range r.Polygon() {
			shape.Points = append(shape.Points, [2]int{p.X, p.Y})
		}
		file.Shapes = append(file.Shapes, shape)
	}
	text, err := json.MarshalIndent(&file, "", "  ")
	return []File{{stem(m.Photo) + ".json", append(text, '\n')}}, err
}

// yoloWriter writes a file for each photo, with a line for each region: the number of the class,
// then x and y of each point as shares of the photo's width and height
// (https://docs.ultralytics.com/datasets/segment).
type yoloWriter struct{ objects }

func newYOLO(classes []modelfile.Class, o Options) (Writer, error) {
	return yoloWriter{objects{classes, o.Tolerance}}, nil
}

func (w yoloWriter) Add(m *Mask) ([]File, error) {
	regions, err := w.regions(m)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, r := range regions {
		number, _ := w.number(r.Class)
		fmt.Fprint(&b, number)
		for _, p := range r.Polygon() {
			fmt.Fprintf(&b, " %.6g %.6g", float64(p.X)/float64(m.Width), float64(p.Y)/float64(m.Height))
		}
		b.WriteByte('\n')
	}
	return []File{{"labels/" + stem(m.Photo) + ".txt", b.Bytes()}}, nil
}

func (w yoloWriter) Finish([]string, func(string) ([]byte, error)) ([]File, error) {
	var b bytes.Buffer
	b.WriteString("path: .\ntrain: images\nval: images\nnames:\n")
	for i, name := range w.names() {
		fmt.Fprintf(&b, "  %d: %s\n", i, strconv.Quote(name))
	}
	return []File{{"data.yaml", b.Bytes()}}, nil
}

// svgWriter writes a drawing for each photo, a group for each class.
type svgWriter struct {
	separate
	objects
}

func newSVG(classes []modelfile.Class, o Options) (Writer, error) {
	return svgWriter{objects: objects{classes, o.Tolerance}}, nil
}

func (w svgWriter) Add(m *Mask) ([]File, error) {
	if err := m.check(len(w.classes)); err != nil {
		return nil, err
	}
	regions, err := outline.Trace(m.Classes, m.Height, m.Width, 255, w.tolerance)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" fill-rule="evenodd">`+"\n<title>%s</title>\n", m.Width, m.Height, escaped(m.Photo))
	for id, c := range w.classes {
		var paths strings.Builder
		for _, r := range regions {
			if int(r.Class) == id {
				writePath(&paths, r)
			}
		}
		if paths.Len() > 0 {
			fmt.Fprintf(&b, `<path fill="%s" d="%s"><title>%s</title></path>`+"\n", c.Colour, paths.String(), escaped(c.Name))
		}
	}
	b.WriteString("</svg>\n")
	return []File{{stem(m.Photo) + ".svg", b.Bytes()}}, nil
}

// writePath writes the rings of a region as an SVG path.
func writePath(b *strings.Builder, r outline.Region) {
	for _, ring := range append([]outline.Ring{r.Outer}, r.Holes...) {
		for i, p := range ring {
			b.WriteString(map[bool]string{true: "M", false: "L"}[i == 0])
			fmt.Fprintf(b, "%d %d", p.X, p.Y)
		}
		b.WriteByte('Z')
	}
}

func escaped(text string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(text)) // a Buffer does not fail
	return b.String()
}
