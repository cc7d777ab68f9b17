//go:build !goexperiment.simd

package kernel

// Softmax: see plainSoftmax.
func Softmax(weights []byte, ldw int, scores []float32, lds int, inverse []float32, n int, state []SoftmaxState, blend []Blend) {
	plainSoftmax(weights, ldw, scores, lds, inverse, n, state, blend)
}

// Normalise: see plainNormalise.
func Normalise(dst, x, weight, bias []float32, eps float32) {
	plainNormalise(dst, x, weight, bias, eps)
}

// Quantise: see plainQuantise.
func Quantise(dst []byte, ldd int, x []float32, ldx, n int, info []Row) {
	plainQuantise(dst, ldd, x, ldx, n, info)
}

// QuantiseSigned: see plainQuantiseSigned.
func QuantiseSigned(dst []int8, ldd int, x []float32, ldx, n int, scales []float32) {
	plainQuantiseSigned(dst, ldd, x, ldx, n, scales)
}

// GELU: see plainGELU.
func GELU(x []float32) { plainGELU(x) }

// Sum returns the sum of x.
func Sum(x []float32) (s float32) {
	for _, v := range x {
		s += v
	}
	return s
}

// SumOfSquares sums the squares of x − mean.
func SumOfSquares(x []float32, mean float32) (s float32) {
	for _, v := range x {
		s += (v - mean) * (v - mean)
	}
	return s
}
