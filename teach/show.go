package teach

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"segmenter/compute"
	"segmenter/model"
	"segmenter/modelfile/safetensors"
)

// A Photo is what the network made of a photo in one window.
type Photo struct {
	Height, Width int // in pixels, which strokes go by
	View          compute.View
	Features      []float32 // (patches, D): [model.Features]
	Scores        []float32 // (patches, at least Classes): [model.Segmenter.Scores]
	Classes       int       // of the model
}

// PhotoOf returns the photo that was segmented last, in one window; features are its
// [model.Features]. Strokes go by the pixels of its mask.
func PhotoOf(s *model.Segmenter, features *model.InnerValues) (*Photo, error) {
	if features.View.Windows() > 1 {
		return nil, errors.New("the photo was segmented in windows: segment it whole to show classes on it")
	}
	scores, _, _, err := s.Scores()
	if err != nil {
		return nil, err
	}
	mask := s.Mask()
	return &Photo{mask.Height(), mask.Width(), features.View, features.Values, scores, len(s.Model().Classes)}, nil
}

// Automatic examples of what a class is not are patches of the same photo that the network is
// sure of: docs/teaching.md has what was tried.
const (
	sure     = 0.6 // probability of the class that wins
	sameShow = 0.1 // a class that wins in so many of the places that show the class may be its mistake
	apart    = 1.5 // patches from those places
	mostAuto = 200 // of a photo
)

// Show adds a lesson: what strokes on a photo show of class i. With again, it takes the place of the
// last lesson, as when a stroke was added or taken back; without strokes, that is forgotten. Features
// are kept as in the file, in F16, so a set that was read again is the same. [Set.Fit] makes rows.
func (s *Set) Show(i int, p *Photo, strokes []Stroke, again bool) error {
	if err := s.requireClass(i); err != nil {
		return err
	}
	yes, no := p.places(strokes, false), p.places(strokes, true)
	if len(strokes) > 0 && len(yes)+len(no) == 0 {
		return errors.New("the strokes lie outside of the photo: draw on what they should show")
	}
	c := &s.Classes[i]
	if n := len(c.Lessons); again && n > 0 {
		c.Lessons = c.Lessons[:n-1]
	}
	if len(strokes) == 0 {
		return nil
	}
	if len(c.Lessons) == mostLessons {
		return fmt.Errorf("%q was shown on %d photos already, which is the most", c.Name, mostLessons)
	}
	l := Lesson{Strokes: len(strokes)}
	for _, at := range spread(yes, mostExamples) {
		l.Yes = appendHalf(l.Yes, p.at(p.Features, at))
	}
	for _, at := range spread(no, mostExamples-mostAuto) {
		l.No = appendHalf(l.No, p.at(p.Features, at))
	}
	for _, patch := range spread(p.others(yes), mostAuto) {
		l.No = appendHalf(l.No, p.Features[patch*s.Width:][:s.Width])
	}
	c.Lessons = append(c.Lessons, l)
	return nil
}

// others lists patches that surely show other classes than those places do.
func (p *Photo) others(yes []Point) (list []int) {
	if len(yes) == 0 {
		return nil
	}
	wins := make([]int, p.Classes)
	for _, at := range yes {
		class, _ := winner(p.at(p.Scores, at)[:p.Classes])
		wins[class]++
	}
	rows, cols := p.View.Rows(), p.View.Cols()
	n := len(p.Scores) / (rows * cols)
	for i := range rows * cols {
		class, probability := winner(p.Scores[i*n:][:p.Classes])
		x, y := float32(i%cols), float32(i/cols)
		isNear := func(at Point) bool { return math.Hypot(float64(at.X-x), float64(at.Y-y)) < apart }
		if probability >= sure && float64(wins[class]) <= sameShow*float64(len(yes)) && !slices.ContainsFunc(yes, isNear) {
			list = append(list, i)
		}
	}
	return list
}

// winner returns the class with the highest score, and its probability.
func winner(scores []float32) (class int, probability float64) {
	for i, v := range scores {
		if v > scores[class] {
			class = i
		}
	}
	sum := 0.
	for _, v := range scores {
		sum += math.Exp(float64(v - scores[class]))
	}
	return class, 1 / sum
}

func appendHalf(list, values []float32) []float32 {
	for _, v := range values {
		list = append(list, safetensors.FromF16(safetensors.ToF16(v)))
	}
	return list
}

// A Head is what rows have to beat: the linear decoder. A model may have none, which is nil.
type Head struct {
	width int
	rows  []float32 // (classes, weights and bias)
}

// NewHead takes the values of [model.Rows].
func NewHead(rows []float32, width int) *Head {
	if len(rows) == 0 {
		return nil
	}
	return &Head{width, rows}
}

// rival returns the highest score of the model's classes.
func (h *Head) rival(features []float32) float32 {
	if h == nil {
		return 0
	}
	highest := float32(math.Inf(-1))
	for from := 0; from < len(h.rows); from += h.width + 1 {
		score := h.rows[from+h.width]
		for i, w := range h.rows[from:][:h.width] {
			score += w * features[i]
		}
		highest = max(highest, score)
	}
	return highest
}
