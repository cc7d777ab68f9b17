package model

import (
	"context"
	"math"
	"slices"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
)

var inners = []Inner{{Kind: Features}, {Kind: Attention, Block: 3}, {Kind: Attention}, {Kind: Classes}}

// TestInner reads values inside the network by several ranks, and decodes the features by hand.
func TestInner(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector makes it a hundred times slower")
	}
	m, src := openModel(t, int8Weights), goldenPhoto(t, "chelsea")
	for _, arithmetic := range []compute.Arithmetic{compute.Float32, compute.Int8} {
		for _, o := range []Options{{Size: 64, Decoder: Linear}, {Size: 96, Window: 48, Stride: 40, Decoder: Linear}} {
			one := newSegmenter(t, m, cpu.New(1, arithmetic))
			mask := segment(t, one, src, o).Mask
			scores, rows, cols, err := one.Scores()
			if err != nil {
				t.Fatal(err)
			}
			var want [][]float32
			for _, i := range inners {
				v := inner(t, one, i)
				want = append(want, v.Values)
				if v.Rows != rows || v.Cols != cols || len(v.Values) != one.plan.view.Windows()*v.Tokens*v.Width {
					t.Errorf("%v: %d×%d patches and %d values, expected %d×%d patches", i, v.Rows, v.Cols, len(v.Values), rows, cols)
				}
			}
			if after, _, _, err := one.Scores(); err != nil || !slices.Equal(after, scores) {
				t.Errorf("the scores changed: %v", err)
			}
			decodes(t, m, want[0], scores)
			for i := range len(m.Classes) {
				if length := norm(want[3][i*m.Architecture.Width:][:m.Architecture.Width]); math.Abs(length-1) > 1e-4 {
					t.Errorf("class embedding %d has the length %g, expected 1", i, length)
				}
			}
			for _, ranks := range []int{2, 3} {
				many := newSegmenter(t, m, cpu.New(ranks, arithmetic))
				agree(t, "ranks", segment(t, many, src, o).Mask, mask, 1)
				for i, wanted := range inners {
					if got := inner(t, many, wanted); !slices.Equal(got.Values, want[i]) {
						t.Errorf("%v of %d ranks differs from that of one", wanted, ranks)
					}
				}
			}
		}
	}
}

func TestInnerRefusals(t *testing.T) {
	m := smallModel(t)
	s := newSegmenter(t, m, cpu.New(1, compute.Float32))
	if _, err := s.Inner(t.Context(), Inner{Kind: Features}); err == nil {
		t.Error("features without a photo: expected an error")
	}
	segment(t, s, goldenPhoto(t, "chelsea"), Options{Size: 32})
	for _, wanted := range []Inner{{}, {Kind: "keys"}, {Kind: Attention, Block: -1}, {Kind: Attention, Block: m.Architecture.Depth}} {
		if _, err := s.Inner(t.Context(), wanted); err == nil {
			t.Errorf("%v: expected an error", wanted)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Inner(cancelled, Inner{Kind: Features}); err == nil {
		t.Error("a cancelled request gave an answer")
	}
}

func inner(t *testing.T, s *Segmenter, wanted Inner) *InnerValues {
	t.Helper()
	v, err := s.Inner(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// decodes checks that the linear decoder makes the scores of the features.
func decodes(t *testing.T, m *Model, features, scores []float32) {
	t.Helper()
	C, D := len(m.Classes), m.Architecture.Width
	weight, bias := m.Matrix(m.Linear.Weight), m.Floats(m.Linear.Bias)
	for patch := range len(features) / D {
		for c := range C {
			sum := float64(bias[c])
			for i, v := range features[patch*D:][:D] {
				sum += float64(v) * float64(weight.Int8[c*D+i]) * float64(weight.Scale[c])
			}
			if got := float64(scores[patch*C+c]); math.Abs(got-sum) > 0.2 { // bytes are rounded
				t.Fatalf("patch %d scores %g for class %d, its features give %g", patch, got, c, sum)
			}
		}
	}
}

func norm(v []float32) float64 {
	sum := 0.
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
