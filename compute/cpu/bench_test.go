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
//	GOOS=js GOARCH=wasm go test -run - -bench . -exec "$PWD/wasmbrowser" ./compute/cpu

const tokens, width, hidden, heads = 1024, 192, 768, 3

// machine is a device with the helpers of a benchmark.
type machine struct {
	compute.Device
	*testing.B
}

// onEach runs a benchmark in either arithmetic. macs is the multiply-adds of
// an operation.
func onEach(b *testing.B, macs float64, run func(m *machine) (operation func())) {
	for name, arithmetic := range map[string]compute.Arithmetic{"int8": compute.Int8, "float": compute.Float32} {
		b.Run(name, func(b *testing.B) {
			operation := run(&machine{cpu.New(1, arithmetic)[0], b})
			for b.Loop() {
				operation()
			}
			b.ReportMetric(2*macs*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GOP/s")
		})
	}
}

func (m *machine) tensor(rows, cols int) compute.Tensor {
	t, err := m.NewTensor(rows, cols)
	if err != nil {
		m.Fatal(err)
	}
	values := make([]float32, rows*cols)
	for i := range values {
		values[i] = float32(i%97)/97 - 0.5
	}
	m.Write(t, values)
	return t
}

func (m *machine) linear(in, out int) compute.Linear {
	w := compute.Weight{Out: out, In: in, Int8: make([]int8, out*in), Scale: make([]float32, out)}
	for i := range w.Int8 {
		w.Int8[i] = int8(i % 101)
	}
	l, err := m.NewLinear(w, make([]float32, out))
	if err != nil {
		m.Fatal(err)
	}
	return l
}

func (m *machine) norm() compute.Norm {
	return compute.Norm{Weight: m.tensor(1, width), Bias: m.tensor(1, width)}
}

func BenchmarkLinear(b *testing.B) {
	for _, s := range []struct{ in, out int }{{width, 3 * width}, {width, width}} {
		b.Run(fmt.Sprintf("%dx%dx%d", tokens, s.in, s.out), func(b *testing.B) {
			onEach(b, float64(tokens*s.in*s.out), func(m *machine) func() {
				w, x, y, n := m.linear(s.in, s.out), m.tensor(tokens, s.in), m.tensor(tokens, s.out), m.norm()
				return func() { m.Linear(y, x, w, compute.LinearOp{Norm: &n}) }
			})
		})
	}
}

func BenchmarkFeedForward(b *testing.B) {
	onEach(b, 2*tokens*width*hidden, func(m *machine) func() {
		x, n, fc1, fc2 := m.tensor(tokens, width), m.norm(), m.linear(width, hidden), m.linear(hidden, width)
		return func() { m.FeedForward(x, n, fc1, fc2) }
	})
}

func BenchmarkAttention(b *testing.B) {
	for _, tokens := range []int{256, 1024} {
		b.Run(fmt.Sprintf("%dx%dx%d", tokens, heads, width/heads), func(b *testing.B) {
			onEach(b, float64(2*tokens*tokens*width), func(m *machine) func() {
				qkv, y := m.tensor(tokens, 3*width), m.tensor(tokens, width)
				return func() { m.Attention(y, qkv, heads, compute.Share{Total: tokens}) }
			})
		})
	}
}
