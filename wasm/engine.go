//go:build js

package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"syscall/js"

	"segmenter/model"
)

// engine answers the requests of JavaScript. Its methods return Promises, which
// reject with an Error that has a code of errors.go.
type engine struct {
	backend
	segmenter *model.Segmenter
	classes   int // of the model
	photo     rows
	result    model.Result
	pixels    js.Value // Uint8Array: the last mask that readMask returned

	turn   *turn
	cancel context.CancelFunc // of the photo being segmented
}

// object returns the engine's JavaScript object, with a method for each request.
func (e *engine) object() map[string]any {
	e.turn, e.cancel = newTurn(), func() {}
	object := map[string]any{}
	for _, requests := range []map[string]handler{e.requests(), e.backendRequests()} {
		for name, answer := range requests {
			object[name] = promise(answer)
		}
	}
	return object
}

// requests returns the requests that every engine answers.
func (e *engine) requests() map[string]handler {
	return map[string]handler{
		"load":          e.load,
		"segment":       e.segment,
		"mask":          e.mask,
		"classAt":       e.classAt,
		"probabilities": e.probabilities,
		"matte":         e.matte,
		"scores":        e.scores,
		"inner":         e.inner,
		"taught":        e.taught,
		"abort":         e.abort,
	}
}

// load reads a model file. If that fails, the engine keeps the model that it has.
func (e *engine) load(m message) (any, error) {
	request := readLoad(m)
	e.collectGarbage(e.segmenter != nil)
	loaded, err := model.Read(newReader(request, e.warmStep))
	if err != nil {
		return nil, err
	}
	e.warmWith(request.bytes)
	devices, err := e.devices(request.arithmeticFor(loaded), request.profile)
	if err != nil {
		return nil, err
	}
	s, err := model.New(loaded, devices)
	if err != nil {
		return nil, e.refuse(err)
	}
	if e.segmenter != nil {
		e.segmenter.Close()
	}
	e.segmenter, e.classes = s, len(loaded.Classes)
	return writeLoad(loaded, e.gpuInfo()), nil
}

// collectGarbage says whether to collect garbage: not from the first load to the end of the first
// photo. Nearly all that they allocate stays, and the visitor waits.
func (e *engine) collectGarbage(on bool) {
	percent := -1
	if on {
		percent = 100
	}
	debug.SetGCPercent(percent)
}

// segment segments a photo. The other ranks have to follow.
func (e *engine) segment(m message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	defer e.collectGarbage(true)
	request := readSegment(m)
	e.photo.take(request)
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	defer cancel()
	request.options.Progress = func(done, total int) {
		if total > 1 {
			request.onProgress.Invoke(writeProgress(done, total))
		}
		e.turn.wait()
	}
	overlay, err := e.run(ctx, request)
	if err == nil {
		err = e.segmenter.Count(&e.result)
	}
	if err != nil {
		return nil, e.deviceError(err)
	}
	answer := writeSegment(&e.result)
	answer["overlay"] = overlay
	if request.mask {
		if answer["mask"], err = e.readMask(); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// readMask copies the mask to JavaScript. It reuses the array for the next mask,
// unless JavaScript transfers it: Go would keep each new array until it collects
// garbage.
func (e *engine) readMask() (js.Value, error) {
	mask := e.segmenter.Mask()
	n := mask.Height() * mask.Width()
	if cap(e.result.Mask) < n {
		e.result.Mask = make([]uint8, n)
	}
	e.result.Mask = e.result.Mask[:n]
	if err := mask.Read(e.result.Mask); err != nil {
		return js.Undefined(), e.deviceError(err)
	}
	if e.pixels.IsUndefined() || e.pixels.Length() != n {
		e.pixels = js.Global().Get("Uint8Array").New(n)
	}
	js.CopyBytesToJS(e.pixels, e.result.Mask)
	return e.pixels, nil
}

// mask returns the mask of the last photo.
func (e *engine) mask(message) (any, error) {
	if err := e.requirePhoto(); err != nil {
		return nil, err
	}
	return e.readMask()
}

// classAt returns the class of a pixel of the last photo.
func (e *engine) classAt(m message) (any, error) {
	if err := e.requirePhoto(); err != nil {
		return nil, err
	}
	x, y := readClassAt(m)
	mask := e.segmenter.Mask()
	if x < 0 || y < 0 || x >= mask.Width() || y >= mask.Height() {
		return nil, fmt.Errorf("%w: there is no pixel %d, %d in a mask of %d × %d", errOption, x, y, mask.Width(), mask.Height())
	}
	class, err := mask.ClassAt(x, y)
	if err != nil {
		return nil, e.deviceError(err)
	}
	return int(class), nil
}

// requirePhoto returns an error if there is no mask.
func (e *engine) requirePhoto() error {
	if e.segmenter == nil {
		return errNoModel
	}
	if e.segmenter.Mask() == nil {
		return errNoPhoto
	}
	return nil
}

// probabilities returns those of a class at each pixel of the last photo.
func (e *engine) probabilities(m message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	values, err := e.segmenter.Probabilities(readProbabilities(m))
	if err != nil {
		return nil, err
	}
	return float32Array(values), nil
}

// matte returns that of a set of classes of the last photo.
func (e *engine) matte(m message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	values, err := e.segmenter.Matte(readMatte(m), e.result.Mask)
	if err != nil {
		return nil, e.deviceError(err)
	}
	e.result.Mask = values
	return typedArray("Uint8Array", values), nil
}

// scores returns those of the patches of the last photo: see model.Segmenter.Scores.
func (e *engine) scores(message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	values, rows, cols, err := e.segmenter.Scores()
	if err != nil {
		return nil, err
	}
	return writeScores(rows, cols, e.classes, values), nil
}

// inner returns values inside the network, of the last photo: see model.Segmenter.Inner. All
// ranks get this request; those that are not the first answer with no values.
func (e *engine) inner(m message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	defer cancel()
	values, err := e.segmenter.Inner(ctx, readInner(m))
	if err != nil {
		return nil, e.deviceError(err)
	}
	if values == nil {
		values = new(model.InnerValues)
	}
	return writeInner(values), nil
}

func (e *engine) abort(message) (any, error) {
	e.cancel()
	return nil, nil
}
