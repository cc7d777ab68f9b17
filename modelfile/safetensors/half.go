package safetensors

import "math"

// FromF16 returns the value of a half-precision number (IEEE 754 binary16: sign, 5
// bits of exponent, 10 of mantissa).
func FromF16(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent := uint32(h>>10) & 0x1f
	mantissa := uint32(h) & 0x3ff
	switch exponent {
	case 0: // zero and subnormal: mantissa·2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(mantissa)*0x1p-24))
	case 0x1f: // infinity and NaN
		return math.Float32frombits(sign | 0xff<<23 | mantissa<<13)
	default:
		return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
	}
}

// ToF16 rounds f to the nearest half-precision number, ties to even. Numbers that
// round beyond ±65504 become infinite.
func ToF16(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits>>31) << 15
	bits &^= 1 << 31
	switch {
	case bits > 0xff<<23: // NaN stays NaN
		return sign | 0x7e00 | uint16(bits>>13)&0x3ff
	case bits >= math.Float32bits(65520): // halfway to the value after 65504
		return sign | 0x7c00
	case bits < math.Float32bits(0x1p-14):
		// Subnormal. The last bit of a subnormal half is worth 2⁻²⁴, like that of a
		// float32 from ½ to 1: adding ½ rounds to it.
		return sign | uint16(math.Float32bits(math.Float32frombits(bits)+0.5)-math.Float32bits(0.5))
	default:
		bits += 0xfff + bits>>13&1
		return sign | uint16((bits-(127-15)<<23)>>13)
	}
}

// FromBF16 returns the value of a bfloat16 number, the upper half of a float32.
func FromBF16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }
