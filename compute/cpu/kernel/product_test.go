//go:build !(goexperiment.simd && wasm)

package kernel

type product = func(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs int, add bool)

// kernels returns the products that this platform has.
func kernels(run int) []product {
	return []product{func(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs int, add bool) {
		MatMul(c, ldc, a, lda, info, panels, inputs, run, add)
	}}
}
