//go:build js && webgpu

package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall/js"

	"segmenter/compute"
	"segmenter/compute/webgpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/model"
	"segmenter/photo"
)

// machine is the graphics processor.
type machine struct {
	gpu    *gpu.Device
	device *webgpu.Device
}

// addMethods adds what is asked of a mask that segment left behind, and of the
// time that operations took:
//
//	paint(painting) → ImageBitmap; see paintingOf
//	classAt(y, x)   → number
//	mask()          → Uint8Array
//	times()         → [{ operation, calls, milliseconds, work }], since the last
func (e *engine) addMethods(object map[string]any) {
	object["paint"] = promise(e.paint)
	object["classAt"] = promise(e.classAt)
	object["mask"] = promise(e.mask)
	object["times"] = promise(e.times)
}

// start: the graphics processor has no ranks.
func (e *engine) start([]js.Value) (any, error) {
	return nil, errors.New("the graphics processor computes alone: it has no ranks")
}

// follow: see start.
func (e *engine) follow(arguments []js.Value) (any, error) { return e.start(arguments) }

func (m *machine) devices(float, profile bool) ([]compute.Device, error) {
	features := webgpu.Features
	if profile {
		features = append(slices.Clone(features), "timestamp-query")
	}
	g, err := gpu.Open(gpu.Options{Features: features, PowerPreference: "high-performance"})
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
	if profile && g.Has("timestamp-query") {
		if err := device.Profile(); err != nil {
			g.Close()
			return nil, graphicsError{err}
		}
	}
	m.gpu, m.device = g, device
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
// where it can. The request says what else is to be done:
//
//	leave     true leaves the mask on the device: the result has none
//	painting  what to paint of a mask that is left, as overlay of the result,
//	          before anything is waited for; see paintingOf
func (e *engine) segmentPhoto(ctx context.Context, request js.Value, o model.Options, result map[string]any) error {
	var src photo.Source = &e.photo
	if e.photo.bitmap.Truthy() {
		src = picture{&e.photo}
	}
	o.LeaveMask = request.Get("leave").Truthy()
	if painting := request.Get("painting"); o.LeaveMask && painting.Truthy() {
		o.Classified = func(mask compute.Mask) (err error) {
			result["overlay"], err = e.device.Paint(mask, paintingOf(painting))
			return err
		}
	}
	return e.segmenter.SegmentInto(ctx, &e.result, src, o)
}

// paintingOf is { width, height, palette: Uint8Array, border }; see
// [webgpu.Painting].
func paintingOf(painting js.Value) webgpu.Painting {
	palette := make([]byte, painting.Get("palette").Length())
	js.CopyBytesToGo(palette, painting.Get("palette"))
	return webgpu.Painting{
		Height: painting.Get("height").Int(), Width: painting.Get("width").Int(),
		Palette: palette, Border: painting.Get("border").Int(),
	}
}

func (e *engine) paint(arguments []js.Value) (any, error) {
	mask, err := e.left()
	if err != nil {
		return nil, err
	}
	bitmap, err := e.device.Paint(mask, paintingOf(arguments[0]))
	if err != nil {
		return nil, machineError(err)
	}
	return bitmap, nil
}

func (e *engine) classAt(arguments []js.Value) (any, error) {
	if _, err := e.left(); err != nil {
		return nil, err
	}
	class, err := e.segmenter.ClassAt(arguments[0].Int(), arguments[1].Int())
	if err != nil {
		return nil, machineError(err)
	}
	return int(class), nil
}

func (e *engine) mask([]js.Value) (any, error) {
	mask, err := e.left()
	if err != nil {
		return nil, err
	}
	pixels := make([]byte, mask.Height()*mask.Width())
	if err := e.segmenter.Mask(pixels); err != nil {
		return nil, machineError(err)
	}
	return bytesOf("Uint8Array", pixels), nil
}

// left is the mask that the last segment left behind.
func (e *engine) left() (compute.Mask, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	mask := e.segmenter.Left()
	if mask == nil {
		return nil, errors.New("no mask was left on the graphics processor")
	}
	return mask, nil
}

func (e *engine) times([]js.Value) (any, error) {
	if e.device == nil {
		return nil, errNoModel
	}
	times, err := e.device.Times()
	if err != nil {
		return nil, machineError(err)
	}
	list := []any{}
	for _, t := range times {
		list = append(list, map[string]any{
			"operation": t.Operation, "calls": t.Calls, "milliseconds": t.Time.Seconds() * 1000, "work": t.Work,
		})
	}
	return list, nil
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
