//go:build !js && !(goexperiment.simd && amd64)

package cpu

// The tile of a product is that of inference.

const depthBlock = 384

var tileHeight, tileWidth = tileRows, panelWidth

// productTile computes c += a·b on a tile: a is [tileHeight][k] with stride lda, b
// [k][tileWidth].
func productTile(c []float32, ldc int, a []float32, lda int, b []float32, k int) {
	tileAdd(c, ldc, a, lda, b, tileWidth, k)
}
