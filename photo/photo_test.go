package photo_test

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"segmenter/photo"
	"segmenter/web/tests/cases"
)

// TestCubicMatchesPillow allows one grey level of difference: Pillow rounds to
// bytes between its horizontal and vertical pass, the Resizer does not.
func TestCubicMatchesPillow(t *testing.T) {
	src := open(t, "source.png")
	goldens, err := filepath.Glob("testdata/cubic-*.png")
	if err != nil || len(goldens) == 0 {
		t.Fatalf("no golden pictures in testdata (%v); run testdata/resize.py", err)
	}
	var r photo.Resizer // one for all sizes: it must keep nothing of the size before
	for _, path := range goldens {
		t.Run(path, func(t *testing.T) {
			want := open(t, filepath.Base(path))
			got := resize(t, &r, src, want.Height, want.Width, photo.Cubic)
			compare(t, got, want, 1)
		})
	}
}

// TestBilinearInterpolates compares enlarging with the formula of
// F.interpolate(mode="bilinear", align_corners=False): it maps a pixel's centre
// to the source, where it lies between at most four centres.
func TestBilinearInterpolates(t *testing.T) {
	src := noise(5, 7)
	for _, size := range [][2]int{{5, 7}, {10, 14}, {6, 8}, {13, 50}, {33, 7}} {
		want := &photo.Image{Height: size[0], Width: size[1]}
		for y := range want.Height {
			for x := range want.Width {
				for c := range 3 {
					v := interpolate(src, centre(y, src.Height, want.Height), centre(x, src.Width, want.Width), c)
					want.Pix = append(want.Pix, byte(v+0.5))
				}
			}
		}
		var r photo.Resizer
		got := resize(t, &r, src, want.Height, want.Width, photo.Bilinear)
		compare(t, got, want, 1) // float32 and float64 may round a half differently
	}
}

func centre(i, source, target int) float64 {
	return max(0, (float64(i)+0.5)*float64(source)/float64(target)-0.5)
}

func interpolate(m *photo.Image, y, x float64, c int) float64 {
	at := func(y, x int) float64 {
		y, x = min(y, m.Height-1), min(x, m.Width-1)
		return float64(m.Pix[3*(y*m.Width+x)+c])
	}
	y0, fy := int(y), y-math.Floor(y)
	x0, fx := int(x), x-math.Floor(x)
	return (1-fy)*((1-fx)*at(y0, x0)+fx*at(y0, x0+1)) + fy*((1-fx)*at(y0+1, x0)+fx*at(y0+1, x0+1))
}

func TestEqualSizeIsACopy(t *testing.T) {
	src := noise(9, 11)
	var r photo.Resizer
	got := resize(t, &r, src, 9, 11, photo.Cubic)
	if !slices.Equal(got.Pix, src.Pix) {
		t.Error("resizing to the same size changed pixels")
	}
}

// TestFlatStaysFlat resizes one colour, along one side only and by large
// factors too. Every pixel must keep it, at the edges as well.
func TestFlatStaysFlat(t *testing.T) {
	for _, c := range []struct{ height, width, h, w int }{
		{1, 1, 16, 16},
		{1, 5000, 16, 64},
		{5000, 1, 64, 16},
		{3, 3, 3, 700},
		{640, 480, 16, 480},
		{17, 1000, 999, 3},
	} {
		src := &photo.Image{Height: c.height, Width: c.width}
		src.Pix = slices.Repeat([]byte{255, 0, 77}, c.height*c.width)
		want := &photo.Image{Height: c.h, Width: c.w, Pix: slices.Repeat([]byte{255, 0, 77}, c.h*c.w)}
		for _, f := range []photo.Filter{photo.Cubic, photo.Bilinear} {
			var r photo.Resizer
			compare(t, resize(t, &r, src, c.h, c.w, f), want, 0)
		}
	}
}

// orderedSource is a source that checks the order of reads.
type orderedSource struct {
	height, width int
	next          int
	failAt        int
}

var errBroken = errors.New("broken source")

func (s *orderedSource) Size() (height, width int) { return s.height, s.width }

func (s *orderedSource) Row(y int, dst []byte) error {
	if y < s.next || y >= s.height || len(dst) != 3*s.width {
		return fmt.Errorf("read row %d of %d × %d into %d bytes, after row %d", y, s.width, s.height, len(dst), s.next-1)
	}
	if s.failAt > 0 && y >= s.failAt {
		return errBroken
	}
	s.next = y + 1
	return nil
}

func TestRowsAreReadInOrderAndOnce(t *testing.T) {
	for _, h := range []int{1, 10, 99, 100, 101, 1000} {
		for _, f := range []photo.Filter{photo.Cubic, photo.Bilinear} {
			var r photo.Resizer
			resize(t, &r, &orderedSource{height: 100, width: 3}, h, 5, f)
		}
	}
}

// TestParts: a part has the pixels that the whole has there, and needs no others' rows.
func TestParts(t *testing.T) {
	src := noise(30, 40)
	for _, size := range [][2]int{{30, 40}, {60, 71}, {13, 17}} {
		var r photo.Resizer
		whole := resize(t, &r, src, size[0], size[1], photo.Cubic)
		for _, at := range [][4]int{{0, 0, size[0], size[1]}, {0, 3, 5, 7}, {8, 0, 5, size[1]}, {size[0] - 4, size[1] - 1, 4, 1}} {
			part := &photo.Image{Height: at[2], Width: at[3]}
			ordered := &orderedSource{height: src.Height, width: src.Width}
			if err := r.ResizePart(part, ordered, photo.Part{Height: size[0], Width: size[1], Top: at[0], Left: at[1]}, photo.Cubic); err != nil {
				t.Fatal(err)
			}
			if err := r.ResizePart(part, src, photo.Part{Height: size[0], Width: size[1], Top: at[0], Left: at[1]}, photo.Cubic); err != nil {
				t.Fatal(err)
			}
			for y := range part.Height {
				want := whole.Pix[3*((at[0]+y)*whole.Width+at[1]):][:3*part.Width]
				if !slices.Equal(part.Pix[3*y*part.Width:][:3*part.Width], want) {
					t.Errorf("%v of %v: row %d differs", at, size, y)
				}
			}
		}
		for _, at := range [][4]int{{-1, 0, 2, 2}, {0, -1, 2, 2}, {size[0] - 1, 0, 2, 2}, {0, size[1] - 1, 2, 2}} {
			err := r.ResizePart(&photo.Image{Height: at[2], Width: at[3]}, src, photo.Part{Height: size[0], Width: size[1], Top: at[0], Left: at[1]}, photo.Cubic)
			if err == nil || !strings.HasPrefix(err.Error(), "photo: no part") {
				t.Errorf("%v of %v: %v", at, size, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	var r photo.Resizer
	good := noise(2, 2)
	for _, c := range []struct {
		name string
		src  photo.Source
		h, w int
	}{
		{"empty source", &photo.Image{}, 1, 1},
		{"empty result", good, 0, 4},
		{"negative result", good, 4, -4},
		{"pixels missing", &photo.Image{Height: 4, Width: 4, Pix: make([]byte, 47)}, 2, 2},
		{"pixels missing, same size", &photo.Image{Height: 4, Width: 4, Pix: make([]byte, 47)}, 4, 4},
	} {
		err := r.Resize(&photo.Image{Height: c.h, Width: c.w}, c.src, photo.Cubic)
		if err == nil || !strings.HasPrefix(err.Error(), "photo: ") {
			t.Errorf("%s: got error %v, want a sentence of package photo", c.name, err)
		}
	}
	for _, h := range []int{16, 40} {
		err := r.Resize(&photo.Image{Height: h, Width: 8}, &orderedSource{height: 40, width: 8, failAt: 30}, photo.Cubic)
		if !errors.Is(err, errBroken) {
			t.Errorf("height %d: got error %v, want %v", h, err, errBroken)
		}
	}
}

func TestNoAllocationPerFrame(t *testing.T) {
	src, dst := noise(48, 64), &photo.Image{Height: 32, Width: 48}
	var r photo.Resizer
	allocations := testing.AllocsPerRun(10, func() {
		if err := r.Resize(dst, src, photo.Cubic); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 0 {
		t.Errorf("%v allocations per frame after the first, want none", allocations)
	}
}

// TestFit reads the cases that the browser's library is held to as well.
func TestFit(t *testing.T) {
	for _, c := range cases.Read[[]struct {
		Height, Width, Short, Patch int
		Fit                         [2]int
	}](t, "fit") {
		h, w := photo.Fit(c.Height, c.Width, c.Short, c.Patch)
		if got := [2]int{h, w}; got != c.Fit {
			t.Errorf("Fit(%d, %d, %d, %d) = %v, want %v", c.Height, c.Width, c.Short, c.Patch, got, c.Fit)
		}
	}
}

func resize(t *testing.T, r *photo.Resizer, src photo.Source, h, w int, f photo.Filter) *photo.Image {
	t.Helper()
	dst := &photo.Image{Height: h, Width: w}
	if err := r.Resize(dst, src, f); err != nil {
		t.Fatal(err)
	}
	return dst
}

// compare reports the first value that is more than tolerance off.
func compare(t *testing.T, got, want *photo.Image, tolerance int) {
	t.Helper()
	if len(got.Pix) != len(want.Pix) {
		t.Fatalf("got %d bytes, want %d", len(got.Pix), len(want.Pix))
	}
	for i, w := range want.Pix {
		if d := int(got.Pix[i]) - int(w); max(d, -d) > tolerance {
			pixel := i / 3
			t.Errorf("%d × %d: row %d, column %d: got %v, want %v ± %d", want.Width, want.Height, pixel/want.Width, pixel%want.Width, got.Pix[3*pixel:][:3], want.Pix[3*pixel:][:3], tolerance)
			return
		}
	}
}

func noise(height, width int) *photo.Image {
	rng := rand.New(rand.NewPCG(1, 2))
	m := &photo.Image{Height: height, Width: width, Pix: make([]byte, 3*height*width)}
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	return m
}

func open(t *testing.T, name string) *photo.Image {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	decoded, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := decoded.Bounds()
	m := &photo.Image{Height: b.Dy(), Width: b.Dx()}
	for y := range m.Height {
		for x := range m.Width {
			r, g, b, _ := decoded.(image.RGBA64Image).At(x, y).RGBA()
			m.Pix = append(m.Pix, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return m
}
