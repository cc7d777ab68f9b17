package cpu_test

import (
	"errors"
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/cpu"
)

func float(ranks int) []compute.Device { return cpu.New(ranks, compute.Float32) }
func int8s(ranks int) []compute.Device { return cpu.New(ranks, compute.Int8) }

func TestOperations(t *testing.T) { computetest.Test(t, float, computetest.Tolerance, 1, 2, 3) }

func TestOperationsInt8(t *testing.T) { computetest.Test(t, int8s, 1e-3, 1, 2, 3) }

func TestClassify(t *testing.T) { computetest.TestClassify(t, float, 1, 3) }

func TestRefine(t *testing.T) { computetest.TestRefine(t, float, 1, 2, 3) }

// breakable is the exchange of a single rank. It fails while err is set.
type breakable struct {
	buffer []byte
	err    error
}

func (x *breakable) Begin(n int) []byte {
	x.buffer = make([]byte, n)
	return x.buffer
}

func (x *breakable) End([]cpu.Span) error { return x.err }

func TestErrors(t *testing.T) {
	for _, a := range []compute.Arithmetic{compute.Float32, compute.Int8} {
		x := new(breakable)
		computetest.TestErrors(t, cpu.NewRank(0, 1, x, a), func(d compute.Device) {
			x.err = errors.New("another rank gave up")
			row, err := d.NewTensor(1, 1)
			if err != nil {
				t.Fatal(err)
			}
			d.Gather(row, row, 0)
			x.err = errors.New("a later error")
			d.Gather(row, row, 0)
			x.err = nil
		})
	}
}
