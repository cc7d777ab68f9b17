//go:build goexperiment.simd && !js

package cpu

import (
	"simd"

	"segmenter/compute/cpu/kernel"
)

// The loops of training, on vectors of the CPU's own length, like kernel_simd.go.

// addScaled computes dst += x·by.
func addScaled(dst, x []float32, by float32) {
	s := simd.BroadcastFloat32s(by)
	L := s.Len()
	i := 0
	for ; i+L <= len(dst); i += L {
		simd.LoadFloat32s(dst[i:]).Add(simd.LoadFloat32s(x[i:]).Mul(s)).Store(dst[i:])
	}
	for ; i < len(dst); i++ {
		dst[i] += x[i] * by
	}
}

// addProduct computes dst += a·b, value by value.
func addProduct(dst, a, b []float32) {
	var v simd.Float32s
	L := v.Len()
	i := 0
	for ; i+L <= len(dst); i += L {
		simd.LoadFloat32s(dst[i:]).Add(simd.LoadFloat32s(a[i:]).Mul(simd.LoadFloat32s(b[i:]))).Store(dst[i:])
	}
	for ; i < len(dst); i++ {
		dst[i] += a[i] * b[i]
	}
}

// dot returns Σ a·b.
func dot(a, b []float32) float32 {
	var s simd.Float32s
	for ; len(a) >= s.Len(); a, b = a[s.Len():], b[s.Len():] {
		s = s.Add(simd.LoadFloat32s(a).Mul(simd.LoadFloat32s(b)))
	}
	result := kernel.Total(s)
	for i, v := range a {
		result += v * b[i]
	}
	return result
}

// multiply computes x = x·y, value by value.
func multiply(x, y []float32) {
	var v simd.Float32s
	L := v.Len()
	i := 0
	for ; i+L <= len(x); i += L {
		simd.LoadFloat32s(x[i:]).Mul(simd.LoadFloat32s(y[i:])).Store(x[i:])
	}
	for ; i < len(x); i++ {
		x[i] *= y[i]
	}
}

// geluAndSlope computes dst = x·Φ(x) and slope = Φ(x) + x·φ(x).
func geluAndSlope(dst, slope, x []float32) {
	var v simd.Float32s
	for L := v.Len(); len(x) >= L; dst, slope, x = dst[L:], slope[L:], x[L:] {
		y, s := geluWithSlope(simd.LoadFloat32s(x))
		y.Store(dst)
		s.Store(slope)
	}
	if len(x) > 0 {
		v, _ = simd.LoadFloat32sPart(x)
		y, s := geluWithSlope(v)
		y.StorePart(dst)
		s.StorePart(slope)
	}
}

func geluWithSlope(x simd.Float32s) (y, slope simd.Float32s) {
	tail, bell := normalTail(x)
	var zero simd.Float32s
	half := simd.BroadcastFloat32s(0.5)
	// Φ(x) = ½ ± (½ − tail/2), with the sign of x
	above := half.Sub(tail.Mul(half))
	above = above.IfElse(x.Greater(zero), above.Neg())
	phi := half.Add(above)
	return x.Mul(phi), phi.Add(x.Mul(bell).Mul(simd.BroadcastFloat32s(0.39894228)))
}

// normGradient adds the gradient of a row's layer normalisation: see
// [compute.Gradients]. scale is 1/σ.
func normGradient(dx, dWeight, dBias, dy, x, weight []float32, mean, scale float32) {
	m, s := simd.BroadcastFloat32s(mean), simd.BroadcastFloat32s(scale)
	var sums, products simd.Float32s
	L := m.Len()
	n := len(x) / L * L
	for i := 0; i < n; i += L {
		y, v := simd.LoadFloat32s(dy[i:]), simd.LoadFloat32s(x[i:]).Sub(m).Mul(s)
		simd.LoadFloat32s(dWeight[i:]).Add(y.Mul(v)).Store(dWeight[i:])
		simd.LoadFloat32s(dBias[i:]).Add(y).Store(dBias[i:])
		g := y.Mul(simd.LoadFloat32s(weight[i:]))
		sums, products = sums.Add(g), products.Add(g.Mul(v))
	}
	sum, product := kernel.Total(sums), kernel.Total(products)
	for i := n; i < len(x); i++ {
		v := (x[i] - mean) * scale
		dWeight[i] += dy[i] * v
		dBias[i] += dy[i]
		sum += dy[i] * weight[i]
		product += dy[i] * weight[i] * v
	}
	sum, product = sum/float32(len(x)), product/float32(len(x))
	a, b := simd.BroadcastFloat32s(sum), simd.BroadcastFloat32s(product)
	for i := 0; i < n; i += L {
		v := simd.LoadFloat32s(x[i:]).Sub(m).Mul(s)
		g := simd.LoadFloat32s(dy[i:]).Mul(simd.LoadFloat32s(weight[i:]))
		simd.LoadFloat32s(dx[i:]).Add(g.Sub(a).Sub(v.Mul(b)).Mul(s)).Store(dx[i:])
	}
	for i := n; i < len(x); i++ {
		dx[i] += (dy[i]*weight[i] - sum - (x[i]-mean)*scale*product) * scale
	}
}

// softmaxGradient replaces dp, the gradient by the weights p, by the gradient by the
// scores.
func softmaxGradient(dp, p []float32) {
	mean := dot(dp, p)
	m := simd.BroadcastFloat32s(mean)
	L := m.Len()
	i := 0
	for ; i+L <= len(p); i += L {
		simd.LoadFloat32s(dp[i:]).Sub(m).Mul(simd.LoadFloat32s(p[i:])).Store(dp[i:])
	}
	for ; i < len(p); i++ {
		dp[i] = (dp[i] - mean) * p[i]
	}
}

// lanes is the number of pixels of a strip, those of a vector.
var lanes = kernel.Lanes()

// softmaxStrip interpolates the scores of classes from lo to hi, t of the way for each
// pixel. tops are the pixels' highest scores, powers (C, lanes) e^(score − top), sums
// their sums.
func softmaxStrip(powers, sums, tops, lo, hi, t []float32) {
	across := simd.LoadFloat32s(t)
	rest := simd.BroadcastFloat32s(1).Sub(across)
	top := simd.BroadcastFloat32s(lo[0]).Mul(rest).Add(simd.BroadcastFloat32s(hi[0]).Mul(across))
	L := top.Len()
	for c, v := range lo {
		score := simd.BroadcastFloat32s(v).Mul(rest).Add(simd.BroadcastFloat32s(hi[c]).Mul(across))
		score.Store(powers[c*L:])
		top = top.Max(score)
	}
	var sum simd.Float32s
	for i := 0; i+L <= len(powers); i += L {
		e := exp(simd.LoadFloat32s(powers[i:]).Sub(top))
		e.Store(powers[i:])
		sum = sum.Add(e)
	}
	sum.Store(sums)
	top.Store(tops)
}

// addStrip adds powers·factors to upper and bottom, down of it to bottom.
func addStrip(upper, bottom, powers, factors []float32, down float32) {
	f := simd.LoadFloat32s(factors)
	below := f.Mul(simd.BroadcastFloat32s(down))
	above := f.Sub(below)
	L := f.Len()
	for i := 0; i+L <= len(powers); i += L {
		p := simd.LoadFloat32s(powers[i:])
		simd.LoadFloat32s(upper[i:]).Add(p.Mul(above)).Store(upper[i:])
		simd.LoadFloat32s(bottom[i:]).Add(p.Mul(below)).Store(bottom[i:])
	}
}
