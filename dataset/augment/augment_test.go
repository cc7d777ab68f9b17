package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"segmenter/dataset"
	"segmenter/photo"
)

// coded is a photo whose colours say where a pixel lies, and labels that say the same
// coarsely: classes in blocks of 32×32.
func coded(height, width int) (*photo.Image, []uint8) {
	m := &photo.Image{Height: height, Width: width, Pix: make([]byte, 3*height*width)}
	labels := make([]uint8, height*width)
	for y := range height {
		for x := range width {
			at := y*width + x
			labels[at] = uint8(y/32*5+x/32) % 7
			copy(m.Pix[3*at:], []byte{labels[at] * 30, labels[at] * 30, 200})
		}
	}
	return m, labels
}

func newAugmenter(t testing.TB, r Recipe) *Augmenter {
	t.Helper()
	a, err := New(r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestPhotoAndLabelsAgree: whatever the size, place and mirroring, the colour of a pixel
// away from edges is that of its label.
func TestPhotoAndLabelsAgree(t *testing.T) {
	src, labels := coded(96, 130)
	recipe := Paper(64)
	recipe.Colour = false
	a := newAugmenter(t, recipe)
	var c Crop
	small := 0
	for i := range 50 {
		if err := a.Crop(&c, src, labels, 0, i); err != nil {
			t.Fatal(err)
		}
		agree, all := 0, 0
		for at, label := range c.Labels {
			y, x := at/64, at%64
			if beyond := y >= c.Height || x >= c.Width; beyond {
				if label != dataset.Ignore || !slices.Equal(c.Photo.Pix[3*at:][:3], recipe.Fill[:]) {
					t.Fatalf("crop %d: label %d and colour %v beyond the photo", i, label, c.Photo.Pix[3*at:][:3])
				}
				small++
				continue
			}
			all++
			if d := int(c.Photo.Pix[3*at]) - int(label)*30; max(d, -d) <= 3 {
				agree++
			}
		}
		if share := float64(agree) / float64(all); share < 0.7 {
			t.Errorf("crop %d: %.0f %% of the pixels have the colour of their label", i, 100*share)
		}
	}
	if small == 0 {
		t.Error("no crop went beyond its photo")
	}
}

// TestLabelsAtTheirOwnSize: without resizing, a crop has the very pixels.
func TestLabelsAtTheirOwnSize(t *testing.T) {
	src, labels := coded(40, 50)
	a := newAugmenter(t, Recipe{Size: 32, Short: 40, Long: 50, Smallest: 1, Largest: 1, Flip: true})
	var c Crop
	flipped := 0
	for i := range 20 {
		if err := a.Crop(&c, src, labels, 0, i); err != nil {
			t.Fatal(err)
		}
		random := newRandom(0, 0, i)
		random.Float64()
		flip := random.IntN(2) == 1
		top, left := random.IntN(40-32+1), random.IntN(50-32+1)
		if flip {
			flipped++
		}
		for y := range 32 {
			for x := range 32 {
				from := x
				if flip {
					from = 31 - x
				}
				at := (top+y)*50 + left + from
				if c.Labels[y*32+x] != labels[at] || !slices.Equal(c.Photo.Pix[3*(y*32+x):][:3], src.Pix[3*at:][:3]) {
					t.Fatalf("crop %d: row %d, column %d is not that of the photo", i, y, x)
				}
			}
		}
	}
	if flipped < 4 || flipped > 16 {
		t.Errorf("%d of 20 crops are mirrored", flipped)
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		target, source int
		want           []int
	}{
		{4, 4, []int{0, 1, 2, 3}},
		{8, 4, []int{0, 0, 1, 1, 2, 2, 3, 3}},
		{2, 4, []int{1, 3}},
		{3, 5, []int{0, 2, 4}},
	} {
		for i, want := range c.want {
			if got := nearest(i, c.target, c.source); got != want {
				t.Errorf("pixel %d of %d is %d of %d, expected %d", i, c.target, got, c.source, want)
			}
		}
	}
}

// TestReproducible: a crop depends on seed, epoch and number alone.
func TestReproducible(t *testing.T) {
	src, labels := coded(60, 80)
	crop := func(a *Augmenter, epoch, index int) Crop {
		var c Crop
		if err := a.Crop(&c, src, labels, epoch, index); err != nil {
			t.Fatal(err)
		}
		return c
	}
	same := func(a, b Crop) bool {
		return slices.Equal(a.Photo.Pix, b.Photo.Pix) && slices.Equal(a.Labels, b.Labels)
	}
	recipe := Paper(48)
	a := newAugmenter(t, recipe)
	first := crop(a, 3, 7)
	crop(a, 1, 1)
	if !same(first, crop(a, 3, 7)) || !same(first, crop(newAugmenter(t, recipe), 3, 7)) {
		t.Error("the same crop differs")
	}
	recipe.Seed = 1
	for name, other := range map[string]Crop{"epoch": crop(a, 4, 7), "number": crop(a, 3, 8), "seed": crop(newAugmenter(t, recipe), 3, 7)} {
		if same(first, other) {
			t.Errorf("another %s makes the same crop", name)
		}
	}
}

// TestScales: the resized photo is between half and twice as large, whatever its size.
func TestScales(t *testing.T) {
	a := newAugmenter(t, Paper(64))
	for _, size := range [][2]int{{100, 100}, {600, 400}, {20, 1000}, {1000, 1}} {
		least, most := math.Inf(1), 0.
		for i := range 200 {
			v := a.draw(newRandom(1, 0, i), size[0], size[1], make([]uint8, size[0]*size[1]))
			short, long := float64(min(v.whole.Height, v.whole.Width)), float64(max(v.whole.Height, v.whole.Width))
			least, most = min(least, short), max(most, short)
			if long > 2*4*64+1 || v.height > 64 || v.width > 64 || v.whole.Top+v.height > v.whole.Height || v.whole.Left+v.width > v.whole.Width {
				t.Fatalf("%v: %+v", size, v)
			}
		}
		if size[0]*3 > size[1] && size[1]*3 > size[0] && (least < 32 || least > 35 || most > 128 || most < 125) {
			t.Errorf("%v: short sides from %v to %v, expected 32 to 128", size, least, most)
		}
	}
}

// TestMostOfOne: crops with one class are drawn again.
func TestMostOfOne(t *testing.T) {
	const side = 128
	src := &photo.Image{Height: side, Width: side, Pix: make([]byte, 3*side*side)}
	labels := make([]uint8, side*side)
	for y := range side {
		for x := side - 20; x < side; x++ {
			labels[y*side+x] = 1
		}
	}
	mixed := func(most float64) (n int) {
		a := newAugmenter(t, Recipe{Size: 32, Short: side, Long: side, Smallest: 1, Largest: 1, MostOfOne: most})
		var c Crop
		for i := range 100 {
			if err := a.Crop(&c, src, labels, 0, i); err != nil {
				t.Fatal(err)
			}
			if slices.Contains(c.Labels, 0) && slices.Contains(c.Labels, 1) {
				n++
			}
		}
		return n
	}
	if any, asked := mixed(0), mixed(0.75); any > 40 || asked < 75 {
		t.Errorf("%d of 100 crops with two classes, and %d with the share limited", any, asked)
	}
}

func TestErrors(t *testing.T) {
	for name, change := range map[string]func(*Recipe){
		"size":     func(r *Recipe) { r.Size = 0 },
		"huge":     func(r *Recipe) { r.Size = 1 << 20 },
		"short":    func(r *Recipe) { r.Short = 0 },
		"long":     func(r *Recipe) { r.Long = r.Short - 1 },
		"smallest": func(r *Recipe) { r.Smallest = math.NaN() },
		"largest":  func(r *Recipe) { r.Largest = 0.1 },
	} {
		r := Paper(64)
		change(&r)
		if _, err := New(r); err == nil || !strings.HasPrefix(err.Error(), "augment: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := newAugmenter(t, Paper(64))
	if err := a.Crop(&Crop{}, &photo.Image{Height: 2, Width: 2, Pix: make([]byte, 12)}, make([]uint8, 3), 0, 0); err == nil {
		t.Error("cropped a photo without labels")
	}
	if err := a.Crop(&Crop{}, &photo.Image{Height: 2, Width: 2, Pix: make([]byte, 2)}, make([]uint8, 4), 0, 0); err == nil {
		t.Error("cropped a photo without pixels")
	}
}

// hsv is the textbook's conversion, to hold saturate and turn against: hue in sixths.
func hsv(rgb [3]float32) (h, s, v float64) {
	r, g, b := float64(rgb[0])/255, float64(rgb[1])/255, float64(rgb[2])/255
	v = max(r, g, b)
	span := v - min(r, g, b)
	switch {
	case span == 0:
		return 0, 0, v
	case v == r:
		h = math.Mod((g-b)/span+6, 6)
	case v == g:
		h = (b-r)/span + 2
	default:
		h = (r-g)/span + 4
	}
	return h, span / v, v
}

func TestColours(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		rgb := [3]float32{float32(random.IntN(256)), float32(random.IntN(256)), float32(random.IntN(256))}
		h, s, v := hsv(rgb)
		factor := 0.5 + random.Float32()
		if _, s2, v2 := hsv(saturate(rgb, factor)); math.Abs(s2-min(1, s*float64(factor))) > 1e-4 || math.Abs(v2-v) > 1e-4 {
			t.Fatalf("%v × %v: saturation %v and value %v, expected %v and %v", rgb, factor, s2, v2, s*float64(factor), v)
		}
		by := float32(random.IntN(36)-18) / 30
		h2, s2, v2 := hsv(turn(rgb, by))
		off := math.Abs(math.Mod(h2-h-float64(by)+15, 6) - 3)
		if s > 0.02 && off > 0.01 || math.Abs(s2-s) > 1e-4 || math.Abs(v2-v) > 1e-4 {
			t.Fatalf("%v turned by %v: %v %v %v, from %v %v %v", rgb, by, h2, s2, v2, h, s, v)
		}
	}
	for _, c := range []struct {
		d    distortion
		want [3]float32
	}{
		{distortion{contrast: 1, saturation: 1}, [3]float32{200, 100, 50}},
		{distortion{contrast: 1, saturation: 1, brighter: 30}, [3]float32{230, 130, 80}},
		{distortion{contrast: 1, saturation: 1, brighter: 100}, [3]float32{255, 200, 150}},
		{distortion{contrast: 0.5, saturation: 1}, [3]float32{100, 50, 25}},
		{distortion{contrast: 1.5, saturation: 1}, [3]float32{255, 150, 75}},
		{distortion{contrast: 1, saturation: 0.5}, [3]float32{200, 150, 125}},
		{distortion{contrast: 1, saturation: 1, hue: 2}, [3]float32{50, 200, 100}},
		{distortion{contrast: 1.5, saturation: 0.5, contrastFirst: true}, [3]float32{255, 202.5, 165}},
		{distortion{contrast: 1.5, saturation: 0.5}, [3]float32{255, 225, 187.5}},
	} {
		got := c.d.apply([3]float32{200, 100, 50})
		for i := range got {
			if math.Abs(float64(got[i]-c.want[i])) > 0.01 {
				t.Errorf("%+v: %v, expected %v", c.d, got, c.want)
				break
			}
		}
	}
}

// TestDistortions: each shift happens to about half of the photos, within its range.
func TestDistortions(t *testing.T) {
	var brighter, contrast, saturation, turned int
	const n = 2000
	for i := range n {
		d := drawDistortion(newRandom(5, 0, i))
		if d.brighter != 0 {
			brighter++
		}
		if d.contrast != 1 {
			contrast++
		}
		if d.saturation != 1 {
			saturation++
		}
		if d.hue != 0 {
			turned++
		}
		if math.Abs(float64(d.brighter)) > 32 || d.contrast < 0.5 || d.contrast > 1.5 || d.saturation < 0.5 || d.saturation > 1.5 || d.hue < -0.6 || d.hue >= 0.6 {
			t.Fatalf("%+v", d)
		}
	}
	for _, count := range []int{brighter, contrast, saturation, turned} {
		if count < 0.45*n || count > 0.55*n {
			t.Errorf("%d %d %d %d of %d: expected half", brighter, contrast, saturation, turned, n)
		}
	}
}

func TestSampler(t *testing.T) {
	s := NewSampler(50, 9)
	one := s.Epoch(1)
	if sorted := slices.Sorted(slices.Values(one)); len(one) != 50 || slices.Equal(one, sorted) || sorted[0] != 0 || len(slices.Compact(sorted)) != 50 {
		t.Errorf("epoch 1: %v", one)
	}
	if !slices.Equal(one, NewSampler(50, 9).Epoch(1)) || slices.Equal(one, s.Epoch(2)) || slices.Equal(one, NewSampler(50, 8).Epoch(1)) {
		t.Error("an epoch depends on something else than seed and number")
	}

	// Class 1 is in one photo of 100: √(0.25 / 0.01) = 5 times. Class 2 in 16 of 100: 1.25.
	classes := make([][]uint8, 100)
	for i := range classes {
		classes[i] = []uint8{0}
		if i == 7 {
			classes[i] = []uint8{0, 1}
		}
		if i >= 20 && i < 36 {
			classes[i] = []uint8{0, 2}
		}
	}
	s = NewSampler(100, 9)
	if err := s.Favour(classes, 0.25); err != nil {
		t.Fatal(err)
	}
	var drawn [100]int
	for e := range 200 {
		for _, i := range s.Epoch(e) {
			drawn[i]++
		}
	}
	if drawn[0] != 200 || drawn[7] != 1000 || drawn[25] < 220 || drawn[25] > 280 {
		t.Errorf("drawn %d, %d and %d times in 200 epochs, expected 200, 1000 and about 250", drawn[0], drawn[7], drawn[25])
	}
	if err := s.Favour(classes[1:], 0.25); err == nil {
		t.Error("took the classes of other photos")
	}
}

// go test -bench Crop ./dataset/augment
func BenchmarkCrop(b *testing.B) {
	src, labels := coded(480, 640)
	a := newAugmenter(b, Paper(288))
	var c Crop
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := a.Crop(&c, src, labels, 0, i); err != nil {
			b.Fatal(err)
		}
	}
}
