//go:build js

package webgpu

import (
	"errors"
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/webgpu/gpu"
)

// open is one device; a graphics processor has no ranks.
func open(t *testing.T, a Arithmetic) *Device {
	t.Helper()
	g, err := gpu.Open(gpu.Options{})
	if errors.Is(err, gpu.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(g, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestOperations(t *testing.T) {
	d := open(t, Float)
	computetest.Test(t, func(int) []compute.Device { return []compute.Device{d} }, computetest.Tolerance, 1)
}

func TestClassify(t *testing.T) {
	d := open(t, Float)
	computetest.TestClassify(t, func(int) []compute.Device { return []compute.Device{d} }, 1)
}

func TestOperationsInt8(t *testing.T) {
	d := open(t, Int8)
	if d.arithmetic != Int8 {
		t.Skip("this browser's shaders have no dot product of bytes")
	}
	computetest.Test(t, func(int) []compute.Device { return []compute.Device{d} }, 1e-3, 1)
}
