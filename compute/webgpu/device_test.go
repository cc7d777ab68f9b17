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
func open(t *testing.T) *Device {
	t.Helper()
	g, err := gpu.Open(gpu.Options{})
	if errors.Is(err, gpu.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestOperations(t *testing.T) {
	d := open(t)
	computetest.Test(t, func(int) []compute.Device { return []compute.Device{d} }, computetest.Tolerance)
}

func TestClassify(t *testing.T) {
	d := open(t)
	computetest.TestClassify(t, func(int) []compute.Device { return []compute.Device{d} })
}
