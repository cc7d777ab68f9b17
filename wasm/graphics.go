//go:build js && webgpu

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
	"segmenter/photo"
)

// machine is the graphics processor.
type machine struct{ gpu *gpu.Device }

// start: the graphics processor has no ranks.
func (e *engine) start([]js.Value) (any, error) {
	return nil, errors.New("the graphics processor computes alone: it has no ranks")
}

// follow: see start.
func (e *engine) follow(arguments []js.Value) (any, error) { return e.start(arguments) }

func (m *machine) devices(float bool) ([]compute.Device, error) {
	g, err := gpu.Open(gpu.Options{Features: webgpu.Features, PowerPreference: "high-performance"})
	if err != nil {
		return nil, graphicsError{err}
	}
	arithmetic := webgpu.Int8
	if float {
		arithmetic = webgpu.Float
	}
	device, err := webgpu.New(g, arithmetic)
	if err != nil {
		g.Close()
		return nil, graphicsError{err}
	}
	m.gpu = g
	return []compute.Device{device}, nil
}

// graphics describes the graphics processor: { name }, what the browser calls
// it, "" where it does not tell.
func (m *machine) graphics() any {
	info := m.gpu.Info()
	name := info.Description
	if name == "" {
		name = strings.TrimSpace(info.Vendor + " " + info.Architecture)
	}
	return map[string]any{"name": name}
}

// segmentPhoto has the graphics processor take the photo as the browser has it,
// where it can.
func (e *engine) segmentPhoto(ctx context.Context, o model.Options) error {
	var src photo.Source = &e.photo
	if e.photo.bitmap.Truthy() {
		src = picture{&e.photo}
	}
	return e.segmenter.SegmentInto(ctx, &e.result, src, o)
}

// picture is a [webgpu.Picture].
type picture struct{ *rows }

func (p picture) Value() js.Value { return p.bitmap }

// machineError tells failures of the graphics processor from those of a photo.
func machineError(err error) error {
	if codeOf(err) == "internal" {
		return graphicsError{err}
	}
	return err
}

// graphicsError is an [errGraphics].
type graphicsError struct{ error }

func (e graphicsError) Error() string        { return strings.TrimPrefix(e.error.Error(), "gpu: ") }
func (e graphicsError) Unwrap() error        { return e.error }
func (e graphicsError) Is(target error) bool { return target == errGraphics }
