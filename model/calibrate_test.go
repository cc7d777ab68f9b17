package model

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/modelfile"
	"segmenter/photo"
	"segmenter/quant"
)

// smooth yields n pictures whose pixels resemble their neighbours.
func smooth(seed uint64, n int) iter.Seq2[photo.Source, error] {
	return func(yield func(photo.Source, error) bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		for range n {
			p := &photo.Image{Height: 64, Width: 80, Pix: make([]byte, 64*80*3)}
			fx, fy, shift := r.Float64()*0.2, r.Float64()*0.2, r.Float64()*100
			for i := range p.Pix {
				x, y := float64(i/3%80), float64(i/3/80)
				p.Pix[i] = byte(int(shift+127*(1+(x*fx-y*fy)/20)) + r.IntN(20))
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

func noProgress(string, int, int) {}

func TestCalibrate(t *testing.T) {
	v := variant{"", modelfile.Architecture{Patch: 16, Width: 64, Depth: 2, Heads: 1, DecoderDepth: 1, Grid: 4, ExtraTokens: 1}, []Decoder{Mask, Linear}}
	m, err := Read(v.file(t, 5))
	if err != nil {
		t.Fatal(err)
	}
	device := cpu.New(1, compute.Float32)[0]
	const steps = 3
	plan, err := Calibrate(context.Background(), m, device, smooth(1, 40), steps, noProgress)
	if err != nil {
		t.Fatal(err)
	}

	planned, nearest := m, m
	for weight := range m.All() {
		if !weight.IsMatrix() {
			continue
		}
		name, w := weight.Name, m.Matrix(weight)
		moments, finer := plan.Inputs[name], plan.Finer[name]
		if moments == nil || moments.In != w.In {
			t.Fatalf("%s: moments %v", name, moments)
		}
		if want := 1 + 2*strings.Count(name, "qkv"); len(finer) != want {
			t.Errorf("%s: factors %v, expected %d of them", name, finer, want)
		}
		for i, p := range []quant.Plan{plan, {Steps: steps}} {
			q, scale, err := p.Round(name, w.Float, w.Out)
			if err != nil {
				t.Fatal(err)
			}
			rounded := quant.Dequantise(q, scale, []int{w.Out, w.In}, 0)
			if i == 0 {
				planned = planned.With(weight, rounded)
			} else {
				nearest = nearest.With(weight, rounded)
			}
		}
	}

	// Compare on pictures other than those of the plan.
	c := &calibration{ctx: context.Background(), device: device}
	for source := range smooth(2, 8) {
		c.frames = append(c.frames, source.(*photo.Image))
	}
	scores := func(m *Model) [][]float32 {
		list, err := c.scores(m)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	want := scores(m)
	plannedError, nearestError := relativeError(want, scores(planned)), relativeError(want, scores(nearest))
	t.Logf("squared error of the scores: %.3g by the plan, %.3g with every weight rounded to the nearest", plannedError, nearestError)
	if plannedError > nearestError/2 {
		t.Error("the plan does not halve the error")
	}
}

func TestCalibrateRefuses(t *testing.T) {
	float, int8 := openModel(t, floatWeights), openModel(t, int8Weights)
	broken := errors.New("broken photo")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		model  *Model
		photos iter.Seq2[photo.Source, error]
		want   string
	}{
		{"quantised model", context.Background(), int8, smooth(1, 1), "quantised already"},
		{"no photo", context.Background(), float, smooth(1, 0), "no photo"},
		{"broken photo", context.Background(), float, func(yield func(photo.Source, error) bool) { yield(nil, broken) }, "broken photo"},
		{"cancelled", cancelled, float, smooth(1, 1), "canceled"},
	} {
		var device compute.Device = cpu.New(1, compute.Float32)[0]
		_, err := Calibrate(c.ctx, c.model, device, c.photos, 4, noProgress)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected it to contain %q", c.name, err, c.want)
		}
	}
}
