package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/internal/golden"
	"segmenter/model"
	"segmenter/photo"
)

const goldenGradients = "../model/testdata/gradients.safetensors"

// TestGoldenSteps makes three steps with PyTorch's optimisers: see the README of the
// golden file.
//
// AdamW divides a gradient by its size, so an error in one near 0 becomes an error of a whole
// step: the biases of keys, whose gradients are 0 but for rounding, agree between no two
// programs. So one value in a thousand may depart.
func TestGoldenSteps(t *testing.T) {
	tensors := golden.Gradients(t, goldenGradients)
	for name, c := range map[string]struct {
		optimiser Optimiser
		rate      float64
		departing float64 // share of values
	}{
		"sgd":   {&SGD{Momentum: 0.9, WeightDecay: 1e-3}, 0.1, 0},
		"adamw": {&AdamW{Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-8, WeightDecay: 0.02}, 3e-3, 1e-3},
	} {
		t.Run(name, func(t *testing.T) {
			training, err := model.NewTraining(golden.Model(t, tensors, "weights."), []compute.Differentiable{cpu.NewTrainer(), cpu.NewTrainer()})
			if err != nil {
				t.Fatal(err)
			}
			list := Parameters(training)
			o := model.Objective{Mask: 1, Linear: 0.5}
			for step, set := range []string{"0", "1", "0"} {
				loss, err := training.Gradients(batchOf(tensors, set), o)
				if err != nil {
					t.Fatal(err)
				}
				key := fmt.Sprint(name, ".", step)
				near(t, key+".loss", loss.Total(o), tensors)
				near(t, key+".gradient_norm", ClipNorm(list, 1), tensors)
				c.optimiser.Step(list, step, c.rate)
				training.Update()
			}
			compareValues(t, list, tensors, name+".after.", c.departing)
		})
	}
}

func near(t *testing.T, key string, got float64, tensors map[string]golden.Tensor) {
	t.Helper()
	if want := float64(tensors[key].Floats[0]); !(math.Abs(got-want) <= 1e-4*math.Abs(want)) {
		t.Fatalf("%s: %v, expected %v", key, got, want)
	}
}

func compareValues(t *testing.T, list []*Parameter, tensors map[string]golden.Tensor, prefix string, departing float64) {
	t.Helper()
	departed, all, first := 0, 0, ""
	for _, p := range list {
		want := tensors[prefix+p.Name].Floats
		largest := float64(max(slices.Max(want), -slices.Min(want)))
		all += len(want)
		for i, w := range want {
			if d := math.Abs(float64(p.Values[i]) - float64(w)); !(d <= 1e-4*largest) {
				departed++
				first = cmp.Or(first, fmt.Sprintf("%s departs first: value %d is %g, expected %g", p.Name, i, p.Values[i], w))
			}
		}
	}
	if float64(departed) > departing*float64(all) {
		t.Error(first)
	}
	t.Logf("%d of %d values depart", departed, all)
}

func batchOf(tensors map[string]golden.Tensor, set string) (batch []model.Sample) {
	rgb, labels := tensors[set+".rgb"], tensors[set+".label"]
	height, width := rgb.Shape[1], rgb.Shape[2]
	for i := range rgb.Shape[0] {
		batch = append(batch, model.Sample{
			Photo:  &photo.Image{Height: height, Width: width, Pix: rgb.Bytes[i*3*height*width:][:3*height*width]},
			Labels: labels.Bytes[i*height*width:][:height*width],
		})
	}
	return batch
}
