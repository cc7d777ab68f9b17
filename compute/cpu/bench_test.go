package cpu_test

import (
	"fmt"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
)

// The operations that take the time of a frame of 512², with the shapes of
// ViT-Ti: 1024 tokens of width 192.
//
//	go test -bench . ./compute/cpu
//	GOOS=js GOARCH=wasm go test -bench . ./compute/cpu

func tensor(b *testing.B, d compute.Device, rows, cols int) compute.Tensor {
	b.Helper()
	t, err := d.NewTensor(rows, cols)
	if err != nil {
		b.Fatal(err)
	}
	values := make([]float32, rows*cols)
	for i := range values {
		values[i] = float32(i%97)/97 - 0.5
	}
	d.Write(t, values)
	return t
}

// report gives the speed of an operation of so many multiply-adds.
func report(b *testing.B, macs float64) {
	b.ReportMetric(2*macs*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}

func BenchmarkLinear(b *testing.B) {
	const tokens = 1024
	for _, s := range []struct {
		in, out int
		op      compute.LinearOp
	}{{192, 576, compute.LinearOp{}}, {192, 768, compute.LinearOp{}}, {768, 192, compute.LinearOp{Add: true}}} {
		b.Run(fmt.Sprintf("%dx%dx%d", tokens, s.in, s.out), func(b *testing.B) {
			d := cpu.New(1)[0]
			w, err := d.NewLinear(compute.Weight{Out: s.out, In: s.in, Float: make([]float32, s.out*s.in)}, make([]float32, s.out))
			if err != nil {
				b.Fatal(err)
			}
			x, y := tensor(b, d, tokens, s.in), tensor(b, d, tokens, s.out)
			for b.Loop() {
				d.Linear(y, x, w, s.op)
			}
			report(b, float64(tokens*s.in*s.out))
		})
	}
}

func BenchmarkFeedForward(b *testing.B) {
	const tokens, width, hidden = 1024, 192, 768
	d := cpu.New(1)[0]
	linear := func(in, out int) compute.Linear {
		l, err := d.NewLinear(compute.Weight{Out: out, In: in, Float: make([]float32, out*in)}, make([]float32, out))
		if err != nil {
			b.Fatal(err)
		}
		return l
	}
	x, fc1, fc2 := tensor(b, d, tokens, width), linear(width, hidden), linear(hidden, width)
	norm := compute.Norm{Weight: tensor(b, d, 1, width), Bias: tensor(b, d, 1, width)}
	for b.Loop() {
		d.FeedForward(x, norm, fc1, fc2)
	}
	report(b, float64(2*tokens*width*hidden))
}

func BenchmarkAttention(b *testing.B) {
	const heads, size = 3, 64
	for _, tokens := range []int{256, 1024} {
		b.Run(fmt.Sprintf("%dx%dx%d", tokens, heads, size), func(b *testing.B) {
			d := cpu.New(1)[0]
			qkv, y := tensor(b, d, tokens, 3*heads*size), tensor(b, d, tokens, heads*size)
			for b.Loop() {
				d.Attention(y, qkv, heads, compute.Share{Total: tokens})
			}
			report(b, float64(2*tokens*tokens*heads*size))
		})
	}
}
