//go:build js

package webgpu

import (
	"errors"
	"testing"

	"segmenter/compute"
	"segmenter/compute/webgpu/gpu"
)

func TestProfile(t *testing.T) {
	g, err := gpu.Open(gpu.Options{Features: []string{"timestamp-query"}})
	if errors.Is(err, gpu.ErrNone) || err == nil && !g.Has("timestamp-query") {
		t.Skip("the GPU has no timestamps")
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDevice(g, compute.Int8, variant{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	x, err := d.NewTensor(100, 64)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.NewTensor(100, 64)
	if err != nil {
		t.Fatal(err)
	}
	if times, err := d.Times(); times != nil || err != nil {
		t.Errorf("times %v without a profile: %v", times, err)
	}
	if err := d.Profile(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		d.L2Normalize(x)
		d.MatMulT(out, x, x.Slice(0, 64))
		times, err := d.Times()
		if err != nil || len(times) != 3 {
			t.Fatalf("times %v: %v", times, err)
		}
		for _, o := range times {
			if o.Calls != 1 || o.Time <= 0 {
				t.Errorf("%+v", o)
			}
			if want := 2 * 100 * 64 * 64; o.Operation == "linear" && o.Work != want {
				t.Errorf("a linear layer of %d operations, expected %d", o.Work, want)
			}
		}
	}
}
