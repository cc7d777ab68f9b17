// Package native segments photos without any browser, for tests to hold pages'
// masks against.
package native

import (
	"context"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/model/weights"
	"segmenter/photo/decode"
)

// The share of pixels on which a page must agree with the native mask: in the same
// arithmetic, since browsers' photo decoders may round differently, and in int8.
const (
	FloatAgreement = 0.995
	Int8Agreement  = 0.975
)

// Segment segments a photo on this machine with the shipped model, in float32.
func Segment(ctx context.Context, path string, options model.Options) (*model.Result, error) {
	m, err := model.Read(weights.Everyday())
	if err != nil {
		return nil, err
	}
	s, err := model.New(m, cpu.New(1, compute.Float32))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	source, err := decode.Open(path)
	if err != nil {
		return nil, err
	}
	return s.Segment(ctx, source, options)
}
