package safetensors

import (
	"math"
	"testing"
)

// TestEveryHalf compares FromF16 with the definition for all 65536 halves, and
// checks that ToF16 inverts it.
func TestEveryHalf(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		got := FromF16(h)
		sign := 1 - 2*float64(h>>15)
		exponent, mantissa := int(h>>10&31), float64(h&1023)
		var want float64
		switch {
		case exponent == 31 && mantissa != 0:
			if back := ToF16(got); got == got || back>>10&31 != 31 || back&1023 == 0 {
				t.Fatalf("%#04x: NaN became %v, then %#04x", h, got, back)
			}
			continue
		case exponent == 31:
			want = math.Inf(int(sign))
		case exponent == 0:
			want = sign * math.Ldexp(mantissa, -24)
		default:
			want = sign * math.Ldexp(1024+mantissa, exponent-25)
		}
		if float64(got) != want || math.Signbit(float64(got)) != (sign < 0) {
			t.Fatalf("%#04x is %v, want %v", h, got, want)
		}
		if back := ToF16(got); back != h {
			t.Fatalf("%#04x became %v, then %#04x", h, got, back)
		}
	}
}

// Numbers between two neighbours round to the nearer one, the middle to the even
// one. The neighbour above the largest half is 2¹⁶.
func TestToF16RoundsToNearestEven(t *testing.T) {
	for h := range uint16(0x7c00) {
		low, high := FromF16(h), FromF16(h+1)
		if h == 0x7bff {
			high = 65536
		}
		middle := (low + high) / 2 // exact: float32 has bits to spare
		even := h + h&1
		for _, c := range []struct {
			value float32
			want  uint16
		}{
			{math.Nextafter32(middle, 0), h},
			{middle, even},
			{math.Nextafter32(middle, high), h + 1},
		} {
			if got := ToF16(c.value); got != c.want {
				t.Fatalf("%v, between %v and %v, became %#04x, want %#04x", c.value, low, high, got, c.want)
			}
			if got := ToF16(-c.value); got != c.want|0x8000 {
				t.Fatalf("%v became %#04x, want %#04x", -c.value, got, c.want|0x8000)
			}
		}
	}
	for _, huge := range []float32{65520, 1e6, math.MaxFloat32, float32(math.Inf(1))} {
		if got := ToF16(huge); got != 0x7c00 {
			t.Errorf("%v became %#04x, want infinity", huge, got)
		}
	}
}

func TestFromBF16(t *testing.T) {
	for _, c := range []struct {
		bits uint16
		want float32
	}{{0, 0}, {0x3f80, 1}, {0xc040, -3}, {0x0001, 0x1p-133}, {0x7f80, float32(math.Inf(1))}} {
		if got := FromBF16(c.bits); got != c.want {
			t.Errorf("%#04x is %v, want %v", c.bits, got, c.want)
		}
	}
}
