//go:build js && !webgpu

package main

import (
	"context"
	"syscall/js"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/modelfile/safetensors"
	"segmenter/photo"
)

// A warmUp computes what visits need, so that the browser optimises the program while nobody waits for
// it: at first, browsers run WebAssembly as they compile it while it arrives, 4 to 8 times as slowly. It
// runs a small model of zeros, and reads the header of the model that was loaded last. (Chromium keeps the
// optimised code for the next visit if there is more than a megabyte of it.)
type warmUp struct {
	segmenter *model.Segmenter
	head      js.Value // Uint8Array: the beginning of a model file; undefined before the first load
	steps     int      // done
	result    model.Result
	matte     []uint8
}

const (
	// warmSteps is how many steps a warm-up has: with fewer, Chromium may keep no code.
	warmSteps = 160
	// sameKind is how many steps do alike, since another kind makes new buffers.
	sameKind = 8
	// longHead has room for the header of a model: ViT-L's has some 80 kB.
	longHead = 256 << 10
)

// step computes for some milliseconds. It reports whether there is more to do.
func (w *warmUp) step() bool {
	if w.steps == warmSteps {
		return false
	}
	var err error
	if w.steps%4 == 3 && !w.head.IsUndefined() {
		err = w.readHead()
	} else {
		err = w.segment(w.steps / sameKind % 3)
	}
	if w.steps++; err != nil { // a bug, but not one to trouble a visitor with
		w.steps = warmSteps
	}
	return w.steps < warmSteps
}

func (w *warmUp) readHead() error {
	file, err := safetensors.NewReader(newReader(loadRequest{bytes: w.head}, nil))
	if err != nil {
		return err
	}
	_, _, err = modelfile.Describe(file)
	return err
}

// segment segments a blank picture: with the mask transformer and refined edges, with the linear decoder, or
// in windows.
func (w *warmUp) segment(kind int) error {
	if w.segmenter == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	o := [...]model.Options{
		{Decoder: model.Mask, Size: 96, Refine: true},
		{Decoder: model.Linear, Size: 96, Smoothing: 0.5},
		{Decoder: model.Mask, Size: 96, Window: 64, Stride: 48},
	}[kind]
	if _, err := w.segmenter.Run(context.Background(), &w.result, &blank, o); err != nil {
		return err
	}
	if err := w.segmenter.Count(&w.result); err != nil {
		return err
	}
	matte, err := w.segmenter.Matte([]int{0, 1}, w.matte)
	w.matte = matte
	return err
}

// blank is larger than the network's frame, so that it is resized.
var blank = photo.Image{Height: 144, Width: 160, Pix: make([]byte, 144*160*3)}

func (w *warmUp) begin() (err error) {
	card := modelfile.Card{
		Architecture: modelfile.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 6, ExtraTokens: 1},
		Classes:      make([]modelfile.Class, 16),
	}
	card.Normalisation.Std = [3]float32{1, 1, 1}
	w.segmenter, err = model.New(modelfile.Zero(card, []modelfile.Decoder{model.Mask, model.Linear}), cpu.New(1, compute.Int8))
	return err
}
