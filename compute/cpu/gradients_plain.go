//go:build !goexperiment.simd && !js

package cpu

import (
	"math"
)

// The plain counterparts of gradients_simd.go.

func addScaled(dst, x []float32, by float32) {
	for i := range dst {
		dst[i] += x[i] * by
	}
}

func addProduct(dst, a, b []float32) {
	for i := range dst {
		dst[i] += a[i] * b[i]
	}
}

func dot(a, b []float32) (s float32) {
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func multiply(x, y []float32) {
	for i := range x {
		x[i] *= y[i]
	}
}

func geluAndSlope(dst, slope, x []float32) {
	for i, f := range x {
		v := float64(f)
		phi := 0.5 * (1 + math.Erf(v/math.Sqrt2))
		dst[i], slope[i] = float32(v*phi), float32(phi+v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi))
	}
}

func normGradient(dx, dWeight, dBias, dy, x, weight []float32, mean, scale float32) {
	var sum, product float32
	for i, g := range dy {
		v := (x[i] - mean) * scale
		dWeight[i] += g * v
		dBias[i] += g
		sum += g * weight[i]
		product += g * weight[i] * v
	}
	sum, product = sum/float32(len(x)), product/float32(len(x))
	for i, g := range dy {
		dx[i] += (g*weight[i] - sum - (x[i]-mean)*scale*product) * scale
	}
}

func softmaxGradient(dp, p []float32) {
	mean := dot(dp, p)
	for i := range dp {
		dp[i] = (dp[i] - mean) * p[i]
	}
}

const lanes = 8

func softmaxStrip(powers, sums, tops, lo, hi, t []float32) {
	for j := range lanes {
		top := float32(math.Inf(-1))
		for c := range lo {
			score := lo[c]*(1-t[j]) + hi[c]*t[j]
			powers[c*lanes+j] = score
			top = max(top, score)
		}
		sum := float32(0)
		for c := range lo {
			e := float32(math.Exp(float64(powers[c*lanes+j] - top)))
			powers[c*lanes+j] = e
			sum += e
		}
		sums[j], tops[j] = sum, top
	}
}

func addStrip(upper, bottom, powers, factors []float32, down float32) {
	for i, p := range powers {
		g := p * factors[i%lanes]
		upper[i] += g * (1 - down)
		bottom[i] += g * down
	}
}
