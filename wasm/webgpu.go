//go:build js && webgpu

package main

import (
	"context"
	"slices"
	"strings"
	"syscall/js"

	"segmenter/compute"
	"segmenter/compute/webgpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/photo"
)

// backend is the GPU.
type backend struct {
	opened
	before opened // until the model of the newest is accepted
}

type opened struct {
	gpu    *gpu.Device
	device *webgpu.Device
}

func (e *engine) backendRequests() map[string]handler {
	return map[string]handler{
		"paint": e.paint,
		"times": e.times,
	}
}

func (b *backend) devices(a compute.Arithmetic, profile bool) ([]compute.Device, error) {
	features := webgpu.Features
	if profile {
		features = append(slices.Clone(features), "timestamp-query")
	}
	g, err := gpu.Open(gpu.Options{Features: features, PowerPreference: "high-performance"})
	if err != nil {
		return nil, gpuError{err}
	}
	device, err := webgpu.New(g, a)
	if err == nil && profile && g.Has("timestamp-query") {
		err = device.Profile()
	}
	if err != nil {
		g.Close()
		return nil, gpuError{err}
	}
	b.before, b.opened = b.opened, opened{g, device}
	return []compute.Device{device}, nil
}

// refuse closes the device of a model that it cannot hold, and goes back to the one
// before.
func (b *backend) refuse(err error) error {
	b.device.Close()
	b.opened = b.before
	return b.deviceError(err)
}

// warmStep does nothing: shaders are what takes long to compile.
func (*backend) warmStep() bool { return false }

func (*backend) warmWith(js.Value) {}

// gpuInfo describes the GPU by the browser's name for it, "" if there is none.
func (b *backend) gpuInfo() any {
	info := b.gpu.Info()
	name := info.Description
	if name == "" {
		name = strings.TrimSpace(info.Vendor + " " + info.Architecture)
	}
	return writeGPU(name)
}

func writeGPU(name string) any {
	return map[string]any{"name": name}
}

// run segments the photo, from the browser's bitmap if it can. If the request asks
// for an overlay, run paints it before anything waits for the GPU.
func (e *engine) run(ctx context.Context, request segmentRequest) (overlay js.Value, err error) {
	var src photo.Source = &e.photo
	if request.bitmap.Truthy() {
		src = picture{&e.photo}
	}
	mask, err := e.segmenter.Run(ctx, &e.result, src, request.options)
	if err != nil || !request.painting.Truthy() {
		return js.Undefined(), err
	}
	return mask.(*webgpu.Mask).Paint(readPainting(request.painting))
}

func readPainting(m message) webgpu.Painting {
	colours := m.Get("palette")
	palette := make([]byte, colours.Length())
	js.CopyBytesToGo(palette, colours)
	return webgpu.Painting{Height: m.number("height"), Width: m.number("width"), Palette: palette, Border: m.number("border")}
}

// paint paints the mask of the last photo.
func (e *engine) paint(m message) (any, error) {
	if err := e.requirePhoto(); err != nil {
		return nil, err
	}
	bitmap, err := e.segmenter.Mask().(*webgpu.Mask).Paint(readPainting(readPaint(m)))
	if err != nil {
		return nil, e.deviceError(err)
	}
	return bitmap, nil
}

func readPaint(m message) (painting message) { return m.object("painting") }

// times returns the times of the device's operations since the last such request.
func (e *engine) times(message) (any, error) {
	if e.device == nil {
		return nil, errNoModel
	}
	times, err := e.device.Times()
	if err != nil {
		return nil, e.deviceError(err)
	}
	list := []any{}
	for _, t := range times {
		list = append(list, writeTime(t))
	}
	return list, nil
}

func writeTime(t webgpu.OperationTime) any {
	return map[string]any{"operation": t.Operation, "calls": t.Calls, "milliseconds": milliseconds(t.Time), "work": t.Work}
}

// picture is a [webgpu.Picture].
type picture struct{ *rows }

func (p picture) Value() js.Value { return p.bitmap }

// deviceError marks failures of the GPU, as opposed to those of the photo.
func (*backend) deviceError(err error) error {
	if codeOf(err) == "internal" {
		return gpuError{err}
	}
	return err
}

// gpuError is an [errGPU].
type gpuError struct{ error }

func (e gpuError) Error() string        { return strings.TrimPrefix(e.error.Error(), "gpu: ") }
func (e gpuError) Unwrap() error        { return e.error }
func (e gpuError) Is(target error) bool { return target == errGPU }
