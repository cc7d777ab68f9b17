//go:build js

package webgpu

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/webgpu/gpu"
)

// opened opens the browser's GPU, once for all tests.
var opened = sync.OnceValues(func() (*gpu.Device, error) { return gpu.Open(gpu.Options{Features: Features}) })

// devices are shared by tests: compiling shaders takes long where the CPU emulates
// the GPU.
var devices = map[deviceKey]*Device{}

type deviceKey struct {
	arithmetic compute.Arithmetic
	variant    variant
}

// openDevice returns a device of devices.
func openDevice(t *testing.T, a compute.Arithmetic, v variant) *Device {
	t.Helper()
	g, err := opened()
	if errors.Is(err, gpu.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if v.packed && !g.Info().PackedDot {
		t.Skip("this browser's shaders have no dot product of bytes")
	}
	key := deviceKey{a, v}
	if devices[key] == nil {
		if devices[key], err = newDevice(g, a, v); err != nil {
			t.Fatal(err)
		}
	}
	return devices[key]
}

// open returns one device; a GPU has no ranks.
func open(t *testing.T, a compute.Arithmetic, v variant) func(int) []compute.Device {
	d := openDevice(t, a, v)
	return func(int) []compute.Device { return []compute.Device{d} }
}

func TestOperations(t *testing.T) {
	computetest.Test(t, open(t, compute.Float32, variant{}), computetest.Tolerance, 1)
}

func TestOperationsInt8(t *testing.T) {
	for name, v := range map[string]variant{"packed": {packed: true}, "expanded": {}} {
		t.Run(name, func(t *testing.T) { computetest.Test(t, open(t, compute.Int8, v), 1e-3, 1) })
	}
}

// TestOperationsHalf uses 16-bit floats, or float32 in their place where the GPU
// has none.
func TestOperationsHalf(t *testing.T) {
	g, err := opened()
	if err == nil && !g.Has("shader-f16") {
		readShader = func(name string) ([]byte, error) {
			if name == "shaders/half.wgsl" {
				return []byte("alias half = f32;\n"), nil
			}
			return shaders.ReadFile(name)
		}
		defer func() { readShader = shaders.ReadFile }()
	}
	computetest.Test(t, open(t, compute.Int8, variant{half: true}), 1e-3, 1)
}

func TestOperationsSubgroups(t *testing.T) {
	g, err := opened()
	if err != nil || variantOf(g).subgroups == 0 {
		t.Skip("this browser has no subgroups")
	}
	v := variant{subgroups: variantOf(g).subgroups}
	computetest.Test(t, open(t, compute.Float32, v), computetest.Tolerance, 1)
	computetest.Test(t, open(t, compute.Int8, v), 1e-3, 1)
}

// TestFeedForwardInParts is a network whose hidden values shaders do not see at once.
func TestFeedForwardInParts(t *testing.T) {
	g, err := opened()
	if err != nil {
		t.Skip(err)
	}
	d, err := newDevice(g, compute.Float32, variant{})
	if err != nil {
		t.Fatal(err)
	}
	const rows, width = 83, 20
	values := func(n int) []float32 {
		list := make([]float32, n)
		for i := range list {
			list[i] = float32(i*7919%101-50) / 200
		}
		return list
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(visible int) []float32 {
		d.visible, d.hidden = visible, nil
		fc1, err := d.NewLinear(compute.Weight{Out: 4 * width, In: width, Float: values(4 * width * width)}, values(4*width))
		must(err)
		fc2, err := d.NewLinear(compute.Weight{Out: width, In: 4 * width, Float: values(4 * width * width)}, values(width))
		must(err)
		x, err := d.NewTensor(rows, width)
		must(err)
		gain, err := d.NewTensor(1, width)
		must(err)
		d.Write(x, values(rows*width))
		d.Write(gain, values(width))
		d.FeedForward(x, compute.Norm{Weight: gain, Bias: gain}, fc1, fc2)
		out := make([]float32, rows*width)
		must(d.Read(out, x))
		return out
	}
	whole := run(1 << 20)
	if !slices.Equal(run(10*4*padded(4*width)), whole) {
		t.Error("ten rows at a time give other results than all at once")
	}
	if _, err := d.NewTensor(1<<10, 1<<10); err == nil || !strings.Contains(err.Error(), "smaller size") {
		t.Errorf("a buffer that shaders cannot see: error %v", err)
	}
}

func TestClassify(t *testing.T) { computetest.TestClassify(t, open(t, compute.Float32, variant{}), 1) }

func TestRefine(t *testing.T) { computetest.TestRefine(t, open(t, compute.Float32, variant{}), 1) }

// TestErrors makes attention fail: no shader takes heads of 65 channels.
func TestErrors(t *testing.T) {
	d := openDevice(t, compute.Float32, variant{})
	computetest.TestErrors(t, d, func(compute.Device) {
		qkv, err := d.NewTensor(2, 3*65)
		if err != nil {
			t.Fatal(err)
		}
		dst, err := d.NewTensor(2, 65)
		if err != nil {
			t.Fatal(err)
		}
		d.Attention(dst, qkv, 1, compute.Share{Total: 2})
	})
}
