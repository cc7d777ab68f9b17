//go:build goexperiment.simd

package cpu

import "simd/archsimd"

// The tile of a product, in assembly. With simd/archsimd it does half as many
// products a second: MulAdd overwrites a factor, not the sum, so each takes a move,
// and the compiler runs out of registers.
//
// With AVX-512, 6 rows × 4 vectors of 16 floats = 24 sums, 4 vectors of the panel
// and 4 of inputs are all 32 registers. With AVX2, 6 × 2 vectors of 8 are all 16.
var (
	wideTile                          = archsimd.X86.AVX512()
	narrowTile                        = archsimd.X86.AVX2() && archsimd.X86.FMA()
	tileHeight, tileWidth, depthBlock = tileShape()
)

func tileShape() (height, width, depth int) {
	switch {
	case wideTile:
		return 6, 64, 96
	case narrowTile:
		return 6, 16, 384
	default:
		return tileRows, panelWidth, 384
	}
}

// productTile computes c += a·b on a tile: a is [tileHeight][k] with stride lda, b
// [k][tileWidth].
func productTile(c []float32, ldc int, a []float32, lda int, b []float32, k int) {
	if !wideTile && !narrowTile {
		tileAdd(c, ldc, a, lda, b, tileWidth, k)
		return
	}
	if k == 0 {
		return
	}
	_, _, _ = c[5*ldc+tileWidth-1], a[5*lda+k-1], b[k*tileWidth-1]
	if wideTile {
		addTile512(&c[0], ldc, &a[0], lda, &b[0], k)
	} else {
		addTile256(&c[0], ldc, &a[0], lda, &b[0], k)
	}
}

//go:noescape
func addTile512(c *float32, ldc int, a *float32, lda int, b *float32, k int)

//go:noescape
func addTile256(c *float32, ldc int, a *float32, lda int, b *float32, k int)
