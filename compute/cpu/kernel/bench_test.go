package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkMatMul times the matrix products of a frame of 512².
//
//	go test -run - -bench MatMul ./compute/cpu/kernel
//	GOOS=js GOARCH=wasm go test -run - -bench MatMul -exec "$PWD/wasmbrowser" ./compute/cpu/kernel
func BenchmarkMatMul(b *testing.B) {
	for _, s := range []struct {
		name                  string
		rows, inputs, outputs int
	}{
		{"qkv", 8 * TileRows, 192, 576},
		{"fc1", 8 * TileRows, 192, 768},
		{"fc2", 8 * TileRows, 768, 192},
		{"scores", 4 * TileRows, 64, 128},
	} {
		b.Run(fmt.Sprintf("%s/%dx%dx%d", s.name, s.rows, s.inputs, s.outputs), func(b *testing.B) {
			a, info := bytes(s.rows*s.inputs), make([]Row, s.rows)
			panels := make([]byte, s.outputs/PanelWidth*PanelBytes(s.inputs))
			c := make([]float32, s.rows*s.outputs)
			for _, multiply := range kernels(Run(panels, s.inputs)) {
				b.Run("", func(b *testing.B) {
					for b.Loop() {
						multiply(c, s.outputs, a, s.inputs, info, panels, s.inputs, false)
					}
					operations := 2 * float64(s.rows*s.inputs*s.outputs) * float64(b.N)
					b.ReportMetric(operations/float64(b.Elapsed().Nanoseconds()), "GOP/s")
				})
			}
		})
	}
}

// BenchmarkRows times the kernels of rows, in nanoseconds per value.
func BenchmarkRows(b *testing.B) {
	const rows, n = 24, 192
	x, y, weight := floats(rows*n), make([]float32, rows*n), floats(n)
	out, info := make([]byte, rows*n), make([]Row, rows)
	state, blend := make([]SoftmaxState, rows), make([]Blend, rows)
	for _, k := range []struct {
		name string
		run  func()
	}{
		{"Softmax", func() { Softmax(out, n, x, n, weight, n, state, blend) }},
		{"Normalise", func() { Normalise(y, x, weight, weight, 1e-5) }},
		{"Quantise", func() { Quantise(out, n, x, n, n, info) }},
		{"GELU", func() { GELU(y) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				k.run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows*n), "ns/value")
		})
	}
}
