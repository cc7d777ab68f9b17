package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/dataset"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/quant"
	"segmenter/train"
)

const (
	// scoresInRun is how often a run evaluates.
	scoresInRun = 10
	// saveInterval is the work that the end of the program may lose, at most.
	saveInterval = 45 * time.Second
)

// trainer is a training in its folder.
type trainer struct {
	trainOptions
	stdout, stderr io.Writer
	bar            *bar
	mu             sync.Mutex
	warned         map[string]bool

	all, training, val *dataset.Set
	model              *model.Model
	run                *train.Run
	features           *features // of a frozen encoder
	log                *os.File
	last               *scores // of the last evaluation
	scored             int     // step of the last evaluation in the log, −1 before
	spent              time.Duration
	stepped            int // steps in that time
	began              time.Time
}

// start makes the run, or takes up the one in the folder.
func (t *trainer) start(ctx context.Context, resume bool) (err error) {
	if t.all, t.training, t.val, err = t.load(); err != nil {
		return err
	}
	if resume {
		if t.model, err = modelfile.Open(t.path(modelFile)); err != nil {
			return err
		}
	} else if err = t.begin(ctx); err != nil {
		return err
	}
	if err := t.newRun(); err != nil {
		return err
	}
	if resume {
		if err := t.run.Resume(t.path(stateFile)); err != nil {
			return err
		}
	}
	if err := t.openSource(ctx); err != nil {
		return err
	}
	if !resume {
		if err := t.setSteps(); err != nil {
			return err
		}
	}
	return t.openLog()
}

// begin checks the data and makes the first model.
func (t *trainer) begin(ctx context.Context) (err error) {
	bar := newBar(t.stderr)
	report, err := t.all.Check(ctx, func(done int) { bar.show(done, len(t.all.Samples), "labels") })
	bar.end()
	if err != nil {
		return err
	}
	fmt.Fprint(t.stdout, report)
	if err := report.Err(); err != nil {
		return err
	}
	if t.model, err = t.firstModel(); err != nil {
		return err
	}
	if err := t.write(); err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "%d photos to train on, %d for validation; %s\n", len(t.training.Samples), len(t.val.Samples), t.folder)
	return t.writeModel()
}

// firstModel returns the model of -from with the classes of the data.
func (t *trainer) firstModel() (*model.Model, error) {
	random := rand.New(rand.NewPCG(t.Seed, 0))
	card := modelfile.Card{Name: filepath.Base(t.Data), Size: t.Size, Classes: t.all.Classes.Card()}
	card.TrainingData = fmt.Sprintf("%d photos of %q", len(t.training.Samples), filepath.Base(t.Data))
	card.Extra = map[string]string{"training_recipe": t.describe()}
	if t.From == "" {
		base, err := openModel("")
		if err != nil {
			return nil, err
		}
		return train.Transfer(base, basedOn(card, base.Card, base.Name), random)
	}
	base, encoder, err := train.OpenModel(t.From)
	if err != nil {
		return nil, err
	}
	if base != nil {
		return train.Transfer(base, basedOn(card, base.Card, filepath.Base(t.From)), random)
	}
	half := [3]float32{0.5, 0.5, 0.5}
	card.Normalisation = modelfile.Normalisation{Mean: half, Std: half}
	card.Source = "fine-tuned from the vision transformer " + filepath.Base(t.From)
	m, err := encoder.NewDecoders(card, random)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.From, err)
	}
	return m, nil
}

// basedOn adds to the card what it owes to the model that the training starts from, in a
// file of that name.
func basedOn(card, base modelfile.Card, file string) modelfile.Card {
	card.Normalisation = base.Normalisation
	card.Source = fmt.Sprintf("fine-tuned from %q", cmp.Or(base.Name, file))
	if base.Source != "" {
		card.Source += " (" + base.Source + ")"
	}
	if base.Licence != "" {
		card.Licence = "of the weights before: " + base.Licence
	}
	if base.TrainingData != "" {
		card.TrainingData += "; before: " + base.TrainingData
	}
	return card
}

// describe is the recipe in words.
func (t *trainer) describe() string {
	what := fmt.Sprintf("crops of %d", t.Size)
	if t.Freeze != "" {
		what = fmt.Sprintf("decoders only, photos of %d", t.Size)
	}
	return fmt.Sprintf("%s, %s pixels, batches of %d, seed %d", t.Recipe, what, t.Batch, t.Seed)
}

// newRun prepares the model for training.
func (t *trainer) newRun() error {
	devices := make([]compute.Differentiable, t.Threads)
	for i := range devices {
		devices[i] = cpu.NewTrainer()
	}
	training, err := model.NewTraining(t.model, devices)
	if err != nil {
		return err
	}
	r, err := newRecipe(&t.trainOptions)
	if err != nil {
		return err
	}
	t.run = &train.Run{
		Training: training, Parameters: train.Parameters(training), Optimiser: r.optimiser, Recipe: r.numbers,
		Report: t.report, Checkpoint: t.path(stateFile), Interval: saveInterval,
	}
	r.prepare(t.run.Parameters, t.model.Table, t.Freeze != "")
	return nil
}

// openSource prepares the samples.
func (t *trainer) openSource(ctx context.Context) (err error) {
	if t.Freeze != "" {
		t.features, err = t.computeFeatures(ctx)
		t.run.Source = t.features
		return err
	}
	t.run.Source, err = newCrops(t.training.Samples, len(t.model.Classes), augmentation(&t.trainOptions, t.model.Normalisation), t.Threads, t.warn)
	return err
}

// warn prints a line about a photo that is left out, once, without the progress bar's.
func (t *trainer) warn(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.warned[text] {
		return
	}
	t.warned[text] = true
	t.bar.end()
	fmt.Fprintf(t.stderr, "segment: %s\n", text)
}

// setSteps decides how long to train: by epochs, or by the time that a step takes.
func (t *trainer) setSteps() error {
	steps := t.Epochs * float64(len(t.training.Samples)) / float64(t.Batch)
	if t.Epochs == 0 {
		second, err := t.timeStep()
		if err != nil {
			return err
		}
		steps = t.Minutes * 60 / second
	}
	r, err := newRecipe(&t.trainOptions)
	if err != nil {
		return err
	}
	r.setSteps(max(1, int(math.Ceil(steps))))
	t.run.Recipe = r.numbers
	return nil
}

// timeStep returns the seconds of a step, with a tenth for evaluations.
func (t *trainer) timeStep() (float64, error) {
	batch := make([]model.Sample, t.Batch)
	var began time.Time
	for range 2 { // the first one allocates
		began = time.Now()
		for i := range batch {
			if err := t.run.Source.Sample(i, &batch[i]); err != nil {
				return 0, err
			}
		}
		if _, err := t.run.Training.Gradients(batch, t.run.Recipe.Objective); err != nil {
			return 0, err
		}
	}
	return 1.1 * time.Since(began).Seconds(), nil
}

// openLog opens the log where the run goes on.
func (t *trainer) openLog() (err error) {
	if t.log, err = train.OpenLog(t.path(logFile), t.run.Next()); err != nil {
		return err
	}
	_, scores, err := t.readLog()
	t.scored = -1
	if len(scores) > 0 {
		t.scored = scores[len(scores)-1].Step
	}
	return err
}

func (t *trainer) readLog() ([]train.Step, []train.Score, error) {
	f, err := os.Open(t.path(logFile))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return train.ReadLog(f)
}

func (t *trainer) close() {
	t.bar.end()
	if t.log != nil {
		t.log.Close()
	}
	if t.features != nil {
		t.features.close()
	}
}

// train runs to the end and prints the result.
func (t *trainer) train(ctx context.Context) error {
	steps := t.run.Recipe.Schedule.Steps
	t.began = time.Now()
	report := t.run.Report
	t.run.Report = func(s train.Step) error {
		if err := report(s); err != nil {
			return err
		}
		return t.evaluateIfDue(ctx)
	}
	err := t.evaluateIfDue(ctx) // if an interruption came between a step and its evaluation
	if err == nil {
		err = t.run.Run(ctx)
	}
	t.bar.end()
	switch {
	case errors.Is(err, train.ErrDiverged):
		return fmt.Errorf("%w: for instance -rate %.1g, in another folder", err, t.run.Recipe.Schedule.Rate/4)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted after step %d of %d: go on with segment train -resume %s", t.run.Next(), steps, t.folder)
	case err != nil:
		return err
	}
	if t.last == nil { // the training had ended before
		if err := t.evaluate(ctx); err != nil {
			return err
		}
	}
	if err := t.last.print(t.stdout); err != nil {
		return err
	}
	if t.Quantise {
		if err := t.quantise(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.stdout, "\n%s holds the model, %s its curve\n", t.path(modelFile), t.path(curveFile))
	return nil
}

// report logs a step and shows the progress.
func (t *trainer) report(s train.Step) error {
	if err := train.Log(t.log)(s); err != nil {
		return err
	}
	t.spent += time.Since(t.began)
	t.began = time.Now()
	t.stepped++
	perStep := t.spent / time.Duration(t.stepped)
	steps := t.run.Recipe.Schedule.Steps
	t.bar.show(s.Step+1, steps, "steps", fmt.Sprintf("loss %.3f", s.Loss), fmt.Sprintf("%.1f photos/s", t.rate()),
		fmt.Sprint((time.Duration(steps-s.Step-1)*perStep).Round(time.Second), " left"))
	return nil
}

// rate is the number of photos in a second, without evaluations.
func (t *trainer) rate() float64 { return float64(t.stepped*t.Batch) / max(t.spent.Seconds(), 1e-9) }

// evaluateIfDue evaluates ten times in a run, and after its last step.
func (t *trainer) evaluateIfDue(ctx context.Context) error {
	done, steps := t.run.Next(), t.run.Recipe.Schedule.Steps
	if done == 0 || done-1 == t.scored || done*scoresInRun/steps == (done-1)*scoresInRun/steps {
		return nil
	}
	if err := t.run.Save(); err != nil { // the evaluation may take long
		return err
	}
	err := t.evaluate(ctx)
	t.began = time.Now()
	return err
}

// evaluate scores the model on the photos for validation, logs that, and writes model and
// curve.
func (t *trainer) evaluate(ctx context.Context) error {
	t.bar.end()
	t.run.UseAverage()
	defer t.run.UseAverage()
	e := &evaluation{
		models: []*model.Model{t.model}, arithmetic: compute.Float32, samples: t.sampleVal(), tally: make(tally, 1),
		options: model.Options{Decoder: model.Mask, Size: t.Size},
	}
	if err := e.run(ctx, t.Threads, newBar(t.stderr)); err != nil {
		return err
	}
	for _, line := range slices.Sorted(slices.Values(e.failed)) {
		t.warn(line)
	}
	t.last = e.result()
	if math.IsNaN(t.last.MIoU) {
		return errors.New("no pixel of the photos for validation counts: choose others with -val")
	}
	if done := t.run.Next(); done-1 != t.scored {
		if err := json.NewEncoder(t.log).Encode(train.Score{Step: done - 1, MIoU: t.last.MIoU, PixelAccuracy: t.last.PixelAccuracy}); err != nil {
			return err
		}
		t.scored = done - 1
	}
	return t.publish()
}

// sampleVal returns the photos for the next evaluation: all after the last step. Before, as
// many as keep evaluations short beside what they interrupt, spread evenly.
func (t *trainer) sampleVal() []dataset.Sample {
	const least, rare = 20, 4 // photos for validation are at most one in so many crops
	all, steps := t.val.Samples, t.run.Recipe.Schedule.Steps
	n := max(least, steps*t.Batch/scoresInRun/rare)
	if n >= len(all) || t.run.Next() == steps {
		return all
	}
	part := make([]dataset.Sample, n)
	for i := range part {
		part[i] = all[i*len(all)/n]
	}
	return part
}

// publish prints the last scores, and writes model and curve.
func (t *trainer) publish() error {
	steps, scores, err := t.readLog()
	if err != nil {
		return err
	}
	total, done := t.run.Recipe.Schedule.Steps, t.run.Next()
	fmt.Fprintf(t.stdout, "step %d of %d: loss %.3f, mIoU %.2f, pixel accuracy %.2f", done, total, recentLoss(steps, max(1, total/scoresInRun)), t.last.MIoU, t.last.PixelAccuracy)
	if t.stepped > 0 {
		fmt.Fprintf(t.stdout, ", %.1f photos/s", t.rate())
	}
	fmt.Fprintln(t.stdout)
	if err := replaceFile(t.path(curveFile), func(w io.Writer) error { return train.DrawCurve(w, steps, scores, total) }); err != nil {
		return err
	}
	card := &t.model.Card
	card.Accuracy = fmt.Sprintf("mIoU %.2f over %d classes, pixel accuracy %.2f, on %d photos, short side %d, mask transformer, after step %d of %d",
		t.last.MIoU, len(t.last.Classes), t.last.PixelAccuracy, t.last.Photos, t.Size, done, total)
	card.Extra["training_curve"] = ""
	for _, s := range scores {
		card.Extra["training_curve"] += fmt.Sprintf("%d: %.2f; ", s.Step+1, s.MIoU)
	}
	return t.writeModel()
}

// recentLoss is the mean over the last n steps.
func recentLoss(steps []train.Step, n int) (mean float64) {
	steps = steps[max(0, len(steps)-n):]
	for _, s := range steps {
		mean += s.Loss / float64(len(steps))
	}
	return mean
}

func (t *trainer) writeModel() error {
	return replaceFile(t.path(modelFile), t.model.Write)
}

// quantise makes the small model.
func (t *trainer) quantise(ctx context.Context) error {
	const most = 300
	every := (len(t.training.Samples) + most - 1) / most
	var photos []dataset.Photo
	for i := 0; i < len(t.training.Samples); i += every {
		photos = append(photos, t.training.Samples[i].Photo)
	}
	plan, err := calibrate(ctx, t.path(modelFile), photos, calibratedSteps, t.stderr)
	if err != nil {
		return err
	}
	return t.convert(plan)
}

func (t *trainer) convert(plan quant.Plan) error {
	report, err := convert(t.path(modelFile), t.path(smallFile), modelfile.Card{}, plan)
	if err != nil {
		return err
	}
	bytes := 0
	for _, c := range report.Changes {
		bytes += c.Bytes
	}
	fmt.Fprintf(t.stdout, "\n%s: %d bytes\n", t.path(smallFile), bytes)
	return nil
}
