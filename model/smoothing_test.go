package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/metrics"
	"segmenter/modelfile"
	"segmenter/photo"
	"segmenter/photo/decode"
)

// A scene is a video: frames of size×size pixels.
type scene func(frame int) *photo.Image

const sceneSize = 256

// samplePhoto returns one of the page's photos, squeezed to height×width.
func samplePhoto(t testing.TB, name string, height, width int) *photo.Image {
	t.Helper()
	src, err := decode.Open("../web/samples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	img := &photo.Image{Height: height, Width: width}
	if err := new(photo.Resizer).Resize(img, src, photo.Cubic); err != nil {
		t.Fatal(err)
	}
	return img
}

// still is a scene without motion.
func still(img *photo.Image) scene { return func(int) *photo.Image { return img } }

// moving moves an object over a background, step pixels to the right per frame.
func moving(background, object *photo.Image, step int) scene {
	return func(frame int) *photo.Image {
		out := photo.Image{Height: background.Height, Width: background.Width, Pix: append([]byte(nil), background.Pix...)}
		left, top := 8+frame*step, (background.Height-object.Height)/2
		for y := range object.Height {
			copy(out.Pix[((top+y)*out.Width+left)*3:][:3*object.Width], object.Pix[3*y*object.Width:])
		}
		return &out
	}
}

// noisy adds sensor noise with a deviation of sigma levels to every value of every
// frame.
func noisy(s scene, sigma float64) scene {
	return func(frame int) *photo.Image {
		seed := rand.New(rand.NewPCG(uint64(frame), 7))
		img := s(frame)
		out := photo.Image{Height: img.Height, Width: img.Width, Pix: make([]byte, len(img.Pix))}
		for i, v := range img.Pix {
			out.Pix[i] = byte(min(max(float64(v)+sigma*seed.NormFloat64()+0.5, 0), 255))
		}
		return &out
	}
}

// masksOf segments the frames of a scene, one after the other.
func masksOf(t testing.TB, s *Segmenter, video scene, frames int, o Options) [][]uint8 {
	masks := make([][]uint8, frames)
	for i := range masks {
		masks[i] = segment(t, s, video(i), o).Mask
	}
	return masks
}

// flicker returns the share of pixels that change their class from one frame to the
// next, after the first few frames.
func flicker(masks [][]uint8) float64 {
	const settled = 10
	changed := 0
	for i := settled; i < len(masks); i++ {
		changed += differing(masks[i], masks[i-1])
	}
	return float64(changed) / float64((len(masks)-settled)*len(masks[0]))
}

func differing(a, b []uint8) int { return len(a) - metrics.Same(a, b) }

// framesLate returns by how many frames smoothing delays the masks of a class: the
// delay at which they are most like the unsmoothed ones.
func framesLate(smoothed, masks [][]uint8, class uint8) (frames int) {
	const most = 6
	least := -1
	for late := range most {
		different := 0
		for i := most; i < len(masks); i++ {
			for at, now := range smoothed[i] {
				if (now == class) != (masks[i-late][at] == class) {
					different++
				}
			}
		}
		if least < 0 || different < least {
			least, frames = different, late
		}
	}
	return frames
}

// TestSmoothing checks that a still scene flickers less, and that a moving object's
// mask is not late.
func TestSmoothing(t *testing.T) {
	s := openSegmenter(t, int8Weights, 2, cpu.Fastest(compute.Int8))
	const smoothing, frames = 0.85, 19
	scenery := samplePhoto(t, "china.jpg", 256, 256)
	video := noisy(still(scenery), 8)
	for _, refine := range []bool{false, true} {
		before := flicker(masksOf(t, s, video, frames, Options{Refine: refine}))
		after := flicker(masksOf(t, s, video, frames, Options{Refine: refine, Smoothing: smoothing}))
		t.Logf("refine %v: %.2f %% of the pixels flicker, %.2f %% without smoothing", refine, 100*after, 100*before)
		if before == 0 || after*5 > before {
			t.Errorf("refine %v: %.2f %% of the pixels of a still scene flicker, %.2f %% without smoothing; expected at most a fifth of that",
				refine, 100*after, 100*before)
		}
	}

	video = noisy(moving(scenery, samplePhoto(t, "chelsea.png", 80, 96), 5), 8)
	masks := masksOf(t, s, video, 16, Options{})
	cat := uint8(slices.IndexFunc(s.model.Classes, func(c modelfile.Class) bool { return c.Name == "cat" }))
	if late := framesLate(masksOf(t, s, video, 16, Options{Smoothing: smoothing}), masks, cat); late > 2 {
		t.Errorf("the mask of a moving object is %d frames late, expected at most 2", late)
	}
}

// TestSmoothingBegins compares the first smoothed frame with one without smoothing,
// also after earlier frames, and one rank with two.
func TestSmoothingBegins(t *testing.T) {
	two, one := openSegmenter(t, int8Weights, 2, compute.Int8), openSegmenter(t, int8Weights, 1, compute.Int8)
	video := noisy(still(samplePhoto(t, "china.jpg", 64, 80)), 15)
	smoothed := Options{Smoothing: 0.5}
	a, b := masksOf(t, two, video, 4, smoothed), masksOf(t, one, video, 4, smoothed)
	for i := range a {
		if differing(a[i], b[i]) > 0 {
			t.Errorf("frame %d: the masks of one rank and of two differ", i)
		}
	}
	whole := segment(t, one, video(0), Options{}).Mask
	if differing(a[0], whole) > 0 || differing(a[1], segment(t, one, video(1), Options{}).Mask) == 0 {
		t.Error("expected smoothing to change the second frame, but not the first")
	}
	if differing(segment(t, one, video(0), smoothed).Mask, whole) > 0 {
		t.Error("smoothing does not restart after a frame without it")
	}
	for _, o := range []Options{{Smoothing: 1}, {Smoothing: -0.1}, {Smoothing: math.NaN()}, {Smoothing: 0.5, Window: 64, Stride: 32}} {
		if _, err := one.Segment(t.Context(), video(0), o); err == nil {
			t.Errorf("%+v: expected an error", o)
		}
	}
}

// BenchmarkSmoothing measures how much less a still scene with noise flickers, and
// how late the mask of a moving object is:
//
//	go test -run - -bench Smoothing -benchtime 1x ./model
func BenchmarkSmoothing(b *testing.B) {
	s := openSegmenter(b, int8Weights, 2, cpu.Fastest(compute.Int8))
	const sigma, frames = 8, 40
	for _, name := range []string{"china.jpg", "coffee.png", "astronaut.png"} {
		for _, o := range []Options{{Smoothing: 0.7}, {Smoothing: 0.85}, {Smoothing: 0.9}, {Smoothing: 0.85, Refine: true}} {
			b.Run(fmt.Sprintf("Still/%s/%v/refine=%v", name, o.Smoothing, o.Refine), func(b *testing.B) {
				video := noisy(still(samplePhoto(b, name, sceneSize, sceneSize)), sigma)
				for b.Loop() {
					before := flicker(masksOf(b, s, video, frames, Options{Refine: o.Refine}))
					after := flicker(masksOf(b, s, video, frames, o))
					b.ReportMetric(100*before, "%-flicker")
					b.ReportMetric(100*after, "%-smoothed")
					b.ReportMetric(before/after, "times-less")
				}
			})
		}
	}
	object := samplePhoto(b, "chelsea.png", 96, 128)
	cat := uint8(slices.IndexFunc(s.model.Classes, func(c modelfile.Class) bool { return c.Name == "cat" }))
	for _, step := range []int{1, 3, 6} {
		for _, smoothing := range []float64{0.7, 0.85, 0.9} {
			b.Run(fmt.Sprintf("Moving/%dpx/%v", step, smoothing), func(b *testing.B) {
				video := noisy(moving(samplePhoto(b, "china.jpg", sceneSize, sceneSize), object, step), sigma)
				for b.Loop() {
					const frames = 19
					masks := masksOf(b, s, video, frames, Options{})
					smoothed := masksOf(b, s, video, frames, Options{Smoothing: smoothing})
					b.ReportMetric(float64(framesLate(smoothed, masks, cat)), "frames-late")
				}
			})
		}
	}
}
