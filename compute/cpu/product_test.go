//go:build !js

package cpu_test

import (
	"fmt"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
)

// BenchmarkProduct times the three products of a linear layer, for 18×18 patches and
// a class token.
func BenchmarkProduct(b *testing.B) {
	const tokens = 325
	for _, s := range []struct{ in, out int }{{width, 3 * width}, {width, hidden}, {hidden, width}} {
		d := &benchDevice{cpu.NewTrainer(), b}
		w, x, y := d.linear(s.in, s.out), d.tensor(tokens, s.in), d.tensor(tokens, s.out)
		dx, dw, db := d.tensor(tokens, s.in), d.tensor(s.out, s.in), d.tensor(1, s.out)
		products := float64(tokens * s.in * s.out)
		d.rate(fmt.Sprintf("Linear/%dx%dx%d", tokens, s.in, s.out), products, func() {
			d.Linear(y, x, w, compute.LinearOp{})
		})
		d.rate(fmt.Sprintf("Gradient/%dx%dx%d", tokens, s.in, s.out), 2*products, func() {
			d.Device.(compute.Differentiable).LinearGradient(dx, dw, db, y, x, w)
		})
	}
	d := &benchDevice{cpu.NewTrainer(), b}
	qkv, y, dqkv := d.tensor(tokens, 3*width), d.tensor(tokens, width), d.tensor(tokens, 3*width)
	weights, trainer := d.tensor(heads*tokens, tokens), d.Device.(compute.Differentiable)
	products := float64(tokens * tokens * width)
	d.rate(fmt.Sprintf("Attention/%dx%d", tokens, width), 2*products, func() {
		trainer.SoftmaxAttention(y, weights, qkv, nil, heads)
	})
	d.rate(fmt.Sprintf("AttentionGradient/%dx%d", tokens, width), 4*products, func() {
		trainer.AttentionGradient(dqkv, y, qkv, weights, nil, heads)
	})
}

// rate times an operation of so many multiply-adds.
func (d *benchDevice) rate(name string, products float64, operation func()) {
	d.Run(name, func(b *testing.B) {
		for b.Loop() {
			operation()
		}
		b.ReportMetric(2*products*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
	})
}
