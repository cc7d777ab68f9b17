package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// These tests compare this platform's kernels with the plain loops: with one and
// several tiles, panels and inputs, and with gaps between rows.

var seed = rand.New(rand.NewPCG(5, 6))

func floats(n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = float32(seed.NormFloat64()) * 3
	}
	return list
}

// bytes returns n random bytes of 0 to 127.
func bytes(n int) []byte {
	list := make([]byte, n)
	for i := range list {
		list[i] = byte(seed.IntN(128))
	}
	return list
}

func signedBytes(n int) []int8 {
	list := make([]int8, n)
	for i := range list {
		list[i] = int8(seed.IntN(255) - 127)
	}
	return list
}

// near fails if floats differ by more than rounding.
func near(t *testing.T, name string, got, want []float32, tolerance float64) {
	t.Helper()
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - float64(w)); !(d <= tolerance*(1+math.Abs(float64(w)))) {
			t.Fatalf("%s: value %d is %g, expected %g", name, i, got[i], w)
		}
	}
}

// nearBytes allows a few bytes to be one off, by rounding.
func nearBytes[T byte | int8](t *testing.T, name string, got, want []T) {
	t.Helper()
	different := 0
	for i, w := range want {
		if got[i] == w {
			continue
		}
		if d := int(got[i]) - int(w); d < -1 || d > 1 {
			t.Fatalf("%s: byte %d is %d, expected %d", name, i, got[i], w)
		}
		different++
	}
	if different > 1+len(want)/200 {
		t.Errorf("%s: %d of %d bytes are one off", name, different, len(want))
	}
}

func TestMatMul(t *testing.T) {
	for _, rows := range []int{6, 12, 30} {
		for _, outputs := range []int{8, 16, 40} {
			for _, inputs := range []int{16, 64, 208} {
				panels := make([]byte, outputs/PanelWidth*PanelBytes(inputs))
				for o := range outputs {
					if o%Group == 0 && o+Group <= outputs {
						weights := signedBytes(Group * inputs)
						for i := range inputs { // the largest possible sums
							weights[3*inputs+i] = 127
						}
						PackPanels(panels[o/PanelWidth*PanelBytes(inputs):], weights, inputs, inputs)
					}
					SetScale(panels[o/PanelWidth*PanelBytes(inputs):], o%PanelWidth, float32(seed.Float64()), float32(seed.Float64()))
				}
				run := Run(panels, inputs)
				lda, ldc := inputs+16, outputs+5
				a, info := bytes(rows*lda), make([]Row, rows)
				for i := range lda {
					a[i] = 127
				}
				for r := range info {
					info[r] = Row{-int32(seed.IntN(128)), float32(seed.Float64())}
				}
				for _, add := range []bool{false, true} {
					got := floats(rows * ldc)
					want := append([]float32(nil), got...)
					MatMul(got, ldc, a, lda, info, panels, inputs, run, add)
					plainMatMul(want, ldc, a, lda, info, panels, inputs, add)
					near(t, fmt.Sprintf("%d×%d×%d, add %v", rows, inputs, outputs, add), got, want, 1e-6)
				}
			}
		}
	}
}

// TestRun multiplies by weights as small as those of models, and as large as they may be for sums of
// int16.
func TestRun(t *testing.T) {
	const inputs, outputs, rows = 96, Group, TileRows
	for _, test := range []struct {
		name   string
		weight func(o, i int) int8
		want   int
	}{
		{"small", func(o, i int) int8 { return int8(seed.IntN(9) - 4) }, 96},
		{"256 in all", func(o, i int) int8 { return int8(256/48*(1-2*(i%2))) + int8(i/64) }, 96},
		{"too much for all", func(o, i int) int8 { return 6 }, 48},
		{"one large one", func(o, i int) int8 { return int8(110 / (1 + i)) }, 16},
		{"too large", func(o, i int) int8 { return 127 }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			weights := make([]int8, outputs*inputs)
			for i := range weights {
				weights[i] = test.weight(i/inputs, i%inputs)
			}
			panels := make([]byte, outputs/PanelWidth*PanelBytes(inputs))
			PackPanels(panels, weights, inputs, inputs)
			for o := range outputs {
				SetScale(panels[o/PanelWidth*PanelBytes(inputs):], o%PanelWidth, 1, 0)
			}
			run := Run(panels, inputs)
			if run != test.want {
				t.Errorf("%d inputs fit, expected %d", run, test.want)
			}
			a, info := make([]byte, rows*inputs), make([]Row, rows)
			for i := range a {
				a[i] = 127
			}
			for r := range info {
				info[r].Scale = 1
			}
			got, want := make([]float32, rows*outputs), make([]float32, rows*outputs)
			plainMatMul(want, outputs, a, inputs, info, panels, inputs, false)
			for _, both := range kernels(run) {
				for i := range got {
					got[i] = float32(math.NaN()) // what was there does not matter
				}
				both(got, outputs, a, inputs, info, panels, inputs, false)
				if !slices.Equal(got, want) {
					t.Errorf("sums are %v, expected %v", got, want)
				}
				both(got, outputs, a, inputs, info, panels, inputs, true)
				for i, v := range got {
					if v != 2*want[i] {
						t.Fatalf("added to itself, sum %d is %g, expected %g", i, v, 2*want[i])
					}
				}
			}
		})
	}
}

// TestRunFits compares Run with the sums of all weights, taken one by one.
func TestRunFits(t *testing.T) {
	found := map[int]int{}
	for range 300 {
		inputs, panelCount := Unit*(1+seed.IntN(12)), 1+seed.IntN(3)
		panels := make([]byte, panelCount*PanelBytes(inputs))
		largest := 1 + seed.IntN(60)
		for i := range panels {
			panels[i] = byte(int8(seed.IntN(2*largest+1) - largest))
		}
		want := 0
		for run := Unit; run <= inputs; run += Unit {
			if inputs%run == 0 && fitsPlainly(panels, inputs, run) {
				want = run
			}
		}
		found[inputs/max(1, want)]++
		if got := Run(panels, inputs); got != want {
			t.Fatalf("%d panels of %d inputs, up to %d: %d inputs fit, expected %d", panelCount, inputs, largest, got, want)
		}
	}
	if len(found) < 6 {
		t.Errorf("the weights are too much alike: they gave only %d kinds of runs", len(found))
	}
}

func TestSumUnits(t *testing.T) {
	for _, units := range []int{1, 3, 12} {
		weights := make([]byte, units*PanelWidth*Unit)
		for i, w := range signedBytes(len(weights)) {
			weights[i] = byte(w)
		}
		got, want := make([]unitSums, units), make([]unitSums, units)
		got[0][0] = 1 // what was there does not matter
		sumUnitsOf(got, weights)
		plainSumUnits(want, weights)
		if !slices.Equal(got, want) {
			t.Errorf("%d units: %x, expected %x", units, got, want)
		}
	}
}

func fitsPlainly(panels []byte, inputs, run int) bool {
	for ; len(panels) > 0; panels = panels[PanelBytes(inputs):] {
		weights := panels[panelHeader:PanelBytes(inputs)]
		for from := 0; from < len(weights); from += PanelWidth * run {
			var sums [2 * PanelWidth]int
			for i, w := range weights[from:][:PanelWidth*run] {
				sums[i%(4*PanelWidth)/2] += max(int(int8(w)), -int(int8(w)))
			}
			if 127*slices.Max(sums[:]) > math.MaxInt16 {
				return false
			}
		}
	}
	return true
}

func TestAttend(t *testing.T) {
	for _, rows := range []int{6, 24} {
		for _, width := range []int{8, 64} {
			for _, keys := range []int{16, 48, 128} {
				ldw := keys + 16
				weights, blend, values := bytes(rows*ldw), make([]Blend, rows), make([]byte, keys*width)
				for i, v := range signedBytes(len(values)) {
					values[i] = byte(v)
				}
				for r := range blend {
					blend[r] = Blend{float32(seed.Float64()), float32(seed.Float64())}
				}
				got := floats(rows * width)
				want := append([]float32(nil), got...)
				Attend(got, width, weights, ldw, blend, values, keys)
				plainAttend(want, width, weights, ldw, blend, values, keys)
				near(t, fmt.Sprintf("%d×%d×%d", rows, keys, width), got, want, 1e-6)
			}
		}
	}
}

func TestSoftmax(t *testing.T) {
	for _, rows := range []int{1, 6} {
		for _, n := range []int{16, 128} {
			lds, ldw := n+4, n+16
			scores, inverse := floats(rows*lds), make([]float32, n)
			for i := range inverse {
				inverse[i] = float32(seed.Float64() * 100)
			}
			scores[n-1], inverse[n-1] = Lowest, 0 // a padding key
			state := make([]SoftmaxState, rows)
			for r := range state {
				state[r] = SoftmaxState{float32(seed.NormFloat64() * 10), float32(seed.Float64())}
			}
			state[0] = SoftmaxState{Highest: Lowest}
			wantState := append([]SoftmaxState(nil), state...)
			got, want := make([]byte, rows*ldw), make([]byte, rows*ldw)
			blend, wantBlend := make([]Blend, rows), make([]Blend, rows)
			Softmax(got, ldw, scores, lds, inverse, n, state, blend)
			plainSoftmax(want, ldw, scores, lds, inverse, n, wantState, wantBlend)
			name := fmt.Sprintf("%d×%d", rows, n)
			nearBytes(t, name, got, want)
			for r := range state {
				near(t, name, []float32{state[r].Highest, state[r].Weight, blend[r].Shrink, blend[r].Factor},
					[]float32{wantState[r].Highest, wantState[r].Weight, wantBlend[r].Shrink, wantBlend[r].Factor}, 1e-5)
			}
		}
	}
}

func TestNormalise(t *testing.T) {
	for _, n := range []int{1, 16, 38, 192} {
		for _, rows := range []int{1, 3} {
			x, weight, bias := floats(rows*n), floats(n), floats(n)
			x[0] = 100
			got, want := make([]float32, rows*n), make([]float32, rows*n)
			Normalise(got, x, weight, bias, 1e-5)
			plainNormalise(want, x, weight, bias, 1e-5)
			near(t, fmt.Sprintf("%d×%d", rows, n), got, want, 1e-5)
		}
	}
}

func TestQuantise(t *testing.T) {
	for _, n := range []int{1, 16, 38, 192} {
		for _, rows := range []int{1, 5} {
			ldx, ldd := n+7, n+16
			x := floats(rows * ldx)
			for i := range n { // a row of one sign, and one of zeros
				x[i] = float32(math.Abs(float64(x[i]))) + 1
				x[(rows-1)*ldx+i] *= float32(min(1, rows-1))
			}
			name := fmt.Sprintf("%d×%d", rows, n)
			got, want := make([]byte, rows*ldd), make([]byte, rows*ldd)
			info, wantInfo := make([]Row, rows), make([]Row, rows)
			Quantise(got, ldd, x, ldx, n, info)
			plainQuantise(want, ldd, x, ldx, n, wantInfo)
			nearBytes(t, name, got, want)
			for r := range info {
				if info[r].Offset != wantInfo[r].Offset || info[r].Offset < -127 || info[r].Offset > 0 {
					t.Errorf("%s: offset %d, expected %d", name, info[r].Offset, wantInfo[r].Offset)
				}
				near(t, name, []float32{info[r].Scale}, []float32{wantInfo[r].Scale}, 1e-6)
				for i := range n {
					back := float32(int32(got[r*ldd+i])+info[r].Offset) * info[r].Scale
					if d := math.Abs(float64(back - x[r*ldx+i])); d > 1.01*float64(info[r].Scale) {
						t.Fatalf("%s: %g became %g", name, x[r*ldx+i], back)
					}
				}
			}
			signed, wantSigned := make([]int8, rows*ldd), make([]int8, rows*ldd)
			scales, wantScales := make([]float32, rows), make([]float32, rows)
			QuantiseSigned(signed, ldd, x, ldx, n, scales)
			plainQuantiseSigned(wantSigned, ldd, x, ldx, n, wantScales)
			nearBytes(t, name, signed, wantSigned)
			near(t, name, scales, wantScales, 1e-6)
		}
	}
}

func TestPack(t *testing.T) {
	for _, n := range []int{16, 64, 112} {
		rows := signedBytes(Group * (n + 3))
		got, want := make([]byte, 2*PanelBytes(n)), make([]byte, 2*PanelBytes(n))
		PackPanels(got, rows, n+3, n)
		plainPackPanels(want, rows, n+3, n)
		if !slices.Equal(got, want) {
			t.Errorf("panels of keys with %d inputs differ", n)
		}
	}
	for _, width := range []int{8, 16, 64, 80} {
		rows := signedBytes(Group * (width + 3))
		got, want := make([]byte, Group*width), make([]byte, Group*width)
		PackValues(got, rows, width+3, width)
		plainPackValues(want, rows, width+3, width)
		if !slices.Equal(got, want) {
			t.Errorf("values of width %d differ", width)
		}
	}
}

func TestGELU(t *testing.T) {
	got := floats(16 + 7)
	got[0], got[1], got[2] = -20, 20, 0
	want := append([]float32(nil), got...)
	exact := append([]float32(nil), got...)
	for i, v := range exact {
		exact[i] = float32(float64(v) * 0.5 * (1 + math.Erf(float64(v)/math.Sqrt2)))
	}
	GELU(got)
	plainGELU(want)
	near(t, "GELU", got, want, 1e-5)
	near(t, "exact GELU", got, exact, 9e-4)
}

// TestBounds checks the error bounds that comments state.
func TestBounds(t *testing.T) {
	for x := -125.; x <= 0; x += 1. / 1024 {
		if e := math.Abs(float64(power(float32(x)))/math.Exp2(x) - 1); e > 1.8e-3 {
			t.Fatalf("2^%g: relative error %g", x, e)
		}
	}
	for x := float32(1e-12); x < 1e12; x *= 1.001 {
		if e := math.Abs(float64(Log2(x)) - math.Log2(float64(x))); e > 2e-5 {
			t.Fatalf("log₂ %g: error %g", x, e)
		}
	}
	for x := -phiEnd; x <= phiEnd; x += 1. / 1024 {
		v := []float32{float32(x)}
		plainGELU(v)
		if e := math.Abs(float64(v[0]) - x*0.5*(1+math.Erf(x/math.Sqrt2))); e > 1.2e-4 {
			t.Fatalf("GELU(%g): error %g", x, e)
		}
	}
}
