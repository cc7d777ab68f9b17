package annotation

import (
	"bytes"
	"fmt"
	"html"
	"path"
	"strconv"
	"strings"
	"unicode"

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

func (w labelMeWriter) Add(m *Mask) ([]File, error) {
	regions, err := w.regions(m)
	if err != nil {
		return nil, err
	}
	text := []byte(`{"version":"5.0.0","flags":{},"shapes":[`)
	for i, r := range regions {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, "\n"+`{"label":%s,"points":[[`, quoted(w.classes[r.Class].Name))
		text = appendPoints(text, r.Polygon(), "],[")
		text = append(text, `]],"group_id":null,"shape_type":"polygon","flags":{}}`...)
	}
	// Without data of the image, the photo lies beside the file.
	text = fmt.Appendf(text, "\n"+`],"imagePath":%s,"imageData":null,"imageHeight":%d,"imageWidth":%d}`+"\n", quoted(path.Base(m.Photo)), m.Height, m.Width)
	return []File{{stem(m.Photo) + ".json", text}}, nil
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

func (w yoloWriter) Finish(_ []string, _ Read, write Write) error {
	var b strings.Builder
	b.WriteString("path: .\ntrain: images\nval: images\nnames:\n")
	for i, name := range w.names() {
		fmt.Fprintf(&b, "  %d: %s\n", i, strconv.Quote(name))
	}
	return write("data.yaml", short(b.String()))
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

// escaped is a text as XML has it, which knows no control characters.
func escaped(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text))
}

// CountPoints returns how many points the polygons of a mask have, those of the background left out.
func CountPoints(m *Mask, classes []modelfile.Class, tolerance float64) (points int, err error) {
	regions, err := objects{classes, tolerance}.regions(m)
	for _, r := range regions {
		points += len(r.Outer)
		for _, hole := range r.Holes {
			points += len(hole)
		}
	}
	return points, err
}
