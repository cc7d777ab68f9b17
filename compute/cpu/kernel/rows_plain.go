//go:build !goexperiment.simd

package kernel

// Weights: see plainWeights.
func Weights(weights []byte, ldw int, scores []float32, lds int, inverse []float32, n int, state []Softmax, blend []Blend) {
	plainWeights(weights, ldw, scores, lds, inverse, n, state, blend)
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
