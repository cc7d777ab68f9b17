package computetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"segmenter/compute"
	"segmenter/compute/reference"
)

// operations lists every operation with odd shapes: one token, and sizes that are
// not multiples of a tile or of the number of ranks.
func operations() (list []operation) {
	tokens := []int{1, 3, 17, 70, 133}
	for _, rows := range tokens {
		for _, width := range []struct{ in, out int }{{1, 1}, {64, 38}, {192, 65}} {
			list = append(list, linears(rows, width.in, width.out)...)
		}
		list = append(list, rowwise(rows, 1), rowwise(rows, 38), rowwise(rows, 192), matMulT(rows, 38, 64), matMulT(rows, 7, 33))
		for _, heads := range []struct{ n, size int }{{1, 64}, {3, 64}, {2, 20}} {
			list = append(list, attention(rows, heads.n, heads.size))
		}
		list = append(list, gather(rows, 5), feedForward(rows, 192, 768), feedForward(rows, 7, 30), extend(rows, true), extend(rows, false))
	}
	for _, view := range []compute.View{
		compute.Whole(16, 33, 47),
		compute.Whole(16, 1, 100),
		{Patch: 8, Height: 29, Width: 33, WindowHeight: 20, WindowWidth: 24, Stride: 7},
	} {
		for window := range view.Windows() {
			list = append(list, patchEmbed(view, window))
		}
	}
	for _, view := range []compute.View{compute.Whole(16, 33, 47), compute.Whole(8, 20, 24), compute.Whole(16, 1, 100)} {
		list = append(list, smooth(view, false), smooth(view, true))
	}
	return list
}

func linears(rows, in, out int) []operation {
	variant := func(name string, int8s bool, f func(d *rank) compute.LinearOp) operation {
		return operation{fmt.Sprintf("Linear%s/%dx%dx%d", name, rows, in, out), rows, out, func(d *rank) compute.Tensor {
			x, dst := d.band(rows, in), d.band(rows, out)
			w := d.linear
			if int8s {
				w = d.linear8
			}
			d.Linear(dst, x, w(out, in), f(d))
			return dst
		}}
	}
	return []operation{
		variant("", false, func(*rank) compute.LinearOp { return compute.LinearOp{} }),
		variant("Int8", true, func(*rank) compute.LinearOp { return compute.LinearOp{} }),
		variant("Add", false, func(*rank) compute.LinearOp { return compute.LinearOp{Add: true} }),
		variant("NormAdd", false, func(d *rank) compute.LinearOp {
			n := d.norm(in)
			return compute.LinearOp{Norm: &n, Add: true}
		}),
	}
}

func feedForward(rows, width, hidden int) operation {
	return operation{fmt.Sprintf("FeedForward/%dx%dx%d", rows, width, hidden), rows, width, func(d *rank) compute.Tensor {
		x := d.band(rows, width)
		d.FeedForward(x, d.norm(width), d.linear(hidden, width), d.linear(width, hidden))
		return x
	}}
}

func rowwise(rows, cols int) operation {
	return operation{fmt.Sprintf("LayerNorm+L2Normalize/%dx%d", rows, cols), rows, cols, func(d *rank) compute.Tensor {
		x := d.band(rows, cols)
		d.LayerNorm(x, x, d.norm(cols))
		d.L2Normalize(x)
		return x
	}}
}

func matMulT(rows, out, in int) operation {
	return operation{fmt.Sprintf("MatMulT/%dx%dx%d", rows, in, out), rows, out, func(d *rank) compute.Tensor {
		dst := d.result(rows, out)
		d.MatMulT(dst, d.band(rows, in), d.whole(out, in))
		return dst
	}}
}

func attention(rows, heads, size int) operation {
	width := heads * size
	return operation{fmt.Sprintf("Attention/%dx%dx%d", rows, heads, size), rows, width, func(d *rank) compute.Tensor {
		dst := d.result(rows, width)
		// Twice: the keys and values of two layers share buffers.
		from, _ := d.share(rows)
		at := compute.Share{First: from, Total: rows}
		d.Attention(dst, d.band(rows, 3*width), heads, at)
		d.Attention(dst, d.band(rows, 3*width), heads, at)
		return dst
	}}
}

func extend(rows int, rivals bool) operation {
	const classes, further = 38, 3
	return operation{fmt.Sprintf("Extend/%d/%v", rows, rivals), rows, classes + further, func(d *rank) compute.Tensor {
		scores, more, against := d.band(rows, classes), d.band(rows, further), d.band(rows, 5)
		if !rivals {
			against = nil
		}
		dst := d.result(rows, classes+further)
		d.Extend(dst, scores, more, against)
		return dst
	}}
}

func gather(rows, cols int) operation {
	return operation{fmt.Sprintf("Gather/%dx%d", rows, cols), rows, cols, func(d *rank) compute.Tensor {
		all, err := d.NewTensor(rows, cols)
		d.check(err)
		from, to := d.share(rows)
		d.Gather(all, d.band(rows, cols), from)
		return all.Slice(from, to)
	}}
}

func patchEmbed(v compute.View, window int) operation {
	const width = 40
	rows := v.Patches()
	return operation{fmt.Sprintf("PatchEmbed/%dx%d/%d", v.Height, v.Width, window), rows, width, func(d *rank) compute.Tensor {
		frame := d.frame(v)
		rgb := make([]byte, frame.Height()*frame.Width()*3)
		for i := range rgb {
			rgb[i] = byte(d.seed.Uint32())
		}
		d.WriteFrame(frame, rgb)
		first, _ := d.share(rows)
		dst := d.result(rows, width)
		d.PatchEmbed(dst, frame, v, window, first, compute.PatchEmbedding{
			Projection: d.linear(width, 3*v.Patch*v.Patch), Position: d.band(rows, width),
			Mean: [3]float32{0.5, 0.4, 0.3}, Std: [3]float32{0.5, 0.2, 0.1},
		})
		return dst
	}}
}

// smooth averages three frames; the later ones change more towards the right. The
// result is the average or, with returnLooks, the looks.
func smooth(v compute.View, returnLooks bool) operation {
	name, rows, cols := "Smooth", v.Patches(), maskClasses
	if returnLooks {
		name, cols = "SmoothLooks", compute.LookWidth
	}
	return operation{fmt.Sprintf("%s/%dx%d", name, v.Height, v.Width), rows, cols, func(d *rank) compute.Tensor {
		average, looks := d.whole(rows, maskClasses), d.whole(rows, compute.LookWidth)
		frame := d.frame(v)
		first := make([]byte, frame.Height()*frame.Width()*3)
		for i := range first {
			first[i] = byte(d.seed.IntN(200))
		}
		for i, weight := range []float32{1, 0.25, 0.1} {
			rgb := slices.Clone(first)
			for at := range rgb {
				rgb[at] += byte(i * at / 3 % frame.Width() / 4)
			}
			d.WriteFrame(frame, rgb)
			d.Smooth(average, looks, d.whole(rows, maskClasses), nil, frame, v, weight)
		}
		from, to := d.share(rows)
		if returnLooks {
			return looks.Slice(from, to)
		}
		return average.Slice(from, to)
	}}
}

// maskClasses is the number of classes in tests of masks.
const maskClasses = 9

// A maskCase is a view, and the size of a mask to paint from it.
type maskCase struct {
	name          string
	view          compute.View
	height, width int
}

// randomScores returns scores of the patches of all windows.
func (c maskCase) randomScores(seed *rand.Rand, deviation float64) []float32 {
	scores := make([]float32, c.view.Windows()*c.view.Patches()*maskClasses)
	for i := range scores {
		scores[i] = float32(seed.NormFloat64() * deviation)
	}
	return scores
}

// TestClassify compares masks pixel by pixel. Scores are continuous, so rounding
// decides very few pixels.
func TestClassify(t *testing.T, open func(ranks int) []compute.Device, groups ...int) {
	for _, c := range []maskCase{
		{"OwnSize", compute.Whole(16, 40, 60), 40, 60},
		{"Larger", compute.Whole(16, 48, 64), 101, 77},
		{"Smaller", compute.Whole(8, 40, 16), 13, 5},
		{"OnePixel", compute.Whole(16, 16, 16), 1, 1},
		{"Windows", compute.View{Patch: 16, Height: 40, Width: 53, WindowHeight: 32, WindowWidth: 32, Stride: 20}, 40, 53},
		{"WindowsSmaller", compute.View{Patch: 16, Height: 30, Width: 45, WindowHeight: 30, WindowWidth: 30, Stride: 15}, 11, 17},
	} {
		t.Run(c.name, func(t *testing.T) {
			scores := c.randomScores(rand.New(rand.NewPCG(3, 4)), 1)
			compareMasks(t, open, groups, c, func(d *rank, mask compute.Mask) {
				d.Classify(mask, d.upload(scores, maskClasses), c.view)
			})
		})
	}

	t.Run("Specks", func(t *testing.T) {
		// A pixel for each patch, so that no interpolation blurs them.
		c := maskCase{"", compute.Whole(16, 160, 208), 10, 13}
		scores := c.randomScores(rand.New(rand.NewPCG(7, 8)), 1)
		compareMasks(t, open, groups, c, func(d *rank, mask compute.Mask) {
			d.Classify(mask, d.upload(scores, maskClasses), c.view)
			if index, _ := d.Rank(); index > 0 {
				return
			}
			before := make([]uint8, 10*13)
			d.check(mask.Read(before))
			d.check(mask.RemoveSpecks(4))
			after := make([]uint8, len(before))
			d.check(mask.Read(after))
			if bytes.Equal(before, after) {
				t.Error("there were no specks")
			}
		})
	})
}

// TestRefine compares masks pixel by pixel, as TestClassify does. The picture has
// edges, noise and flat areas.
func TestRefine(t *testing.T, open func(ranks int) []compute.Device, groups ...int) {
	for _, c := range []maskCase{
		{"OwnSize", compute.Whole(16, 48, 64), 48, 64},
		{"Partial", compute.Whole(16, 53, 87), 53, 87},
		{"Larger", compute.Whole(16, 48, 64), 201, 177},
		{"Smaller", compute.Whole(8, 70, 64), 13, 21},
		{"OneRow", compute.Whole(16, 7, 139), 7, 139},
		{"OnePixel", compute.Whole(16, 1, 1), 1, 1},
		{"SmallPatches", compute.Whole(2, 21, 28), 21, 28},
	} {
		t.Run(c.name, func(t *testing.T) {
			seed := rand.New(rand.NewPCG(5, 6))
			scores := c.randomScores(seed, 3)
			rgb := make([]byte, 3*c.view.Height*c.view.Width)
			for i := range rgb {
				switch y, x := i/3/c.view.Width, i/3%c.view.Width; {
				case 2*x > c.view.Width+y:
					rgb[i] = byte(40*(i%3) + seed.IntN(30))
				case y < 20:
					rgb[i] = 200
				default:
					rgb[i] = byte(seed.Uint32())
				}
			}
			compareMasks(t, open, groups, c, func(d *rank, mask compute.Mask) {
				frame := d.frame(c.view)
				d.WriteFrame(frame, rgb)
				d.Refine(mask, d.upload(scores, maskClasses), c.view, frame)
			})
			compareMattes(t, open(groups[0])[0], c, scores, rgb)
			if c.view.Patch < compute.LookBlocks {
				return // the squares that Smooth compares would be smaller than a pixel
			}
			// The same from noisy frames, guided by their average.
			compareMasks(t, open, groups, c, func(d *rank, mask compute.Mask) {
				patches := c.view.Patches()
				s, average := d.whole(patches, maskClasses), d.whole(patches, maskClasses)
				looks := d.whole(patches, compute.LookWidth)
				frame, picture := d.frame(c.view), d.frame(c.view)
				d.Write(s, scores)
				for _, weight := range []float32{1, 0.3, 0.2} {
					noisy := make([]byte, len(rgb))
					for i, v := range rgb {
						noisy[i] = v/2 + byte(d.seed.IntN(40))
					}
					d.WriteFrame(frame, noisy)
					d.Smooth(average, looks, s, picture, frame, c.view, weight)
				}
				d.Refine(mask, average, c.view, picture)
			})
		})
	}
}

// compareMasks compares the masks that groups of ranks paint with the reference's,
// and with each other.
func compareMasks(t *testing.T, open func(ranks int) []compute.Device, groups []int, c maskCase, paint func(*rank, compute.Mask)) {
	paintOn := func(group []compute.Device) []uint8 {
		pixels := make([]uint8, c.height*c.width)
		var wait sync.WaitGroup
		for i, device := range group {
			wait.Go(func() {
				d := &rank{device, t, newSeed()}
				mask, err := d.NewMask(c.height, c.width)
				d.check(err)
				paint(d, mask)
				if i > 0 {
					d.check(d.Finish())
					return
				}
				d.check(mask.Read(pixels))
				checkMask(t, mask, pixels)
			})
		}
		wait.Wait()
		return pixels
	}
	want := paintOn([]compute.Device{reference.New()})
	var first []uint8
	for _, ranks := range groups {
		got := paintOn(open(ranks))
		different := 0
		for i, class := range got {
			if class != want[i] {
				different++
			}
		}
		if different*500 > len(want) {
			t.Errorf("%d ranks: %d of %d pixels differ", ranks, different, len(want))
		}
		if first == nil {
			first = got
		} else if !bytes.Equal(first, got) {
			t.Errorf("the mask of %d ranks differs from that of %d", ranks, groups[0])
		}
	}
}

// compareMattes compares the mattes of every other class, and holds them to the mask of the same
// scores.
func compareMattes(t *testing.T, device compute.Device, c maskCase, scores []float32, rgb []byte) {
	t.Helper()
	in := make([]bool, maskClasses)
	for class := range in {
		in[class] = class%2 == 1
	}
	matteOn := func(device compute.Device) (matte, mask []uint8) {
		d := &rank{device, t, newSeed()}
		frame, s := d.frame(c.view), d.upload(scores, maskClasses)
		d.WriteFrame(frame, rgb)
		matte, mask = make([]uint8, c.height*c.width), make([]uint8, c.height*c.width)
		d.check(d.Matte(matte, c.height, c.width, s, c.view, frame, in))
		if _, count := d.Rank(); count == 1 {
			m, err := d.NewMask(c.height, c.width)
			d.check(err)
			d.Refine(m, s, c.view, frame)
			d.check(m.Read(mask))
		}
		return matte, mask
	}
	want, mask := matteOn(reference.New())
	got, _ := matteOn(device)
	far := 0
	for i, value := range got {
		if difference := int(value) - int(want[i]); difference < -2 || difference > 2 {
			far++
		}
		if want[i] != 127 && want[i] != 128 && in[mask[i]] != (want[i] >= 128) {
			t.Fatalf("pixel %d has class %d, but the matte is %d", i, mask[i], want[i])
		}
	}
	if far*500 > len(want) {
		t.Errorf("%d of %d values of the matte differ", far, len(want))
	}
}

// checkMask checks a mask's Count and ClassAt against its pixels.
func checkMask(t *testing.T, mask compute.Mask, pixels []uint8) {
	t.Helper()
	var want [256]int
	for _, class := range pixels {
		want[class]++
	}
	areas := make([]int, 256)
	if err := mask.Count(areas); err != nil || !slices.Equal(areas, want[:]) {
		t.Errorf("areas %v, expected %v: %v", areas, want, err)
	}
	height, width := mask.Height(), mask.Width()
	for _, at := range [][2]int{{0, 0}, {width - 1, height - 1}, {width / 3, height / 2}} {
		x, y := at[0], at[1]
		if class, err := mask.ClassAt(x, y); err != nil || class != pixels[y*width+x] {
			t.Errorf("ClassAt(%d, %d) = %d, expected %d: %v", x, y, class, pixels[y*width+x], err)
		}
	}
	for _, at := range [][2]int{{-1, 0}, {0, -1}, {width, 0}, {0, height}} {
		if _, err := mask.ClassAt(at[0], at[1]); err == nil {
			t.Errorf("ClassAt(%d, %d) outside the mask: expected an error", at[0], at[1])
		}
	}
}
