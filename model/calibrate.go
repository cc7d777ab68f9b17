package model

import (
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"

	"segmenter/compute"
	"segmenter/photo"
	"segmenter/quant"
)

const (
	// errorPhotos is the number of photos on which to measure how rounding a
	// weight changes the scores.
	errorPhotos = 8
	// minFactor is the smallest factor of a weight, even if the scores hardly
	// depend on it.
	minFactor = 0.15
)

// Calibrate makes the plan that best rounds a float model with the given steps
// (see [quant.Plan]), from the network's activations on photos. It takes about a
// second per photo, and a few minutes after the last. It reports progress in photos
// (the total is 0: unknown), then in weights.
//
// The plan's factors balance the error. Rounding n values to steps of s changes the
// scores by a·s², and the factors make a·s²/n equal for all weights. That gives the
// least error for a size, since halving s takes one more bit per value.
func Calibrate(ctx context.Context, m *Model, device compute.Device, photos iter.Seq2[photo.Source, error], steps float64, progress func(units string, done, total int)) (quant.Plan, error) {
	if m.Precision() != "float32" {
		return quant.Plan{}, errors.New("the model is quantised already: calibrate the float model that it comes from")
	}
	c := &calibration{ctx: ctx, model: m, device: device, progress: progress}
	c.plan = quant.Plan{Steps: steps, Inputs: map[string]*quant.Moments{}}
	if err := c.measure(photos); err != nil {
		return quant.Plan{}, err
	}
	return c.plan, c.weigh()
}

// calibration is the work of Calibrate.
type calibration struct {
	ctx      context.Context
	model    *Model
	device   compute.Device
	plan     quant.Plan
	frames   []*photo.Image // the first photos, resized for the network
	progress func(units string, done, total int)
}

// measure fills in the moments of the plan.
func (c *calibration) measure(photos iter.Seq2[photo.Source, error]) error {
	r := &recorder{Device: c.device, names: map[compute.Linear]string{}, moments: c.plan.Inputs}
	s, err := New(c.model, []compute.Device{r})
	if err != nil {
		return err
	}
	defer s.freePasses()
	for _, l := range s.network.layers {
		r.names[l.on] = l.Weight.Name
	}
	photoCount := 0
	for source, err := range photos {
		if err != nil {
			return err
		}
		frame := new(photo.Image)
		if err := s.Resize(frame, source, Options{Size: c.model.Architecture.Grid * c.model.Architecture.Patch}); err != nil {
			return err
		}
		if photoCount++; photoCount <= errorPhotos {
			c.frames = append(c.frames, frame)
		}
		clear(r.done)
		for _, d := range c.model.Decoders() {
			if _, err := s.Segment(c.ctx, frame, Options{Decoder: d}); err != nil {
				return err
			}
		}
		if r.err != nil {
			return r.err
		}
		c.progress("photos", photoCount, 0)
	}
	if photoCount == 0 {
		return errors.New("there is no photo to calibrate with")
	}
	return nil
}

// weigh fills in the factors of the plan, weight by weight.
func (c *calibration) weigh() error {
	want, err := c.scores(c.model)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(c.plan.Inputs))
	factors := map[string][]float64{} // √(a/n) of each part, up to a constant
	logs, values := 0., 0
	for i, name := range names {
		c.progress("weights", i, len(names))
		weight := c.model.Lookup(name)
		w := c.model.Matrix(weight)
		q, scale, err := c.plan.Round(name, w.Float, w.Out)
		if err != nil {
			return err
		}
		// Queries, keys and values differ, so each gets a factor of its own.
		parts := 1
		if w.Out == 3*w.In {
			parts = 3
		}
		for part := range parts {
			n, first := len(q)/parts, part*len(q)/parts
			rounded := slices.Clone(w.Float)
			for j := first; j < first+n; j++ {
				rounded[j] = float32(q[j]) * scale[j/w.In]
			}
			got, err := c.scores(c.model.With(weight, rounded))
			if err != nil {
				return err
			}
			root := math.Sqrt(relativeError(want, got)/float64(n)) + math.SmallestNonzeroFloat32
			factors[name] = append(factors[name], root)
			logs += float64(n) * math.Log(root)
			values += n
		}
	}
	mean := math.Exp(logs / float64(values))
	for _, list := range factors {
		for i, root := range list {
			list[i] = max(minFactor, root/mean)
		}
	}
	c.plan.Finer = factors
	return nil
}

// scores returns a model's scores of the frames, with every decoder.
func (c *calibration) scores(m *Model) (all [][]float32, err error) {
	s, err := New(m, []compute.Device{c.device})
	if err != nil {
		return nil, err
	}
	defer s.freePasses()
	for _, frame := range c.frames {
		for _, d := range m.Decoders() {
			if _, err := s.Segment(c.ctx, frame, Options{Decoder: d}); err != nil {
				return nil, err
			}
			scores, _, _, err := s.Scores()
			if err != nil {
				return nil, err
			}
			centre(scores, len(m.Classes))
			all = append(all, scores)
		}
	}
	return all, nil
}

// centre subtracts from the scores of a patch their mean, which does not affect the
// mask.
func centre(scores []float32, classes int) {
	for patch := range slices.Chunk(scores, classes) {
		mean := float32(0)
		for _, v := range patch {
			mean += v / float32(classes)
		}
		for i := range patch {
			patch[i] -= mean
		}
	}
}

// relativeError is the squared error of scores, relative to their squares, since
// these differ between decoders.
func relativeError(want, got [][]float32) (sum float64) {
	for i := range want {
		energy, loss := 0., 0.
		for j, v := range want[i] {
			d := float64(v) - float64(got[i][j])
			energy += float64(v) * float64(v)
			loss += d * d
		}
		if energy > 0 {
			sum += loss / energy
		}
	}
	return sum
}
