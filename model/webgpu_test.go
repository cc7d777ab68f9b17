//go:build js

package model

import (
	"errors"
	"fmt"
	"syscall/js"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/compute/webgpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/photo"
)

// shared is a device that a segmenter does not close. Tests share devices, because
// compiling shaders takes long where the CPU emulates the GPU.
type shared struct {
	*webgpu.Device
	gpu *gpu.Device
}

func (shared) Close() {}

var opened = map[compute.Arithmetic]shared{}

// openGPU returns the browser's GPU and its shared device.
func openGPU(t testing.TB, a compute.Arithmetic) (*gpu.Device, compute.Device) {
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

// TestGoldenWebGPU is TestGolden with the smaller photo: in software, each run of the
// network takes ten seconds or more.
func TestGoldenWebGPU(t *testing.T) {
	_, device := openGPU(t, compute.Float32)
	s := newSegmenter(t, openModel(t, floatWeights), []compute.Device{device})
	checkGolden(t, s, "chelsea", 5e-3)
	checkGoldenWindows(t, s, "chelsea", Mask)
}

// TestWidthsWebGPU is TestWidths on the GPU.
func TestWidthsWebGPU(t *testing.T) {
	_, float := openGPU(t, compute.Float32)
	_, int8s := openGPU(t, compute.Int8)
	forWidths(t, func(t *testing.T, m *Model) {
		compareDevices(t, m, []compute.Device{float}, []compute.Device{int8s})
	})
}

// TestInt8WebGPU compares masks computed in int8 with those computed in float32.
func TestInt8WebGPU(t *testing.T) {
	m := openModel(t, int8Weights)
	src := goldenPhoto(t, "chelsea")
	_, device := openGPU(t, compute.Int8)
	s := newSegmenter(t, m, []compute.Device{device})
	for _, o := range []Options{{Size: 224}, {Size: 224, Refine: true}} {
		want := segment(t, newSegmenter(t, m, cpu.New(1, compute.Float32)), src, o)
		agree(t, fmt.Sprintf("bytes, refined %v", o.Refine), segment(t, s, src, o).Mask, want.Mask, 0.98)
		cat, err := s.Matte([]int{int(want.Mask[len(want.Mask)/2])})
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0
		for i, value := range cat {
			if (value >= 128) != (want.Mask[i] == want.Mask[len(want.Mask)/2]) {
				wrong++
			}
		}
		if wrong*50 > len(cat) {
			t.Errorf("%d of %d values of the matte contradict the mask", wrong, len(cat))
		}
	}
}

// TestFramesWebGPU segments many frames, as from a camera. It checks that they leave
// no buffer behind, and that the program reads back only the areas.
func TestFramesWebGPU(t *testing.T) {
	g, device := openGPU(t, compute.Int8)
	m := smallModel(t)
	s := newSegmenter(t, m, []compute.Device{device})
	src := &photo.Image{Height: 40, Width: 50, Pix: make([]byte, 40*50*3)}
	r := new(Result)
	frame := func() {
		t.Helper()
		if _, err := s.Run(t.Context(), r, src, Options{Refine: true, Smoothing: 0.85}); err != nil {
			t.Fatal(err)
		}
		if err := s.Count(r); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // until scratch memory has its final size
		frame()
	}
	buffers, bytes := g.Live()
	mapped := countMapped(t)
	const frames = 500
	for range frames {
		frame()
	}
	if n, size := g.Live(); n != buffers || size != bytes {
		t.Errorf("%d buffers of %d bytes before, %d of %d after %d frames", buffers, bytes, n, size, frames)
	}
	if want := 4 * len(m.Classes) * frames; *mapped != want {
		t.Errorf("%d frames read %d bytes back, expected %d, the areas of %d classes", frames, *mapped, want, len(m.Classes))
	}
}

// countMapped counts the bytes that any part of the program maps from buffers.
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

// TestTaughtWebGPU compares masks with taught classes with those of the CPU.
func TestTaughtWebGPU(t *testing.T) {
	m := smallModel(t)
	src := goldenPhoto(t, "chelsea")
	_, device := openGPU(t, compute.Float32)
	list := []TaughtClass{rowOf(m, 2, 0.25), rowOf(m, 1, -1e4)}
	for _, o := range []Options{{Size: 48}, {Size: 48, Decoder: Linear, Refine: true}} {
		var masks [2][]uint8
		for i, devices := range [][]compute.Device{{device}, cpu.New(1, compute.Float32)} {
			s := newSegmenter(t, m, devices)
			if err := s.SetTaught(list); err != nil {
				t.Fatal(err)
			}
			r := segment(t, s, src, o)
			masks[i] = r.Mask
			if r.Areas[5] == 0 || r.Areas[6] > 0 {
				t.Errorf("the taught classes have %d and %d pixels", r.Areas[5], r.Areas[6])
			}
		}
		agree(t, "taught", masks[0], masks[1], 0.99)
	}
}
