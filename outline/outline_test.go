package outline

import (
	"math/rand/v2"
	"testing"
)

// fill is the plain reference: a pixel is inside if a line from its centre to the left crosses
// the ring an odd number of times.
func fill(mask []uint8, height, width int, ring Ring, class uint8) {
	for y := range height {
		cy := float64(y) + 0.5
		for x := range width {
			inside := false
			for i, p := range ring {
				q := ring[(i+1)%len(ring)]
				if (float64(p.Y) > cy) == (float64(q.Y) > cy) {
					continue
				}
				if at := float64(p.X) + (cy-float64(p.Y))/float64(q.Y-p.Y)*float64(q.X-p.X); at < float64(x)+0.5 {
					inside = !inside
				}
			}
			if inside {
				mask[y*width+x] = class
			}
		}
	}
}

// blobs is a random mask of discs.
func blobs(random *rand.Rand, height, width int) []uint8 {
	mask := make([]uint8, height*width)
	for range 12 {
		cx, cy, r := random.IntN(width+1), random.IntN(height+1), 1+random.IntN(max(height, width)/3+1)
		class := uint8(random.IntN(5))
		for i := range mask {
			dx, dy := i%width-cx, i/width-cy
			if dx*dx+dy*dy <= r*r {
				mask[i] = class
			}
		}
	}
	return mask
}

func noise(random *rand.Rand, height, width int) []uint8 {
	mask := make([]uint8, height*width)
	for i := range mask {
		mask[i] = uint8(random.IntN(3))
	}
	return mask
}

const none = 255

func redraw(regions []Region, height, width int) []uint8 {
	mask := make([]uint8, height*width)
	for i := range mask {
		mask[i] = none
	}
	for _, r := range regions {
		fill(mask, height, width, r.Polygon(), r.Class)
	}
	return mask
}

func TestExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		height, width := 1+random.IntN(17), 1+random.IntN(23)
		for _, mask := range [][]uint8{blobs(random, height, width), noise(random, height, width)} {
			regions, err := Trace(mask, height, width, none, 0)
			if err != nil {
				t.Fatal(err)
			}
			got := redraw(regions, height, width)
			for i, class := range mask {
				if got[i] != class {
					t.Fatalf("%d×%d: pixel %d is %d, expected %d", width, height, i, got[i], class)
				}
			}
		}
	}
}

// TestNeighbours looks for gaps and overlaps between simplified regions: a pixel belongs to one
// of them. Only regions that are too thin for the tolerance may overlap with others.
func TestNeighbours(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	wrong, all := 0, 0
	for range 100 {
		height, width := 20+random.IntN(60), 20+random.IntN(60)
		regions, err := Trace(blobs(random, height, width), height, width, none, 1.5)
		if err != nil {
			t.Fatal(err)
		}
		times := make([]int, height*width)
		for _, r := range regions {
			one := make([]uint8, height*width)
			fill(one, height, width, r.Polygon(), 1)
			for i, v := range one {
				times[i] += int(v)
			}
		}
		for _, n := range times {
			if n != 1 {
				wrong++
			}
		}
		all += height * width
	}
	if wrong > all/1000 {
		t.Errorf("%d of %d pixels belong to no region or to several", wrong, all)
	}
}

func TestTolerance(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const height, width = 240, 320
	for range 20 {
		mask := blobs(random, height, width)
		exact, _ := Trace(mask, height, width, none, 0)
		simple, _ := Trace(mask, height, width, none, 1)
		same := 0
		for i, class := range redraw(simple, height, width) {
			if class == mask[i] {
				same++
			}
		}
		if share := float64(same) / float64(len(mask)); share < 0.99 {
			t.Errorf("%.2f %% of the pixels are the same", 100*share)
		}
		if before, after := count(exact), count(simple); 2*after > before {
			t.Errorf("%d points of %d are left", after, before)
		}
	}
}

func count(regions []Region) (n int) {
	for _, r := range regions {
		n += len(r.Polygon())
	}
	return n
}

func TestNone(t *testing.T) {
	regions, err := Trace([]uint8{255, 1, 255, 1}, 2, 2, 255, 0)
	if err != nil || len(regions) != 1 || regions[0].Pixels != 2 || len(regions[0].Outer) != 4 {
		t.Errorf("got %v, %v: expected one region of two pixels", regions, err)
	}
	for _, bad := range [][3]int{{0, 4, 4}, {2, 2, 3}} {
		if _, err := Trace(make([]uint8, bad[2]), bad[0], bad[1], 255, 0); err == nil {
			t.Errorf("no error for %v", bad)
		}
	}
}
