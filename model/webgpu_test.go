//go:build js

package model

import (
	"errors"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/compute/webgpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/photo"
	"segmenter/quant"
)

// shared is a device that a segmenter does not close. Tests share devices: where
// the processor computes in place of a graphics processor, compiling shaders
// takes long.
type shared struct {
	compute.Device
	gpu *gpu.Device
}

func (shared) Close() {}

var opened = map[webgpu.Arithmetic]shared{}

// openGPU is the graphics processor of the browser, with its device.
func openGPU(t testing.TB, a webgpu.Arithmetic) (*gpu.Device, compute.Device) {
	t.Helper()
	if d, ok := opened[a]; ok {
		return d.gpu, d
	}
	g, err := gpu.Open(gpu.Options{})
	if errors.Is(err, gpu.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	device, err := webgpu.New(g, a)
	if err != nil {
		t.Fatal(err)
	}
	opened[a] = shared{device, g}
	return g, opened[a]
}

// TestGoldenWebGPU takes one photo: where the processor computes in place of a
// graphics processor, a frame takes many seconds.
func TestGoldenWebGPU(t *testing.T) {
	_, device := openGPU(t, webgpu.Float)
	s := newSegmenter(t, openModel(t, floatWeights), []compute.Device{device})
	checkGolden(t, s, 5e-3, []string{"chelsea"}, false)
}

// TestInt8WebGPU holds masks of bytes against those of float32.
func TestInt8WebGPU(t *testing.T) {
	m := openModel(t, int8Weights)
	golden := readGolden(t)["chelsea.rgb"]
	src := &photo.Image{Height: golden.shape[0], Width: golden.shape[1], Pix: golden.bytes}
	_, device := openGPU(t, webgpu.Int8)
	s := newSegmenter(t, m, []compute.Device{device})
	o := Options{Size: 224}
	want := segment(t, newSegmenter(t, m, cpu.New(1, cpu.Float)), src, o)
	agree(t, "bytes", segment(t, s, src, o).Mask, want.Mask, 0.98)
}

// TestFramesWebGPU segments many frames and looks at what stays behind.
func TestFramesWebGPU(t *testing.T) {
	g, device := openGPU(t, webgpu.Int8)
	v := variant{"", quant.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 4, ExtraTokens: 1}, []Decoder{Mask}}
	m, err := Read(v.file(t, 5))
	if err != nil {
		t.Fatal(err)
	}
	s := newSegmenter(t, m, []compute.Device{device})
	src := &photo.Image{Height: 40, Width: 50, Pix: make([]byte, 40*50*3)}
	for range 3 { // by then, scratch memory has its size
		segment(t, s, src, Options{})
	}
	buffers, bytes := g.Live()
	read := g.BytesRead()
	const frames = 500
	for range frames {
		segment(t, s, src, Options{})
	}
	if n, size := g.Live(); n != buffers || size != bytes {
		t.Errorf("%d buffers of %d bytes before, %d of %d after %d frames", buffers, bytes, n, size, frames)
	}
	if got := (g.BytesRead() - read) / frames; got != 40*50 {
		t.Errorf("a frame read %d bytes back; its mask has %d", got, 40*50)
	}
}
