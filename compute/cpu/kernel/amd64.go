//go:build goexperiment.simd && amd64

package kernel

import (
	"simd/archsimd"
	"unsafe"
)

var haveAVX2 = archsimd.X86.AVX2()

// MatMul: see plainMatMul.
func MatMul(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs, run int, add bool) {
	if !haveAVX2 {
		plainMatMul(c, ldc, a, lda, info, panels, inputs, add)
		return
	}
	size := PanelBytes(inputs)
	for p := 0; (p+1)*size <= len(panels); p++ {
		panel := panels[p*size:][:size]
		words := Words(panel[:panelHeader])
		sums := archsimd.LoadUint32x8(words).BitsToInt32()
		scales := archsimd.LoadUint32x8(words[PanelWidth:]).BitsToFloat32()
		bias := archsimd.LoadUint32x8(words[2*PanelWidth:]).BitsToFloat32()
		for r := 0; r < len(info); r += TileRows {
			var tile [TileRows]archsimd.Int32x8
			if run > 0 {
				tile = dotNarrow(a[r*lda:], lda, panel[panelHeader:], inputs, run)
			} else {
				tile = dot(a[r*lda:], lda, panel[panelHeader:], 4*PanelWidth, inputs)
			}
			for i, sum := range tile {
				row := info[r+i]
				sum = sum.Add(sums.Mul(archsimd.BroadcastInt32x8(row.Offset)))
				y := sum.ConvertToFloat32().Mul(scales.Mul(archsimd.BroadcastFloat32x8(row.Scale))).Add(bias)
				at := c[(r+i)*ldc+p*PanelWidth:]
				if add {
					y = y.Add(archsimd.LoadFloat32x8(at))
				}
				y.Store(at)
			}
		}
	}
}

// Attend: see plainAttend.
func Attend(sums []float32, width int, weights []byte, ldw int, blend []Blend, values []byte, keys int) {
	if !haveAVX2 {
		plainAttend(sums, width, weights, ldw, blend, values, keys)
		return
	}
	for column := 0; column < width; column += PanelWidth {
		for r := 0; r < len(blend); r += TileRows {
			tile := dot(weights[r*ldw:], ldw, values[4*column:], 4*width, keys)
			for i, sum := range tile {
				b := blend[r+i]
				at := sums[(r+i)*width+column:]
				old := archsimd.LoadFloat32x8(at).Mul(archsimd.BroadcastFloat32x8(b.Shrink))
				old.Add(sum.ConvertToFloat32().Mul(archsimd.BroadcastFloat32x8(b.Factor))).Store(at)
			}
		}
	}
}

// dot returns the sums of a tile: TileRows rows of a, lda bytes apart, times
// PanelWidth columns of w. Each four inputs' weights are step bytes apart.
func dot(a []byte, lda int, w []byte, step, inputs int) [TileRows]archsimd.Int32x8 {
	_, _ = a[(TileRows-1)*lda+inputs-1], w[(inputs/4-1)*step+4*PanelWidth-1]
	ones := archsimd.BroadcastInt16x16(1)
	var s0, s1, s2, s3, s4, s5 archsimd.Int32x8
	x := unsafe.Pointer(unsafe.SliceData(a))
	p := unsafe.Pointer(unsafe.SliceData(w))
	// Offsets grow instead of pointers: those would end up beyond the slices.
	for i, j := 0, 0; i < inputs; i, j = i+4, j+step {
		weights := archsimd.LoadInt8x32Array((*[32]int8)(unsafe.Add(p, j)))
		s0 = s0.Add(four(x, i).DotProductPairsSaturated(weights).DotProductPairs(ones))
		s1 = s1.Add(four(x, i+lda).DotProductPairsSaturated(weights).DotProductPairs(ones))
		s2 = s2.Add(four(x, i+2*lda).DotProductPairsSaturated(weights).DotProductPairs(ones))
		s3 = s3.Add(four(x, i+3*lda).DotProductPairsSaturated(weights).DotProductPairs(ones))
		s4 = s4.Add(four(x, i+4*lda).DotProductPairsSaturated(weights).DotProductPairs(ones))
		s5 = s5.Add(four(x, i+5*lda).DotProductPairsSaturated(weights).DotProductPairs(ones))
	}
	return [TileRows]archsimd.Int32x8{s0, s1, s2, s3, s4, s5}
}

// dotNarrow is dot for a panel, of whose products run inputs at a time are summed as int16.
func dotNarrow(a []byte, lda int, w []byte, inputs, run int) (tile [TileRows]archsimd.Int32x8) {
	_, _ = a[(TileRows-1)*lda+inputs-1], w[PanelWidth*inputs-1]
	ones := archsimd.BroadcastInt16x16(1)
	x := unsafe.Pointer(unsafe.SliceData(a))
	p := unsafe.Pointer(unsafe.SliceData(w))
	for from := 0; from < inputs; from += run {
		var s0, s1, s2, s3, s4, s5 archsimd.Int16x16
		for i := from; i < from+run; i += 4 {
			weights := archsimd.LoadInt8x32Array((*[32]int8)(unsafe.Add(p, PanelWidth*i)))
			s0 = s0.Add(four(x, i).DotProductPairsSaturated(weights))
			s1 = s1.Add(four(x, i+lda).DotProductPairsSaturated(weights))
			s2 = s2.Add(four(x, i+2*lda).DotProductPairsSaturated(weights))
			s3 = s3.Add(four(x, i+3*lda).DotProductPairsSaturated(weights))
			s4 = s4.Add(four(x, i+4*lda).DotProductPairsSaturated(weights))
			s5 = s5.Add(four(x, i+5*lda).DotProductPairsSaturated(weights))
		}
		for r, sum := range [TileRows]archsimd.Int16x16{s0, s1, s2, s3, s4, s5} {
			tile[r] = tile[r].Add(sum.DotProductPairs(ones))
		}
	}
	return tile
}

// four loads four bytes into every lane.
func four(p unsafe.Pointer, offset int) archsimd.Uint8x32 {
	return archsimd.BroadcastUint32x8(*(*uint32)(unsafe.Add(p, offset))).AsUint8x32()
}

// Fast reports whether products of bytes are faster than those of floats.
func Fast() bool { return haveAVX2 }
