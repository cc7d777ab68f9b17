//go:build !(goexperiment.simd && wasm)

package photo

// The inner loops of resizing, in plain Go. kernel_wasm.go has SIMD versions for
// WebAssembly, where these would be too slow for camera frames.

// widen converts a row of bytes.
func widen(dst []float32, row []byte) {
	dst = dst[:len(row)]
	for i, v := range row {
		dst[i] = float32(v)
	}
}

// weigh returns the weighted sum of the pixels of row. row has one value more
// than its pixels need.
func weigh(row, weights []float32) (red, green, blue float32) {
	for i, w := range weights {
		pixel := row[3*i:][:3]
		red += w * pixel[0]
		green += w * pixel[1]
		blue += w * pixel[2]
	}
	return red, green, blue
}

// filterRow resizes a row to the new width. row and dst have one value more than
// their pixels need.
func filterRow(dst, row []float32, a *axis) {
	for x := range a.windows {
		first, weights := a.tap(x)
		pixel := dst[3*x:][:3]
		pixel[0], pixel[1], pixel[2] = weigh(row[3*first:], weights)
	}
}

// addScaled computes sum += row·w.
func addScaled(sum, row []float32, w float32) {
	row = row[:len(sum)]
	for i := range sum {
		sum[i] += w * row[i]
	}
}

// round writes the values as bytes. It clamps them to 0 … 255, since the cubic
// filter overshoots at edges.
func round(dst []byte, values []float32) {
	dst = dst[:len(values)]
	for i, v := range values {
		dst[i] = toByte(v)
	}
}
