package model

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/modelfile"
	"segmenter/photo"
)

// rowOf returns a class's row of the linear decoder as a taught class, a bit above it.
func rowOf(m *Model, class int, above float32) TaughtClass {
	w := m.Matrix(m.Linear.Weight)
	t := TaughtClass{Class: modelfile.Class{Name: "taught " + m.Classes[class].Name}, Bias: m.Floats(m.Linear.Bias)[class] + above}
	for i := range w.In {
		v := float32(0)
		if w.Float != nil {
			v = w.Float[class*w.In+i]
		} else {
			v = float32(w.Int8[class*w.In+i]) * w.Scale[class]
		}
		t.Weights = append(t.Weights, v)
	}
	return t
}

const cat = 8 // of the shipped model

// TestTaught teaches a class that the model has: it takes its place, with every decoder and
// option, for any number of ranks.
func TestTaught(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector makes it a hundred times slower")
	}
	m, src := openModel(t, int8Weights), goldenPhoto(t, "chelsea")
	list := []TaughtClass{rowOf(m, cat, 1), rowOf(m, 0, -1e4)}
	for _, arithmetic := range []compute.Arithmetic{compute.Float32, compute.Int8} {
		for _, o := range []Options{
			{Size: 96, Decoder: Linear}, {Size: 96}, {Size: 96, Refine: true}, {Size: 96, Smoothing: 0.5, Refine: true},
			{Size: 96, Window: 48, Stride: 40},
		} {
			var first []uint8
			for _, ranks := range []int{1, 3} {
				s := newSegmenter(t, m, cpu.New(ranks, arithmetic))
				before := segment(t, s, src, o)
				own := before.Areas[cat]
				if err := s.SetTaught(list); err != nil {
					t.Fatal(err)
				}
				if n := len(s.Classes()); n != 40 || s.Classes()[38].Name != "taught cat" {
					t.Fatalf("%d classes, expected 40, of which 38 is the taught cat", n)
				}
				after := segment(t, s, src, o)
				if own == 0 || after.Areas[cat] > own/20 || after.Areas[38] < own*19/20 || after.Areas[39] > 0 {
					t.Errorf("%+v: of %d pixels of the cat, %d remain and %d are the taught one's", o, own, after.Areas[cat], after.Areas[38])
				}
				if first == nil {
					first = slices.Clone(after.Mask)
				}
				agree(t, fmt.Sprint(ranks, " ranks"), after.Mask, first, 1)
				if err := s.SetTaught(nil); err != nil {
					t.Fatal(err)
				}
				agree(t, "after forgetting", segment(t, s, src, o).Mask, before.Mask, 1)
			}
		}
	}
}

// TestTaughtScores holds the mask transformer's scores against the linear decoder's.
func TestTaughtScores(t *testing.T) {
	m, src := smallModel(t), goldenPhoto(t, "chelsea")
	s := newSegmenter(t, m, cpu.New(1, compute.Float32))
	if err := s.SetTaught([]TaughtClass{rowOf(m, 2, 0.25)}); err != nil {
		t.Fatal(err)
	}
	scores := map[Decoder][]float32{}
	for _, d := range []Decoder{Linear, Mask} {
		segment(t, s, src, Options{Size: 64, Decoder: d})
		var err error
		if scores[d], _, _, err = s.Scores(); err != nil {
			t.Fatal(err)
		}
	}
	C := len(m.Classes)
	for i := 0; i < len(scores[Mask]); i += C + 1 {
		linear, mask := scores[Linear][i:][:C+1], scores[Mask][i:][:C+1]
		if math.Abs(float64(linear[C]-linear[2]-0.25)) > 1e-4 {
			t.Fatalf("the taught class scores %g, the class of the same row %g", linear[C], linear[2])
		}
		want := slices.Max(mask[:C]) + linear[C] - slices.Max(linear[:C])
		if math.Abs(float64(mask[C]-want)) > 1e-4 {
			t.Fatalf("with the mask transformer, the taught class scores %g, expected %g", mask[C], want)
		}
	}
	sum := make([]float32, src.Height*src.Width)
	for c := range C + 1 {
		p, err := s.Probabilities(c)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range p {
			sum[i] += v
		}
	}
	if low, high := slices.Min(sum), slices.Max(sum); low < 0.999 || high > 1.001 {
		t.Errorf("the probabilities of a pixel sum to %g to %g, expected 1", low, high)
	}
	r, err := s.SegmentMultiScale(t.Context(), src, Options{Size: 64, Decoder: Linear}, MultiScale{Flip: true})
	if err != nil || len(r.Areas) != C+1 {
		t.Errorf("multi-scale: %d areas, expected %d: %v", len(r.Areas), C+1, err)
	}
}

// TestTaughtAlone is a model without a linear decoder.
func TestTaughtAlone(t *testing.T) {
	v := variant{"", modelfile.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 4, ExtraTokens: 1}, []Decoder{Mask}}
	m, err := Read(v.file(t, 5))
	if err != nil {
		t.Fatal(err)
	}
	s := newSegmenter(t, m, cpu.New(1, compute.Float32))
	src := &photo.Image{Height: 32, Width: 48, Pix: make([]byte, 32*48*3)}
	for bias, want := range map[float32]int{-0.1: 0, 0.1: 32 * 48} {
		if err := s.SetTaught([]TaughtClass{{Weights: make([]float32, 64), Bias: bias}}); err != nil {
			t.Fatal(err)
		}
		if r := segment(t, s, src, Options{}); r.Areas[5] != want {
			t.Errorf("a score of %g gives the taught class %d pixels, expected %d", bias, r.Areas[5], want)
		}
	}
}

func TestTaughtRefusals(t *testing.T) {
	m := smallModel(t)
	s := newSegmenter(t, m, cpu.New(1, compute.Float32))
	nan := rowOf(m, 0, float32(math.NaN()))
	for name, list := range map[string][]TaughtClass{
		"of another width": {{Weights: make([]float32, 63)}},
		"of NaN":           {nan},
		"too many":         make([]TaughtClass, MaxClasses-len(m.Classes)+1),
	} {
		if err := s.SetTaught(list); err == nil {
			t.Errorf("rows %s: expected an error", name)
		}
	}
	if n := len(s.Classes()); n != len(m.Classes) {
		t.Errorf("%d classes after refusals, expected the model's %d", n, len(m.Classes))
	}
}
