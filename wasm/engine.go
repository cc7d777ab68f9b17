//go:build js

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"syscall/js"
	"time"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/compute/webgpu/gpu"
	"segmenter/model"
	"segmenter/photo"
)

// engine is what JavaScript sees. Its methods return Promises; a rejection is
// an Error with a code: bad-model, bad-photo, too-large, aborted,
// graphics or internal.
type engine struct {
	model     *model.Model
	segmenter *model.Segmenter // on this engine's part of the ranks
	graphics  *model.Segmenter // on the graphics processor, nil without
	gpu       *gpu.Device      // that processor
	last      *model.Segmenter // the one that had the last photo
	photo     rows
	result    model.Result
	float     bool // whether to compute in float32

	rank, ranks int
	exchange    *sharedMemory // nil where this is the only rank
	frame       photo.Image   // what all ranks see of the photo; only the first has it

	turn   *turn
	cancel context.CancelFunc
}

func (e *engine) object() map[string]any {
	e.turn, e.cancel = newTurn(), func() {}
	return map[string]any{
		"start":         promise(e.start),
		"load":          promise(e.load),
		"openGraphics":  promise(e.openGraphics),
		"segment":       promise(e.segment),
		"follow":        promise(e.follow),
		"probabilities": promise(e.probabilities),
		"scores":        promise(e.scores),
		"abort":         promise(func([]js.Value) (any, error) { e.cancel(); return nil, nil }),
	}
}

// start(rank, ranks, memory: SharedArrayBuffer) makes this engine one of
// several that segment photos together; see sharedMemory. It is called before a
// model is loaded, or not at all.
func (e *engine) start(arguments []js.Value) (any, error) {
	if e.segmenter != nil {
		return nil, errors.New("there is a model already: start comes before it")
	}
	e.rank, e.ranks = arguments[0].Int(), arguments[1].Int()
	e.exchange = newSharedMemory(e.ranks, arguments[2])
	return nil, nil
}

// devices is this engine's part of the ranks.
func (e *engine) devices(a cpu.Arithmetic) []compute.Device {
	if e.exchange == nil {
		return cpu.New(1, a)
	}
	return []compute.Device{cpu.NewRank(e.rank, e.ranks, e.exchange, a)}
}

// load(bytes: Uint8Array, arithmetic: "int8" | "float") takes a model file and
// returns what it says of itself. A model that is refused leaves the one before in place.
func (e *engine) load(arguments []js.Value) (any, error) {
	m, err := model.Read(&reader{bytes: arguments[0]})
	if err != nil {
		return nil, err
	}
	arithmetic := cpu.Int8
	if len(arguments) > 1 && arguments[1].String() == "float" {
		arithmetic = cpu.Float
	}
	s, err := model.New(m, e.devices(arithmetic))
	if err != nil {
		return nil, err
	}
	if e.segmenter != nil {
		e.segmenter.Close()
	}
	e.closeGraphics()
	e.model, e.segmenter, e.last = m, s, s
	e.float = arithmetic == cpu.Float
	return describe(m), nil
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
// other ranks must follow, unless the graphics processor does it.
//
//	request     { width, height, decoder, size, window, stride }, see model.Options,
//	            and device: "cpu" or "webgpu"
//	readRows    (y, n) → Uint8ClampedArray: RGBA of n rows from row y, on white
//	onProgress  (done, total): windows, where there are several
func (e *engine) segment(arguments []js.Value) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	request, onProgress := arguments[0], arguments[2]
	e.photo.height, e.photo.width = request.Get("height").Int(), request.Get("width").Int()
	e.photo.read, e.photo.first, e.photo.end = arguments[1], 0, 0

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
	segment := e.segmentPhoto
	if request.Get("device").String() == "webgpu" {
		segment = e.segmentOnGraphics
	}
	if err := segment(ctx, options); err != nil {
		return nil, err
	}
	return resultObject(&e.result), nil
}

// segmentPhoto segments the photo alone, or as the first of several ranks: then
// it shows the others what it made of the photo.
func (e *engine) segmentPhoto(ctx context.Context, o model.Options) error {
	e.last = e.segmenter
	if e.exchange == nil {
		return e.segmenter.SegmentInto(ctx, &e.result, &e.photo, o)
	}
	start := time.Now()
	if err := e.segmenter.Resize(&e.frame, &e.photo, o); err != nil {
		return err
	}
	resizing := time.Since(start)
	if err := e.segmentFrame(ctx, &e.frame, e.photo.height, e.photo.width, o); err != nil {
		return err
	}
	e.result.Times.Prepare += resizing
	return nil
}

// segmentFrame is what every rank does; only the first has the frame. Height
// and width are the photo's.
func (e *engine) segmentFrame(ctx context.Context, frame *photo.Image, height, width int, o model.Options) error {
	shared, err := showFrame(e.exchange, frame)
	if err != nil {
		return err
	}
	o.Size, o.MaskHeight, o.MaskWidth = 0, height, width
	return e.segmenter.SegmentInto(ctx, &e.result, shared, o)
}

// follow(request) takes this rank's part in what the first segments, and
// returns when that is done. It fails when the exchange is broken.
func (e *engine) follow(arguments []js.Value) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	request := arguments[0]
	return nil, e.segmentFrame(context.Background(), nil, request.Get("height").Int(), request.Get("width").Int(), optionsOf(request))
}

func optionsOf(request js.Value) model.Options {
	return model.Options{
		Decoder: model.Decoder(request.Get("decoder").String()),
		Size:    request.Get("size").Int(),
		Window:  request.Get("window").Int(),
		Stride:  request.Get("stride").Int(),
	}
}

func resultObject(r *model.Result) map[string]any {
	areas := make([]byte, 4*len(r.Areas))
	for i, n := range r.Areas {
		binary.LittleEndian.PutUint32(areas[4*i:], uint32(n))
	}
	milliseconds := func(d time.Duration) any { return d.Seconds() * 1000 }
	return map[string]any{
		"width": r.Width, "height": r.Height,
		"mask":  bytesOf("Uint8Array", r.Mask),
		"areas": bytesOf("Uint32Array", areas),
		"network": map[string]any{
			"height": r.Network.Height, "width": r.Network.Width, "windows": r.Network.Windows,
		},
		"timings": map[string]any{
			"prepare":  milliseconds(r.Times.Prepare),
			"network":  milliseconds(r.Times.Network),
			"classify": milliseconds(r.Times.Classify),
		},
	}
}

// probabilities(classId) returns a Float32Array, height×width, for the last
// photo.
func (e *engine) probabilities(arguments []js.Value) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	values, err := e.last.Probabilities(arguments[0].Int())
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
	values, rows, cols, err := e.last.Scores()
	if err != nil {
		return nil, err
	}
	return map[string]any{"rows": rows, "cols": cols, "classes": len(e.model.Classes), "values": floatsOf(values)}, nil
}

// floatsOf copies values to a new Float32Array.
func floatsOf(values []float32) js.Value {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	return bytesOf("Float32Array", data)
}
