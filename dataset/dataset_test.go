package dataset

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fill writes files with the same content to a new folder.
func fill(t *testing.T, content string, names ...string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, name := range names {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestPhotos(t *testing.T) {
	folder := fill(t, "", "b_2.JPG", "a_1.jpeg", "b_1.webp", "b_3.png", "b_notes.txt", "c.gif")
	for _, c := range []struct {
		prefix string
		want   []string
	}{
		{"", []string{"a_1.jpeg", "b_1.webp", "b_2.JPG", "b_3.png"}},
		{"b_", []string{"b_1.webp", "b_2.JPG", "b_3.png"}},
	} {
		photos, err := Photos(folder, c.prefix)
		var names []string
		for _, p := range photos {
			names = append(names, p.Name)
		}
		if err != nil || !slices.Equal(names, c.want) {
			t.Errorf("prefix %q: %v, %v; expected %v", c.prefix, names, err, c.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name, folder, prefix, want string
	}{
		{"no folder", "nowhere", "", filepath.Join("nowhere", "images")},
		{"no images/", fill(t, "", "photo.jpg"), "", "expected a folder with images/"},
		{"no photo", fill(t, "", "images/notes.txt"), "", "holds no photo"},
		{"no photo with the prefix", fill(t, "", "images/a.jpg"), "b_", `begins with "b_"`},
	} {
		if _, err := Open(c.folder, c.prefix); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected one with %q", c.name, err, c.want)
		}
	}
}

// TestErrorsNameTheFile covers the errors of a photo and of its labels.
func TestErrorsNameTheFile(t *testing.T) {
	set, err := Open(fill(t, "text", "images/one.jpg", "images/two.jpg", "labels/one.png"), "")
	if err != nil {
		t.Fatal(err)
	}
	one, two := set.Samples[0], set.Samples[1]
	_, photo := one.Photo.Open()
	_, labels := one.Labels(2, 3, 2)
	_, missing := two.Labels(2, 3, 2)
	for _, c := range []struct {
		err   error
		wants []string
	}{
		{photo, []string{"one.jpg: ", "not a photo in a known format"}},
		{labels, []string{"one.jpg: ", filepath.Join("labels", "one.png"), "is not a PNG"}},
		{missing, []string{"two.jpg: ", filepath.Join("labels", "two.png"), "no such file"}},
	} {
		for _, want := range c.wants {
			if c.err == nil || !strings.Contains(c.err.Error(), want) {
				t.Errorf("error %v, expected %q in it", c.err, want)
			}
		}
	}
}

// TestSources stops at the first photo that fails.
func TestSources(t *testing.T) {
	good, err := Photos("testdata/shapes/images", "")
	if err != nil {
		t.Fatal(err)
	}
	bad, err := Photos(fill(t, "text", "bad.png"), "")
	if err != nil {
		t.Fatal(err)
	}
	var seen []bool
	for source, err := range Sources(slices.Concat(good, bad, good)) {
		seen = append(seen, source != nil && err == nil)
		if err != nil {
			break
		}
	}
	if !slices.Equal(seen, []bool{true, false}) {
		t.Errorf("good photos: %v, expected the first and not the second", seen)
	}
}

func encode(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// grey is a picture of 3×2 pixels.
func grey(values ...uint8) *image.Gray {
	return &image.Gray{Pix: values, Stride: 3, Rect: image.Rect(0, 0, 3, 2)}
}

func TestIndexPNG(t *testing.T) {
	values := []uint8{0, 1, 255, 36, 37, 0}
	palette := make(color.Palette, 256)
	for i := range palette {
		palette[i] = color.Gray{255 - uint8(i)}
	}
	few := []uint8{0, 1, 1, 0, 1, 0} // a palette of two takes one bit per pixel
	for _, c := range []struct {
		name    string
		picture image.Image
		want    []uint8
	}{
		{"grey", grey(values...), values},
		{"palette", &image.Paletted{Pix: values, Stride: 3, Rect: image.Rect(0, 0, 3, 2), Palette: palette}, values},
		{"palette of two", &image.Paletted{Pix: few, Stride: 3, Rect: image.Rect(0, 0, 3, 2), Palette: palette[:2]}, few},
	} {
		labels, err := readIndexPNG(bytes.NewReader(encode(t, c.picture)), 2, 3, 38)
		if err != nil || !slices.Equal(labels, c.want) {
			t.Errorf("%s: %v, %v; expected %v", c.name, labels, err, c.want)
		}
	}
}

func TestIndexPNGRefuses(t *testing.T) {
	file := encode(t, grey(0, 1, 2, 3, 4, 5))
	oneBit := bytes.Clone(file)
	oneBit[pngHeadBytes-2] = 1
	size := image.Rect(0, 0, 3, 2)
	for _, c := range []struct {
		name, want string
		file       []byte
	}{
		{"empty", "not a PNG", nil},
		{"text", "not a PNG", []byte("A text that is longer than the head of a PNG.")},
		{"cut in its head", "not a PNG", file[:20]},
		{"cut", "cut short", file[:50]},
		{"another size", "has 2×3 pixels, its photo 3×2", encode(t, image.NewGray(image.Rect(0, 0, 2, 3)))},
		{"colour", "colour picture", encode(t, image.NewRGBA(size))},
		{"16 bits", "16-bit grey", encode(t, image.NewGray16(size))},
		{"1 bit", "1-bit grey", oneBit},
		{"a class too many", "the label 38: expected class ids, 0 to 37", encode(t, grey(0, 1, 37, 38, 39, 255))},
	} {
		labels, err := readIndexPNG(bytes.NewReader(c.file), 2, 3, 38)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, error %v; expected one with %q", c.name, labels, err, c.want)
		}
	}
}

// FuzzIndexPNG: any file gives labels of the requested size, or an error.
func FuzzIndexPNG(f *testing.F) {
	f.Add(encode(f, grey(0, 1, 255, 1, 1, 0)), uint8(2))
	f.Fuzz(func(t *testing.T, file []byte, classes uint8) {
		height, width := 2, 3
		// readIndexPNG would refuse most sizes before it decodes.
		if config, err := png.DecodeConfig(bytes.NewReader(file)); err == nil && config.Width <= 1<<10 && config.Height <= 1<<10 {
			height, width = config.Height, config.Width
		}
		labels, err := readIndexPNG(bytes.NewReader(file), height, width, int(classes))
		if err != nil {
			return
		}
		if len(labels) != height*width {
			t.Fatalf("%d labels, expected %d×%d", len(labels), height, width)
		}
		for _, label := range labels {
			if label >= classes && label != Ignore {
				t.Fatalf("label %d of %d classes", label, classes)
			}
		}
	})
}
