//go:build goexperiment.simd && wasm

package kernel

import (
	"slices"
	"testing"
	"time"
)

type product = func(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs int, add bool)

// kernels returns the products that this platform chooses from.
func kernels(run int) []product {
	by := func(multiply matMulWasm) product {
		return func(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs int, add bool) {
			matMulBy(multiply, c, ldc, a, lda, info, panels, inputs, add)
		}
	}
	all := []product{by(matmulWasm)}
	if !isRelaxed {
		return all
	}
	all = append(all, by(matmulPairsWasm))
	if run > 0 {
		all = append(all, func(c []float32, ldc int, a []byte, lda int, info []Row, panels []byte, inputs int, add bool) {
			matMulNarrow(c, ldc, a, lda, info, panels, inputs, run, add)
		})
	}
	return all
}

// TestAttendPairs is TestAttend for the other kernel.
func TestAttendPairs(t *testing.T) {
	if !isRelaxed {
		t.Skip("this engine has no relaxed SIMD")
	}
	const rows, width, keys = 12, 64, 48
	weights, blend, values := bytes(rows*keys), make([]Blend, rows), make([]byte, keys*width)
	for i, v := range signedBytes(len(values)) {
		values[i] = byte(v)
	}
	for r := range blend {
		blend[r] = Blend{0.5, 0.25}
	}
	got := floats(rows * width)
	want := slices.Clone(got)
	attendBy(true, got, width, weights, keys, blend, values, keys)
	plainAttend(want, width, weights, keys, blend, values, keys)
	near(t, "pairs", got, want, 1e-6)
}

// TestContest has one way take longer than the other, and disturbs the faster one now and then.
func TestContest(t *testing.T) {
	for _, pairs := range []bool{true, false} {
		var c contest
		turns := 0
		for ; !c.isOver && turns < 1000; turns++ {
			c.begin()
			if c.isPairs != pairs {
				time.Sleep(2 * time.Millisecond)
			} else if turns%3 < 2 {
				time.Sleep(20 * time.Millisecond)
			}
			c.done(turn)
		}
		if !c.isOver || c.isPairs != pairs {
			t.Errorf("after %d turns, pairs have won: %v, expected %v", turns, c.isPairs, pairs)
		}
	}
}
