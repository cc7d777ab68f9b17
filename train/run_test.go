package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/internal/golden"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/photo"
)

// halves draws photos whose halves have different colours and labels.
type halves struct{ fail error }

func (h halves) Sample(number int, s *model.Sample) error {
	const size = 32
	random := rand.New(rand.NewPCG(4, uint64(number)))
	if s.Photo == nil {
		*s = model.Sample{Photo: &photo.Image{Height: size, Width: size, Pix: make([]byte, 3*size*size)}, Labels: make([]uint8, size*size)}
	}
	first, second := uint8(random.IntN(6)), uint8(random.IntN(6))
	for i := range s.Labels {
		s.Labels[i] = first
		if i%size >= size/2 {
			s.Labels[i] = second
		}
		for c := range 3 {
			s.Photo.Pix[3*i+c] = s.Labels[i]*40 + byte(random.IntN(10))
		}
	}
	return h.fail
}

// newRun returns a run of some steps with the network of the golden file.
func newRun(t *testing.T, steps int) *Run {
	t.Helper()
	m := golden.Model(t, golden.Read(t, goldenGradients), "weights.")
	training, err := model.NewTraining(m, []compute.Differentiable{cpu.NewTrainer(), cpu.NewTrainer()})
	if err != nil {
		t.Fatal(err)
	}
	r := &Run{
		Training: training, Parameters: Parameters(training), Source: halves{},
		Optimiser: &AdamW{Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-8, WeightDecay: 0.02},
		Recipe: Recipe{
			Batch: 3, Schedule: Schedule{Rate: 2e-3, Power: 0.9, Warmup: 2, Steps: steps},
			Objective: model.Objective{Mask: 1, Linear: 0.5, DropPath: 0.1, Dropout: 0.1},
			ClipNorm:  1, Average: 0.99, Seed: 4,
		},
		Checkpoint: filepath.Join(t.TempDir(), "state.safetensors"), Interval: time.Hour,
	}
	DecayRates(r.Parameters, m.Table, 0.9)
	DecayMatrices(r.Parameters)
	return r
}

func (r *Run) values() (all []float32) {
	for _, p := range r.Parameters {
		all = append(all, p.Values...)
	}
	return all
}

// TestResume interrupts a run and resumes it in another program's place: losses, values
// and their average are those of an uninterrupted run, to the last bit.
func TestResume(t *testing.T) {
	const steps, interruption = 8, 5
	whole := newRun(t, steps)
	var wantLog bytes.Buffer
	whole.Report = Log(&wantLog)
	if err := whole.Run(t.Context()); err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(t.TempDir(), "log.jsonl")
	log, err := OpenLog(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	broken := newRun(t, steps)
	ctx, cancel := context.WithCancel(t.Context())
	broken.Report = func(s Step) error {
		if s.Step == interruption {
			cancel()
		}
		return Log(log)(s)
	}
	if err := broken.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, expected %v", err, context.Canceled)
	}
	log.WriteString(`{"step":6,"loss":1}` + "\n" + `{"step":7,"lo`) // later than the checkpoint
	log.Close()

	resumed := newRun(t, 1)
	resumed.Recipe = Recipe{}
	if err := resumed.Resume(broken.Checkpoint); err != nil {
		t.Fatal(err)
	}
	if log, err = OpenLog(path, resumed.step); err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	resumed.Report = Log(log)
	if err := resumed.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != wantLog.String() {
		t.Errorf("the log is\n%s, expected\n%s", got, wantLog.String())
	}
	if !slices.Equal(resumed.values(), whole.values()) {
		t.Error("the values differ")
	}
	resumed.UseAverage()
	whole.UseAverage()
	if !slices.Equal(resumed.values(), whole.values()) {
		t.Error("the averages differ")
	}
}

// TestLearns checks that the loss falls.
func TestLearns(t *testing.T) {
	r := newRun(t, 100)
	var losses []float64
	r.Report = func(s Step) error { losses = append(losses, s.Loss); return nil }
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if first, last := losses[0], losses[len(losses)-1]; last > first/2 {
		t.Errorf("the loss went from %.3f to %.3f, expected less than half", first, last)
	}
}

// TestInitialise trains a network from nothing.
func TestInitialise(t *testing.T) {
	card := golden.Model(t, golden.Read(t, goldenGradients), "weights.").Card
	random := rand.New(rand.NewPCG(1, 2))
	m, err := modelfile.New(card, []modelfile.Decoder{modelfile.Mask}, func(p *modelfile.Parameter) ([]float32, error) {
		return Initialise(p, random), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	training, err := model.NewTraining(m, []compute.Differentiable{cpu.NewTrainer()})
	if err != nil {
		t.Fatal(err)
	}
	var s model.Sample
	if err := (halves{}).Sample(0, &s); err != nil {
		t.Fatal(err)
	}
	loss, err := training.Gradients([]model.Sample{s}, model.Objective{Mask: 1})
	if guess := math.Log(float64(len(card.Classes))); err != nil || math.Abs(loss.Mask-guess) > 1 {
		t.Errorf("loss %.2f, error %v: expected about that of guessing, %.2f", loss.Mask, err, guess)
	}
}

// TestDiverged checks that a run with a huge rate stops, and that the state before remains.
func TestDiverged(t *testing.T) {
	r := newRun(t, 50)
	r.Optimiser = &SGD{Momentum: 0.9}
	r.Recipe.Schedule.Rate, r.Recipe.ClipNorm = 1e30, 0
	err := r.Run(t.Context())
	if !errors.Is(err, ErrDiverged) {
		t.Fatalf("error %v, expected %v", err, ErrDiverged)
	}
	t.Log(err)
	again := newRun(t, 50)
	start := again.values()
	again.Optimiser = &SGD{Momentum: 0.9}
	if err := again.Resume(r.Checkpoint); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.values(), start) {
		t.Error("the state is not that of the last checkpoint")
	}
}

// TestGrown checks that a run whose loss grows without becoming NaN stops, with the state
// from before it grew.
func TestGrown(t *testing.T) {
	for _, steps := range []int{8, 50} {
		r := newRun(t, steps)
		r.Optimiser = &SGD{Momentum: 0.9}
		r.Recipe.Schedule.Rate, r.Recipe.Schedule.Warmup, r.Recipe.ClipNorm = 20, 0, 1
		start := newRun(t, steps).values()
		err := r.Run(t.Context())
		if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "a guess has") {
			t.Fatalf("%d steps: error %v, expected one that compares the loss with a guess", steps, err)
		}
		t.Log(err)
		again := newRun(t, steps)
		again.Optimiser = &SGD{Momentum: 0.9}
		if err := again.Resume(r.Checkpoint); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.values(), start) {
			t.Errorf("%d steps: the state is not that from before the loss grew", steps)
		}
	}
}

// TestHighFromTheStart checks that a run goes on whose loss began above a guess and does not grow.
func TestHighFromTheStart(t *testing.T) {
	r := newRun(t, 50)
	for step := range 2 * recentLosses {
		if err := r.checkGrowth(Step{Step: step, Loss: 100 - float64(step)}); err != nil {
			t.Fatal(err)
		}
		if r.HasGrown() {
			t.Fatalf("step %d: a loss that falls is said to have grown", step)
		}
	}
}

func TestBadState(t *testing.T) {
	r := newRun(t, 1)
	r.Source = halves{errors.New("the photo is gone")}
	if err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "the photo is gone") {
		t.Errorf("error %v, expected the source's", err)
	}
	other := newRun(t, 1)
	other.Optimiser = &SGD{}
	if err := other.Resume(r.Checkpoint); err == nil {
		t.Error("the state of another optimiser: expected an error")
	} else {
		t.Log(err)
	}
	if err := r.Resume(goldenGradients); err == nil {
		t.Error("a file that is no state: expected an error")
	} else {
		t.Log(err)
	}
	r.Checkpoint = filepath.Join(t.TempDir(), "missing", "state")
	if err := r.Save(); err == nil {
		t.Error("a folder that is missing: expected an error")
	}
}

func TestSchedule(t *testing.T) {
	s := Schedule{Rate: 1, Power: 1, Warmup: 4, Steps: 10}
	for step, want := range map[int]float64{0: 0.25, 1: 0.9 * 0.5, 4: 0.6, 9: 0.1, 10: 0, 11: 0} {
		if got := s.At(step); got < want-1e-12 || got > want+1e-12 {
			t.Errorf("At(%d) = %v, expected %v", step, got, want)
		}
	}
}
