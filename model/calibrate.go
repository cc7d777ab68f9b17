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
	// judges is how many photos say how much the scores suffer when a weight
	// is rounded.
	judges = 8
	// coarsest is the smallest factor that a weight is given, even where the
	// scores hardly depend on it.
	coarsest = 0.15
)

// Calibrate makes the plan by which a float model is best rounded with so many
// steps (see [quant.Plan]), from what the network does with photos. It takes
// about a second a photo and a few minutes after the last; progress is told how
// many photos are done (of 0, since nobody knows), then how many weights.
//
// Its factors spread the harm evenly. Rounding n values to steps of s puts the
// scores off by a·s², and a·s²/n is made equal for all weights: that is the
// least harm for a size, since to halve s takes one bit more for each value.
func Calibrate(ctx context.Context, m *Model, device compute.Device, photos iter.Seq2[photo.Source, error], steps float64, progress func(units string, done, total int)) (quant.Plan, error) {
	if m.Precision() != "float32" {
		return quant.Plan{}, errors.New("the model is quantised already: calibrate the float model that it was made from")
	}
	c := &calibration{ctx: ctx, model: m, device: device, progress: progress}
	c.plan = quant.Plan{Steps: steps, Inputs: map[string]*quant.Moments{}}
	if err := c.watch(photos); err != nil {
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
	kept     []*photo.Image // the first photos, as the network sees them
	progress func(units string, done, total int)
}

// watch fills in the moments of the plan.
func (c *calibration) watch(photos iter.Seq2[photo.Source, error]) error {
	r := &recorder{Device: c.device, moments: c.plan.Inputs}
	s, err := New(c.model, []compute.Device{r})
	if err != nil {
		return err
	}
	defer s.freePasses()
	r.names = s.network.names
	seen := 0
	for source, err := range photos {
		if err != nil {
			return err
		}
		frame := new(photo.Image)
		if err := s.Resize(frame, source, Options{Size: c.model.Architecture.Grid * c.model.Architecture.Patch}); err != nil {
			return err
		}
		if seen++; seen <= judges {
			c.kept = append(c.kept, frame)
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
		c.progress("photos", seen, 0)
	}
	if seen == 0 {
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
	harm := map[string][]float64{} // a/n of each part
	logs, values := 0., 0
	for i, name := range names {
		c.progress("weights", i, len(names))
		weight := c.model.Lookup(name)
		w := c.model.Matrix(weight)
		q, scale, err := c.plan.Round(name, w.Float, w.Out)
		if err != nil {
			return err
		}
		// Queries, keys and values differ, so they are looked at one by one.
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
			each := math.Sqrt(off(want, got)/float64(n)) + math.SmallestNonzeroFloat32
			harm[name] = append(harm[name], each)
			logs += float64(n) * math.Log(each)
			values += n
		}
	}
	mean := math.Exp(logs / float64(values))
	for _, list := range harm {
		for i, each := range list {
			list[i] = max(coarsest, each/mean)
		}
	}
	c.plan.Finer = harm
	return nil
}

// scores are those of the kept photos, with every decoder.
func (c *calibration) scores(m *Model) (all [][]float32, err error) {
	s, err := New(m, []compute.Device{c.device})
	if err != nil {
		return nil, err
	}
	defer s.freePasses()
	for _, frame := range c.kept {
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

// centre takes the mean of the scores of a patch out of them: it changes
// nothing that is shown.
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

// off is the squared error of scores, relative to their own squares, which
// differ between the decoders.
func off(want, got [][]float32) (sum float64) {
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
