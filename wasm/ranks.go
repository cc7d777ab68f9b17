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

// machine is this engine's part of the processor: one rank, alone or of several.
type machine struct {
	rank, ranks int
	exchange    *sharedMemory // nil where this is the only rank
	frame       photo.Image   // what all ranks see of the photo; only the first has it
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
func (m *machine) devices(float, _ bool) ([]compute.Device, error) {
	arithmetic := cpu.Int8
	if float {
		arithmetic = cpu.Float
	}
	if m.exchange == nil {
		return cpu.New(1, arithmetic), nil
	}
	return []compute.Device{cpu.NewRank(m.rank, m.ranks, m.exchange, arithmetic)}, nil
}

// addMethods: this engine has those that both have.
func (*machine) addMethods(map[string]any) {}

// graphics: there is none.
func (*machine) graphics() any { return nil }

// machineError is err: the processor has no errors of its own.
func machineError(err error) error { return err }

// segmentPhoto segments the photo alone, or as the first of several ranks: then
// it shows the others what it made of the photo.
func (e *engine) segmentPhoto(ctx context.Context, _ js.Value, o model.Options, _ map[string]any) error {
	if e.exchange == nil {
		return e.segmenter.SegmentInto(ctx, &e.result, &e.photo, o)
	}
	start := time.Now()
	if err := e.segmenter.Resize(&e.frame, &e.photo, o); err != nil {
		return err
	}
	resizing := time.Since(start)
	if o.MaskHeight == 0 {
		o.MaskHeight, o.MaskWidth = e.photo.height, e.photo.width
	}
	if err := e.segmentFrame(ctx, &e.frame, o); err != nil {
		return err
	}
	e.result.Times.Prepare += resizing
	return nil
}

// segmentFrame is what every rank does; only the first has the frame. The
// options have the size of the mask.
func (e *engine) segmentFrame(ctx context.Context, frame *photo.Image, o model.Options) error {
	shared, err := showFrame(e.exchange, frame)
	if err != nil {
		return err
	}
	o.Size = 0
	return e.segmenter.SegmentInto(ctx, &e.result, shared, o)
}

// follow(request) takes this rank's part in what the first segments, and
// returns when that is done. The request has maskWidth and maskHeight. It fails
// when the exchange is broken.
func (e *engine) follow(arguments []js.Value) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	return nil, e.segmentFrame(context.Background(), nil, optionsOf(arguments[0]))
}
