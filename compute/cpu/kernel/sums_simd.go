//go:build goexperiment.simd

package kernel

import "simd"

// maxLanes is the largest number of 32-bit lanes of a vector.
const maxLanes = 16

// Lanes returns the number of float32 in a vector of this CPU.
func Lanes() int {
	var v simd.Float32s
	return v.Len()
}

// Total returns the sum of a vector's lanes.
func Total(v simd.Float32s) (s float32) {
	var buffer [maxLanes]float32
	v.Store(buffer[:])
	for _, x := range buffer[:v.Len()] {
		s += x
	}
	return s
}

// Largest returns the largest of a vector's lanes.
func Largest(v simd.Float32s) float32 {
	var buffer [maxLanes]float32
	v.Store(buffer[:])
	m := buffer[0]
	for _, x := range buffer[1:v.Len()] {
		m = max(m, x)
	}
	return m
}

// Sum returns the sum of x.
func Sum(x []float32) float32 {
	var s simd.Float32s
	for ; len(x) >= s.Len(); x = x[s.Len():] {
		s = s.Add(simd.LoadFloat32s(x))
	}
	rest, _ := simd.LoadFloat32sPart(x)
	return Total(s.Add(rest))
}

// SumOfSquares sums the squares of x − mean.
func SumOfSquares(x []float32, mean float32) float32 {
	var s simd.Float32s
	m := simd.BroadcastFloat32s(mean)
	for ; len(x) >= s.Len(); x = x[s.Len():] {
		d := simd.LoadFloat32s(x).Sub(m)
		s = s.Add(d.Mul(d))
	}
	result := Total(s)
	for _, v := range x {
		result += (v - mean) * (v - mean)
	}
	return result
}
