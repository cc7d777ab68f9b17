package teach

import (
	"errors"
	"fmt"
	"slices"

	"segmenter/model"
	"segmenter/modelfile"
)

// A Set is classes that were taught for the features of one encoder.
type Set struct {
	Encoder string // modelfile.Model.EncoderID
	Width   int    // of a patch's features
	Classes []Class
}

// A Class is what was shown of a class, and the row that follows from it.
type Class struct {
	modelfile.Class
	Off     bool // whether masks leave it out
	Lessons []Lesson
	Row     Row
}

// A Lesson is what strokes on one photo showed.
type Lesson struct {
	Strokes int
	Yes, No []float32 // features of places that show the class, and of places that do not: (n, Width)
}

// Strokes is the number of strokes that showed a class.
func (c *Class) Strokes() (n int) {
	for _, l := range c.Lessons {
		n += l.Strokes
	}
	return n
}

// NewSet returns a set without classes for a model.
func NewSet(m *modelfile.Model) *Set {
	return &Set{Encoder: m.EncoderID(), Width: m.Architecture.Width}
}

// Fits returns an error unless the set was taught with this encoder.
func (s *Set) Fits(encoder string, width int) error {
	if s.Encoder != encoder || s.Width != width {
		return errors.New("these classes were taught with another model, whose encoder this one does not have: open the model that they were taught with")
	}
	return nil
}

// Taught returns the rows of the classes that are not off, for [model.Segmenter.SetTaught].
func (s *Set) Taught() (list []model.TaughtClass) {
	for _, c := range s.Classes {
		if !c.Off {
			list = append(list, model.TaughtClass{Class: c.Class, Weights: c.Row.Weights, Bias: c.Row.Bias})
		}
	}
	return list
}

// Add adds a class that shows these features.
func (s *Set) Add(class modelfile.Class, yes []float32) error {
	if len(s.Classes) == mostClasses {
		return fmt.Errorf("there are %d classes already: remove one first", mostClasses)
	}
	c := Class{Class: class, Row: Row{Weights: make([]float32, s.Width)}}
	if yes != nil {
		c.Lessons = []Lesson{{Yes: appendHalf(nil, yes)}}
	}
	s.Classes = append(s.Classes, c)
	return nil
}

// Rename changes how a class is shown, and whether.
func (s *Set) Rename(i int, class modelfile.Class, off bool) error {
	if err := s.requireClass(i); err != nil {
		return err
	}
	s.Classes[i].Class, s.Classes[i].Off = class, off
	return nil
}

// Remove forgets a class.
func (s *Set) Remove(i int) error {
	if err := s.requireClass(i); err != nil {
		return err
	}
	s.Classes = slices.Delete(s.Classes, i, i+1)
	return nil
}

// Merge adds the classes of another set of the same encoder. They take the place of those of the
// same name.
func (s *Set) Merge(other *Set) error {
	for _, c := range other.Classes {
		i := slices.IndexFunc(s.Classes, func(own Class) bool { return own.Name == c.Name })
		if i >= 0 {
			s.Classes[i] = c
			continue
		}
		if len(s.Classes) == mostClasses {
			return fmt.Errorf("there are %d classes already: remove some first", mostClasses)
		}
		s.Classes = append(s.Classes, c)
	}
	return nil
}

func (s *Set) requireClass(i int) error {
	if i < 0 || i >= len(s.Classes) {
		return fmt.Errorf("there is no taught class %d: there are %d", i, len(s.Classes))
	}
	return nil
}

// How rows are fitted. docs/teaching.md has what was tried.
const (
	decay = 2 // of the weights
	// The weight of all examples of a kind.
	shownWeight   = 1
	againstWeight = 1 // what the class is not, as strokes and their photos show it
	typicalWeight = 4
	mostOfKind    = 1500 // examples, or fitting takes too long
)

// Fit makes the rows of all classes from what was shown of them. What shows one class is an
// example of what the others are not. So is typical, unless it is nil: a set of what photos usually
// show, for the same encoder, without rows.
func (s *Set) Fit(h *Head, typical *Set) {
	var usual []example
	if typical != nil {
		for _, c := range typical.Classes {
			for _, l := range c.Lessons {
				usual = append(usual, s.examples(l.Yes, false, h)...)
			}
		}
		share(usual, typicalWeight)
	}
	for i := range s.Classes {
		var yes, no []example
		for j, c := range s.Classes {
			for _, l := range c.Lessons {
				if j == i {
					yes, no = append(yes, s.examples(l.Yes, true, h)...), append(no, s.examples(l.No, false, h)...)
				} else {
					no = append(no, s.examples(l.Yes, false, h)...)
				}
			}
		}
		yes, no = spread(yes, mostOfKind), spread(no, mostOfKind)
		share(yes, shownWeight)
		share(no, againstWeight)
		s.Classes[i].Row = fit(slices.Concat(yes, no, usual), s.Width, decay)
	}
}

func (s *Set) examples(features []float32, yes bool, h *Head) (list []example) {
	for f := range slices.Chunk(features, s.Width) {
		list = append(list, example{features: f, rival: h.rival(f), yes: yes})
	}
	return list
}

// share shares a weight out among examples.
func share(list []example, weight float64) {
	for i := range list {
		list[i].weight = weight / float64(len(list))
	}
}

// spread returns at most n elements of a list, evenly spread.
func spread[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	some := make([]T, n)
	for i := range some {
		some[i] = list[i*len(list)/n]
	}
	return some
}
