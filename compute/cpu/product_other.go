//go:build !js && !(goexperiment.simd && amd64)

package cpu

// The tile of a product is that of inference.

const depthBlock = maxDepth

var tileHeight, tileWidth = tileRows, panelWidth

// productTile computes c += a·panel on a tile: a is [tileHeight][k] with the stride lda
// between rows and step between columns, panel [k][tileWidth].
func productTile(c []float32, ldc int, a []float32, lda, step int, panel []float32, k int) {
	commonTile(c, ldc, a, lda, step, panel, k)
}

// edgeTile is productTile on a whole tile, of which only rows × cols values count.
func edgeTile(tile []float32, rows, cols int, a []float32, lda, step int, panel []float32, k int) {
	commonTile(tile, tileWidth, a, lda, step, panel, k)
}
