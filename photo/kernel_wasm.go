//go:build goexperiment.simd

package photo

import "simd/archsimd"

// The inner loops of kernel.go, on vectors of four values.

func widen(dst []float32, row []byte) {
	for ; len(row) >= 16; dst, row = dst[16:], row[16:] {
		bytes := archsimd.LoadUint8x16(row)
		lo, hi := bytes.ExtendLo8ToUint16(), bytes.ExtendHi8ToUint16()
		out := dst[:16]
		lo.ExtendLo4ToUint32().ConvertToFloat32().Store(out)
		lo.ExtendHi4ToUint32().ConvertToFloat32().Store(out[4:])
		hi.ExtendLo4ToUint32().ConvertToFloat32().Store(out[8:])
		hi.ExtendHi4ToUint32().ConvertToFloat32().Store(out[12:])
	}
	for i, v := range row {
		dst[i] = float32(v)
	}
}

// filterRow loads a pixel and the first value of the next as one vector. The
// fourth result is garbage, which the next pixel overwrites.
func filterRow(dst, row []float32, a *axis) {
	for x := range a.windows {
		first, weights := a.tap(x)
		in := row[3*first:][:3*len(weights)+1]
		var sum archsimd.Float32x4
		for _, w := range weights {
			sum = sum.Add(archsimd.LoadFloat32x4Array((*[4]float32)(in)).Mul(archsimd.BroadcastFloat32x4(w)))
			in = in[3:]
		}
		sum.Store(dst[3*x:])
	}
}

func addScaled(sum, row []float32, w float32) {
	by := archsimd.BroadcastFloat32x4(w)
	for ; len(sum) >= 16 && len(row) >= 16; sum, row = sum[16:], row[16:] {
		addVector((*[4]float32)(sum), (*[4]float32)(row), by)
		addVector((*[4]float32)(sum[4:]), (*[4]float32)(row[4:]), by)
		addVector((*[4]float32)(sum[8:]), (*[4]float32)(row[8:]), by)
		addVector((*[4]float32)(sum[12:]), (*[4]float32)(row[12:]), by)
	}
	for i := range sum {
		sum[i] += w * row[i]
	}
}

func addVector(sum, row *[4]float32, by archsimd.Float32x4) {
	archsimd.LoadFloat32x4Array(sum).Add(archsimd.LoadFloat32x4Array(row).Mul(by)).StoreArray(sum)
}

func round(dst []byte, values []float32) {
	black, white, half := archsimd.BroadcastFloat32x4(0), archsimd.BroadcastFloat32x4(255), archsimd.BroadcastFloat32x4(0.5)
	for ; len(values) >= 4; dst, values = dst[4:], values[4:] {
		v := archsimd.LoadFloat32x4(values).Max(black).Min(white).Add(half).ConvertToInt32()
		out := dst[:4]
		out[0], out[1] = byte(v.GetElem(0)), byte(v.GetElem(1))
		out[2], out[3] = byte(v.GetElem(2)), byte(v.GetElem(3))
	}
	for i, v := range values {
		dst[i] = toByte(v)
	}
}
