package annotation

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"segmenter/dataset"
	"segmenter/modelfile"
)

var classes = []modelfile.Class{
	{Name: "background", Colour: modelfile.Colour{}},
	{Name: "cat", Colour: modelfile.Colour{R: 250, G: 50, B: 83}},
	{Name: "potted plant", Colour: modelfile.Colour{R: 0, G: 120, B: 10}},
	{Name: `"A" & <b>`, Colour: modelfile.Colour{R: 10, G: 20, B: 230}},
}

// rings is a mask of discs with holes, which lie within each other and at the edge.
func rings(name string, height, width int) *Mask {
	m := &Mask{Photo: name, Height: height, Width: width, Classes: make([]uint8, height*width)}
	for _, d := range [][4]int{{60, 50, 40, 1}, {60, 50, 25, 0}, {60, 50, 15, 2}, {150, 20, 45, 3}, {150, 20, 20, 1}, {20, 110, 30, 2}, {130, 100, 28, 1}, {130, 100, 12, 3}} {
		for i := range m.Classes {
			if dx, dy := i%width-d[0], i/width-d[1]; dx*dx+dy*dy < d[2]*d[2] {
				m.Classes[i] = uint8(d[3])
			}
		}
	}
	return m
}

// folder writes masks and their photos, which lie in the folder of that name.
func folder(t *testing.T, format, photos string, masks ...*Mask) string {
	w, err := New(format, classes, Options{Tolerance: 1, Class: "cat"})
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	var files []File
	for _, m := range masks {
		added, err := w.Add(m)
		if err != nil {
			t.Fatal(err)
		}
		var photo bytes.Buffer
		if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, m.Width, m.Height))); err != nil {
			t.Fatal(err)
		}
		files = append(append(files, added...), File{photos + m.Photo, photo.Bytes()})
	}
	var names []string
	for _, m := range masks {
		names = append(names, m.Photo)
	}
	read := func(name string) ([]byte, error) {
		for _, f := range files {
			if f.Name == name {
				return f.Content, nil
			}
		}
		return nil, os.ErrNotExist
	}
	write := func(name string, content func(io.Writer) error) error {
		var b bytes.Buffer
		err := content(&b)
		files = append(files, File{name, b.Bytes()})
		return err
	}
	if err := w.Finish(names, read, write); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestRoundTrip reads what writers wrote.
func TestRoundTrip(t *testing.T) {
	masks := []*Mask{rings("first.png", 130, 190), rings("second one.png", 97, 143)}
	for _, c := range []struct {
		format, photos string
		least          float64 // the share of the pixels that are the same
	}{{"coco", "images/", 0.99}, {"coco-rle", "images/", 1}, {"labelme", "", 0.99}, {"yolo", "images/", 0.99}, {"voc", "JPEGImages/", 1}} {
		t.Run(c.format, func(t *testing.T) {
			set, err := dataset.Load(folder(t, c.format, c.photos, masks...), dataset.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(set.Samples) != len(masks) {
				t.Fatalf("%d photos, expected %d", len(set.Samples), len(masks))
			}
			for i, s := range set.Samples {
				_, got, err := s.Read(set.Classes.Len())
				if err != nil {
					t.Fatal(err)
				}
				same := 0
				for j, class := range masks[i].Classes {
					if set.Classes.Names[got[j]] == classes[class].Name {
						same++
					}
				}
				if share := float64(same) / float64(len(got)); share < c.least {
					t.Errorf("%s: %.2f %% of the pixels are the same", masks[i].Photo, 100*share)
				}
			}
		})
	}
}

func TestPictures(t *testing.T) {
	m := rings("a.b.jpg", 130, 190)
	for format, value := range map[string]func(class uint8) uint8{
		"png": func(class uint8) uint8 { return class },
		"class": func(class uint8) uint8 {
			if class == 1 {
				return 255
			}
			return 0
		},
	} {
		text, err := os.ReadFile(filepath.Join(folder(t, format, "photos/", m), "a.b.png"))
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		pixels := map[string][]uint8{}
		switch p := picture.(type) {
		case *image.Paletted:
			pixels["png"] = p.Pix
		case *image.Gray:
			pixels["class"] = p.Pix
		}
		for i, class := range m.Classes {
			if pixels[format][i] != value(class) {
				t.Fatalf("%s: pixel %d of class %d is %d", format, i, class, pixels[format][i])
			}
		}
	}
}

func TestTexts(t *testing.T) {
	m := &Mask{Photo: "p.jpg", Height: 2, Width: 4, Classes: []uint8{3, 3, 0, 0, 3, 3, 0, 255}}
	for format, want := range map[string]string{
		"yolo": "2 0 0 0.5 0 0.5 1 0 1\n",
		"svg": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2" fill-rule="evenodd">` + "\n<title>p.jpg</title>\n" +
			`<path fill="#000000" d="M2 0L4 0L4 1L3 1L3 2L2 2Z"><title>background</title></path>` + "\n" +
			`<path fill="#0a14e6" d="M0 0L2 0L2 2L0 2Z"><title>&#34;A&#34; &amp; &lt;b&gt;</title></path>` + "\n</svg>\n",
	} {
		w, err := New(format, classes, Options{})
		if err != nil {
			t.Fatal(err)
		}
		files, err := w.Add(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(files[0].Content); got != want {
			t.Errorf("%s: got\n%s\nexpected\n%s", format, got, want)
		}
	}
}

// TestJSON writes JSON by names of all kinds.
func TestJSON(t *testing.T) {
	m := rings("a\"\xff\n<猫>.jpg", 60, 80)
	for _, format := range []string{"coco", "coco-rle", "labelme"} {
		root := folder(t, format, "photos/", m, &Mask{Photo: "empty.jpg", Height: 1, Width: 1, Classes: []uint8{0}})
		files, err := filepath.Glob(filepath.Join(root, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", format, files, err)
		}
		for _, path := range files {
			if text, err := os.ReadFile(path); err != nil || !json.Valid(text) {
				t.Errorf("%s: %s is no JSON: %v %s", format, path, err, text)
			}
		}
	}
}

// TestDamagedPart joins what is no longer as it was written.
func TestDamagedPart(t *testing.T) {
	w, err := New("coco", classes, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"", "{}\n{\"area\":1", "{}\n\n"} {
		read := func(string) ([]byte, error) { return []byte(part), nil }
		err := w.Finish([]string{"a.jpg"}, read, func(_ string, content func(io.Writer) error) error { return content(io.Discard) })
		if err == nil || !strings.Contains(err.Error(), "parts/a.coco") {
			t.Errorf("%q: got %v", part, err)
		}
	}
}

// TestPackRuns has values that follow from the form: see packRuns.
func TestPackRuns(t *testing.T) {
	for want, lengths := range map[string][]int{
		"0": {0}, "06": {0, 6}, "X1": {40}, "5220003": {5, 2, 2, 2, 2, 2, 5}, "0141M": {0, 1, 4, 2, 1},
	} {
		if packRuns(lengths) != want {
			t.Errorf("%v: got %q, expected %q", lengths, packRuns(lengths), want)
		}
	}
}

func TestRefused(t *testing.T) {
	for format, expected := range map[string]string{"bmp": "expected png, class, coco", "class": "expected one of background, cat"} {
		if _, err := New(format, classes, Options{Class: "dog"}); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%s: got %v", format, err)
		}
	}
	for _, f := range Formats {
		w, err := New(f.Name, classes, Options{Class: "cat"})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []*Mask{{"p", 1, 2, []uint8{0}}, {"p", 1, 2, []uint8{0, 9}}} {
			if _, err := w.Add(m); err == nil {
				t.Errorf("%s: no error for %v", f.Name, m)
			}
		}
	}
}
