//go:build js

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"syscall/js"
	"time"

	"segmenter/model"
)

// engine is what JavaScript sees. Its methods return Promises; a rejection is
// an Error with a code: bad-model, bad-photo, too-large, aborted,
// graphics or internal.
type engine struct {
	machine   // what computes
	segmenter *model.Segmenter
	classes   int // of the model
	photo     rows
	result    model.Result
	pixels    js.Value // the result's mask, as JavaScript gets it

	turn   *turn
	cancel context.CancelFunc
}

func (e *engine) object() map[string]any {
	e.turn, e.cancel = newTurn(), func() {}
	object := map[string]any{
		"start":         promise(e.start),
		"load":          promise(e.load),
		"segment":       promise(e.segment),
		"follow":        promise(e.follow),
		"probabilities": promise(e.probabilities),
		"scores":        promise(e.scores),
		"abort":         promise(func([]js.Value) (any, error) { e.cancel(); return nil, nil }),
	}
	e.addMethods(object)
	return object
}

// load(bytes: Uint8Array, arithmetic: "int8" | "float", profile: boolean) takes
// a model file and returns what it says of itself, and of the graphics
// processor, null without. A model that is refused leaves the one before in
// place. Profile has operations timed where that can be.
func (e *engine) load(arguments []js.Value) (any, error) {
	m, err := model.Read(&reader{bytes: arguments[0]})
	if err != nil {
		return nil, err
	}
	float := len(arguments) > 1 && arguments[1].String() == "float"
	profile := len(arguments) > 2 && arguments[2].Truthy()
	devices, err := e.devices(float, profile)
	if err != nil {
		return nil, err
	}
	s, err := model.New(m, devices)
	if err != nil {
		return nil, machineError(err)
	}
	if e.segmenter != nil {
		e.segmenter.Close()
	}
	e.segmenter, e.classes = s, len(m.Classes)
	info := describe(m)
	info["graphics"] = e.graphics()
	return info, nil
}

func describe(m *model.Model) map[string]any {
	decoders, classes := []any{}, []any{}
	for _, d := range m.Decoders() {
		decoders = append(decoders, string(d))
	}
	for id, c := range m.Classes {
		classes = append(classes, map[string]any{"id": id, "name": c.Name, "colour": fmt.Sprint(c.Colour)})
	}
	return map[string]any{
		"name": m.Name, "licence": m.Licence,
		"decoders": decoders, "classes": classes,
		"patch": m.Architecture.Patch, "parameters": m.Parameters(), "precision": m.Precision(),
	}
}

// segment(request, readRows, onProgress) finds the classes of a photo. The
// other ranks must follow.
//
//	request     { width, height, bitmap, decoder, size, window, stride,
//	            smoothing, refine, maskWidth, maskHeight }, see model.Options;
//	            those in the second line, and bitmap, an ImageBitmap, may be
//	            left out. Where the mask is in another memory, more is read:
//	            see graphics.go
//	readRows    (y, n) → Uint8ClampedArray: RGBA of n rows from row y, on white
//	onProgress  (done, total): windows, where there are several
func (e *engine) segment(arguments []js.Value) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	request, onProgress := arguments[0], arguments[2]
	e.photo.height, e.photo.width = request.Get("height").Int(), request.Get("width").Int()
	e.photo.read, e.photo.first, e.photo.end = arguments[1], 0, 0
	e.photo.bitmap = request.Get("bitmap")

	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	defer cancel()
	options := optionsOf(request)
	options.Progress = func(done, total int) {
		if total > 1 {
			onProgress.Invoke(done, total)
		}
		e.turn.wait()
	}
	result := map[string]any{}
	if err := e.segmentPhoto(ctx, request, options, result); err != nil {
		return nil, machineError(err)
	}
	e.describeResult(result)
	return result, nil
}

func optionsOf(request js.Value) model.Options {
	o := model.Options{
		Decoder: model.Decoder(request.Get("decoder").String()),
		Size:    request.Get("size").Int(),
		Window:  request.Get("window").Int(),
		Stride:  request.Get("stride").Int(),
		Refine:  request.Get("refine").Truthy(),
	}
	if smoothing := request.Get("smoothing"); smoothing.Truthy() {
		o.Smoothing = smoothing.Float()
	}
	if height := request.Get("maskHeight"); height.Truthy() {
		o.MaskHeight, o.MaskWidth = height.Int(), request.Get("maskWidth").Int()
	}
	return o
}

// describeResult adds the result, without its mask if it has none. The mask is
// valid until the next one, unless JavaScript hands it on: Go would hold on to
// every new array until it collects garbage.
func (e *engine) describeResult(object map[string]any) {
	r := &e.result
	areas := make([]byte, 4*len(r.Areas))
	for i, n := range r.Areas {
		binary.LittleEndian.PutUint32(areas[4*i:], uint32(n))
	}
	milliseconds := func(d time.Duration) any { return d.Seconds() * 1000 }
	object["width"], object["height"] = r.Width, r.Height
	if len(r.Mask) > 0 {
		if e.pixels.IsUndefined() || e.pixels.Length() != len(r.Mask) {
			e.pixels = js.Global().Get("Uint8Array").New(len(r.Mask))
		}
		js.CopyBytesToJS(e.pixels, r.Mask)
		object["mask"] = e.pixels
	}
	object["areas"] = bytesOf("Uint32Array", areas)
	object["network"] = map[string]any{
		"height": r.Network.Height, "width": r.Network.Width, "windows": r.Network.Windows,
	}
	object["timings"] = map[string]any{
		"prepare":  milliseconds(r.Times.Prepare),
		"network":  milliseconds(r.Times.Network),
		"classify": milliseconds(r.Times.Classify),
	}
}

// probabilities(classId) returns a Float32Array, height×width, for the last
// photo.
func (e *engine) probabilities(arguments []js.Value) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	values, err := e.segmenter.Probabilities(arguments[0].Int())
	if err != nil {
		return nil, err
	}
	return floatsOf(values), nil
}

// scores() returns { rows, cols, classes, values } for the last photo; see
// model.Segmenter.Scores.
func (e *engine) scores([]js.Value) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	values, rows, cols, err := e.segmenter.Scores()
	if err != nil {
		return nil, err
	}
	return map[string]any{"rows": rows, "cols": cols, "classes": e.classes, "values": floatsOf(values)}, nil
}

// floatsOf copies values to a new Float32Array.
func floatsOf(values []float32) js.Value {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	return bytesOf("Float32Array", data)
}
