package annotation

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"

	"segmenter/modelfile"
)

// pngWriter writes pictures whose values are class ids.
type pngWriter struct {
	separate
	classes []modelfile.Class
	folder  string
}

func newPNG(classes []modelfile.Class, _ Options) (Writer, error) {
	return &pngWriter{classes: classes}, nil
}

func (w *pngWriter) Add(m *Mask) ([]File, error) {
	if err := m.check(len(w.classes)); err != nil {
		return nil, err
	}
	palette := make(color.Palette, 256)
	for i := range palette {
		palette[i] = color.NRGBA{224, 224, 192, 255} // as Pascal VOC shows pixels without a class
		if i < len(w.classes) {
			c := w.classes[i].Colour
			palette[i] = color.NRGBA{c.R, c.G, c.B, 255}
		}
	}
	if !slices.Contains(m.Classes, 255) {
		palette = palette[:len(w.classes)]
	}
	return encode(w.folder+stem(m.Photo)+".png", &image.Paletted{Pix: m.Classes, Stride: m.Width, Rect: image.Rect(0, 0, m.Width, m.Height), Palette: palette})
}

func encode(name string, picture image.Image) ([]File, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil, err
	}
	return []File{{name, b.Bytes()}}, nil
}

// classWriter writes pictures of one class: 255 where it is, 0 elsewhere.
type classWriter struct {
	separate
	classes []modelfile.Class
	id      uint8
}

func newClassPNG(classes []modelfile.Class, o Options) (Writer, error) {
	id := slices.IndexFunc(classes, func(c modelfile.Class) bool { return c.Name == o.Class })
	if id < 0 {
		var names []string
		for _, c := range classes {
			names = append(names, c.Name)
		}
		return nil, fmt.Errorf("the class %q is not known: expected one of %s", o.Class, strings.Join(names, ", "))
	}
	return &classWriter{classes: classes, id: uint8(id)}, nil
}

func (w *classWriter) Add(m *Mask) ([]File, error) {
	if err := m.check(len(w.classes)); err != nil {
		return nil, err
	}
	picture := image.NewGray(image.Rect(0, 0, m.Width, m.Height))
	for i, c := range m.Classes {
		if c == w.id {
			picture.Pix[i] = 255
		}
	}
	return encode(stem(m.Photo)+".png", picture)
}

// vocWriter writes Pascal VOC's folders, with the class list of CVAT's.
type vocWriter struct {
	pngWriter
	part string
}

func newVOC(classes []modelfile.Class, o Options) (Writer, error) {
	return &vocWriter{pngWriter{classes: classes, folder: "SegmentationClass/"}, o.Part}, nil
}

func (w *vocWriter) Add(m *Mask) ([]File, error) {
	if strings.ContainsAny(m.Photo, "\r\n") {
		return nil, fmt.Errorf("the photo %q has a line break in its name, which Pascal VOC's lists cannot have: rename it", m.Photo)
	}
	return w.pngWriter.Add(m)
}

func (w *vocWriter) Finish(photos []string, _ Read, write Write) error {
	var list, stems strings.Builder
	for _, p := range photos {
		fmt.Fprintln(&stems, stem(p))
	}
	list.WriteString("# label:color_rgb:parts:actions\n")
	for _, c := range w.classes {
		fmt.Fprintf(&list, "%s:%d,%d,%d::\n", c.Name, c.Colour.R, c.Colour.G, c.Colour.B)
	}
	return cmp.Or(
		write("labelmap.txt", short(list.String())),
		write(withPart("ImageSets/Segmentation/default.txt", w.part), short(stems.String())),
	)
}
