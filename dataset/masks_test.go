package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func encode(t testing.TB, picture image.Image) []byte {
	t.Helper()
	return encodeBy(t, png.Encode, picture)
}

func encodeBy(t testing.TB, encode func(io.Writer, image.Image) error, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func toJPEG(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: 95}) }
func toTIFF(w io.Writer, m image.Image) error { return tiff.Encode(w, m, nil) }
func toGIF(w io.Writer, m image.Image) error  { return gif.Encode(w, m, nil) }

// grey is a picture of 3×2 pixels.
func grey(values ...uint8) *image.Gray {
	return &image.Gray{Pix: values, Stride: 3, Rect: image.Rect(0, 0, 3, 2)}
}

func grey16(values ...uint16) *image.Gray16 {
	m := image.NewGray16(image.Rect(0, 0, 3, 2))
	for i, v := range values {
		m.SetGray16(i%3, i/3, color.Gray16{Y: v})
	}
	return m
}

func paletted(palette color.Palette, values ...uint8) *image.Paletted {
	return &image.Paletted{Pix: values, Stride: 3, Rect: image.Rect(0, 0, 3, 2), Palette: palette}
}

// rgb is a picture of 3×2 pixels with the colours 0xrrggbb.
func rgb(colours ...uint32) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i, c := range colours {
		m.SetNRGBA(i%3, i/3, color.NRGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 255})
	}
	return m
}

// decodeMask decodes a mask file of any size up to a megapixel.
func decodeMask(file []byte, c *coding, limit int) (*reading, error) {
	r, err := decodeRaster(file, func(height, width int) error {
		if width > 1<<20/height {
			return errors.New("is too large")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d, err := c.decode(r, limit)
	if err != nil {
		return nil, err
	}
	return &reading{r.paint(d.classes), d.blurred, d.unknown}, nil
}

func parse(t testing.TB, list string) Classes {
	t.Helper()
	c, err := parseClasses(list)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestIndexMasks(t *testing.T) {
	values := []uint8{0, 1, 255, 36, 37, 0}
	palette := make(color.Palette, 256)
	for i := range palette {
		palette[i] = color.Gray{255 - uint8(i)}
	}
	clear := slices.Clone(palette)
	clear[0], clear[1] = color.NRGBA{}, color.NRGBA{R: 9, A: 77}
	few := []uint8{0, 1, 1, 0, 1, 0} // a palette of two takes one bit per pixel
	opaque := rgb(0, 0x010101, 0xffffff, 0x242424, 0x252525, 0)
	for _, c := range []struct {
		name string
		file []byte
		want []uint8
	}{
		{"grey", encode(t, grey(values...)), values},
		{"palette", encode(t, paletted(palette, values...)), values},
		{"transparent palette", encode(t, paletted(clear, values...)), values},
		{"palette of two", encode(t, paletted(palette[:2], few...)), few},
		{"16 bits", encode(t, grey16(0, 1, 255, 36, 37, 0)), values},
		{"16 bits, 65535 is ignored", encode(t, grey16(0, 1, 65535, 36, 37, 0)), values},
		{"8 bits spread over 16", encode(t, grey16(0, 257, 65535, 36*257, 37*257, 0)), values},
		{"grey as RGB", encode(t, opaque), values},
		{"BMP", encodeBy(t, bmp.Encode, grey(values...)), values},
		{"TIFF", encodeBy(t, toTIFF, grey(values...)), values},
		{"TIFF of 16 bits", encodeBy(t, toTIFF, grey16(0, 1, 255, 36, 37, 0)), values},
		{"GIF", encodeBy(t, toGIF, paletted(palette, values...)), values},
	} {
		r, err := decodeMask(c.file, &coding{}, 38)
		if err != nil || !slices.Equal(r.ids, c.want) {
			t.Errorf("%s: %v, %v; expected %v", c.name, r, err, c.want)
		}
	}
}

// TestOneBit: image/png spreads the values of one bit to 0 and 255.
func TestOneBit(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 3, 2))
	m.Pix[1] = 255
	r := newRaster(m, 1)
	row := make([]uint32, 3)
	if r.row(0, row); !slices.Equal(row, []uint32{0, 1, 0}) {
		t.Errorf("%v, expected 0 1 0", row)
	}
}

func TestMasksRefused(t *testing.T) {
	file := encode(t, grey(0, 1, 2, 3, 4, 5))
	size := image.Rect(0, 0, 3, 2)
	noise := image.NewNRGBA(image.Rect(0, 0, 512, 512))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(i*i>>3 ^ i*7919>>5 ^ i>>9)
	}
	three := &coding{classes: parse(t, "a 0 0 0\nb 255 0 0\nc 0 255 0")}
	for _, c := range []struct {
		name, want string
		file       []byte
		coding     *coding
	}{
		{"empty", "not a PNG", nil, &coding{}},
		{"text", "not a PNG", []byte("A text that is longer than the head of a PNG."), &coding{}},
		{"cut in its head", "cut short", file[:20], &coding{}},
		{"cut", "cut short", file[:50], &coding{}},
		{"colour", "colour picture", encode(t, rgb(0x102030)), &coding{}},
		{"transparent", "colour picture", encode(t, image.NewRGBA(size)), &coding{}},
		{"a class too many", "the label 38: expected class ids, 0 to 37", encode(t, grey(0, 1, 37, 38, 38, 255)), &coding{}},
		{"16 bits, beyond", "the label 300", encode(t, grey16(0, 300, 1)), &coding{}},
		{"JPEG of class ids", "is a JPEG, which changes class ids: save masks as PNG", encodeBy(t, toJPEG, grey(0, 1, 2, 3, 4, 5)), &coding{}},
		{"a colour that the list lacks", "the label #0000ff: expected the colours of the class list", encode(t, rgb(0, 0xff0000, 0x0000ff, 0x0000ff, 0, 0)), three},
		{"a class beyond the caller's", "has pixels of class 2", encode(t, rgb(0x00ff00, 0x00ff00, 0, 0, 0, 0)), three},
		{"a photo", "colours", encode(t, noise), three},
		{"a gradient", "none of the 3 classes", encode(t, gradient()), three},
	} {
		limit := 38
		if c.coding == three {
			limit = 2
		}
		r, err := decodeMask(c.file, c.coding, limit)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, error %v; expected one with %q", c.name, r, err, c.want)
		}
	}
}

// gradient is a picture of 300 colours.
func gradient() image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 300, 2))
	for x := range 300 {
		for y := range 2 {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(x / 2), uint8(x >> 8 * 100), 255})
		}
	}
	return m
}

func TestColourMasks(t *testing.T) {
	list := &coding{classes: parse(t, "background 0 0 0\ncat 255 0 0\ndog 0 0 255\nvoid 255 255 255")}
	want := []uint8{0, 1, 2, 1, Ignore, 0}
	colours := []uint32{0, 0xff0000, 0x0000ff, 0xff0000, 0xffffff, 0}
	clear := rgb(colours...)
	clear.Pix[3] = 0 // transparent black is still the background
	palette := color.Palette{color.White, color.NRGBA{B: 255, A: 255}, color.NRGBA{R: 255, A: 255}, color.Black}
	for _, c := range []struct {
		name    string
		picture image.Image
		want    []uint8
	}{
		{"RGB", rgb(colours...), want},
		{"transparent", clear, want},
		{"nearly", rgb(0x0a0005, 0xf80404, 0x0410ff, 0xff0000, 0xf0f0f0, 0), want},
		{"a palette in another order", paletted(palette, 3, 2, 1, 2, 0, 3), want},
		{"numbers", grey(0, 1, 2, 1, 255, 0), want},
	} {
		r, err := decodeMask(encode(t, c.picture), list, 3)
		if err != nil || !slices.Equal(r.ids, c.want) || r.blurred != 0 {
			t.Errorf("%s: %v, %v; expected %v", c.name, r, err, c.want)
		}
	}
	tones := &coding{classes: parse(t, "background 0 0 0\ncat 255 255 255")}
	r, err := decodeMask(encode(t, grey(0, 255, 0, 0, 255, 0)), tones, 2)
	if err != nil || !slices.Equal(r.ids, []uint8{0, 1, 0, 0, 1, 0}) {
		t.Errorf("grey colours of a list: %v, %v", r, err)
	}
}

// square is a picture of 60×60 pixels, left half one colour and right half another,
// with steps in between.
func square(left, right color.NRGBA, steps int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 60, 60))
	for x := range 60 {
		part := min(max(0, x-30), steps+1)
		mix := func(a, b uint8) uint8 { return uint8((int(a)*(steps+1-part) + int(b)*part) / (steps + 1)) }
		for y := range 60 {
			m.SetNRGBA(x, y, color.NRGBA{mix(left.R, right.R), mix(left.G, right.G), mix(left.B, right.B), 255})
		}
	}
	// Softened edges have many colours of few pixels each.
	for y := range 60 {
		for i := range steps {
			c := m.NRGBAAt(31+i, y)
			c.G += uint8(y % 20)
			m.SetNRGBA(31+i, y, c)
		}
	}
	return m
}

// TestSoftEdges: colours near a class's count as it, and those in between are ignored
// and counted.
func TestSoftEdges(t *testing.T) {
	list := &coding{classes: parse(t, "background 0 0 0\ncat 200 0 0")}
	soft := square(color.NRGBA{}, color.NRGBA{R: 200}, 3)
	for name, file := range map[string][]byte{"PNG": encode(t, soft), "JPEG": encodeBy(t, toJPEG, soft)} {
		r, err := decodeMask(file, list, 2)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		row := r.ids[30*60:][:60]
		if row[0] != 0 || row[29] != 0 || row[59] != 1 || row[36] != 1 || row[32] != Ignore {
			t.Errorf("%s: %v", name, row)
		}
		if r.blurred < 2*60 || r.blurred > 5*60 {
			t.Errorf("%s: %d pixels blurred, expected three columns of 60", name, r.blurred)
		}
	}
}

func TestTwoTone(t *testing.T) {
	folder := t.TempDir()
	n := 0
	add := func(picture image.Image) string {
		n++
		return write(t, folder, fmt.Sprint(n, ".png"), encode(t, picture))
	}
	black := add(grey(0, 0, 0, 0, 0, 0))
	tones := add(grey(0, 255, 255, 0, 0, 0))
	ids := add(grey(0, 1, 255, 0, 0, 0))
	voc := color.Palette{color.Black, color.NRGBA{128, 0, 0, 255}}
	ramp := make(color.Palette, 256)
	for i := range ramp {
		ramp[i] = color.Gray{uint8(i)}
	}
	soft := square(color.NRGBA{}, color.NRGBA{255, 255, 255, 255}, 2)
	for y := range 60 {
		for x := range 60 {
			c := soft.NRGBAAt(x, y)
			c.G = c.R
			soft.SetNRGBA(x, y, c)
		}
	}
	jpg := write(t, folder, "soft.jpg", encodeBy(t, toJPEG, soft))
	for _, c := range []struct {
		name  string
		paths []string
		want  bool
	}{
		{"black and white", []string{black, tones, black}, true},
		{"black", []string{black, black}, false},
		{"ids", []string{black, ids}, false},
		{"ids after masks that only ignore", []string{tones, tones, ids}, false},
		{"inverted palette", []string{add(paletted(color.Palette{color.White, color.Black}, 0, 1, 1, 0, 1, 1))}, true},
		{"VOC's palette", []string{add(paletted(voc, 0, 1, 1, 0, 1, 1))}, false},
		{"a grey palette with ids", []string{add(paletted(ramp, 0, 1, 255, 0, 1, 1))}, false},
		{"soft edges", []string{add(soft)}, true},
		{"JPEG", []string{jpg}, true},
		{"colours", []string{add(rgb(0, 0xff0000))}, false},
		{"none", nil, false},
	} {
		if got := findTwoTone(c.paths); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}

	coding := &coding{twoTone: true}
	read := func(picture image.Image) (*reading, error) { return decodeMask(encode(t, picture), coding, 2) }
	if r, err := read(grey(0, 255, 30, 240, 0, 128)); err != nil || !slices.Equal(r.ids, []uint8{0, 1, 0, 1, 0, Ignore}) || r.blurred != 1 {
		t.Errorf("%v, %v", r, err)
	}
	if r, err := read(paletted(color.Palette{color.White, color.Black}, 0, 1, 1, 0, 1, 1)); err != nil || !slices.Equal(r.ids, []uint8{1, 0, 0, 1, 0, 0}) {
		t.Errorf("inverted palette: %v, %v", r, err)
	}
	if _, err := read(grey(0, 1, 1, 0, 0, 0)); err == nil || !strings.Contains(err.Error(), "values up to 1, but other masks of the set are black and white") {
		t.Errorf("ids among black and white masks: %v", err)
	}
	if _, err := read(grey(0, 255, 100, 128, 128, 128)); err == nil || !strings.Contains(err.Error(), "mostly grey") {
		t.Errorf("a grey mask: %v", err)
	}
}

// TestLenient ignores and counts what the class list lacks.
func TestLenient(t *testing.T) {
	r, err := decodeMask(encode(t, grey(0, 1, 7, 7, 8, 255)), &coding{lenient: true}, 2)
	if err != nil || !slices.Equal(r.ids, []uint8{0, 1, Ignore, Ignore, Ignore, Ignore}) || r.unknown["7"] != 2 || r.unknown["8"] != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestMaskSize: a mask lies on the upright photo, unless its size fits the stored photo
// alone.
func TestMaskSize(t *testing.T) {
	folder := t.TempDir()
	turned := write(t, folder, "turned.jpg", withOrientation(encodeBy(t, toJPEG, image.NewGray(image.Rect(0, 0, 3, 2))), 6))
	level := write(t, folder, "level.jpg", encodeBy(t, toJPEG, image.NewGray(image.Rect(0, 0, 2, 3))))
	stored := write(t, folder, "stored.png", encode(t, grey(0, 1, 2, 3, 4, 5)))
	drawn := write(t, folder, "drawn.png", encode(t, &image.Gray{Pix: []uint8{3, 0, 4, 1, 5, 2}, Stride: 2, Rect: image.Rect(0, 0, 2, 3)}))
	want := []uint8{3, 0, 4, 1, 5, 2} // 3 rows of 2; the stored photo's first row is the right column
	for _, path := range []string{stored, drawn} {
		r, err := (&maskFile{path, Photo{path: turned}, &coding{}}).read(3, 2, 6)
		if err != nil || !slices.Equal(r.ids, want) {
			t.Errorf("%s: %v, %v; expected %v", path, r, err, want)
		}
	}
	_, err := (&maskFile{stored, Photo{path: level}, &coding{}}).read(3, 2, 6)
	if err == nil || err.Error() != stored+" has 3×2 pixels, its photo 2×3: expected the same size" {
		t.Errorf("a photo that is not turned: %v", err)
	}
	_, err = (&maskFile{stored, Photo{path: turned}, &coding{}}).read(4, 4, 6)
	if err == nil || !strings.Contains(err.Error(), "3×2 pixels, its photo 4×4") {
		t.Errorf("another size: %v", err)
	}
	if _, err = (&maskFile{filepath.Join(folder, "none.png"), Photo{}, &coding{}}).read(4, 4, 6); err == nil || strings.Count(err.Error(), "none.png") != 1 {
		t.Errorf("no file: %v", err)
	}
}

// withOrientation adds EXIF data to a JPEG.
func withOrientation(file []byte, orientation byte) []byte {
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00"
	return slices.Concat(file[:2], []byte(exif), file[2:])
}

// TestTurning turns labels as the photo's eight orientations are stored: applying it to
// the stored form gives the upright picture.
func TestTurning(t *testing.T) {
	stored := []uint8{0, 1, 2, 3, 4, 5} // 2 rows of 3
	for orientation, want := range map[turning][]uint8{
		1: stored,
		5: {0, 3, 1, 4, 2, 5}, // row 0 is the left side, column 0 the top
		6: {3, 0, 4, 1, 5, 2}, // row 0 right, column 0 top
		7: {5, 2, 4, 1, 3, 0}, // row 0 right, column 0 bottom
		8: {2, 5, 1, 4, 0, 3}, // row 0 left, column 0 bottom
	} {
		if got := orientation.apply(stored, 2, 3); !slices.Equal(got, want) {
			t.Errorf("orientation %d: %v, expected %v", orientation, got, want)
		}
	}
}

// FuzzMask: any file gives labels of its size that are classes, or an error.
func FuzzMask(f *testing.F) {
	for _, file := range [][]byte{
		encode(f, grey(0, 1, 255, 1, 1, 0)), encode(f, rgb(0, 0xff0000, 0xffffff)), encode(f, grey16(0, 257)),
		encodeBy(f, bmp.Encode, grey(0, 1, 2, 2, 1, 0)), encodeBy(f, toTIFF, grey(0, 1, 2, 2, 1, 0)), encodeBy(f, toGIF, grey(0, 1, 2, 2, 1, 0)), encodeBy(f, toJPEG, grey(0, 1, 2, 2, 1, 0)),
	} {
		f.Add(file, uint8(2))
		f.Add(file, uint8(3))
	}
	coded := []*coding{{}, {lenient: true}, {twoTone: true}, {classes: parse(f, "a 0 0 0\nb 255 0 0\nvoid 255 255 255")}}
	f.Fuzz(func(t *testing.T, file []byte, kind uint8) {
		limit := 2
		r, err := decodeMask(file, coded[int(kind)%len(coded)], limit)
		if err != nil {
			return
		}
		for _, id := range r.ids {
			if int(id) >= limit && id != Ignore {
				t.Fatalf("label %d of %d classes", id, limit)
			}
		}
	})
}
