//go:build js

package model

import (
	"context"
	"errors"
	"testing"
	"time"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/compute/webgpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/photo"
)

// openWebGPU is a model on the graphics processor of the browser.
func openWebGPU(t testing.TB, path string) *Segmenter {
	t.Helper()
	g, err := gpu.Open(gpu.Options{})
	if errors.Is(err, gpu.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	device, err := webgpu.New(g)
	if err != nil {
		t.Fatal(err)
	}
	return newSegmenter(t, openModel(t, path), []compute.Device{device})
}

// TestGoldenWebGPU takes one photo: where the processor computes in place of a
// graphics processor, a frame takes many seconds.
func TestGoldenWebGPU(t *testing.T) {
	checkGolden(t, openWebGPU(t, floatWeights), 5e-3, []string{"chelsea"}, false)
}

func TestFrameTime(t *testing.T) {
	for _, size := range []int{256, 512} {
		s := openWebGPU(t, int8Weights)
		src := &photo.Image{Height: size, Width: size, Pix: make([]byte, 3*size*size)}
		for i := range src.Pix {
			src.Pix[i] = byte(i * i >> 8)
		}
		for range 3 {
			start := time.Now()
			r, err := s.Segment(context.Background(), src, Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(size, time.Since(start), r.Times)
		}
	}
}

var _ = cpu.Float
