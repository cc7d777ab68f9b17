//go:build !goexperiment.simd

package cpu

import "math"

// The plain counterparts of kernel_simd.go, for builds without
// GOEXPERIMENT=simd.

const (
	tileRows   = 4
	panelWidth = 8
)

func tileAdd(c []float32, ldc int, a []float32, lda int, b []float32, ldb, k int) {
	for r := range tileRows {
		sums := c[r*ldc:][:panelWidth]
		for i, x := range a[r*lda:][:k] {
			for j, w := range b[i*ldb:][:panelWidth] {
				sums[j] += x * w
			}
		}
	}
}

func scale(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}

func add(dst, x []float32) {
	for i := range dst {
		dst[i] += x[i]
	}
}

func mix(dst, a, b []float32, t float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i]*(1-t) + b[i]*t
	}
}

func addBias(dst, x, bias []float32) {
	for i := range dst {
		dst[i] = x[i] + bias[i]
	}
}

func exactGELU(x []float32) {
	for i, v := range x {
		x[i] = 0.5 * v * (1 + float32(math.Erf(float64(v)/math.Sqrt2)))
	}
}

func highest(x []float32) float32 {
	m := x[0]
	for _, v := range x[1:] {
		m = max(m, v)
	}
	return m
}

func exponentials(x []float32, shift float32) (s float32) {
	for i, v := range x {
		x[i] = float32(math.Exp(float64(v - shift)))
		s += x[i]
	}
	return s
}
