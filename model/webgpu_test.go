//go:build js

package model

import (
	"errors"
	"fmt"
	"slices"
	"syscall/js"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/compute/webgpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/photo"
)

// shared is a device that a segmenter does not close. Tests share devices: where
// the processor computes in place of a graphics processor, compiling shaders
// takes long.
type shared struct {
	*webgpu.Device
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
	g, err := gpu.Open(gpu.Options{Features: webgpu.Features})
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

// TestGoldenWebGPU is TestGolden for the smaller photo: where software computes,
// each way through the network takes ten seconds and more.
func TestGoldenWebGPU(t *testing.T) {
	_, device := openGPU(t, webgpu.Float)
	s := newSegmenter(t, openModel(t, floatWeights), []compute.Device{device})
	checkGolden(t, s, "chelsea", 5e-3)
	checkGoldenWindows(t, s, "chelsea", Mask)
}

// TestInt8WebGPU holds masks of bytes against those of float32.
func TestInt8WebGPU(t *testing.T) {
	m := openModel(t, int8Weights)
	src := goldenPhoto(t, "chelsea")
	_, device := openGPU(t, webgpu.Int8)
	s := newSegmenter(t, m, []compute.Device{device})
	for _, o := range []Options{{Size: 224}, {Size: 224, Refine: true}} {
		want := segment(t, newSegmenter(t, m, cpu.New(1, cpu.Float)), src, o)
		agree(t, fmt.Sprintf("bytes, refined %v", o.Refine), segment(t, s, src, o).Mask, want.Mask, 0.98)
	}
}

// TestFramesWebGPU segments many frames, as a camera would have it, and looks at
// what stays behind and at what the program reads back: nothing but the areas.
func TestFramesWebGPU(t *testing.T) {
	g, device := openGPU(t, webgpu.Int8)
	m := smallModel(t)
	s := newSegmenter(t, m, []compute.Device{device})
	src := &photo.Image{Height: 40, Width: 50, Pix: make([]byte, 40*50*3)}
	o := Options{LeaveMask: true, Refine: true}
	for range 3 { // by then, scratch memory has its size
		segment(t, s, src, o)
	}
	buffers, bytes := g.Live()
	mapped := countMapped(t)
	const frames = 500
	for range frames {
		segment(t, s, src, o)
	}
	if n, size := g.Live(); n != buffers || size != bytes {
		t.Errorf("%d buffers of %d bytes before, %d of %d after %d frames", buffers, bytes, n, size, frames)
	}
	if want := 4 * len(m.Classes) * frames; *mapped != want {
		t.Errorf("%d frames read %d bytes back, expected %d, the areas of %d classes", frames, *mapped, want, len(m.Classes))
	}
}

// countMapped counts the bytes that are mapped from buffers, of whatever part of
// the program.
func countMapped(t *testing.T) *int {
	class := js.Global().Get("GPUBuffer").Get("prototype")
	original, total := class.Get("mapAsync"), new(int)
	counting := js.FuncOf(func(this js.Value, arguments []js.Value) any {
		size := this.Get("size").Int()
		if len(arguments) > 2 {
			size = arguments[2].Int()
		}
		*total += size
		list := make([]any, len(arguments))
		for i, a := range arguments {
			list[i] = a
		}
		return original.Call("apply", this, list)
	})
	class.Set("mapAsync", counting)
	t.Cleanup(func() {
		class.Set("mapAsync", original)
		counting.Release()
	})
	return total
}

// TestLeaveMask compares what is said of a mask with the mask.
func TestLeaveMask(t *testing.T) {
	_, device := openGPU(t, webgpu.Int8)
	s := newSegmenter(t, smallModel(t), []compute.Device{device})
	src := &photo.Image{Height: 41, Width: 53, Pix: make([]byte, 41*53*3)}
	for i := range src.Pix {
		src.Pix[i] = byte(i * i >> 5)
	}
	whole := segment(t, s, src, Options{})
	if _, err := s.ClassAt(0, 0); err == nil || s.Left() != nil {
		t.Error("a mask that was given away is still there")
	}
	var left compute.Mask
	r := segment(t, s, src, Options{LeaveMask: true, Classified: func(m compute.Mask) error { left = m; return nil }})
	if len(r.Mask) != 0 || left == nil || left != s.Left() {
		t.Errorf("the mask was not left: %d pixels of it came", len(r.Mask))
	}
	if !slices.Equal(r.Areas, whole.Areas) {
		t.Errorf("areas %v, expected %v", r.Areas, whole.Areas)
	}
	mask := make([]uint8, len(whole.Mask))
	if err := s.Mask(mask); err != nil || !slices.Equal(mask, whole.Mask) {
		t.Errorf("another mask: %v", err)
	}
	for _, at := range []struct{ y, x int }{{0, 0}, {40, 52}, {17, 30}} {
		if class, err := s.ClassAt(at.y, at.x); err != nil || class != whole.Mask[at.y*53+at.x] {
			t.Errorf("class %d at %v, expected %d: %v", class, at, whole.Mask[at.y*53+at.x], err)
		}
	}
	if _, err := s.ClassAt(41, 0); err == nil {
		t.Error("a pixel outside the mask has a class")
	}
}
