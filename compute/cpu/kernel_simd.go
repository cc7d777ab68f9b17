//go:build goexperiment.simd

package cpu

import (
	"simd"

	"segmenter/compute/cpu/kernel"
)

// The device's kernels, on vectors of the CPU's own length: 4 floats in
// WebAssembly and NEON, 8 or 16 with AVX2 or AVX-512. A slice whose length is not a
// multiple of that ends in a partial vector.

// The matrix product keeps a tile of tileRows × panelWidth in registers: 4 rows ×
// 2 vectors = 8 sums, 2 vectors of weights and one broadcast input fit the 16
// registers that WebAssembly engines have on amd64. A tile of 6 rows spills.
const tileRows = 4

var panelWidth = 2 * kernel.Lanes()

func scale(x []float32, by float32) {
	s := simd.BroadcastFloat32s(by)
	for ; len(x) >= s.Len(); x = x[s.Len():] {
		simd.LoadFloat32s(x).Mul(s).Store(x)
	}
	for i := range x {
		x[i] *= by
	}
}

// add computes dst += x.
func add(dst, x []float32) {
	var v simd.Float32s
	L := v.Len()
	i := 0
	for ; i+L <= len(dst); i += L {
		simd.LoadFloat32s(dst[i:]).Add(simd.LoadFloat32s(x[i:])).Store(dst[i:])
	}
	for ; i < len(dst); i++ {
		dst[i] += x[i]
	}
}

// mix computes dst = a·(1−t) + b·t.
func mix(dst, a, b []float32, t float32) {
	u, v := simd.BroadcastFloat32s(1-t), simd.BroadcastFloat32s(t)
	L := v.Len()
	i := 0
	for ; i+L <= len(dst); i += L {
		simd.LoadFloat32s(a[i:]).Mul(u).Add(simd.LoadFloat32s(b[i:]).Mul(v)).Store(dst[i:])
	}
	for ; i < len(dst); i++ {
		dst[i] = a[i]*(1-t) + b[i]*t
	}
}

// addBias computes dst = x + bias.
func addBias(dst, x, bias []float32) {
	var v simd.Float32s
	L := v.Len()
	i := 0
	for ; i+L <= len(dst); i += L {
		simd.LoadFloat32s(x[i:]).Add(simd.LoadFloat32s(bias[i:])).Store(dst[i:])
	}
	for ; i < len(dst); i++ {
		dst[i] = x[i] + bias[i]
	}
}

// exactGELU replaces x by GELU(x).
func exactGELU(x []float32) {
	var v simd.Float32s
	for ; len(x) >= v.Len(); x = x[v.Len():] {
		gelu(simd.LoadFloat32s(x)).Store(x)
	}
	if len(x) > 0 {
		v, _ = simd.LoadFloat32sPart(x)
		gelu(v).StorePart(x)
	}
}

// gelu is x·Φ(x) = max(x, 0) − |x|·(1 − Φ(|x|)).
func gelu(x simd.Float32s) simd.Float32s {
	tail, _ := normalTail(x)
	half := x.Abs().Mul(tail).Mul(simd.BroadcastFloat32s(0.5))
	var zero simd.Float32s
	return x.Max(zero).Sub(half)
}

// normalTail returns 2·(1 − Φ(|x|)) and e^(−x²/2). The error function is Abramowitz
// and Stegun's 7.1.26 (absolute error of Φ below 1.5e-7).
func normalTail(x simd.Float32s) (tail, bell simd.Float32s) {
	one := simd.BroadcastFloat32s(1)
	z := x.Abs().Mul(simd.BroadcastFloat32s(0.70710678))
	t := one.Div(z.Mul(simd.BroadcastFloat32s(0.3275911)).Add(one))
	p := t.Mul(simd.BroadcastFloat32s(1.061405429)).Add(simd.BroadcastFloat32s(-1.453152027))
	p = p.Mul(t).Add(simd.BroadcastFloat32s(1.421413741))
	p = p.Mul(t).Add(simd.BroadcastFloat32s(-0.284496736))
	p = p.Mul(t).Add(simd.BroadcastFloat32s(0.254829592)).Mul(t)
	bell = exp(z.Mul(z).Neg())
	return p.Mul(bell), bell
}

// exp is eˣ for x ≤ 0, with a relative error below 2e-7; results below 2⁻¹²⁶
// become 0 or nearly 0. x = n·ln 2 + r, |r| ≤ ln 2 / 2; e^r is a polynomial
// (Cephes' expf), and n goes straight into the exponent bits.
func exp(x simd.Float32s) simd.Float32s {
	x = x.Max(simd.BroadcastFloat32s(-87))
	// Adding 1.5·2²³ rounds to an integer, and leaves it in the low bits.
	magic := simd.BroadcastFloat32s(12582912)
	shifted := x.Mul(simd.BroadcastFloat32s(1.44269504)).Add(magic)
	n := shifted.Sub(magic)
	r := x.Sub(n.Mul(simd.BroadcastFloat32s(0.693359375))).Sub(n.Mul(simd.BroadcastFloat32s(-2.12194440e-4)))
	p := r.Mul(simd.BroadcastFloat32s(1.9875691500e-4)).Add(simd.BroadcastFloat32s(1.3981999507e-3))
	p = p.Mul(r).Add(simd.BroadcastFloat32s(8.3334519073e-3))
	p = p.Mul(r).Add(simd.BroadcastFloat32s(4.1665795894e-2))
	p = p.Mul(r).Add(simd.BroadcastFloat32s(1.6666665459e-1))
	p = p.Mul(r).Add(simd.BroadcastFloat32s(5.0000001201e-1))
	p = p.Mul(r).Mul(r).Add(r).Add(simd.BroadcastFloat32s(1))
	exponent := shifted.ToBits().ShiftAllLeft(23)
	return p.ToBits().Add(exponent).BitsToFloat32()
}

// highest returns the largest element of x, which must not be empty.
func highest(x []float32) float32 {
	m := simd.BroadcastFloat32s(x[0])
	for ; len(x) >= m.Len(); x = x[m.Len():] {
		m = m.Max(simd.LoadFloat32s(x))
	}
	h := kernel.Largest(m)
	for _, v := range x {
		h = max(h, v)
	}
	return h
}

// exponentials replaces each x by exp(x − shift), and returns the sum. No x is
// above shift.
func exponentials(x []float32, shift float32) float32 {
	var s simd.Float32s
	m := simd.BroadcastFloat32s(shift)
	for ; len(x) >= s.Len(); x = x[s.Len():] {
		e := exp(simd.LoadFloat32s(x).Sub(m))
		e.Store(x)
		s = s.Add(e)
	}
	result := kernel.Total(s)
	if len(x) > 0 {
		v, _ := simd.LoadFloat32sPart(x)
		exp(v.Sub(m)).StorePart(x)
		result += kernel.Sum(x)
	}
	return result
}
