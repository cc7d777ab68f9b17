//go:build !js

package model

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/compute/reference"
	"segmenter/internal/golden"
	"segmenter/modelfile"
	"segmenter/photo"
)

const goldenGradients = "testdata/gradients.safetensors"

// batchOf returns the photos and labels of a data set of a golden file.
func batchOf(tensors map[string]golden.Tensor, set string) (batch []Sample) {
	rgb, labels := tensors[set+".rgb"], tensors[set+".label"]
	height, width := rgb.Shape[1], rgb.Shape[2]
	for i := range rgb.Shape[0] {
		batch = append(batch, Sample{
			Photo:  &photo.Image{Height: height, Width: width, Pix: rgb.Bytes[i*3*height*width:][:3*height*width]},
			Labels: labels.Bytes[i*height*width:][:height*width],
		})
	}
	return batch
}

// TestGoldenGradients compares losses and gradients with those of the official modules
// and PyTorch's autograd, and names the first parameter that departs.
func TestGoldenGradients(t *testing.T) {
	tensors := golden.Gradients(t, goldenGradients)
	for name, open := range map[string]func() compute.Differentiable{"reference": reference.New, "cpu": cpu.NewTrainer} {
		for lanes := 1; lanes <= 2; lanes++ {
			t.Run(fmt.Sprint(name, lanes), func(t *testing.T) {
				training := newTraining(t, golden.Model(t, tensors, "weights."), lanes, open)
				for _, set := range []string{"0", "1"} {
					for decoder, o := range map[Decoder]Objective{Linear: {Linear: 1}, Mask: {Mask: 1}} {
						compareGradients(t, training, o, tensors, set, string(decoder))
					}
				}
			})
		}
	}
}

func newTraining(t testing.TB, m *Model, lanes int, open func() compute.Differentiable) *Training {
	t.Helper()
	var devices []compute.Differentiable
	for range lanes {
		devices = append(devices, open())
	}
	training, err := NewTraining(m, devices)
	if err != nil {
		t.Fatal(err)
	}
	return training
}

func compareGradients(t *testing.T, training *Training, o Objective, tensors map[string]golden.Tensor, set, decoder string) {
	t.Helper()
	key := set + "." + decoder
	loss, err := training.Gradients(batchOf(tensors, set), o)
	if err != nil {
		t.Fatal(err)
	}
	want := float64(tensors[key+".loss"].Floats[0])
	if d := math.Abs(loss.Total(o) - want); !(d <= 1e-5) {
		t.Fatalf("%s: the loss is %v, expected %v", key, loss.Total(o), want)
	}
	worst := 0.
	for _, v := range training.Variables() {
		want, ok := tensors[key+".grad."+v.Name]
		if !ok {
			want.Floats = make([]float32, len(v.Gradient))
		}
		largest := float64(max(slices.Max(want.Floats), -slices.Min(want.Floats)))
		for i, w := range want.Floats {
			d := math.Abs(float64(v.Gradient[i]) - float64(w))
			if !(d <= 1e-4*largest) {
				t.Fatalf("%s: the gradient of %s departs first: value %d is %g, expected %g ± %.1g", key, v.Name, i, v.Gradient[i], w, 1e-4*largest)
			}
			if largest > 0 {
				worst = max(worst, d/largest)
			}
		}
	}
	t.Logf("%s: gradients within %.1e of their tensor's largest value", key, worst)
}

// TestTrainingRepeats checks that gradients and losses are the same, bit for bit, each
// time, with random regularisation, and that a step allocates next to nothing.
func TestTrainingRepeats(t *testing.T) {
	tensors := golden.Gradients(t, goldenGradients)
	o := Objective{Mask: 1, Linear: 0.5, DropPath: 0.3, Dropout: 0.2, Seed: 5}
	batch := slices.Concat(batchOf(tensors, "0"), batchOf(tensors, "0"))
	training := newTraining(t, golden.Model(t, tensors, "weights."), 2, cpu.NewTrainer)
	var first []float32
	for range 3 {
		if _, err := training.Gradients(batch, o); err != nil {
			t.Fatal(err)
		}
		var all []float32
		for _, v := range training.Variables() {
			all = append(all, v.Gradient...)
		}
		if first == nil {
			first = all
		} else if !slices.Equal(first, all) {
			t.Fatal("the gradients differ from those of the same batch before")
		}
	}
	if n := testing.AllocsPerRun(3, func() {
		training.Update()
		if _, err := training.Gradients(batch, o); err != nil {
			t.Fatal(err)
		}
	}); n > 30 {
		t.Errorf("%g allocations a step, expected only those of its goroutines", n)
	}
}

// TestRegularisation compares gradients under drop path and dropout, whose random
// numbers a seed fixes, with differences of the loss.
func TestRegularisation(t *testing.T) {
	tensors := golden.Gradients(t, goldenGradients)
	training := newTraining(t, golden.Model(t, tensors, "weights."), 1, reference.New)
	batch := batchOf(tensors, "1")
	o := Objective{Mask: 1, Linear: 0.5, DropPath: 0.5, Dropout: 0.3, Seed: 3}
	for _, name := range []string{"encoder.blocks.0.mlp.fc1.bias", "encoder.pos_embed", "encoder.cls_token", "mask.blocks.0.mlp.fc1.bias", "mask.blocks.0.attn.proj.bias", "mask.blocks.0.attn.qkv.weight", "mask.blocks.0.attn.qkv.bias", "mask.cls_emb"} {
		compareDifference(t, training, batch, o, name)
	}
}

// TestDistilled trains DeiT's two extra tokens, with one decoder, on a photo of incomplete
// patches.
func TestDistilled(t *testing.T) {
	tensors := golden.Gradients(t, goldenGradients)
	small := golden.Model(t, tensors, "weights.")
	card := small.Card
	card.Architecture.ExtraTokens = 2
	m, err := modelfile.New(card, []Decoder{Linear}, func(p *modelfile.Parameter) ([]float32, error) {
		values := make([]float32, p.Elements())
		n := 0
		if same := small.Lookup(p.Name); same != nil {
			n = copy(values, small.Floats(same))
		}
		for i := n; i < len(values); i++ {
			values[i] = float32(math.Sin(float64(i)))
		}
		return values, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	training := newTraining(t, m, 1, reference.New)
	const height, width = 20, 45
	s := Sample{Photo: &photo.Image{Height: height, Width: width, Pix: make([]byte, 3*height*width)}, Labels: make([]uint8, height*width)}
	for i := range s.Labels {
		s.Labels[i] = uint8(i % width / 8)
		s.Photo.Pix[3*i] = byte(i)
	}
	for _, name := range []string{"encoder.dist_token", "encoder.cls_token", "encoder.pos_embed", "encoder.patch_embed.proj.bias", "linear.head.bias"} {
		compareDifference(t, training, []Sample{s}, Objective{Linear: 1}, name)
	}
}

// compareDifference compares the largest gradient by a parameter with a difference of the
// loss.
func compareDifference(t *testing.T, training *Training, batch []Sample, o Objective, name string) {
	t.Helper()
	i := slices.IndexFunc(training.Variables(), func(v *Variable) bool { return v.Name == name })
	v := training.Variables()[i]
	at := 0
	loss := func(value float32) float64 {
		v.Values[at] = value
		training.Update()
		l, err := training.Gradients(batch, o)
		if err != nil {
			t.Fatal(err)
		}
		return l.Total(o)
	}
	loss(v.Values[0])
	for i, g := range v.Gradient {
		if math.Abs(float64(g)) > math.Abs(float64(v.Gradient[at])) {
			at = i
		}
	}
	const step = 1.0 / 64
	got, old := float64(v.Gradient[at]), v.Values[at]
	want := (loss(old+step) - loss(old-step)) / (2 * step)
	loss(old)
	if !(math.Abs(got-want) <= 2e-2*math.Abs(want)+1e-6) {
		t.Errorf("%s: gradient %g, but differences say %g", name, got, want)
	}
}

// TestFeatures checks that decoders get the same gradients from features as from photos,
// and the encoder none.
func TestFeatures(t *testing.T) {
	tensors := golden.Gradients(t, goldenGradients)
	training := newTraining(t, golden.Model(t, tensors, "weights."), 2, cpu.NewTrainer)
	o := Objective{Mask: 1, Linear: 0.5}
	batch := batchOf(tensors, "1")
	gradients := func() (loss Loss, all [][]float32) {
		loss, err := training.Gradients(batch, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range training.Variables() {
			all = append(all, slices.Clone(v.Gradient))
		}
		return loss, all
	}
	wantLoss, want := gradients()
	if err := training.Features(batch); err != nil {
		t.Fatal(err)
	}
	gradients()
	gotLoss, got := gradients()
	if gotLoss != wantLoss {
		t.Errorf("loss %v, expected %v", gotLoss, wantLoss)
	}
	encoder := training.model.Encoder.Parameters()
	for i, v := range training.Variables() {
		if slices.Contains(encoder, v.Parameter) {
			clear(want[i])
		}
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("the gradient of %s differs", v.Name)
		}
	}
	batch[0].Features = batch[0].Features[1:]
	if _, err := training.Gradients(batch, o); err == nil {
		t.Error("a missing feature: expected an error")
	}
}

func TestTrainingRefuses(t *testing.T) {
	tensors := golden.Gradients(t, goldenGradients)
	if _, err := NewTraining(openModel(t, int8Weights), nil); err == nil {
		t.Error("a quantised model: expected an error")
	}
	training := newTraining(t, golden.Model(t, tensors, "weights."), 1, cpu.NewTrainer)
	good := batchOf(tensors, "0")[0]
	wrong := slices.Clone(good.Labels)
	wrong[7] = 6
	for name, s := range map[string]Sample{
		"a label too high": {Photo: good.Photo, Labels: wrong},
		"missing labels":   {Photo: good.Photo, Labels: good.Labels[1:]},
		"missing pixels":   {Photo: &photo.Image{Height: 64, Width: 64}, Labels: good.Labels},
		"no pixels":        {Photo: new(photo.Image)},
	} {
		if _, err := training.Gradients([]Sample{s}, Objective{Mask: 1}); err == nil {
			t.Errorf("%s: expected an error", name)
		} else {
			t.Log(err)
		}
	}
	ignored := Sample{Photo: good.Photo, Labels: slices.Repeat([]uint8{compute.Ignore}, len(good.Labels))}
	if loss, err := training.Gradients([]Sample{ignored}, Objective{Mask: 1}); err != nil || loss.Mask != 0 {
		t.Errorf("no labels at all: loss %v, error %v", loss, err)
	}
}

// BenchmarkTraining is a step without the optimiser: ViT-Ti/16, both decoders, crops of
// 288², a batch of 16, a lane for each core.
//
//	go test -run - -bench Training ./model
func BenchmarkTraining(b *testing.B) {
	const size, photos = 288, 16
	training := newTraining(b, openModel(b, floatWeights), runtime.GOMAXPROCS(0), cpu.NewTrainer)
	var batch []Sample
	for i := range photos {
		s := Sample{Photo: &photo.Image{Height: size, Width: size, Pix: make([]byte, 3*size*size)}, Labels: make([]uint8, size*size)}
		for j := range s.Photo.Pix {
			s.Photo.Pix[j] = byte(i * j)
		}
		for j := range s.Labels {
			s.Labels[j] = uint8(j % size / 8)
		}
		batch = append(batch, s)
	}
	step := func() {
		training.Update()
		if _, err := training.Gradients(batch, Objective{Mask: 1, Linear: 1}); err != nil {
			b.Fatal(err)
		}
	}
	step() // makes the buffers
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(photos*float64(b.N)/b.Elapsed().Seconds(), "photos/s")
}

// TestPositionGradient: ⟨resize(e), g⟩ = ⟨e, adjoint(g)⟩ for every e and g.
func TestPositionGradient(t *testing.T) {
	const grid, D = 4, 3
	for _, size := range [][2]int{{4, 4}, {3, 5}, {9, 2}} {
		values := func(n int) []float32 {
			list := make([]float32, n)
			for i := range list {
				list[i] = float32(math.Sin(float64(3*i + n)))
			}
			return list
		}
		dot := func(a, b []float32) (sum float64) {
			for i := range a {
				sum += float64(a[i]) * float64(b[i])
			}
			return sum
		}
		e, g, adjoint := values(grid*grid*D), values(size[0]*size[1]*D), make([]float32, grid*grid*D)
		addPositionGradient(adjoint, g, grid, size[0], size[1], D)
		if a, b := dot(ResizePosition(e, 0, grid, size[0], size[1], D), g), dot(e, adjoint); math.Abs(a-b) > 1e-5 {
			t.Errorf("%v: %g and %g", size, a, b)
		}
	}
}
