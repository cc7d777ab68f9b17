package model

import (
	"fmt"
	"slices"

	"segmenter/compute"
	"segmenter/modelfile"
)

// MaxClasses is the most classes that a mask can tell apart.
const MaxClasses = 256

// A TaughtClass is one that a model learned after its training, from strokes on photos: package
// teach. It is a row of the linear decoder.
type TaughtClass struct {
	modelfile.Class
	Weights []float32 // of a patch's features
	Bias    float32
}

// SetTaught replaces the classes that were taught, from the next photo on. Their ids follow those
// of the model's classes. With several programs, all of them do this at the same time.
//
// A taught class has a patch where its row scores higher than all classes of the linear decoder.
// In a model without that, the score has to be above 0: the class is more likely than not.
func (s *Segmenter) SetTaught(list []TaughtClass) error {
	D, own := s.model.Architecture.Width, s.model.Classes
	if n := len(own) + len(list); n > MaxClasses {
		return fmt.Errorf("%d classes of the model and %d taught ones: expected at most %d in all", len(own), len(list), MaxClasses)
	}
	weight, bias := compute.Weight{Out: len(list), In: D}, []float32{}
	classes := slices.Clone(own)
	for _, c := range list {
		if len(c.Weights) != D || !areFinite(c.Weights) || !areFinite([]float32{c.Bias}) {
			return fmt.Errorf("the taught class %q has %d weights: expected finite ones for the %d features of this model's patches", c.Name, len(c.Weights), D)
		}
		weight.Float, bias = append(weight.Float, c.Weights...), append(bias, c.Bias)
		classes = append(classes, c.Class)
	}
	var rows compute.Linear
	if len(list) > 0 {
		var err error
		if rows, err = s.devices[0].NewLinear(weight, bias); err != nil {
			return err
		}
	}
	if s.network.taught != nil {
		s.network.taught.Free()
	}
	s.network.taught, s.classes = rows, classes
	return nil
}

func areFinite(values []float32) bool {
	for _, v := range values {
		if v-v != 0 { // NaN and infinities
			return false
		}
	}
	return true
}

// Model returns the model that runs.
func (s *Segmenter) Model() *Model { return s.model }

// Classes returns the model's classes and those taught, by id.
func (s *Segmenter) Classes() []modelfile.Class { return s.classes }
