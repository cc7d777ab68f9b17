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
		return 6, 16, maxDepth
	default:
		return tileRows, panelWidth, maxDepth
	}
}

// productTile computes c += a·panel on a tile: a is [tileHeight][k] with the stride lda
// between rows and step between columns, panel [k][tileWidth].
func productTile(c []float32, ldc int, a []float32, lda, step int, panel []float32, k int) {
	switch {
	case !wideTile && !narrowTile:
		commonTile(c, ldc, a, lda, step, panel, k)
		return
	case k == 0:
		return
	}
	_, _, _ = c[5*ldc+tileWidth-1], a[5*lda+(k-1)*step], panel[k*tileWidth-1]
	if wideTile {
		addTile512(&c[0], ldc, &a[0], lda, step, &panel[0], k)
	} else {
		addTile256(&c[0], ldc, &a[0], lda, step, &panel[0], k)
	}
}

// edgeTile is productTile on a whole tile, of which only rows × cols values count.
func edgeTile(tile []float32, rows, cols int, a []float32, lda, step int, panel []float32, k int) {
	if !wideTile || rows > 2 && cols > 16 || k == 0 {
		productTile(tile, tileWidth, a, lda, step, panel, k)
		return
	}
	_, _, _ = tile[maxTile-1], a[5*lda+(k-1)*step], panel[k*tileWidth-1]
	if rows <= 2 {
		addRows512(&tile[0], tileWidth, &a[0], lda, step, &panel[0], k)
	} else {
		addColumns512(&tile[0], tileWidth, &a[0], lda, step, &panel[0], k)
	}
}

// addTile512 adds 6 rows of 64, addRows512 2 rows of 64, addColumns512 6 rows of 16; a
// row of the panel has 64 values.
//
//go:noescape
func addTile512(c *float32, ldc int, a *float32, lda, next int, b *float32, k int)

//go:noescape
func addRows512(c *float32, ldc int, a *float32, lda, next int, b *float32, k int)

//go:noescape
func addColumns512(c *float32, ldc int, a *float32, lda, next int, b *float32, k int)

// addTile256 adds 6 rows of 16.
//
//go:noescape
func addTile256(c *float32, ldc int, a *float32, lda, next int, b *float32, k int)
