//go:build !(goexperiment.simd && wasm)

package photo

// The inner loops of resizing, as plain loops. kernel_wasm.go holds the same
// for WebAssembly, where a frame of a camera must not wait for them.

// widen converts a row of bytes.
func widen(dst []float32, row []byte) {
	dst = dst[:len(row)]
	for i, v := range row {
		dst[i] = float32(v)
	}
}

// weigh returns the sum of the pixels of row by weight. There is one value more
// in row than the pixels need.
func weigh(row, weights []float32) (red, green, blue float32) {
	for i, w := range weights {
		pixel := row[3*i:][:3]
		red += w * pixel[0]
		green += w * pixel[1]
		blue += w * pixel[2]
	}
	return red, green, blue
}

// filterRow resizes a row to the new width. Each of row and dst has one value
// more than its pixels need.
func filterRow(dst, row []float32, a *axis) {
	for x := range a.windows {
		first, weights := a.of(x)
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

// round writes the values as bytes. The cubic filter overshoots at edges, so
// that values beyond 0 … 255 occur.
func round(dst []byte, values []float32) {
	dst = dst[:len(values)]
	for i, v := range values {
		dst[i] = toByte(v)
	}
}
