package model

import (
	"errors"
	"fmt"
	"math"

	"segmenter/compute"
)

var errNoScores = errors.New("there are no scores yet: segment a photo first")

// Scores returns the network's scores of the last photo, before they are smoothed
// and upsampled: (windows·rows·cols, C), taught classes among them; a window has rows×cols
// patches.
func (s *Segmenter) Scores() (scores []float32, rows, cols int, err error) {
	if s.passes == nil {
		return nil, 0, 0, errNoScores
	}
	p := s.passes[0]
	scores = make([]float32, p.allScores.Rows()*p.allScores.Cols())
	return scores, p.view.Rows(), p.view.Cols(), p.device.Read(scores, p.allScores)
}

// Probabilities returns the probability of a class at every pixel of the last
// photo, row by row: the softmax of the pixel's scores over all classes.
func (s *Segmenter) Probabilities(class int) ([]float32, error) {
	if s.passes == nil {
		return nil, errNoScores
	}
	C := s.passes[0].allScores.Cols()
	if class < 0 || class >= C {
		return nil, fmt.Errorf("class %d: expected 0 to %d", class, C-1)
	}
	out := make([]float32, 0, s.plan.maskHeight*s.plan.maskWidth)
	err := s.everyPixel(func(scores []float32) { out = append(out, softmaxOf(scores, class)) })
	return out, err
}

// Matte tells for each pixel of the last mask whether its class is one of a set, row by row: 255
// is sure, 0 is sure of the others, and 128 or more where the mask has a class of the set, specks
// aside. Edges are soft where the scores of both are close, and follow the picture if the mask's do.
func (s *Segmenter) Matte(classes []int) ([]uint8, error) {
	if s.passes == nil {
		return nil, errNoScores
	}
	in := make([]bool, s.passes[0].allScores.Cols())
	for _, class := range classes {
		if class < 0 || class >= len(in) {
			return nil, fmt.Errorf("class %d: expected 0 to %d", class, len(in)-1)
		}
		in[class] = true
	}
	matte := make([]uint8, s.plan.maskHeight*s.plan.maskWidth)
	if p := s.passes[0]; p.refines(s.refined) {
		scores, guide := p.shown()
		return matte, p.device.Matte(matte, s.plan.maskHeight, s.plan.maskWidth, scores, p.view, guide, in)
	}
	i := 0
	err := s.everyPixel(func(scores []float32) {
		best := [2]float32{-math.MaxFloat32, -math.MaxFloat32} // out, in
		for class, score := range scores {
			side := 0
			if in[class] {
				side = 1
			}
			best[side] = max(best[side], score)
		}
		matte[i] = compute.MatteValue(best[1] - best[0])
		i++
	})
	return matte, err
}

// everyPixel calls f with the scores of each pixel of the last mask, as they are without
// refinement.
func (s *Segmenter) everyPixel(f func(scores []float32)) error {
	scores, _, _, err := s.Scores()
	if err != nil {
		return err
	}
	C := s.passes[0].allScores.Cols()
	var up compute.Upsampler
	up.Reset(s.plan.view, scores, C, s.plan.maskHeight, s.plan.maskWidth)
	for y := range s.plan.maskHeight {
		row := up.Row(y)
		for x := range s.plan.maskWidth {
			f(row[x*C:][:C])
		}
	}
	return nil
}

// softmaxOf returns a class's softmax.
func softmaxOf(scores []float32, class int) float32 {
	sum := 0.
	for _, v := range scores {
		sum += math.Exp(float64(v - scores[class]))
	}
	return float32(1 / sum)
}
