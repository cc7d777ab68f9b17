package main

import (
	"context"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/photo"
)

// reference computes scores natively with the float weights. The tests of package
// model compare them with the official implementation.
type reference struct{ segmenter *model.Segmenter }

func newReference() (*reference, error) {
	m, err := model.Open(floatModel)
	if err != nil {
		return nil, err
	}
	s, err := model.New(m, cpu.New(1, compute.Float32))
	return &reference{s}, err
}

// scores returns the scores (patches, classes) of a picture at its own size.
func (r *reference) scores(picture *photo.Image) ([]float32, error) {
	if _, err := r.segmenter.Segment(context.Background(), picture, model.Options{Decoder: model.Mask}); err != nil {
		return nil, err
	}
	scores, _, _, err := r.segmenter.Scores()
	return scores, err
}
