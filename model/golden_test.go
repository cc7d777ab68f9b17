package model

import (
	"context"
	"math"
	"os"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/internal/golden"
	"segmenter/metrics"
	"segmenter/modelfile"
	"segmenter/photo"
)

// golden.safetensors holds the results of the official implementation in float32,
// with the weights of everyday.f32.safetensors; see testdata/README.md.

func readGolden(t testing.TB) map[string]golden.Tensor {
	t.Helper()
	return golden.Read(t, "testdata/golden.safetensors")
}

func openSegmenter(t testing.TB, path string, ranks int, a compute.Arithmetic) *Segmenter {
	t.Helper()
	return newSegmenter(t, openModel(t, path), cpu.New(ranks, a))
}

func openModel(t testing.TB, path string) *Model {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newSegmenter(t testing.TB, m *Model, devices []compute.Device) *Segmenter {
	t.Helper()
	s, err := New(m, devices)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

const (
	floatWeights = "testdata/everyday.f32.safetensors"
	int8Weights  = "weights/everyday.safetensors"
)

// TestGolden compares tensors in the order of their computation, and names the first
// that differs.
func TestGolden(t *testing.T) {
	s := openSegmenter(t, floatWeights, 1, compute.Float32)
	for _, name := range []string{"chelsea", "china"} {
		checkGolden(t, s, name, 2e-3)
		checkGoldenWindows(t, s, name, Mask)
		checkGoldenWindows(t, s, name, Linear)
	}
}

// checkGolden segments a photo in one window. tolerance is that of the scores.
func checkGolden(t *testing.T, s *Segmenter, name string, tolerance float64) {
	t.Helper()
	want, src := readGolden(t), goldenPhoto(t, name)
	for _, decoder := range []Decoder{Mask, Linear} {
		key := name + "." + string(decoder)
		r := segment(t, s, src, Options{Decoder: decoder})
		within(t, name+".features", read(t, s, s.passes[0].features), want[name+".features"].Floats, 1e-3)
		logits := want[key+".patch_logits"]
		within(t, key+".patch_logits", channelsFirst(read(t, s, s.passes[0].scores), logits.Shape[0]), logits.Floats, tolerance)
		agree(t, key+".argmax", r.Mask, want[key+".argmax"].Bytes, 0.999)
	}
}

// checkGoldenWindows segments a photo in windows.
func checkGoldenWindows(t *testing.T, s *Segmenter, name string, decoder Decoder) {
	t.Helper()
	key := name + "." + string(decoder) + ".window256x192.argmax"
	r := segment(t, s, goldenPhoto(t, name), Options{Decoder: decoder, Window: 256, Stride: 192})
	agree(t, key, r.Mask, readGolden(t)[key].Bytes, 0.999)
}

func segment(t testing.TB, s *Segmenter, src photo.Source, o Options) *Result {
	t.Helper()
	r, err := s.Segment(context.Background(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, s *Segmenter, x compute.Tensor) []float32 {
	t.Helper()
	values := make([]float32, x.Rows()*x.Cols())
	if err := s.devices[0].Read(values, x); err != nil {
		t.Fatal(err)
	}
	return values
}

// channelsFirst turns (N, C) into (C, N).
func channelsFirst(values []float32, classes int) []float32 {
	return modelfile.Transpose(values, len(values)/classes)
}

func within(t *testing.T, name string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, expected %d", name, len(got), len(want))
	}
	largest := 0.
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if !(d <= largest) {
			largest = d
		}
	}
	if !(largest <= tolerance) {
		t.Fatalf("%s: largest difference %.2g, allowed %.2g", name, largest, tolerance)
	}
	t.Logf("%s: largest difference %.2g", name, largest)
}

func agree(t *testing.T, name string, got, want []uint8, share float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d pixels, expected %d", name, len(got), len(want))
	}
	same := metrics.Same(got, want)
	if float64(same) < share*float64(len(want)) {
		t.Errorf("%s: %.3f %% of the pixels agree, expected %.1f %%", name, 100*float64(same)/float64(len(want)), 100*share)
	}
	t.Logf("%s: %d of %d pixels differ", name, len(want)-same, len(want))
}
