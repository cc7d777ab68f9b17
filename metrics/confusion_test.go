package metrics

import (
	"math"
	"slices"
	"testing"

	"segmenter/dataset"
)

// TestConfusion expects values computed by hand.
func TestConfusion(t *testing.T) {
	none := math.NaN()
	for _, c := range []struct {
		name           string
		mask, labels   string
		view           View
		iou            []float64
		mean, accuracy float64
	}{
		{"nothing", "", "", Each(2), []float64{none, none}, 0, 0},
		{"all ignored", "ab", "..", Each(2), []float64{none, none}, 0, 0},
		{"equal", "abb", "abb", Each(2), []float64{1, 1}, 1, 1},
		{"swapped", "ba", "ab", Each(2), []float64{0, 0}, 0, 0},
		// a: 2 of 3, the third labelled b. b: 1 of 2.
		{"one wrong", "aaab", "aabb", Each(2), []float64{2. / 3, 1. / 2}, 7. / 12, 3. / 4},
		// The mean leaves out c, which takes a pixel from b.
		{"a class without labels", "aabc", "aabb", Each(3), []float64{1, 1. / 2, none}, 3. / 4, 3. / 4},
		{"a class that the mask lacks", "aaaa", "aaac", Each(3), []float64{3. / 4, none, 0}, 3. / 8, 3. / 4},
		{"some ignored", "abab", "ab..", Each(2), []float64{1, 1}, 1, 1},
		// b and c are one class, so only the last pixel is wrong.
		{"merged", "abcba", "acbbb", View{0, 1, 1}, []float64{1. / 2, 3. / 4}, 5. / 8, 4. / 5},
		// A view of two classes does not count the third, in mask or labels.
		{"beyond the view", "abcb", "abac", Each(2), []float64{1, 1}, 1, 1},
	} {
		mask, _, _ := picture(c.mask)
		labels, _, _ := picture(c.labels)
		var whole, parts, part Confusion
		whole.Add(mask, labels)
		half := len(mask) / 2
		parts.Add(mask[:half], labels[:half])
		part.Add(mask[half:], labels[half:])
		parts.Merge(&part)
		if parts != whole {
			t.Errorf("%s: two halves differ from the whole", c.name)
		}
		iou := whole.IoU(c.view)
		if !slices.EqualFunc(iou, c.iou, near) {
			t.Errorf("%s: IoU %v, expected %v", c.name, iou, c.iou)
		}
		if mean := Mean(iou); !near(mean, c.mean) {
			t.Errorf("%s: mean %v, expected %v", c.name, mean, c.mean)
		}
		if accuracy := whole.PixelAccuracy(c.view); !near(accuracy, c.accuracy) {
			t.Errorf("%s: pixel accuracy %v, expected %v", c.name, accuracy, c.accuracy)
		}
	}
}

// near reports whether two values are equal up to rounding, or both NaN.
func near(a, b float64) bool {
	return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b)
}

func TestVOC(t *testing.T) {
	names := append([]string{"sky"}, dataset.VOCThings()...)
	names[1], names[3] = names[3], names[1] // aeroplane, bird
	view, ok := VOC(append(names, "road"))
	if want := append(View{0, 3, 2, 1}, view[4:]...); !ok || !slices.Equal(view, want) || view[20] != 20 || view[21] != 0 {
		t.Errorf("view %v, %v", view, ok)
	}
	if view.classes() != 21 {
		t.Errorf("%d classes, expected 21", view.classes())
	}
	if _, ok := VOC(names[:20]); ok {
		t.Error("a model without TV monitors got a view")
	}
}

func TestAgreement(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"", "", 0},
		{"abc", "abc", 1},
		{"abcd", "abdd", 0.75},
		{"ab", "ba", 0},
	} {
		a, _, _ := picture(c.a)
		b, _, _ := picture(c.b)
		if got := Agreement(a, b); got != c.want {
			t.Errorf("%q and %q: %v, expected %v", c.a, c.b, got, c.want)
		}
	}
}

// TestMismatch: comparing pictures of different sizes panics.
func TestMismatch(t *testing.T) {
	for name, call := range map[string]func(){
		"Confusion":  func() { new(Confusion).Add(make([]uint8, 2), make([]uint8, 3)) },
		"Boundaries": func() { new(Boundaries).Add(make([]uint8, 6), make([]uint8, 4), 2, 3) },
		"Same":       func() { Same(nil, make([]uint8, 1)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s accepts pictures of different sizes", name)
				}
			}()
			call()
		}()
	}
}
