package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"segmenter/compute"
	"segmenter/dataset"
	"segmenter/model"
	"segmenter/train"
)

// evaluateIfDue evaluates ten times in a run, and after its last step.
func (t *trainer) evaluateIfDue(ctx context.Context) error {
	done, steps := t.run.Next(), t.run.Recipe.Schedule.Steps
	if done == 0 || done-1 == t.scored || done*scoresInRun/steps == (done-1)*scoresInRun/steps {
		return nil
	}
	if done < steps && t.run.HasGrown() {
		return nil // the state and the model from before are better
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
