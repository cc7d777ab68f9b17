//go:build goexperiment.simd && !wasm

package cpu

import "simd"

func tileAdd(c []float32, ldc int, a []float32, lda int, b []float32, ldb, k int) {
	var zero simd.Float32s
	L := zero.Len()
	row0, row1, row2, row3 := c, c[ldc:], c[2*ldc:], c[3*ldc:]
	c00, c01 := simd.LoadFloat32s(row0), simd.LoadFloat32s(row0[L:])
	c10, c11 := simd.LoadFloat32s(row1), simd.LoadFloat32s(row1[L:])
	c20, c21 := simd.LoadFloat32s(row2), simd.LoadFloat32s(row2[L:])
	c30, c31 := simd.LoadFloat32s(row3), simd.LoadFloat32s(row3[L:])
	a0, a1, a2, a3 := a[:k], a[lda:][:k], a[2*lda:][:k], a[3*lda:][:k]
	for i := range a0 {
		w := b[i*ldb:]
		w0, w1 := simd.LoadFloat32s(w), simd.LoadFloat32s(w[L:])
		x := simd.BroadcastFloat32s(a0[i])
		c00, c01 = c00.Add(x.Mul(w0)), c01.Add(x.Mul(w1))
		x = simd.BroadcastFloat32s(a1[i])
		c10, c11 = c10.Add(x.Mul(w0)), c11.Add(x.Mul(w1))
		x = simd.BroadcastFloat32s(a2[i])
		c20, c21 = c20.Add(x.Mul(w0)), c21.Add(x.Mul(w1))
		x = simd.BroadcastFloat32s(a3[i])
		c30, c31 = c30.Add(x.Mul(w0)), c31.Add(x.Mul(w1))
	}
	c00.Store(row0)
	c01.Store(row0[L:])
	c10.Store(row1)
	c11.Store(row1[L:])
	c20.Store(row2)
	c21.Store(row2[L:])
	c30.Store(row3)
	c31.Store(row3[L:])
}
