//go:build js

package webgpu

import (
	"errors"
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/webgpu/gpu"
)

// opened are devices by their arithmetic. Tests share them: where the processor
// computes in place of a graphics processor, compiling shaders takes long.
var opened = map[Arithmetic]*Device{}

// open is one device; a graphics processor has no ranks.
func open(t *testing.T, a Arithmetic) *Device {
	t.Helper()
	if opened[a] != nil {
		return opened[a]
	}
	g, err := gpu.Open(gpu.Options{})
	if errors.Is(err, gpu.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if opened[a], err = New(g, a); err != nil {
		t.Fatal(err)
	}
	return opened[a]
}

func alone(d *Device) func(int) []compute.Device {
	return func(int) []compute.Device { return []compute.Device{d} }
}

func TestOperations(t *testing.T) {
	computetest.Test(t, alone(open(t, Float)), computetest.Tolerance, 1)
}

func TestOperationsInt8(t *testing.T) {
	d := open(t, Int8)
	if d.arithmetic != Int8 {
		t.Skip("this browser's shaders have no dot product of bytes")
	}
	computetest.Test(t, alone(d), 1e-3, 1)
}

func TestClassify(t *testing.T) { computetest.TestClassify(t, alone(open(t, Float)), 1) }
