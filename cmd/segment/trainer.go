package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
	manifest           *manifest // nil if an older program began the training
	model              *model.Model
	run                *train.Run
	order              *order
	source             interface{ close() } // of samples
	lock, log          *os.File
	last               *scores // of the last evaluation
	scored             int     // step of the last evaluation in the log, −1 before
	spent              time.Duration
	stepped            int // steps in that time
	began              time.Time
}

// start makes the run, or takes up the one in the folder.
func (t *trainer) start(ctx context.Context, resume bool) (err error) {
	if resume {
		if t.lock, err = lockFolder(t.folder, ""); err != nil {
			return err
		}
	}
	if t.all, t.training, t.val, err = t.load(); err != nil {
		return err
	}
	if resume {
		if err := t.checkData(ctx); err != nil {
			return err
		}
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
		if len(report.Broken) == 0 && len(report.Outside) > 0 && !t.IgnoreUnknown {
			err = fmt.Errorf("%w (-ignore-unknown)", err)
		}
		return err
	}
	if t.model, err = t.firstModel(); err != nil {
		return err
	}
	if t.manifest, err = t.newManifest(ctx); err != nil {
		return err
	}
	t.manifest.note(t.all, report)
	if t.lock, err = lockFolder(t.folder, ""); err != nil {
		return err
	}
	if err := t.write(); err != nil {
		return err
	}
	if err := t.manifest.write(t.path(manifestFile)); err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "%d photos to train on, %d for validation; %s\n", len(t.training.Samples), len(t.val.Samples), t.folder)
	return t.writeModel()
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
	if t.source != nil {
		t.source.close()
	}
	if t.lock != nil {
		t.lock.Close()
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
	m, err := model.Open(t.path(modelFile))
	if err != nil {
		return err
	}
	plan, err := calibrate(ctx, m, photos, calibratedSteps, t.stderr)
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
