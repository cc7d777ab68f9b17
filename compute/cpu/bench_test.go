package cpu_test

import (
	"fmt"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
)

// Benchmarks of the operations that dominate a frame of 512², with the shapes of
// ViT-Ti: 1024 tokens of width 192.
//
//	go test -bench . ./compute/cpu
//	GOOS=js GOARCH=wasm go test -run - -bench . -exec "$PWD/wasmbrowser" ./compute/cpu

const tokens, width, hidden, heads = 1024, 192, 768, 3

// benchDevice is a device with benchmark helpers.
type benchDevice struct {
	compute.Device
	*testing.B
}

// inBothArithmetics runs a benchmark in both arithmetics. macs is the number of
// multiply-adds of an operation.
func inBothArithmetics(b *testing.B, macs float64, run func(d *benchDevice) (operation func())) {
	for name, arithmetic := range map[string]compute.Arithmetic{"int8": compute.Int8, "float": compute.Float32} {
		b.Run(name, func(b *testing.B) {
			operation := run(&benchDevice{cpu.New(1, arithmetic)[0], b})
			for b.Loop() {
				operation()
			}
			b.ReportMetric(2*macs*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GOP/s")
		})
	}
}

func (d *benchDevice) tensor(rows, cols int) compute.Tensor {
	t, err := d.NewTensor(rows, cols)
	if err != nil {
		d.Fatal(err)
	}
	values := make([]float32, rows*cols)
	for i := range values {
		values[i] = float32(i%97)/97 - 0.5
	}
	d.Write(t, values)
	return t
}

func (d *benchDevice) linear(in, out int) compute.Linear {
	w := compute.Weight{Out: out, In: in, Int8: make([]int8, out*in), Scale: make([]float32, out)}
	for i := range w.Int8 {
		w.Int8[i] = int8(i % 101)
	}
	l, err := d.NewLinear(w, make([]float32, out))
	if err != nil {
		d.Fatal(err)
	}
	return l
}

func (d *benchDevice) norm() compute.Norm {
	return compute.Norm{Weight: d.tensor(1, width), Bias: d.tensor(1, width)}
}

func BenchmarkLinear(b *testing.B) {
	for _, s := range []struct{ in, out int }{{width, 3 * width}, {width, width}} {
		b.Run(fmt.Sprintf("%dx%dx%d", tokens, s.in, s.out), func(b *testing.B) {
			inBothArithmetics(b, float64(tokens*s.in*s.out), func(d *benchDevice) func() {
				w, x, y, n := d.linear(s.in, s.out), d.tensor(tokens, s.in), d.tensor(tokens, s.out), d.norm()
				return func() { d.Linear(y, x, w, compute.LinearOp{Norm: &n}) }
			})
		})
	}
}

func BenchmarkFeedForward(b *testing.B) {
	inBothArithmetics(b, 2*tokens*width*hidden, func(d *benchDevice) func() {
		x, n, fc1, fc2 := d.tensor(tokens, width), d.norm(), d.linear(width, hidden), d.linear(hidden, width)
		return func() { d.FeedForward(x, n, fc1, fc2) }
	})
}

func BenchmarkAttention(b *testing.B) {
	for _, tokens := range []int{256, 1024} {
		b.Run(fmt.Sprintf("%dx%dx%d", tokens, heads, width/heads), func(b *testing.B) {
			inBothArithmetics(b, float64(2*tokens*tokens*width), func(d *benchDevice) func() {
				qkv, y := d.tensor(tokens, 3*width), d.tensor(tokens, width)
				return func() { d.Attention(y, qkv, heads, compute.Share{Total: tokens}) }
			})
		})
	}
}
