//go:build js

package main

import (
	"context"
	"errors"
	"strings"
	"syscall/js"

	"segmenter/compute"
	"segmenter/compute/webgpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/model"
)

// openGraphics() prepares the model for the graphics processor too, and returns
// { name, software }: what the browser calls it, "" where it does not tell, and
// whether it is no more than a program on the processor.
func (e *engine) openGraphics([]js.Value) (any, error) {
	if e.model == nil {
		return nil, errNoModel
	}
	e.closeGraphics()
	g, err := gpu.Open(gpu.Options{PowerPreference: "high-performance"})
	if err != nil {
		return nil, graphicsError{err}
	}
	arithmetic := webgpu.Int8
	if e.float {
		arithmetic = webgpu.Float
	}
	device, err := webgpu.New(g, arithmetic)
	if err == nil {
		e.graphics, err = model.New(e.model, []compute.Device{device})
	}
	if err == nil {
		err = device.Finish()
	}
	if err != nil {
		e.graphics = nil
		g.Close()
		return nil, graphicsError{err}
	}
	e.gpu = g
	info := g.Info()
	name := strings.TrimSpace(info.Vendor + " " + info.Architecture)
	if info.Description != "" {
		name = info.Description
	}
	return map[string]any{"name": name, "software": info.IsFallback}, nil
}

func (e *engine) closeGraphics() {
	if e.graphics == nil {
		return
	}
	if e.last == e.graphics {
		e.last = e.segmenter
	}
	e.graphics.Close()
	e.graphics, e.gpu = nil, nil
}

// segmentOnGraphics segments the photo on the graphics processor. After an
// error of its own it is of no more use, until it is opened again.
func (e *engine) segmentOnGraphics(ctx context.Context, o model.Options) error {
	if e.graphics == nil {
		return graphicsError{errors.New("the graphics processor is not in use: open it first")}
	}
	e.last = e.graphics
	err := e.graphics.SegmentInto(ctx, &e.result, &e.photo, o)
	if err == nil || codeOf(err) != "internal" {
		return err
	}
	e.closeGraphics()
	return graphicsError{err}
}

// graphicsError is a failure of the graphics processor, without which the
// engine can go on.
type graphicsError struct{ error }

func (e graphicsError) Unwrap() error { return e.error }
