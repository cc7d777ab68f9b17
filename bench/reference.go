package main

import (
	"context"
	"os"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/photo"
)

// reference computes scores natively with the float weights. Package model's
// tests hold them against those of the official implementation.
type reference struct {
	segmenter *model.Segmenter
	device    *recorder
}

func newReference() (*reference, error) {
	file, err := os.Open(floatModel)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	m, err := model.Read(file)
	if err != nil {
		return nil, err
	}
	device := &recorder{Device: cpu.New(1, cpu.Float)[0]}
	s, err := model.New(m, []compute.Device{device})
	if err != nil {
		return nil, err
	}
	return &reference{s, device}, nil
}

// scores are (patches, classes) of a picture at its own size.
func (r *reference) scores(picture *photo.Image) ([]float32, error) {
	if _, err := r.segmenter.Segment(context.Background(), picture, model.Options{Decoder: model.Mask}); err != nil {
		return nil, err
	}
	return r.device.scores, r.device.err
}

// recorder is a device that keeps the scores of the patches, which the
// segmenter goes on to turn into classes of pixels.
type recorder struct {
	compute.Device
	scores []float32
	err    error
}

func (r *recorder) Classify(dst compute.Mask, scores compute.Tensor, view *compute.View) {
	r.scores = make([]float32, scores.Rows()*scores.Cols())
	r.err = r.Read(r.scores, scores)
	r.Device.Classify(dst, scores, view)
}
