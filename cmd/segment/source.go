package main

import (
	"context"
	"math"
	"time"

	"segmenter/dataset"
	"segmenter/dataset/augment"
	"segmenter/model"
)

// openSource prepares the samples.
func (t *trainer) openSource(ctx context.Context) (err error) {
	if t.Freeze != "" {
		f, err := t.computeFeatures(ctx)
		if err != nil {
			return err
		}
		t.order, t.source, t.run.Source = f.order, f, f
		return nil
	}
	if t.order, err = t.newOrder(t.training.Samples); err != nil {
		return err
	}
	c, err := newCrops(t.training.Samples, len(t.model.Classes), augmentation(&t.trainOptions, t.model.Normalisation), t.Threads, t.order, t.path(cropsFile))
	if err != nil {
		return err
	}
	t.source, t.run.Source = c, c
	return nil
}

// newOrder returns the order in which samples are drawn.
func (t *trainer) newOrder(samples []dataset.Sample) (*order, error) {
	sampler := augment.NewSampler(len(samples), t.Seed)
	if t.FavourRare > 0 {
		names := make([]string, len(samples))
		for i, s := range samples {
			names[i] = s.Photo.Name
		}
		if err := sampler.Favour(t.manifest.classesOf(names), t.FavourRare); err != nil {
			return nil, err
		}
	}
	return newOrder(sampler, t.warn), nil
}

// setSteps decides how long to train: by epochs, or by the time that a step takes.
func (t *trainer) setSteps() error {
	steps := t.Epochs * t.order.sampler.Length() / float64(t.Batch)
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
