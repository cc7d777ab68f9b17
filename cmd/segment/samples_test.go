package main

import (
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"segmenter/dataset"
	"segmenter/dataset/augment"
	"segmenter/model"
	"segmenter/photo"
)

// TestOrder draws epochs of several lengths: each sample has its place in one, in whatever
// order samples are drawn.
func TestOrder(t *testing.T) {
	const photos = 12
	sampler := augment.NewSampler(photos, 5)
	present := slices.Repeat([][]uint8{{0}}, photos)
	present[3], present[7] = []uint8{0, 1}, []uint8{0, 2}
	if err := sampler.Favour(present, 0.2); err != nil { // 1 and 2: √(0.2·12) times
		t.Fatal(err)
	}
	var want []string
	drawn := map[int]int{}
	for epoch := range 20 {
		for _, index := range sampler.Epoch(epoch) {
			want = append(want, fmt.Sprint(epoch, " ", index))
			drawn[index]++
		}
	}
	if d := float64(len(want))/20 - sampler.Length(); d < -0.5 || d > 0.5 {
		t.Errorf("%d samples in 20 epochs, expected about %v in each", len(want), sampler.Length())
	}
	if drawn[3] < 25 || drawn[3] > 40 || drawn[0] != 20 {
		t.Errorf("photo 3 was drawn %d times and photo 0 %d times, expected about 31 and 20", drawn[3], drawn[0])
	}
	o := newOrder(sampler, nil)
	for _, number := range rand.New(rand.NewPCG(1, 2)).Perm(len(want)) {
		if err := o.draw(number, func(epoch, index int) error {
			if got := fmt.Sprint(epoch, " ", index); got != want[number] {
				t.Errorf("sample %d shows epoch and photo %s, expected %s", number, got, want[number])
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReduced draws crops of large photos twice, the second time from what was kept, and
// without keeping anything.
func TestReduced(t *testing.T) {
	data := t.TempDir()
	for _, folder := range []string{"images", "masks"} {
		if err := os.Mkdir(filepath.Join(data, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i, size := range []image.Point{{301, 200}, {100, 333}, {70, 66}, {900, 80}} {
		picture, mask := image.NewRGBA(image.Rectangle{Max: size}), image.NewGray(image.Rectangle{Max: size})
		for j := range picture.Pix {
			picture.Pix[j] = byte(random.Uint32()) | byte(j%4/3*255)
		}
		for j := range mask.Pix {
			mask.Pix[j] = uint8(j / 97 % 3)
		}
		name := fmt.Sprint(i, ".png")
		if err := writePNG(filepath.Join(data, "images", name), picture); err != nil {
			t.Fatal(err)
		}
		if err := writePNG(filepath.Join(data, "masks", name), mask); err != nil {
			t.Fatal(err)
		}
	}
	set, err := dataset.Load(data, dataset.Options{Classes: dataset.Named("a", "b", "c")})
	if err != nil {
		t.Fatal(err)
	}
	open := func() *crops {
		o := newOrder(augment.NewSampler(len(set.Samples), 1), func(text string) { t.Error(text) })
		c, err := newCrops(set.Samples, 3, augment.Paper(32), 1, o, filepath.Join(t.TempDir(), "crops"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	draw := func(c *crops, number int) string {
		var s model.Sample
		if err := c.Sample(number, &s); err != nil {
			t.Fatal(err)
		}
		return string(s.Photo.Pix) + string(s.Labels)
	}
	keeping, forgetful := open(), open()
	forgetful.reduced.full = true
	for number := range 3 * len(set.Samples) {
		want := draw(forgetful, number)
		for range 2 {
			if draw(keeping, number) != want {
				t.Errorf("sample %d differs", number)
			}
		}
	}
	if n := len(keeping.reduced.photos); n != 3 { // all but that of 70×66 pixels
		t.Errorf("%d photos were kept, expected 3", n)
	}
	for _, c := range []*crops{keeping, forgetful} {
		c.close()
		if _, err := os.Stat(c.reduced.file.Name()); err == nil {
			t.Error("the file of photos is left")
		}
	}
}

// TestReducedFullDisk keeps photos on a full disk.
func TestReducedFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no device that is full")
	}
	r := &reduced{file: full, photos: map[int]reducedPhoto{}}
	defer full.Close()
	r.put(1, &photo.Image{Height: 2, Width: 3, Pix: make([]byte, 18)}, make([]uint8, 6))
	if _, _, ok := r.get(1); ok || !r.full {
		t.Error("a photo was kept on a full disk")
	}
}

// TestTrainChangedData resumes a training after its photos have changed: one sentence says
// which, and what to do.
func TestTrainChangedData(t *testing.T) {
	data, out := discs(t, 10), filepath.Join(t.TempDir(), "out")
	interrupt(t, 3, small(data, tinyModel(t), out, "-val", "0.3")...)
	images, masks := filepath.Join(data, "images"), filepath.Join(data, "masks")
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name       string
		change     func()
		undo       func()
		want, also string
	}{
		{"removed", func() { move(filepath.Join(images, "photo04.png"), filepath.Join(data, "x")) },
			func() { move(filepath.Join(data, "x"), filepath.Join(images, "photo04.png")) }, "1 removed (photo04.png)", "Put them back"},
		{"added", func() { copyFile(t, images, "photo04", "photo99"); copyFile(t, masks, "photo04", "photo99") },
			func() {
				os.Remove(filepath.Join(images, "photo99.png"))
				os.Remove(filepath.Join(masks, "photo99.png"))
			}, "1 added (photo99.png)", "-from " + out},
		{"labels", func() {
			mask := readPNG(t, filepath.Join(masks, "photo01.png")).(*image.Gray)
			move(filepath.Join(masks, "photo01.png"), filepath.Join(data, "x"))
			mask.Pix[0] ^= 1
			if err := writePNG(filepath.Join(masks, "photo01.png"), mask); err != nil {
				t.Fatal(err)
			}
		},
			func() { move(filepath.Join(data, "x"), filepath.Join(masks, "photo01.png")) }, "1 changed, or their labels (photo01.png)", "-data " + data},
		{"classes", func() { writeText(t, filepath.Join(data, "classes.txt"), "ground\nbox\ndisc\n") },
			func() { writeText(t, filepath.Join(data, "classes.txt"), "ground\ndisc\nbox\n") }, "the class list is another one", "-o DIR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			status, _, stderr := call("train", "-resume", out)
			if status != 1 || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, c.also) {
				t.Errorf("status %d, %s; expected 1, %q and %q", status, stderr, c.want, c.also)
			}
			c.undo()
		})
	}
	succeed(t, "train", "-resume", out)
}

func copyFile(t *testing.T, folder, from, to string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(folder, from+".png"))
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(folder, to+".png"), string(file))
}
