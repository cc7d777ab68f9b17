//go:build js

package webgpu

import (
	"errors"
	"sync"
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/webgpu/gpu"
)

// opened is the browser's graphics processor, or why there is none. Tests share
// it.
var opened = sync.OnceValues(func() (*gpu.Device, error) { return gpu.Open(gpu.Options{}) })

// devices are those that were made, by how.
var devices = map[how]*Device{}

type how struct {
	arithmetic Arithmetic
	packed     bool
}

// openDevice is the graphics processor's device. Tests share it: where the
// processor computes in place of a graphics processor, compiling takes long.
func openDevice(t *testing.T, a Arithmetic, packed bool) *Device {
	t.Helper()
	g, err := opened()
	if errors.Is(err, gpu.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if packed && !g.Info().PackedDot {
		t.Skip("this browser's shaders have no dot product of bytes")
	}
	if devices[how{a, packed}] == nil {
		if devices[how{a, packed}], err = newDevice(g, a, packed); err != nil {
			t.Fatal(err)
		}
	}
	return devices[how{a, packed}]
}

// open is one device; a graphics processor has no ranks.
func open(t *testing.T, a Arithmetic, packed bool) func(int) []compute.Device {
	d := openDevice(t, a, packed)
	return func(int) []compute.Device { return []compute.Device{d} }
}

func TestOperations(t *testing.T) {
	computetest.Test(t, open(t, Float, false), computetest.Tolerance, 1)
}

func TestOperationsInt8(t *testing.T) {
	for name, packed := range map[string]bool{"packed": true, "expanded": false} {
		t.Run(name, func(t *testing.T) { computetest.Test(t, open(t, Int8, packed), 1e-3, 1) })
	}
}

func TestClassify(t *testing.T) { computetest.TestClassify(t, open(t, Float, false), 1) }
