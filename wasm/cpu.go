//go:build js && !webgpu

package main

import (
	"context"
	"errors"
	"syscall/js"
	"time"

	"segmenter/compute"
	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/photo"
)

// backend is this engine's rank on the CPU: the only one, or one of several.
type backend struct {
	rank, ranks int
	exchange    *sharedMemory // nil if this is the only rank
	frame       photo.Image   // the network's input; only the first rank has it
	warmUp      warmUp
}

func (e *engine) backendRequests() map[string]handler {
	return map[string]handler{
		"start":  e.start,
		"follow": e.follow,
		"warm":   e.warm,
	}
}

// start makes this engine one of several ranks that segment photos together: see
// sharedMemory. JavaScript calls it before load, or not at all.
func (e *engine) start(m message) (any, error) {
	if e.segmenter != nil {
		return nil, errors.New("there is a model already: call start before load")
	}
	request := readStart(m)
	e.rank, e.ranks = request.rank, request.ranks
	e.exchange = newSharedMemory(e.ranks, request.memory)
	return nil, nil
}

// warm does a step of the warm-up, and says whether there is more to do.
func (e *engine) warm(message) (any, error) {
	e.collectGarbage(true) // nobody waits
	return e.warmStep(), nil
}

func (b *backend) warmStep() bool { return b.warmUp.step() }

// warmWith gives the warm-up a good model file.
func (b *backend) warmWith(file js.Value) { b.warmUp.head = file.Call("slice", 0, longHead) }

type startRequest struct {
	rank, ranks int
	memory      js.Value // SharedArrayBuffer
}

func readStart(m message) startRequest {
	return startRequest{rank: m.number("rank"), ranks: m.number("ranks"), memory: m.Get("memory")}
}

// devices returns this engine's rank.
func (b *backend) devices(a compute.Arithmetic, _ bool) ([]compute.Device, error) {
	if b.exchange == nil {
		return cpu.New(1, a), nil
	}
	return []compute.Device{cpu.NewRank(b.rank, b.ranks, b.exchange, a)}, nil
}

// refuse returns err: a device on the CPU leaves nothing behind.
func (*backend) refuse(err error) error { return err }

// gpuInfo is nil: this engine uses no GPU.
func (*backend) gpuInfo() any { return nil }

// deviceError returns err: the CPU has no errors of its own.
func (*backend) deviceError(err error) error { return err }

// run segments the photo, as the only rank or as the first. The first rank resizes
// the photo and shows the frame to the others. There is no overlay.
func (e *engine) run(ctx context.Context, request segmentRequest) (overlay js.Value, err error) {
	o := request.options
	if e.exchange == nil {
		_, err = e.segmenter.Run(ctx, &e.result, &e.photo, o)
		return js.Undefined(), err
	}
	start := time.Now()
	if err := e.segmenter.Resize(&e.frame, &e.photo, o); err != nil {
		return js.Undefined(), err
	}
	resizing := time.Since(start)
	if o.MaskHeight == 0 {
		o.MaskHeight, o.MaskWidth = e.photo.height, e.photo.width
	}
	err = e.runFrame(ctx, &e.frame, o)
	e.result.Times.Prepare += resizing
	return js.Undefined(), err
}

// runFrame does the part of every rank; only the first has the frame. The options
// hold the size of the mask.
func (e *engine) runFrame(ctx context.Context, frame *photo.Image, o model.Options) error {
	shared, err := showFrame(e.exchange, frame)
	if err != nil {
		return err
	}
	o.Size = 0
	_, err = e.segmenter.Run(ctx, &e.result, shared, o)
	return err
}

// follow does this rank's part of the photo that the first rank segments, and then
// returns. It fails if the exchange breaks.
func (e *engine) follow(m message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	defer e.collectGarbage(true)
	return nil, e.runFrame(context.Background(), nil, readFollow(m))
}

func readFollow(m message) model.Options { return readOptions(m.object("options")) }
