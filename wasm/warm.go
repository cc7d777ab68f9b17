//go:build js && !webgpu

package main

import (
	"context"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/photo"
)

// A warmUp runs a small model of zeros, so that the browser optimises the program while nobody waits
// for it: at first, browsers run WebAssembly as they compile it while it arrives, 4 to 8 times as slowly.
type warmUp struct {
	segmenter *model.Segmenter
	steps     int // done
	result    model.Result
}

// warmSteps is how many steps a warm-up has. They take some 2 milliseconds each in the end, 10 at first.
const warmSteps = 60

// step computes for some milliseconds. It reports whether there is more to do.
func (w *warmUp) step() bool {
	if w.steps == warmSteps {
		return false
	}
	if w.segmenter == nil && !w.begin() {
		return false
	}
	// By turns, what photos go through: both decoders, with and without refined edges.
	o := model.Options{Decoder: model.Mask, Size: 96, Refine: w.steps%4 == 0}
	if w.steps%4 == 1 {
		o.Decoder = model.Linear
	}
	if _, err := w.segmenter.Run(context.Background(), &w.result, &blank, o); err != nil {
		w.steps = warmSteps
		return false
	}
	w.steps++
	return true
}

// blank is larger than the network's frame, so that it is resized.
var blank = photo.Image{Height: 144, Width: 160, Pix: make([]byte, 144*160*3)}

func (w *warmUp) begin() bool {
	card := modelfile.Card{
		Architecture: modelfile.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 6, ExtraTokens: 1},
		Classes:      make([]modelfile.Class, 16),
	}
	card.Normalisation.Std = [3]float32{1, 1, 1}
	s, err := model.New(modelfile.Zero(card, []modelfile.Decoder{model.Mask, model.Linear}), cpu.New(1, compute.Int8))
	w.segmenter = s
	return err == nil
}
