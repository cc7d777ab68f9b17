package metrics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"segmenter/dataset"
)

// picture reads classes: one letter per pixel, a for 0, . for [dataset.Ignore].
func picture(rows string) (pixels []uint8, height, width int) {
	for row := range strings.FieldsSeq(rows) {
		for _, c := range row {
			if c == '.' {
				pixels = append(pixels, dataset.Ignore)
			} else {
				pixels = append(pixels, uint8(c-'a'))
			}
		}
		height, width = height+1, len(row)
	}
	return pixels, height, width
}

// TestBoundary uses pictures so small that the tolerance is one pixel.
func TestBoundary(t *testing.T) {
	for _, c := range []struct {
		name         string
		mask, labels string
		f            float64
		classes      int
	}{
		{"no boundary", "aaa aaa", "aaa aaa", 0, 0},
		{"equal", "aabb aabb", "aabb aabb", 1, 2},
		{"one pixel off", "abbb abbb", "aabb aabb", 1, 2},
		{"two pixels off", "abbbbb abbbbb", "aaabbb aaabbb", 0, 2},
		// Of each class, 2 of 3 pixels are near the labels' boundary, which is found in full.
		{"half of it two pixels off", "aaabbb abbbbb", "aaabbb aaabbb", 0.8, 2},
		{"an extra class", "aaccbb aaccbb", "aaabbb aaabbb", 2. / 3, 3}, // the labels have no c
		// Of a, 2 of 4 pixels are near the labels' boundary, which is found in full.
		{"an extra boundary", "aabbbbaa aabbbbaa", "aabbbbbb aabbbbbb", 2. / 3, 2},
		{"a narrow band", "aabbb aabbb", "aa.bb aa.bb", 1, 2},
		{"a wide band", "aaaaaabbbb aaaaaabbbb", "aaa....bbb aaa....bbb", 0, 0},
		{"only within ignored pixels", "abaaaa abaaaa", ".....a .....a", 0, 0},
	} {
		mask, height, width := picture(c.mask)
		labels, _, _ := picture(c.labels)
		var b Boundaries
		if f, classes := b.score(mask, labels, height, width); math.Abs(f-c.f) > 1e-9 || classes != c.classes {
			t.Errorf("%s: F %v of %d classes, expected %v of %d", c.name, f, classes, c.f, c.classes)
		}
	}
}

// TestBoundaries: the mean leaves out photos without boundaries, in whatever order
// they are added and merged.
func TestBoundaries(t *testing.T) {
	var first, second Boundaries
	add := func(b *Boundaries, mask, labels string) {
		m, height, width := picture(mask)
		l, _, _ := picture(labels)
		b.Add(m, l, height, width)
	}
	if f := first.F(); f != 0 {
		t.Errorf("no photo: F %v, expected 0", f)
	}
	add(&first, "aabb aabb", "aabb aabb")          // 1
	add(&first, "aaa aaa", "aaa aaa")              // none
	add(&second, "abbbbb abbbbb", "aaabbb aaabbb") // 0
	add(&second, "aaabbb abbbbb", "aaabbb aaabbb") // 0.8
	first.Merge(&second)
	if f := first.F(); math.Abs(f-0.6) > 1e-9 {
		t.Errorf("F %v, expected 0.6", f)
	}
}

// TestLongDistance: the square of a strip's length takes more than 32 bits.
func TestLongDistance(t *testing.T) {
	const length = 70_000
	marked := make([]bool, length)
	marked[0] = true
	var d distances
	d.measure(marked, 1, length)
	if got, want := d.squared[length-1], int64(length-1)*(length-1); got != want {
		t.Errorf("%d, expected %d", got, want)
	}
}

// TestDistances compares with a search over all marks.
func TestDistances(t *testing.T) {
	seed := rand.New(rand.NewPCG(1, 2))
	var d distances
	for _, size := range [][2]int{{1, 1}, {1, 9}, {7, 1}, {13, 17}, {30, 21}} {
		height, width := size[0], size[1]
		for _, every := range []int{1, 3, 40, 1000} {
			marked := make([]bool, height*width)
			for i := range marked {
				marked[i] = seed.IntN(every) == 0
			}
			d.measure(marked, height, width)
			for i, got := range d.squared {
				want := farAway
				for j, isMarked := range marked {
					if isMarked {
						y, x := i/width-j/width, i%width-j%width
						want = min(want, int64(y*y+x*x))
					}
				}
				if got != want {
					t.Fatalf("%d×%d, pixel %d: %d, expected %d", height, width, i, got, want)
				}
				if want != farAway && !marked[d.nearest[i]] {
					t.Fatalf("%d×%d, pixel %d: the nearest pixel is not marked", height, width, i)
				}
			}
		}
	}
}
