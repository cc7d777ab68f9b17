//go:build !(goexperiment.simd && (amd64 || wasm))

package kernel

// MatMul: see plainMatMul.
func MatMul(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs, _ int, add bool) {
	plainMatMul(c, ldc, a, lda, info, panels, inputs, add)
}

// Attend: see plainAttend.
func Attend(sums []float32, width int, weights []byte, ldw int, blend []Blend, values []byte, keys int) {
	plainAttend(sums, width, weights, ldw, blend, values, keys)
}

// Fast reports whether products of bytes are faster than those of floats.
func Fast() bool { return false }
