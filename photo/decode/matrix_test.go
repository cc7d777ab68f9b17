package decode

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/matrix")

// kept are files of the matrix that testdata/matrix holds, each with a PNG of what the
// reference makes of it, so that a machine without Pillow tests some of each format.
var kept = []string{
	"grey4-trns.png", "rgb16-interlaced.png", "bad-crc-trns.png", "no-end.png", "chrm-p3-gama.png",
	"icc-adobe-rgb-alpha.png", "icc-prophoto.png", "icc-para4.png", "icc-grey.png",
	"420-progressive-60.jpg", "422-baseline-60.jpg", "orientation8-subsampling1.jpg", "ycck.jpg", "rgb-named.jpg",
	"no-codes.jpg", "no-end.jpg", "icc-in-parts.jpg", "averages-twice-2x2-5B.jpg", "apart-4x1-1.jpg", "1x2-progressive-1.jpg",
	"inside-local.gif", "too-large.gif", "transparent.gif",
	"lossy80-alpha.webp", "animated-inside6.webp", "no-alpha.webp", "orientation5-little.webp",
	"rle4.bmp", "rle8-moved.bmp", "palette8-os2.bmp", "rgba5551.bmp", "rgba32-all-clear.bmp",
	"grey4-big.tif", "grey-alpha.tif", "fax4.tif", "rgba-tiff_lzw-differences.tif", "cmyk-packbits.tif", "rgb8-big-2.tif", "orientation6-big.tif",
}

// TestMatrix compares photos of every kind with what Pillow makes of them;
// testdata/matrix.py writes both.
func TestMatrix(t *testing.T) {
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "from PIL import Image, ImageCms").Run() == nil {
			python = name
			break
		}
	}
	if _, err := exec.LookPath("cjpeg"); err != nil || python == "" {
		const missing = "Pillow or cjpeg is missing, so only the files of testdata/matrix are compared with what they give; on Debian: apt install python3-pil libjpeg-turbo-progs"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	folder := t.TempDir()
	if out, err := exec.Command(python, "testdata/matrix.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	table, err := os.ReadFile(filepath.Join(folder, "table"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	references := map[string]*photoBytes{}
	for kind := range strings.Lines(string(table)) {
		var name string
		var tolerance int
		want := &photoBytes{}
		if _, err := fmt.Sscan(kind, &name, &tolerance, &want.width, &want.height); err != nil {
			t.Fatalf("%q: %v", kind, err)
		}
		if files[name], err = os.ReadFile(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
		if want.pix, err = os.ReadFile(filepath.Join(folder, name+".rgb")); err != nil {
			t.Fatal(err)
		}
		references[name] = want
		t.Run(name, func(t *testing.T) { want.compare(t, files[name], tolerance) })
	}
	t.Logf("%d kinds of files", len(files))
	if *update {
		for _, name := range kept {
			write := func(name string, data []byte) {
				if err := os.WriteFile(filepath.Join("testdata/matrix", name), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write(name, files[name])
			write(name+".png", asPNG(t, references[name].image()))
		}
	}
}

// TestKept compares the files that testdata/matrix holds.
func TestKept(t *testing.T) {
	for _, name := range kept {
		t.Run(name, func(t *testing.T) {
			tolerance := 2
			if strings.HasSuffix(name, "jpg") {
				tolerance = 4
			}
			reference(t, "testdata/matrix/"+name+".png").compare(t, read(t, "testdata/matrix/"+name), tolerance)
		})
	}
}

// TestCut cuts the same files short.
func TestCut(t *testing.T) {
	for _, name := range kept {
		file := read(t, "testdata/matrix/"+name)
		lengths := []int{len(file) / 4, len(file) / 2, len(file) * 3 / 4}
		if strings.HasPrefix(name, "animated") {
			lengths = []int{len(file) / 8} // the first frame is all that is read
		}
		for _, n := range lengths {
			if _, err := decode(file[:n], MaxPixels); err == nil || !strings.Contains(err.Error(), "damaged or cut short") {
				t.Errorf("%s, %d bytes of %d: error %v", name, n, len(file), err)
			}
		}
	}
}

// photoBytes is a photo in memory, upright RGB.
type photoBytes struct {
	width, height int
	pix           []byte
}

func (p *photoBytes) image() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	for i := range p.width * p.height {
		copy(m.Pix[4*i:], append(p.pix[3*i:][:3:3], 255))
	}
	return m
}

// reference reads an opaque PNG of 8 bits, by image/png alone.
func reference(t *testing.T, path string) *photoBytes {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	p := &photoBytes{width: m.Bounds().Dx(), height: m.Bounds().Dy()}
	for y := range p.height {
		for x := range p.width {
			r, g, b, _ := m.At(x, y).RGBA()
			p.pix = append(p.pix, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return p
}

// compare fails if a file holds another picture, by more than tolerance levels.
func (p *photoBytes) compare(t *testing.T, file []byte, tolerance int) {
	t.Helper()
	s, err := Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if h, w := s.Size(); h != p.height || w != p.width {
		t.Fatalf("%d×%d pixels, expected %d×%d", w, h, p.width, p.height)
	}
	got := rgb(t, s)
	for i := range got {
		if absolute(int(got[i])-int(p.pix[i])) > tolerance {
			at := i / 3
			t.Fatalf("pixel %d, %d is %v, expected %v", at%p.width, at/p.width, got[3*at:][:3], p.pix[3*at:][:3])
		}
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
