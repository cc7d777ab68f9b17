package model

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/photo"
)

// goldenPhoto returns a photo of golden.safetensors.
func goldenPhoto(t testing.TB, name string) *photo.Image {
	rgb := readGolden(t)[name+".rgb"]
	return &photo.Image{Height: rgb.Shape[0], Width: rgb.Shape[1], Pix: rgb.Bytes}
}

// TestQuantised compares the shipped model with the weights that it was made from.
func TestQuantised(t *testing.T) {
	src := goldenPhoto(t, "china")
	for _, d := range []Decoder{Mask, Linear} {
		want := segment(t, openSegmenter(t, floatWeights, 1, compute.Float32), src, Options{Decoder: d})
		got := segment(t, openSegmenter(t, int8Weights, 1, compute.Float32), src, Options{Decoder: d})
		agree(t, string(d)+", int8 weights", got.Mask, want.Mask, 0.98)
		got = segment(t, openSegmenter(t, int8Weights, 1, compute.Int8), src, Options{Decoder: d})
		agree(t, string(d)+", int8 arithmetic", got.Mask, want.Mask, 0.975)
	}
}

// TestRanks checks that a mask does not depend on the number of ranks.
func TestRanks(t *testing.T) {
	src := goldenPhoto(t, "chelsea")
	m := openModel(t, int8Weights)
	if testing.Short() {
		m = smallModel(t) // the race detector makes it a hundred times slower
	}
	variants := []Options{{Size: 32}, {Size: 64, Decoder: Linear}, {Size: 96, Window: 48, Stride: 40}, {Size: 144, Refine: true}, {Size: 144}}
	for name, arithmetic := range map[string]compute.Arithmetic{"float": compute.Float32, "int8": compute.Int8} {
		one := newSegmenter(t, m, cpu.New(1, arithmetic))
		want := make([][]uint8, len(variants))
		for i, o := range variants {
			want[i] = segment(t, one, src, o).Mask
		}
		for _, ranks := range []int{2, 3, 5} {
			many := newSegmenter(t, m, cpu.New(ranks, arithmetic))
			for i, o := range variants {
				agree(t, fmt.Sprint(name, ", ", ranks, " ranks"), segment(t, many, src, o).Mask, want[i], 1)
			}
		}
	}
}

func TestProbabilities(t *testing.T) {
	s := openSegmenter(t, int8Weights, 1, compute.Int8)
	cat := goldenPhoto(t, "chelsea")
	cat.Height = 61 // the top is enough
	cat.Pix = cat.Pix[:cat.Height*cat.Width*3]
	if _, err := s.Probabilities(0); err == nil {
		t.Error("probabilities without a photo: expected an error")
	}
	for _, o := range []Options{{Size: 64}, {Size: 64, Window: 48, Stride: 32}} {
		r := segment(t, s, cat, o)
		sum := make([]float64, len(r.Mask))
		highest, class := make([]float32, len(r.Mask)), make([]uint8, len(r.Mask))
		for c := range r.Areas {
			p, err := s.Probabilities(c)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range p {
				sum[i] += float64(v)
				if v > highest[i] {
					highest[i], class[i] = v, uint8(c)
				}
			}
		}
		agree(t, "most probable class", class, r.Mask, 0.9999)
		if low, high := slices.Min(sum), slices.Max(sum); low < 0.999 || high > 1.001 {
			t.Errorf("the probabilities of a pixel sum to %g to %g, expected 1", low, high)
		}
	}
	if _, err := s.Probabilities(38); err == nil {
		t.Error("probabilities of class 38 of 38: expected an error")
	}
}

// TestMatte checks that mattes are on the mask's side of every pixel, and the same by several ranks.
func TestMatte(t *testing.T) {
	m := smallModel(t)
	classes := []int{0, 1}
	one := newSegmenter(t, m, cpu.New(1, compute.Float32))
	if _, err := one.Matte(classes); err == nil {
		t.Error("a matte without a photo: expected an error")
	}
	src := goldenPhoto(t, "chelsea")
	for _, o := range []Options{{Size: 48}, {Size: 64, Refine: true}, {Size: 64, Window: 48, Stride: 32}, {Size: 64, Refine: true, MaskHeight: 30, MaskWidth: 45}} {
		r := segment(t, one, src, o)
		matte, err := one.Matte(classes)
		if err != nil || len(matte) != len(r.Mask) {
			t.Fatalf("a matte of %d values for a mask of %d: %v", len(matte), len(r.Mask), err)
		}
		wrong := 0 // specks, and values that are rounded
		for i, value := range matte {
			if (value >= 128) != (r.Mask[i] < 2) && (value < 127 || value > 128) {
				wrong++
			}
		}
		if wrong*100 > len(matte) {
			t.Errorf("%+v: %d of %d values of the matte contradict the mask", o, wrong, len(matte))
		}
		all := make([]int, len(m.Classes))
		for class := range all {
			all[class] = class
		}
		if whole, err := one.Matte(all); err != nil || slices.Min(whole) < 255 {
			t.Errorf("the matte of all classes has the value %d: %v", slices.Min(whole), err)
		}
		if none, err := one.Matte(nil); err != nil || slices.Max(none) > 0 {
			t.Errorf("the matte of no class has the value %d: %v", slices.Max(none), err)
		}
		three := newSegmenter(t, m, cpu.New(3, compute.Float32))
		segment(t, three, src, o)
		if got, err := three.Matte(classes); err != nil || !slices.Equal(got, matte) {
			t.Errorf("%+v: three ranks give another matte: %v", o, err)
		}
	}
	for _, class := range []int{-1, len(m.Classes)} {
		if _, err := one.Matte([]int{class}); err == nil {
			t.Errorf("the matte of class %d: expected an error", class)
		}
	}
}

// TestSizes checks that photos of any shape give a mask of the photo's size.
func TestSizes(t *testing.T) {
	s := openSegmenter(t, int8Weights, 1, compute.Int8)
	for _, size := range [][2]int{{1, 1}, {1, 500}, {500, 1}, {17, 33}} {
		src := &photo.Image{Height: size[0], Width: size[1], Pix: make([]byte, size[0]*size[1]*3)}
		for _, o := range []Options{{}, {Size: 48}, {Size: 48, Window: 32, Stride: 20}} {
			r := segment(t, s, src, o)
			total := 0
			for _, n := range r.Areas {
				total += n
			}
			if len(r.Mask) != size[0]*size[1] || total != len(r.Mask) {
				t.Errorf("%v %+v: mask of %d pixels, areas sum to %d", size, o, len(r.Mask), total)
			}
		}
	}
}

// TestRun compares a mask on its device with the mask of Segment.
func TestRun(t *testing.T) {
	src := goldenPhoto(t, "chelsea")
	o := Options{Size: 48, MaskHeight: 41, MaskWidth: 53}
	for _, ranks := range []int{1, 3} {
		s := openSegmenter(t, int8Weights, ranks, compute.Int8)
		if s.Mask() != nil {
			t.Error("Mask returned a mask before the first photo")
		}
		want := segment(t, s, src, o)
		r := new(Result)
		mask, err := s.Run(t.Context(), r, src, o)
		if err != nil {
			t.Fatal(err)
		}
		if mask != s.Mask() || len(r.Mask) != 0 || r.Height != 41 || r.Width != 53 {
			t.Errorf("Run filled in %d pixels and a size of %d×%d, expected none and 53×41", len(r.Mask), r.Width, r.Height)
		}
		got := make([]uint8, 41*53)
		if err := errors.Join(s.Count(r), mask.Read(got)); err != nil || !slices.Equal(got, want.Mask) || !slices.Equal(r.Areas, want.Areas) {
			t.Errorf("%d ranks: the mask or its areas differ: %v", ranks, err)
		}
		if class, err := mask.ClassAt(30, 17); err != nil || class != want.Mask[17*53+30] {
			t.Errorf("class %d, expected %d: %v", class, want.Mask[17*53+30], err)
		}
	}
}

// TestSpecks checks that a refined mask of a photo has no specks, which a video's keeps.
func TestSpecks(t *testing.T) {
	src := goldenPhoto(t, "china")
	o := Options{Size: 208, Refine: true, MaskHeight: 104, MaskWidth: 156} // half the frame's size
	s := openSegmenter(t, int8Weights, 1, compute.Int8)
	photo := segment(t, s, src, o).Mask
	o.Smoothing = 0.85
	want := slices.Clone(segment(t, s, src, o).Mask) // of the first frame: as the photo's, but for the specks
	if slices.Equal(photo, want) {
		t.Error("the mask has no specks: no test")
	}
	const least = 16 * 16 / 4 / 4 // a quarter of a patch, in pixels of the mask
	if err := errors.Join(s.Mask().RemoveSpecks(least), s.Mask().Read(want)); err != nil || !slices.Equal(photo, want) {
		t.Errorf("the photo's mask still has specks, or lost more: %v", err)
	}
}

// TestArithmetic checks that float weights are computed in float32.
func TestArithmetic(t *testing.T) {
	for path, want := range map[string]compute.Arithmetic{floatWeights: compute.Float32, int8Weights: compute.Int8} {
		if a := Arithmetic(openModel(t, path)); a != want {
			t.Errorf("%s: arithmetic %v, expected %v", path, a, want)
		}
	}
}

type blank struct{ height, width int }

func (b blank) Size() (height, width int)   { return b.height, b.width }
func (b blank) Row(y int, dst []byte) error { return errors.New("a blank photo has no rows") }

func TestRefusals(t *testing.T) {
	s := openSegmenter(t, int8Weights, 1, compute.Int8)
	for _, c := range []struct {
		photo photo.Source
		o     Options
		want  error
	}{
		{blank{10000, 10000}, Options{}, ErrTooLarge},
		{blank{1, 5000}, Options{Window: 512, Stride: 384}, ErrTooLarge},
		{blank{12000, 12000}, Options{Window: 512, Stride: 1}, ErrTooLarge},
		{blank{0, 3}, Options{}, nil},
		{blank{10, 10}, Options{Decoder: "fcn"}, nil},
		{blank{10, 10}, Options{Size: -1}, nil},
		{blank{10, 10}, Options{Window: 8, Stride: 8}, nil},
		{blank{10, 10}, Options{Window: 32, Stride: 33}, nil},
		{blank{10, 10}, Options{}, nil}, // its rows cannot be read
	} {
		if _, err := s.Segment(context.Background(), c.photo, c.o); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%v %+v: error %v, expected %v", c.photo, c.o, err, c.want)
		}
	}
	cancelled, cancel := context.WithCancel(context.Background())
	src := &photo.Image{Height: 64, Width: 200, Pix: make([]byte, 64*200*3)}
	o := Options{Window: 32, Stride: 32, Progress: func(done, total int) {
		if done == 2 {
			cancel()
		}
	}}
	if _, err := s.Segment(cancelled, src, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, expected %v", err, context.Canceled)
	}
	segment(t, s, src, Options{Size: 32}) // the segmenter still works
}

// TestDamagedFiles reads model files that end early or contain a NaN.
func TestDamagedFiles(t *testing.T) {
	whole, err := os.ReadFile(int8Weights)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 7, 100, 20000, len(whole) / 2, len(whole) - 1} {
		if _, err := Read(bytes.NewReader(whole[:n])); !errors.Is(err, ErrModel) {
			t.Errorf("the first %d bytes: error %v, expected %v", n, err, ErrModel)
		}
	}
	float, err := os.ReadFile(floatWeights)
	if err != nil {
		t.Fatal(err)
	}
	copy(float[len(float)-400:], []byte{0, 0, 0xc0, 0x7f}) // a NaN
	if _, err := Read(bytes.NewReader(float)); !errors.Is(err, ErrModel) {
		t.Errorf("a NaN: error %v, expected %v", err, ErrModel)
	}
}

// TestAllocations checks that a photo of the same size as the one before allocates
// nothing but a few words of bookkeeping.
func TestAllocations(t *testing.T) {
	for name, arithmetic := range map[string]compute.Arithmetic{"float": compute.Float32, "int8": compute.Int8} {
		t.Run(name, func(t *testing.T) { testAllocations(t, arithmetic) })
	}
}

func testAllocations(t *testing.T, arithmetic compute.Arithmetic) {
	s := openSegmenter(t, int8Weights, 1, arithmetic)
	src := goldenPhoto(t, "chelsea")
	r := new(Result)
	frame := func() {
		if err := s.SegmentInto(context.Background(), r, src, Options{Size: 48}); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(3, frame); n > 4 {
		t.Errorf("%g allocations per frame, expected at most 4", n)
	}
	p := s.passes[0]
	device := func() {
		p.runWindow(0, Mask)
		p.classify(false)
		p.classify(true)
	}
	if n := testing.AllocsPerRun(3, device); n != 0 {
		t.Errorf("%g allocations on the device, expected none", n)
	}
}

func TestUpscale(t *testing.T) {
	for _, c := range []struct{ height, width, size, h, w int }{
		{100, 150, 256, 256, 384}, {151, 100, 256, 386, 256}, {7, 7, 9, 9, 9},
	} {
		if h, w := upscale(c.height, c.width, c.size); h != c.h || w != c.w {
			t.Errorf("upscale(%d, %d, %d) = %d, %d, expected %d, %d", c.height, c.width, c.size, h, w, c.h, c.w)
		}
	}
}

func TestResizePosition(t *testing.T) {
	// One extra token, a 2×2 grid of one value each: 0 1 / 2 3.
	got := ResizePosition([]float32{9, 0, 1, 2, 3}, 1, 2, 1, 4, 1)
	want := []float32{9, 1, 1.25, 1.75, 2} // rows averaged, columns at −¼ (clamped), ¼, ¾, 1¼ (clamped)
	for i, w := range want {
		if math.Abs(float64(got[i]-w)) > 1e-6 {
			t.Fatalf("ResizePosition = %v, expected %v", got, want)
		}
	}
}
