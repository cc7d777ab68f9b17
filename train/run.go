package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"segmenter/model"
)

// A Source draws samples.
type Source interface {
	// Sample fills s, and may reuse its memory. number counts the samples of a run, from 0,
	// also over interruptions: the same number gives the same sample. Calls come from
	// several goroutines at once.
	Sample(number int, s *model.Sample) error
}

// A run has diverged if most of its last losses are so many times that of a guess, and the first.
const (
	grownLoss    = 2
	recentLosses = 20
)

// ErrDiverged matches the error of a run whose loss has grown, or whose loss or gradient is no
// number any more.
var ErrDiverged = errors.New("the training has diverged")

// A Recipe says how to train. A checkpoint keeps it.
type Recipe struct {
	Batch     int
	Schedule  Schedule
	Objective model.Objective // Seed is drawn anew for each step
	ClipNorm  float64         // the largest norm of the gradient; 0 = any
	Average   float64         // decay of the average of the values; 0 = none
	Seed      uint64
}

// A Step is what a run reports of a step, counted from 0.
type Step struct {
	Step   int     `json:"step"`
	Loss   float64 `json:"loss"` // of the objective
	Mask   float64 `json:"mask"`
	Linear float64 `json:"linear"`
	Norm   float64 `json:"norm"` // of the gradient, before clipping
	Rate   float64 `json:"rate"`
}

// A Run trains. Set its fields, call [Run.Resume] to go on from a checkpoint, then Run.
type Run struct {
	Training   *model.Training
	Parameters []*Parameter
	Optimiser  Optimiser
	Source     Source
	Recipe     Recipe
	Report     func(Step) error // called after each step; may be nil

	// Checkpoint is the file for the state of the run, rewritten at this interval, and at
	// the end. "" = none.
	Checkpoint string
	Interval   time.Duration

	average Average
	step    int       // the next
	first   float64   // loss since Run was called
	recent  []float64 // the last losses
	saved   time.Time
	batches [2][]model.Sample // of this step and the next
}

// Next is the step that comes next, counted from 0.
func (r *Run) Next() int { return r.step }

// Run trains until the schedule ends, ctx is cancelled, or an error, and saves the state. If
// the training diverges, or ends otherwise while the loss has grown, the last state saved before
// that stays.
func (r *Run) Run(ctx context.Context) error {
	r.average.Decay = r.Recipe.Average
	if err := r.Save(); err != nil { // before hours of work, not after
		return err
	}
	err := r.run(ctx)
	if _, unsaved := errors.AsType[saveError](err); unsaved || err != nil && r.HasGrown() || errors.Is(err, ErrDiverged) {
		return err
	}
	return errors.Join(err, r.Save())
}

func (r *Run) run(ctx context.Context) error {
	next := r.draw(r.step)
	defer func() { next() }() // let the last draw end
	for r.step < r.Recipe.Schedule.Steps {
		batch, err := next()
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.step+1 < r.Recipe.Schedule.Steps {
			next = r.draw(r.step + 1)
		}
		report, err := r.train(batch)
		if err != nil {
			return err
		}
		if err := r.checkGrowth(report); err != nil {
			return err
		}
		if r.Report != nil {
			if err := r.Report(report); err != nil {
				return err
			}
		}
		if time.Since(r.saved) >= r.Interval && !r.HasGrown() {
			if err := r.Save(); err != nil {
				return err
			}
		}
	}
	return nil
}

// train makes a step. If the loss or the gradient is no number, it changes nothing.
func (r *Run) train(batch []model.Sample) (Step, error) {
	o := r.Recipe.Objective
	o.Seed = rand.NewPCG(r.Recipe.Seed, uint64(r.step)).Uint64()
	loss, err := r.Training.Gradients(batch, o)
	if err != nil {
		return Step{}, err
	}
	limit := r.Recipe.ClipNorm
	if limit == 0 {
		limit = math.Inf(1)
	}
	report := Step{r.step, loss.Total(o), loss.Mask, loss.Linear, ClipNorm(r.Parameters, limit), r.Recipe.Schedule.At(r.step)}
	if sum := report.Loss + report.Norm; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return report, fmt.Errorf("%w: in step %d the loss is %v and the norm of its gradient %v; %s",
			ErrDiverged, r.step, report.Loss, report.Norm, advice(report))
	}
	r.Optimiser.Step(r.Parameters, r.step, report.Rate)
	r.Training.Update()
	if r.Recipe.Average > 0 {
		r.average.Add(r.Parameters, r.step)
	}
	r.step++
	return report, nil
}

// HasGrown says whether the loss of the last step has, so that the state before is better.
func (r *Run) HasGrown() bool {
	return len(r.recent) > 0 && r.recent[len(r.recent)-1] > r.limit()
}

// limit is the loss from which on it has grown. Weights that fit the data badly may begin above a guess.
func (r *Run) limit() float64 {
	return grownLoss * max(r.first, r.Training.Guess(r.Recipe.Objective))
}

// checkGrowth fails once most of the last losses have grown; single ones do.
func (r *Run) checkGrowth(s Step) error {
	if len(r.recent) == 0 {
		r.first = s.Loss
	}
	r.recent = append(r.recent, s.Loss)
	r.recent = slices.Delete(r.recent, 0, max(0, len(r.recent)-recentLosses))
	if len(r.recent) < recentLosses && r.step < r.Recipe.Schedule.Steps {
		return nil
	}
	sorted := slices.Sorted(slices.Values(r.recent))
	if median := sorted[len(sorted)/2]; median > r.limit() {
		return fmt.Errorf("%w: by step %d the loss has grown to %.3g from %.3g, where a guess has %.3g; %s",
			ErrDiverged, s.Step, median, r.first, r.Training.Guess(r.Recipe.Objective), advice(s))
	}
	return nil
}

func advice(s Step) string {
	return fmt.Sprintf("the last good state is kept. Try a lower rate than %.2g, a longer warm-up, or clipping", s.Rate)
}

// draw draws the batch of a step in the background, so that files are read while the step
// before computes. The function that it returns waits for the batch.
func (r *Run) draw(step int) func() ([]model.Sample, error) {
	batch := &r.batches[step%2]
	if *batch == nil {
		*batch = make([]model.Sample, r.Recipe.Batch)
	}
	errs := make([]error, r.Recipe.Batch)
	var wait sync.WaitGroup
	for i := range *batch {
		wait.Go(func() { errs[i] = r.Source.Sample(step*r.Recipe.Batch+i, &(*batch)[i]) })
	}
	return func() ([]model.Sample, error) {
		wait.Wait()
		return *batch, cmp.Or(errs...)
	}
}

// UseAverage exchanges the values of the model and their average. A second call undoes it.
func (r *Run) UseAverage() {
	if r.Recipe.Average > 0 {
		r.average.Swap(r.Parameters)
		r.Training.Update()
	}
}
