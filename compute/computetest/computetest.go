// Package computetest tests every operation of a device against the reference,
// with shapes that are not multiples of any tile.
package computetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"segmenter/compute"
	"segmenter/compute/reference"
)

// Tolerance is the normalised mean squared error, Σ(x − want)² / Σ want², that
// float32 arithmetic may have. It is far above rounding errors because the error
// of a GELU is absolute, and a test may consist of a single one near 0.
const Tolerance = 1e-9

// Test compares the groups of ranks that open returns with the reference.
func Test(t *testing.T, open func(ranks int) []compute.Device, tolerance float64, groups ...int) {
	for _, c := range operations() {
		t.Run(c.name, func(t *testing.T) {
			want := c.on(t, []compute.Device{reference.New()})
			for _, ranks := range groups {
				t.Run(fmt.Sprint(ranks, "ranks"), func(t *testing.T) {
					got := c.on(t, open(ranks))
					if e := Error(got, want); !(e <= tolerance) {
						t.Errorf("normalised mean squared error %.3g, expected at most %.3g", e, tolerance)
					}
				})
			}
		})
	}
}

// Error is the normalised mean squared error of got.
func Error(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.NaN()
	}
	difference, size := 0., 1e-30
	for i, w := range want {
		difference += (float64(got[i]) - float64(w)) * (float64(got[i]) - float64(w))
		size += float64(w) * float64(w)
	}
	return difference / size
}

// An operation is one call, with the same inputs on every device. run is called
// once per rank, concurrently, and returns the rank's band of the rows.
type operation struct {
	name       string
	rows, cols int // of the result
	run        func(d *rank) compute.Tensor
}

// rank is a device with test helpers.
type rank struct {
	compute.Device
	t    *testing.T
	seed *rand.Rand
}

func (d *rank) check(err error) {
	if err != nil {
		d.t.Error(err)
	}
}

// newSeed starts the random numbers of a test, the same on every rank.
func newSeed() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// random returns n values of a normal distribution, the same on every rank.
func (d *rank) random(n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(d.seed.NormFloat64())
	}
	return values
}

// upload makes a matrix of these values.
func (d *rank) upload(values []float32, cols int) compute.Tensor {
	m, err := d.NewTensor(len(values)/cols, cols)
	d.check(err)
	d.Write(m, values)
	return m
}

// whole uploads a whole random matrix to every rank.
func (d *rank) whole(rows, cols int) compute.Tensor { return d.upload(d.random(rows*cols), cols) }

// band uploads to each rank its rows of a random matrix.
func (d *rank) band(rows, cols int) compute.Tensor {
	values := d.random(rows * cols)
	from, to := d.share(rows)
	return d.upload(values[from*cols:to*cols], cols)
}

func (d *rank) share(n int) (from, to int) {
	index, count := d.Rank()
	return compute.Band(n, index, count, compute.TokenUnit)
}

// result allocates this rank's rows of a result.
func (d *rank) result(rows, cols int) compute.Tensor {
	from, to := d.share(rows)
	m, err := d.NewTensor(to-from, cols)
	d.check(err)
	return m
}

func (d *rank) linear(out, in int) compute.Linear {
	l, err := d.NewLinear(compute.Weight{Out: out, In: in, Float: d.random(out * in)}, d.random(out))
	d.check(err)
	return l
}

func (d *rank) linear8(out, in int) compute.Linear {
	w := compute.Weight{Out: out, In: in, Int8: make([]int8, out*in), Scale: d.random(out)}
	for i := range w.Int8 {
		w.Int8[i] = int8(d.seed.IntN(255) - 127)
	}
	l, err := d.NewLinear(w, d.random(out))
	d.check(err)
	return l
}

// frame makes a frame for a view.
func (d *rank) frame(v compute.View) compute.Frame {
	f, err := d.NewFrame(v.Height, v.Width)
	d.check(err)
	return f
}

func (d *rank) norm(width int) compute.Norm {
	return compute.Norm{Weight: d.whole(1, width), Bias: d.whole(1, width)}
}

// on runs the operation on all ranks and joins their rows.
func (o *operation) on(t *testing.T, group []compute.Device) []float32 {
	result := make([]float32, o.rows*o.cols)
	var wait sync.WaitGroup
	for _, device := range group {
		wait.Go(func() {
			d := &rank{device, t, newSeed()}
			out := o.run(d)
			from, to := d.share(o.rows)
			d.check(d.Read(result[from*o.cols:to*o.cols], out))
		})
	}
	wait.Wait()
	return result
}
