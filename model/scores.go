package model

import (
	"errors"
	"fmt"
	"math"

	"segmenter/compute"
)

// Scores returns the network's scores of the last photo, before they are smoothed
// and upsampled: (windows·rows·cols, C), taught classes among them, where a window has rows×cols patches.
func (s *Segmenter) Scores() (scores []float32, rows, cols int, err error) {
	if s.passes == nil {
		return nil, 0, 0, errors.New("there are no scores yet: segment a photo first")
	}
	p := s.passes[0]
	scores = make([]float32, p.allScores.Rows()*p.allScores.Cols())
	return scores, p.view.Rows(), p.view.Cols(), p.device.Read(scores, p.allScores)
}

// Probabilities returns the probability of a class at every pixel of the last
// photo, row by row: the softmax of the pixel's scores over all classes.
func (s *Segmenter) Probabilities(class int) ([]float32, error) {
	scores, _, _, err := s.Scores()
	if err != nil {
		return nil, err
	}
	C := s.passes[0].allScores.Cols()
	if class < 0 || class >= C {
		return nil, fmt.Errorf("class %d: expected 0 to %d", class, C-1)
	}
	height, width := s.plan.maskHeight, s.plan.maskWidth
	var up compute.Upsampler
	up.Reset(s.plan.view, scores, C, height, width)
	out := make([]float32, 0, height*width)
	for y := range height {
		row := up.Row(y)
		for x := range width {
			out = append(out, softmaxOf(row[x*C:][:C], class))
		}
	}
	return out, nil
}

// softmaxOf returns a class's softmax.
func softmaxOf(scores []float32, class int) float32 {
	sum := 0.
	for _, v := range scores {
		sum += math.Exp(float64(v - scores[class]))
	}
	return float32(1 / sum)
}
