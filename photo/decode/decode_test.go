package decode

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"segmenter/photo"
)

// rgb reads all rows of a photo.
func rgb(t testing.TB, s photo.Source) []byte {
	t.Helper()
	height, width := s.Size()
	out := make([]byte, height*width*3)
	for y := range height {
		if err := s.Row(y, out[y*width*3:][:width*3]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, m) })
}

// sample is 2×3 pixels, all different: 1 2 / 3 4 / 5 6, times ten.
func sample() *image.Gray {
	m := image.NewGray(image.Rect(0, 0, 2, 3))
	for i := range m.Pix {
		m.Pix[i] = uint8(10 * (i + 1))
	}
	return m
}

// TestColours decodes one pixel of every type of picture.
func TestColours(t *testing.T) {
	one := image.Rect(0, 0, 1, 1)
	nrgba, rgba := image.NewNRGBA(one), image.NewRGBA(one)
	nrgba.SetNRGBA(0, 0, color.NRGBA{200, 100, 0, 51})
	rgba.SetRGBA(0, 0, color.RGBA{20, 10, 0, 51})
	gray16, deep := image.NewGray16(one), image.NewNRGBA64(one)
	gray16.SetGray16(0, 0, color.Gray16{0x80ff})
	deep.SetNRGBA64(0, 0, color.NRGBA64{0xffff, 0x7fff, 0, 0xffff})
	paletted := image.NewPaletted(one, color.Palette{color.NRGBA{0, 0, 0, 0}, color.Black})
	cmyk := image.NewCMYK(one)
	cmyk.SetCMYK(0, 0, color.CMYK{0, 255, 255, 0})
	ycbcr := image.NewYCbCr(one, image.YCbCrSubsampleRatio420)
	ycbcr.Y[0], ycbcr.Cb[0], ycbcr.Cr[0] = 100, 128, 128
	for _, c := range []struct {
		name    string
		picture image.Image
		want    [3]byte
	}{
		{"grey", sample(), [3]byte{10, 10, 10}},
		{"alpha", nrgba, [3]byte{244, 224, 204}},
		{"premultiplied alpha", rgba, [3]byte{224, 214, 204}},
		{"grey of 16 bits", gray16, [3]byte{128, 128, 128}},
		{"colour of 16 bits", deep, [3]byte{255, 127, 0}},
		{"transparent palette", paletted, [3]byte{255, 255, 255}},
		{"CMYK", cmyk, [3]byte{255, 0, 0}},
		{"YCbCr", ycbcr, [3]byte{100, 100, 100}},
	} {
		if got := [3]byte(rgb(t, newSource(&decoded{picture: c.picture, canvas: c.picture.Bounds(), orientation: 1}))); got != c.want {
			t.Errorf("%s: %v, expected %v", c.name, got, c.want)
		}
	}
}

func TestFormats(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 5, 4))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	for i := range 5 * 2 {
		copy(m.Pix[4*i:], []byte{200, 40, 10})
	}
	files := map[string][]byte{
		"PNG":  asPNG(t, m),
		"JPEG": encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, &jpeg.Options{Quality: 100}) }),
		"BMP":  encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, m) }),
		"TIFF": encoded(t, func(b *bytes.Buffer) error { return tiff.Encode(b, m, nil) }),
		"GIF": encoded(t, func(b *bytes.Buffer) error {
			palette := color.Palette{color.NRGBA{200, 40, 10, 255}, color.White}
			first := image.NewPaletted(image.Rect(0, 0, 5, 4), palette)
			for i := 10; i < 20; i++ {
				first.Pix[i] = 1
			}
			second := image.NewPaletted(image.Rect(0, 0, 5, 4), palette)
			return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}})
		}),
	}
	for name, file := range files {
		s, err := Decode(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := rgb(t, s)
		for i, want := range []byte{200, 40, 10} {
			if d := int(got[i]) - int(want); d < -12 || d > 12 {
				t.Errorf("%s: first pixel %v", name, got[:3])
				break
			}
		}
		if h, w := s.Size(); h != 4 || w != 5 || got[len(got)-1] < 240 {
			t.Errorf("%s: %d×%d, last pixel %v", name, w, h, got[len(got)-3:])
		}
	}
}

// exifOf returns a TIFF structure that holds only the orientation.
func exifOf(order binary.AppendByteOrder, o uint16) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 1)
	for _, v := range []uint16{274, 3} {
		b = order.AppendUint16(b, v)
	}
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, o)
	return append(b, 0, 0, 0, 0, 0, 0)
}

// withEXIF inserts EXIF data into a PNG, before its picture.
func withEXIF(file, exif []byte) []byte {
	body := append([]byte("eXIf"), exif...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(exif)))
	chunk = append(chunk, body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	const ihdr = 8 + 25
	return append(append(append([]byte(nil), file[:ihdr]...), chunk...), file[ihdr:]...)
}

func TestOrientation(t *testing.T) {
	for o, want := range map[uint16]string{
		1: "12 34 56", 2: "21 43 65", 3: "65 43 21", 4: "56 34 12",
		5: "135 246", 6: "531 642", 7: "642 531", 8: "246 135",
		0: "12 34 56", 9: "12 34 56",
	} {
		s, err := Decode(bytes.NewReader(withEXIF(asPNG(t, sample()), exifOf(binary.LittleEndian, o))))
		if err != nil {
			t.Fatal(err)
		}
		height, width := s.Size()
		var rows []string
		for y := range height {
			row := make([]byte, 3*width)
			if err := s.Row(y, row); err != nil {
				t.Fatal(err)
			}
			text := ""
			for x := range width {
				text += string('0' + row[3*x]/10)
			}
			rows = append(rows, text)
		}
		if got := strings.Join(rows, " "); got != want {
			t.Errorf("orientation %d: %q, expected %q", o, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	cat, err := os.ReadFile("../../web/samples/chelsea.png")
	if err != nil {
		t.Fatal(err)
	}
	huge := asPNG(t, sample())
	binary.BigEndian.PutUint32(huge[16:], 20000)
	binary.BigEndian.PutUint32(huge[20:], 20000)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "empty"},
		{"text", "Dear photo,", "not a photo in a known format"},
		{"page", "\n<!DOCTYPE html><p>404", "web page"},
		{"drawing", `<?xml version="1.0"?><svg xmlns="…">`, "SVG"},
		{"HEIC", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"},
		{"cut PNG", string(cat[:len(cat)/2]), "cut short"},
		{"cut JPEG", "\xff\xd8\xff\xe0\x00\x10JFIF\x00", "cut short"},
		{"400 megapixels", string(huge), "megapixels"},
	} {
		if _, err := Decode(strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected one with %q", c.name, err, c.want)
		}
	}
	if _, err := Open("no such file.png"); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(withEXIF(asPNG(f, sample()), exifOf(binary.LittleEndian, 6)))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return jpeg.Encode(b, sample(), nil) }))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return gif.Encode(b, sample(), nil) }))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return bmp.Encode(b, sample()) }))
	f.Add(encoded(f, func(b *bytes.Buffer) error { return tiff.Encode(b, sample(), nil) }))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPEXIF\xff\xff\xff\x7f"))
	for _, name := range kept {
		f.Add(read(f, "testdata/matrix/"+name))
	}
	cases, err := filepath.Glob("testdata/*-*.*")
	if err != nil || len(cases) == 0 {
		f.Fatal("no cases", err)
	}
	for _, path := range cases {
		f.Add(read(f, path))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if d, err := decode(file, 1<<14); err == nil {
			rgb(t, newSource(d))
		}
	})
}
