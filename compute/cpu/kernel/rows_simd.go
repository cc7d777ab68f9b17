//go:build goexperiment.simd && !wasm

package kernel

import (
	"math"
	"simd"
)

// The kernels of rows, on vectors of the CPU's own length.

// putBytes stores the low byte of every lane, where magic leaves an integer.
func putBytes[T byte | int8](dst []T, v simd.Float32s) {
	var buffer [maxLanes]uint32
	v.ToBits().Store(buffer[:])
	for i := range dst[:v.Len()] {
		dst[i] = T(buffer[i])
	}
}

// Softmax: see plainSoftmax.
func Softmax(weights []byte, ldw int, scores []float32, lds int, inverse []float32, n int, state []SoftmaxState, blend []Blend) {
	if n%Lanes() != 0 {
		plainSoftmax(weights, ldw, scores, lds, inverse, n, state, blend)
		return
	}
	toInteger := simd.BroadcastFloat32s(magic)
	for r := range state {
		s, w := scores[r*lds:][:n], weights[r*ldw:][:n]
		top := simd.LoadFloat32s(s)
		for i := top.Len(); i < n; i += top.Len() {
			top = top.Max(simd.LoadFloat32s(s[i:]))
		}
		highest := Largest(top)
		top = simd.BroadcastFloat32s(highest)
		var sums simd.Float32s
		for i := 0; i < n; i += top.Len() {
			p := powers(simd.LoadFloat32s(s[i:]).Sub(top)).Mul(simd.BroadcastFloat32s(127))
			sums = sums.Add(p.Mul(simd.LoadFloat32s(inverse[i:])))
			putBytes(w[i:], p.Add(toInteger))
		}
		state[r], blend[r] = state[r].add(highest, Total(sums))
	}
}

// powers is power on vectors.
func powers(x simd.Float32s) simd.Float32s {
	x = x.Max(simd.BroadcastFloat32s(-126))
	toInteger := simd.BroadcastFloat32s(magic)
	shifted := x.Add(toInteger)
	f := x.Sub(shifted.Sub(toInteger))
	p := f.Mul(simd.BroadcastFloat32s(exp2)).Add(simd.BroadcastFloat32s(exp1))
	p = p.Mul(f).Add(simd.BroadcastFloat32s(exp0))
	return p.ToBits().Add(shifted.ToBits().ShiftAllLeft(23)).BitsToFloat32()
}

// Quantise: see plainQuantise.
func Quantise(dst []byte, ldd int, x []float32, ldx, n int, info []Row) {
	if n%Lanes() != 0 {
		plainQuantise(dst, ldd, x, ldx, n, info)
		return
	}
	var zeros simd.Float32s
	for r := range info {
		row, out := x[r*ldx:][:n], dst[r*ldd:][:n]
		low, high := zeros, zeros
		for i := 0; i < n; i += low.Len() {
			v := simd.LoadFloat32s(row[i:])
			low, high = low.Min(v), high.Max(v)
		}
		var inverse, zero float32
		info[r], inverse, zero = between(-Largest(low.Neg()), Largest(high))
		by, to := simd.BroadcastFloat32s(inverse), simd.BroadcastFloat32s(zero+magic)
		for i := 0; i < n; i += by.Len() {
			putBytes(out[i:], simd.LoadFloat32s(row[i:]).Mul(by).Add(to))
		}
	}
}

// QuantiseSigned: see plainQuantiseSigned.
func QuantiseSigned(dst []int8, ldd int, x []float32, ldx, n int, scales []float32) {
	if n%Lanes() != 0 {
		plainQuantiseSigned(dst, ldd, x, ldx, n, scales)
		return
	}
	toInteger := simd.BroadcastFloat32s(magic)
	for r := range scales {
		row, out := x[r*ldx:][:n], dst[r*ldd:][:n]
		var top simd.Float32s
		for i := 0; i < n; i += top.Len() {
			top = top.Max(simd.LoadFloat32s(row[i:]).Abs())
		}
		scales[r] = max(Largest(top)/127, 1e-12)
		by := simd.BroadcastFloat32s(1 / scales[r])
		for i := 0; i < n; i += by.Len() {
			putBytes(out[i:], simd.LoadFloat32s(row[i:]).Mul(by).Add(toInteger))
		}
	}
}

// GELU: see plainGELU.
func GELU(x []float32) {
	low, high, half := simd.BroadcastFloat32s(-phiEnd), simd.BroadcastFloat32s(phiEnd), simd.BroadcastFloat32s(0.5)
	for ; len(x) >= low.Len(); x = x[low.Len():] {
		v := simd.LoadFloat32s(x)
		c := v.Max(low).Min(high)
		s := c.Mul(c)
		p := s.Mul(simd.BroadcastFloat32s(phi6)).Add(simd.BroadcastFloat32s(phi5))
		p = p.Mul(s).Add(simd.BroadcastFloat32s(phi4))
		p = p.Mul(s).Add(simd.BroadcastFloat32s(phi3))
		p = p.Mul(s).Add(simd.BroadcastFloat32s(phi2))
		p = p.Mul(s).Add(simd.BroadcastFloat32s(phi1))
		p = p.Mul(s).Add(simd.BroadcastFloat32s(phi0))
		v.Mul(p.Mul(c).Add(half)).Store(x)
	}
	plainGELU(x)
}

// Normalise: see plainNormalise.
func Normalise(dst, x, weight, bias []float32, eps float32) {
	n := len(weight)
	for ; len(x) >= n; dst, x = dst[n:], x[n:] {
		mean := Sum(x[:n]) / float32(n)
		variance := SumOfSquares(x[:n], mean) / float32(n)
		scaleShift(dst[:n], x[:n], mean, 1/float32(math.Sqrt(float64(variance+eps))), weight, bias)
	}
}

// scaleShift computes dst = (x − mean)·scale·weight + bias.
func scaleShift(dst, x []float32, mean, scale float32, weight, bias []float32) {
	m, s := simd.BroadcastFloat32s(mean), simd.BroadcastFloat32s(scale)
	L := m.Len()
	i := 0
	for ; i+L <= len(x); i += L {
		v := simd.LoadFloat32s(x[i:]).Sub(m).Mul(s)
		v.Mul(simd.LoadFloat32s(weight[i:])).Add(simd.LoadFloat32s(bias[i:])).Store(dst[i:])
	}
	for ; i < len(x); i++ {
		dst[i] = (x[i]-mean)*scale*weight[i] + bias[i]
	}
}
