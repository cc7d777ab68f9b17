package computetest

import (
	"errors"
	"slices"
	"testing"

	"segmenter/compute"
)

// TestErrors tests the error contract of package compute: the device keeps the
// first error of an operation, operations after it do nothing, the next wait
// returns the error and clears it, and the device works again. fail makes an
// operation of the device fail.
func TestErrors(t *testing.T, device compute.Device, fail func(compute.Device)) {
	d := &rank{device, t, newSeed()}
	x, dst := d.whole(3, 64), d.whole(3, 64)
	norm, linear := d.norm(64), d.linear(64, 64)
	scores := d.whole(4, 5)
	before := make([]float32, 3*64)
	d.check(d.Read(before, dst))
	mask, err := d.NewMask(20, 20)
	d.check(err)
	view := compute.Whole(16, 20, 20)
	d.Classify(mask, scores, view)
	painted := make([]uint8, 400)
	d.check(mask.Read(painted))

	for name, wait := range map[string]func() error{
		"Finish":  d.Finish,
		"Read":    func() error { return d.Read(make([]float32, 3*64), dst) },
		"Count":   func() error { return mask.Count(make([]int, 5)) },
		"ClassAt": func() error { _, err := mask.ClassAt(0, 0); return err },
		"Mask":    func() error { return mask.Read(make([]uint8, 400)) },
		"Specks":  func() error { return mask.RemoveSpecks(2) },
	} {
		t.Run(name, func(t *testing.T) {
			fail(device)
			first := d.Finish()
			if first == nil {
				t.Fatal("the operation did not fail")
			}
			fail(device)
			d.Copy(dst, x)
			d.Linear(dst, x, linear, compute.LinearOp{})
			d.LayerNorm(dst, x, norm)
			d.FeedForward(dst, norm, linear, linear)
			d.Attention(dst, d.whole(3, 3*64), 1, compute.Share{Total: 3})
			d.L2Normalize(dst)
			d.MatMulT(dst, x, d.whole(64, 64))
			d.Gather(dst, x, 0)
			d.Classify(mask, d.whole(4, 5), view)
			if err := wait(); err == nil || err.Error() != first.Error() {
				t.Errorf("the wait returned %v, expected the first error: %v", err, first)
			}
			if err := d.Finish(); err != nil {
				t.Errorf("a second wait returned the error again: %v", err)
			}
			after, pixels := make([]float32, 3*64), make([]uint8, 400)
			if err := errors.Join(d.Read(after, dst), mask.Read(pixels)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(after, before) || !slices.Equal(pixels, painted) {
				t.Error("operations after the error changed their results")
			}
			d.Copy(dst, x)
			want := make([]float32, 3*64)
			if err := errors.Join(d.Read(after, dst), d.Read(want, x)); err != nil || !slices.Equal(after, want) {
				t.Errorf("the device does not work after its error: %v", err)
			}
			d.Write(dst, before)
		})
	}
}
