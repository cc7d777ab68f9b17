package model

import (
	"context"
	"fmt"
	"testing"
	"time"

	"segmenter/compute"
	"segmenter/photo"
)

// BenchmarkFrame segments a photo with one rank, and reports the time of each kind
// of operation:
//
//	go test -run - -bench Frame ./model
//	go build -o wasmbrowser ./e2e/wasmbrowser
//	GOOS=js GOARCH=wasm go test -run - -bench Frame -exec "$PWD/wasmbrowser" ./model
func BenchmarkFrame(b *testing.B) {
	for _, size := range []int{256, 512} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := openSegmenter(b, int8Weights, 1, compute.Int8)
			timed := &stopwatch{Device: s.devices[0], spent: map[string]time.Duration{}}
			s.devices[0] = timed
			frame, _ := benchFrame(b, s, size)
			for range 5 { // meanwhile a browser optimises
				frame()
			}
			clear(timed.spent)
			for b.Loop() {
				frame()
			}
			for name, spent := range timed.spent {
				b.ReportMetric(spent.Seconds()*1000/float64(b.N), name+"-ms")
			}
		})
	}
}

// benchFrame returns a function that segments a frame of size×size pixels, and the
// result that it fills in.
func benchFrame(b *testing.B, s *Segmenter, size int) (frame func(), r *Result) {
	src := &photo.Image{Height: size, Width: size, Pix: make([]byte, 3*size*size)}
	for i := range src.Pix {
		src.Pix[i] = byte(i * i >> 8)
	}
	r = new(Result)
	return func() {
		if err := s.SegmentInto(context.Background(), r, src, Options{}); err != nil {
			b.Fatal(err)
		}
	}, r
}

// BenchmarkMask makes the mask of a real photo from its scores: in most of it, no
// class competes with the winner. Run it like BenchmarkFrame.
func BenchmarkMask(b *testing.B) {
	for _, size := range []int{256, 512} {
		for name, refine := range map[string]bool{"classify": false, "refine": true} {
			b.Run(fmt.Sprint(size, "/", name), func(b *testing.B) {
				s := openSegmenter(b, int8Weights, 1, compute.Int8)
				segment(b, s, goldenPhoto(b, "china"), Options{Size: size, MaskHeight: size, MaskWidth: size})
				for b.Loop() {
					s.passes[0].classify(refine)
				}
			})
		}
	}
}

// stopwatch adds up the time that a device spends on its operations.
type stopwatch struct {
	compute.Device
	spent map[string]time.Duration
}

// since adds the time since start. Defer it: Go evaluates the arguments at once.
func (w *stopwatch) since(name string, start time.Time) { w.spent[name] += time.Since(start) }

func (w *stopwatch) PatchEmbed(dst compute.Tensor, f compute.Frame, v compute.View, window, first int, e compute.PatchEmbedding) {
	defer w.since("PatchEmbed", time.Now())
	w.Device.PatchEmbed(dst, f, v, window, first, e)
}

func (w *stopwatch) Linear(dst, x compute.Tensor, l compute.Linear, op compute.LinearOp) {
	defer w.since("Linear", time.Now())
	w.Device.Linear(dst, x, l, op)
}

func (w *stopwatch) FeedForward(x compute.Tensor, n compute.Norm, fc1, fc2 compute.Linear) {
	defer w.since("FeedForward", time.Now())
	w.Device.FeedForward(x, n, fc1, fc2)
}

func (w *stopwatch) Attention(dst, qkv compute.Tensor, heads int, at compute.Share) {
	defer w.since("Attention", time.Now())
	w.Device.Attention(dst, qkv, heads, at)
}

func (w *stopwatch) LayerNorm(dst, x compute.Tensor, n compute.Norm) {
	defer w.since("LayerNorm", time.Now())
	w.Device.LayerNorm(dst, x, n)
}

func (w *stopwatch) MatMulT(dst, a, b compute.Tensor) {
	defer w.since("MatMulT", time.Now())
	w.Device.MatMulT(dst, a, b)
}

func (w *stopwatch) Classify(dst compute.Mask, scores compute.Tensor, view compute.View) {
	defer w.since("Classify", time.Now())
	w.Device.Classify(dst, scores, view)
}

func (w *stopwatch) Refine(dst compute.Mask, scores compute.Tensor, view compute.View, guide compute.Frame) {
	defer w.since("Refine", time.Now())
	w.Device.Refine(dst, scores, view, guide)
}

// BenchmarkTaught segments frames of a video without and with three taught classes, in turns, and
// reports how much longer a frame takes with them:
//
//	go test -run - -bench Taught -benchtime 100x ./model
func BenchmarkTaught(b *testing.B) {
	const size = 256
	var frames []func()
	for _, taught := range []int{0, 3} {
		s := openSegmenter(b, int8Weights, 1, compute.Int8)
		if err := s.SetTaught([]TaughtClass{rowOf(s.model, 1, 1), rowOf(s.model, 2, 1), rowOf(s.model, 3, 1)}[:taught]); err != nil {
			b.Fatal(err)
		}
		frame, _ := benchFrame(b, s, size)
		frame()
		frames = append(frames, frame)
	}
	var least [2]time.Duration
	for b.Loop() {
		for i, frame := range frames {
			began := time.Now()
			frame()
			if spent := time.Since(began); least[i] == 0 || spent < least[i] {
				least[i] = spent
			}
		}
	}
	b.ReportMetric(100*(least[1].Seconds()/least[0].Seconds()-1), "%-longer")
	b.ReportMetric(least[0].Seconds()*1000, "ms-without")
}
