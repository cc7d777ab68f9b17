package model

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/cpu"
	"segmenter/compute/reference"
	"segmenter/modelfile"
	"segmenter/photo"
	"segmenter/quant"
)

// size is one of the paper's sizes of the encoder.
type size struct {
	name         string
	width, depth int
}

var sizes = []size{{"Ti", 192, 12}, {"S", 384, 12}, {"B", 768, 12}, {"L", 1024, 24}}

// randomModel returns a model of this size with random weights that keep the magnitudes of
// what they multiply. Its values repeat, so that a large one is made fast.
func randomModel(t testing.TB, s size, depth, patch, classes int) *Model {
	t.Helper()
	card := modelfile.Card{
		Architecture:  modelfile.Architecture{Patch: patch, Width: s.width, Depth: depth, Heads: s.width / modelfile.HeadWidth, DecoderDepth: min(2, depth), Grid: 512 / patch, ExtraTokens: 1},
		Normalisation: modelfile.Normalisation{Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}},
		Classes:       make([]modelfile.Class, classes),
	}
	for i := range card.Classes {
		card.Classes[i] = modelfile.Class{Name: fmt.Sprint(i), Colour: modelfile.DefaultColour(i)}
	}
	seed := rand.New(rand.NewPCG(7, 8))
	noise := make([]float32, 1<<16)
	for i := range noise {
		noise[i] = float32(seed.NormFloat64())
	}
	m, err := modelfile.New(card, []Decoder{Mask, Linear}, func(p *modelfile.Parameter) ([]float32, error) {
		values, first := make([]float32, p.Elements()), seed.IntN(len(noise))
		scale, offset := float32(0.2), float32(0)
		switch {
		case p.IsMatrix():
			scale = float32(1 / math.Sqrt(float64(p.Elements()/p.Outputs())))
		case p.Role == modelfile.Gain:
			offset = 1
		}
		for i := range values {
			values[i] = offset + scale*noise[(first+i+i>>16*9973)&(len(noise)-1)]
		}
		return values, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// quantised returns the model with weights of int8.
func quantised(t testing.TB, m *Model) *Model {
	t.Helper()
	var file bytes.Buffer
	if _, err := modelfile.Quantise(&file, m.Card, m.Table, func(p *modelfile.Parameter) ([]float32, error) { return m.Floats(p), nil }, quant.Plan{}); err != nil {
		t.Fatal(err)
	}
	small, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	return small
}

// noisyPhoto returns a picture of noise that is smooth enough to have shapes.
func noisyPhoto(height, width int) *photo.Image {
	src := &photo.Image{Height: height, Width: width, Pix: make([]byte, 3*height*width)}
	for i := range src.Pix {
		y, x, c := i/3/width, i/3%width, i%3
		src.Pix[i] = byte(128 + 100*math.Sin(float64(y*(c+1))/17)*math.Cos(float64(x)/13+float64(c)))
	}
	return src
}

// TestWidths runs one block of every width of the paper, with every patch and up to 256 classes, on
// the CPU and on the reference device; with floats, and with bytes.
func TestWidths(t *testing.T) {
	forWidths(t, func(t *testing.T, m *Model) {
		compareDevices(t, m, cpu.New(2, compute.Float32), cpu.New(2, compute.Int8))
	})
}

// forWidths runs a test with models of one block. The wide ones have few classes, since the
// reference device takes its time.
func forWidths(t *testing.T, test func(*testing.T, *Model)) {
	for _, c := range []struct{ size, patch, classes int }{{0, 8, 256}, {0, 16, 255}, {0, 32, 1}, {1, 16, 256}, {2, 8, 19}, {2, 32, 19}, {3, 16, 19}} {
		s := sizes[c.size]
		t.Run(fmt.Sprintf("%s-%d, %d classes", s.name, c.patch, c.classes), func(t *testing.T) {
			test(t, randomModel(t, s, 1, c.patch, c.classes))
		})
	}
}

// int8Tolerance is the normalised mean squared error of scores if weights and inputs have bytes.
const int8Tolerance = 0.02

// compareDevices holds a device of floats, and one of bytes, against the reference.
func compareDevices(t *testing.T, m *Model, float, int8s []compute.Device) {
	t.Helper()
	src := noisyPhoto(m.Architecture.Patch+3, 3*m.Architecture.Patch)
	scores := func(m *Model, devices []compute.Device, d Decoder) ([]float32, []uint8) {
		s := newSegmenter(t, m, devices)
		r := segment(t, s, src, Options{Decoder: d})
		return read(t, s, s.passes[0].allScores), r.Mask
	}
	small := quantised(t, m)
	for _, d := range []Decoder{Mask, Linear} {
		want, mask := scores(m, []compute.Device{reference.New()}, d)
		got, _ := scores(m, float, d)
		if e := computetest.Error(got, want); !(e <= computetest.Tolerance) {
			t.Errorf("%s, floats: normalised mean squared error of the scores %.2g", d, e)
		}
		got, _ = scores(small, int8s, d)
		if e := computetest.Error(got, want); !(e <= int8Tolerance) {
			t.Errorf("%s, bytes: normalised mean squared error of the scores %.2g", d, e)
		}
		if len(mask) != src.Height*src.Width {
			t.Errorf("%s: a mask of %d pixels", d, len(mask))
		}
	}
}

// BenchmarkModels segments a photo of 512² with models of the paper's sizes and random weights,
// on two ranks, and reports the memory that the model and its frame hold:
//
//	go test -run - -bench Models -benchtime 3x ./model
func BenchmarkModels(b *testing.B) {
	for _, s := range sizes {
		for _, patch := range []int{8, 16, 32} {
			for name, a := range map[string]compute.Arithmetic{"int8": compute.Int8, "float32": compute.Float32} {
				b.Run(fmt.Sprintf("%s-%d/%s", s.name, patch, name), func(b *testing.B) {
					m := randomModel(b, s, s.depth, patch, 150)
					if a == compute.Int8 {
						m = quantised(b, m)
					}
					segmenter, err := New(m, cpu.New(2, a))
					if err != nil {
						b.Fatal(err)
					}
					defer segmenter.Close()
					frame, _ := benchFrame(b, segmenter, 512)
					frame()
					var memory runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&memory)
					for b.Loop() {
						frame()
					}
					b.ReportMetric(float64(m.Parameters())/1e6, "Mparameters")
					b.ReportMetric(float64(memory.HeapAlloc)/1e6, "MB")
				})
			}
		}
	}
}
