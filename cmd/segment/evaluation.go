package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"segmenter/compute"
	"segmenter/dataset"
	"segmenter/metrics"
	"segmenter/model"
	"segmenter/photo"
)

// evaluation scores the masks of one or two models against the labels.
type evaluation struct {
	models     []*model.Model      // the model, and optionally a second one for comparison
	arithmetic compute.Arithmetic  // of the first model
	taught     []model.TaughtClass // beside the classes of the first model
	options    model.Options
	forms      *model.MultiScale // of each photo, whose scores are averaged; nil = one
	samples    []dataset.Sample
	boundary   bool         // score boundaries too
	done       atomic.Int64 // photos

	mu     sync.Mutex
	tally  tally
	failed []string // errors of photos that do not count
}

// tally counts the masks of each model.
type tally []struct {
	confusion  metrics.Confusion
	boundaries metrics.Boundaries
	same, all  int // pixels: with the same class as from the last model, and all
}

// merge adds the counts of another tally of the same models.
func (t tally) merge(other tally) {
	for i := range t {
		t[i].confusion.Merge(&other[i].confusion)
		t[i].boundaries.Merge(&other[i].boundaries)
		t[i].same += other[i].same
		t[i].all += other[i].all
	}
}

// run evaluates several photos at once, one core each: that wastes less time
// than several cores on one photo.
func (e *evaluation) run(ctx context.Context, threads int, bar *bar) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	samples := make(chan dataset.Sample)
	var wait sync.WaitGroup
	for range min(threads, len(e.samples)) {
		wait.Go(func() {
			if err := e.work(ctx, samples, bar); err != nil {
				cancel(err)
			}
		})
	}
feed:
	for _, sample := range e.samples {
		select {
		case samples <- sample:
		case <-ctx.Done():
			break feed
		}
	}
	close(samples)
	wait.Wait()
	bar.end()
	return context.Cause(ctx)
}

// work counts samples until there are no more.
func (e *evaluation) work(ctx context.Context, samples <-chan dataset.Sample, bar *bar) error {
	var segmenters []*model.Segmenter
	for i, m := range e.models {
		arithmetic, taught := e.arithmetic, e.taught
		if i > 0 {
			arithmetic, taught = compute.Float32, nil
		}
		s, err := newSegmenter(m, 1, arithmetic, taught)
		if err != nil {
			return err
		}
		defer s.Close()
		segmenters = append(segmenters, s)
	}
	counted := make(tally, len(e.models))
	for sample := range samples {
		err := e.count(ctx, segmenters, sample, counted)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			e.fail(err)
		}
		bar.show(int(e.done.Add(1)), len(e.samples), "photos")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tally.merge(counted)
	return nil
}

// fail keeps the error until the progress bar has ended.
func (e *evaluation) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = append(e.failed, err.Error())
}

// count adds one photo to counted, or nothing if it fails.
func (e *evaluation) count(ctx context.Context, segmenters []*model.Segmenter, sample dataset.Sample, counted tally) error {
	source, err := sample.Photo.Open()
	if err != nil {
		return err
	}
	height, width := source.Size()
	labels, err := sample.Labels(height, width, len(e.models[0].Classes)+len(e.taught))
	if err != nil {
		return err
	}
	masks := make([][]uint8, len(segmenters))
	for i, s := range segmenters {
		result, err := e.segment(ctx, s, source)
		if err != nil {
			return fmt.Errorf("%s: %w", sample.Photo.Name, err)
		}
		masks[i] = result.Mask
	}
	last := masks[len(masks)-1]
	for i, mask := range masks {
		counted[i].confusion.Add(mask, labels)
		if e.boundary {
			counted[i].boundaries.Add(mask, labels, height, width)
		}
		counted[i].same += metrics.Same(mask, last)
		counted[i].all += len(mask)
	}
	return nil
}

func (e *evaluation) segment(ctx context.Context, s *model.Segmenter, source photo.Source) (*model.Result, error) {
	if e.forms == nil {
		return s.Segment(ctx, source, e.options)
	}
	return s.SegmentMultiScale(ctx, source, e.options, *e.forms)
}

// scores is the result of one model, in percent.
type scores struct {
	Size          int          `json:"size"` // short side of the photos in pixels
	Decoder       string       `json:"decoder"`
	Window        int          `json:"window,omitempty"`
	Stride        int          `json:"stride,omitempty"`
	Scales        []float64    `json:"scales,omitempty"`
	Flip          bool         `json:"flip,omitempty"`
	Photos        int          `json:"photos"`
	MIoU          float64      `json:"miou"` // over the classes that occur in the labels
	PixelAccuracy float64      `json:"pixel_accuracy"`
	VOC           *float64     `json:"voc_miou,omitempty"`   // over 21 classes, if the model knows the 20 things
	Boundary      *float64     `json:"boundary_f,omitempty"` // see [metrics.Boundaries]
	Classes       []classScore `json:"classes"`

	Other     *scores  `json:"other,omitempty"`     // of the second model
	Agreement *float64 `json:"agreement,omitempty"` // pixels with the same class from both
}

type classScore struct {
	ID   int     `json:"id"`
	Name string  `json:"name"`
	IoU  float64 `json:"iou"`
}

// result returns the scores of all models.
func (e *evaluation) result() *scores {
	result := e.score(0)
	if len(e.models) > 1 {
		result.Other = e.score(1)
		agreement := 100 * float64(e.tally[0].same) / float64(e.tally[0].all)
		result.Agreement = &agreement
	}
	return result
}

// score returns the scores of model i.
func (e *evaluation) score(i int) *scores {
	classes, counted := slices.Clone(e.models[i].Classes), &e.tally[i]
	if i == 0 {
		for _, c := range e.taught {
			classes = append(classes, c.Class)
		}
	}
	s := &scores{
		Size: e.options.Size, Decoder: string(e.options.Decoder),
		Window: e.options.Window, Stride: e.options.Stride,
		Photos: len(e.samples) - len(e.failed), Classes: []classScore{},
	}
	if e.forms != nil {
		s.Scales, s.Flip = e.forms.Scales, e.forms.Flip
	}
	names := make([]string, len(classes))
	for id, c := range classes {
		names[id] = c.Name
	}
	each := metrics.Each(len(classes))
	iou := counted.confusion.IoU(each)
	for id, v := range iou {
		if !math.IsNaN(v) {
			s.Classes = append(s.Classes, classScore{id, names[id], 100 * v})
		}
	}
	s.MIoU = 100 * metrics.Mean(iou)
	s.PixelAccuracy = 100 * counted.confusion.PixelAccuracy(each)
	if voc, ok := metrics.VOC(names); ok {
		v := 100 * metrics.Mean(counted.confusion.IoU(voc))
		s.VOC = &v
	}
	if e.boundary {
		v := 100 * counted.boundaries.F()
		s.Boundary = &v
	}
	return s
}

func (s *scores) print(w io.Writer) error {
	for _, c := range s.Classes {
		fmt.Fprintf(w, "%6.2f  %s\n", c.IoU, c.Name)
	}
	_, err := fmt.Fprintf(w, "\n%6.2f  mIoU over %d classes, %d photos\n%6.2f  pixel accuracy\n", s.MIoU, len(s.Classes), s.Photos, s.PixelAccuracy)
	if s.VOC != nil {
		_, err = fmt.Fprintf(w, "%6.2f  mIoU, Pascal VOC's 21 classes\n", *s.VOC)
	}
	if s.Boundary != nil {
		_, err = fmt.Fprintf(w, "%6.2f  F-score of the boundaries\n", *s.Boundary)
	}
	if s.Other == nil {
		return err
	}
	fmt.Fprintf(w, "\nThe second model:\n\n")
	if err := s.Other.print(w); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n%6.2f  %% of all pixels have the same class from both\n", *s.Agreement)
	return err
}
