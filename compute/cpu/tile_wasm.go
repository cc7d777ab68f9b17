//go:build goexperiment.simd

package cpu

import (
	"simd/archsimd"
	"unsafe"
)

// tileAdd computes c += a·b on 4 rows and 8 columns, like tile_simd.go, but with
// unchecked pointers and a loop unrolled four times: loops and bounds checks are
// slow in Go's WebAssembly. Together these double the speed; the pointers alone
// gained nothing. The price is four copies of a step. The ends of the slices are
// checked once, at the top.
//
//	GOOS=js GOARCH=wasm go test -bench Linear ./compute/cpu
func tileAdd(c []float32, ldc int, a []float32, lda int, b []float32, ldb, k int) {
	if k == 0 {
		return
	}
	_, _, _ = c[3*ldc+7], a[3*lda+k-1], b[(k-1)*ldb+7]
	c0, c1 := unsafe.Pointer(&c[0]), unsafe.Pointer(&c[ldc])
	c2, c3 := unsafe.Pointer(&c[2*ldc]), unsafe.Pointer(&c[3*ldc])
	a0, a1 := unsafe.Pointer(&a[0]), unsafe.Pointer(&a[lda])
	a2, a3 := unsafe.Pointer(&a[2*lda]), unsafe.Pointer(&a[3*lda])
	w := unsafe.Pointer(&b[0])
	c00, c01 := load(c0, 0), load(c0, 16)
	c10, c11 := load(c1, 0), load(c1, 16)
	c20, c21 := load(c2, 0), load(c2, 16)
	c30, c31 := load(c3, 0), load(c3, 16)
	for ; k >= 4; k -= 4 {
		w0, w1 := load(w, 0), load(w, 16)
		c00, c01 = addProducts(c00, c01, a0, 0, w0, w1)
		c10, c11 = addProducts(c10, c11, a1, 0, w0, w1)
		c20, c21 = addProducts(c20, c21, a2, 0, w0, w1)
		c30, c31 = addProducts(c30, c31, a3, 0, w0, w1)
		w = unsafe.Add(w, ldb*4)
		w0, w1 = load(w, 0), load(w, 16)
		c00, c01 = addProducts(c00, c01, a0, 4, w0, w1)
		c10, c11 = addProducts(c10, c11, a1, 4, w0, w1)
		c20, c21 = addProducts(c20, c21, a2, 4, w0, w1)
		c30, c31 = addProducts(c30, c31, a3, 4, w0, w1)
		w = unsafe.Add(w, ldb*4)
		w0, w1 = load(w, 0), load(w, 16)
		c00, c01 = addProducts(c00, c01, a0, 8, w0, w1)
		c10, c11 = addProducts(c10, c11, a1, 8, w0, w1)
		c20, c21 = addProducts(c20, c21, a2, 8, w0, w1)
		c30, c31 = addProducts(c30, c31, a3, 8, w0, w1)
		w = unsafe.Add(w, ldb*4)
		w0, w1 = load(w, 0), load(w, 16)
		c00, c01 = addProducts(c00, c01, a0, 12, w0, w1)
		c10, c11 = addProducts(c10, c11, a1, 12, w0, w1)
		c20, c21 = addProducts(c20, c21, a2, 12, w0, w1)
		c30, c31 = addProducts(c30, c31, a3, 12, w0, w1)
		w = unsafe.Add(w, ldb*4)
		a0, a1, a2, a3 = unsafe.Add(a0, 16), unsafe.Add(a1, 16), unsafe.Add(a2, 16), unsafe.Add(a3, 16)
	}
	for ; k > 0; k-- {
		w0, w1 := load(w, 0), load(w, 16)
		c00, c01 = addProducts(c00, c01, a0, 0, w0, w1)
		c10, c11 = addProducts(c10, c11, a1, 0, w0, w1)
		c20, c21 = addProducts(c20, c21, a2, 0, w0, w1)
		c30, c31 = addProducts(c30, c31, a3, 0, w0, w1)
		w = unsafe.Add(w, ldb*4)
		a0, a1, a2, a3 = unsafe.Add(a0, 4), unsafe.Add(a1, 4), unsafe.Add(a2, 4), unsafe.Add(a3, 4)
	}
	store(c0, 0, c00)
	store(c0, 16, c01)
	store(c1, 0, c10)
	store(c1, 16, c11)
	store(c2, 0, c20)
	store(c2, 16, c21)
	store(c3, 0, c30)
	store(c3, 16, c31)
}

func load(p unsafe.Pointer, offset uintptr) archsimd.Float32x4 {
	return archsimd.LoadFloat32x4Array((*[4]float32)(unsafe.Add(p, offset)))
}

func store(p unsafe.Pointer, offset uintptr, v archsimd.Float32x4) {
	v.StoreArray((*[4]float32)(unsafe.Add(p, offset)))
}

func broadcast(p unsafe.Pointer, offset uintptr) archsimd.Float32x4 {
	return archsimd.BroadcastFloat32x4(*(*float32)(unsafe.Add(p, offset)))
}

// addProducts adds to a row of the tile the products of a value of a and the
// weights. It is inlined.
func addProducts(c0, c1 archsimd.Float32x4, a unsafe.Pointer, offset uintptr, w0, w1 archsimd.Float32x4) (sum0, sum1 archsimd.Float32x4) {
	x := broadcast(a, offset)
	return c0.Add(x.Mul(w0)), c1.Add(x.Mul(w1))
}
