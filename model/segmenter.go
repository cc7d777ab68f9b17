package model

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"segmenter/compute"
	"segmenter/modelfile"
	"segmenter/photo"
)

// A Segmenter runs a model. Do not call its methods concurrently.
type Segmenter struct {
	model   *Model
	devices []compute.Device
	network *network
	classes []modelfile.Class // the model's, then those taught

	resizer photo.Resizer
	frame   photo.Image
	plan    plan
	refined bool    // whether the last mask was to be
	passes  []*pass // one per rank, for plan
	errs    []error // one per rank
}

// Arithmetic returns the arithmetic that suits a model: Int8 for int8 weights,
// Float32 for float weights. A device may use another.
func Arithmetic(m *Model) compute.Arithmetic {
	if m.Precision() == "int8" {
		return compute.Int8
	}
	return compute.Float32
}

// New prepares a model for the ranks of a device, for example
// cpu.New(2, cpu.Fastest(Arithmetic(m))).
//
// If several programs share a group of ranks, each has a Segmenter for its own
// ranks. All of them segment the same photo with the same options at the same time;
// the program with the first rank gets the mask.
func New(m *Model, devices []compute.Device) (*Segmenter, error) {
	n, err := newNetwork(m, devices[0])
	if err != nil {
		return nil, err
	}
	return &Segmenter{model: m, devices: devices, network: n, classes: m.Classes, errs: make([]error, len(devices))}, nil
}

// Result is the result for a photo.
type Result struct {
	Height, Width int     // of the mask, in pixels
	Mask          []uint8 // the class of each pixel, row by row
	Areas         []int   // the number of pixels of each class

	Network struct{ Height, Width, Windows int } // the network's input
	Times   struct{ Prepare, Network, Classify time.Duration }
}

// Segment finds the class of every pixel of a photo. Errors wrap [ErrTooLarge],
// the context's error, or that of the photo.
func (s *Segmenter) Segment(ctx context.Context, src photo.Source, o Options) (*Result, error) {
	r := new(Result)
	return r, s.SegmentInto(ctx, r, src, o)
}

// SegmentInto is Segment, but reuses r's memory: for video.
func (s *Segmenter) SegmentInto(ctx context.Context, r *Result, src photo.Source, o Options) error {
	mask, err := s.Run(ctx, r, src, o)
	if err != nil || mask == nil {
		return err
	}
	if err := s.Count(r); err != nil {
		return err
	}
	r.Mask = slices.Grow(r.Mask, r.Height*r.Width)[:r.Height*r.Width]
	return mask.Read(r.Mask)
}

// Run runs the network on a photo and paints the mask, which stays on the device
// until the next photo. It fills in r, except for Mask and Areas: see
// [Segmenter.Count]. A device that defers its work has not started yet when Run
// returns, unless specks were removed (Options.Refine), for which it waits.
//
// The mask is nil if the first rank is in another program.
func (s *Segmenter) Run(ctx context.Context, r *Result, src photo.Source, o Options) (compute.Mask, error) {
	start := time.Now()
	height, width := src.Size()
	next, filter, err := newPlan(s.model, s.network.further(), height, width, &o)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(next); err != nil {
		return nil, err
	}
	if err := s.load(src, filter); err != nil {
		return nil, err
	}
	prepared := time.Now()
	if err := s.infer(ctx, o); err != nil {
		return nil, err
	}
	inferred := time.Now()
	if err := s.paint(o); err != nil {
		return nil, err
	}
	v := s.plan.view
	r.Height, r.Width, r.Mask, r.Areas = s.plan.maskHeight, s.plan.maskWidth, r.Mask[:0], r.Areas[:0]
	r.Network.Height, r.Network.Width, r.Network.Windows = v.Height, v.Width, v.Windows()
	r.Times.Prepare, r.Times.Network, r.Times.Classify = prepared.Sub(start), inferred.Sub(prepared), time.Since(inferred)
	return s.Mask(), nil
}

// Count waits until the mask of the last photo is painted, and fills in the areas
// of its result. Only the program with the first rank may call it.
func (s *Segmenter) Count(r *Result) error {
	start := time.Now()
	r.Areas = slices.Grow(r.Areas[:0], len(s.classes))[:len(s.classes)]
	if err := s.passes[0].mask.Count(r.Areas); err != nil {
		return err
	}
	if s.passes[0].device.Deferred() { // the device has just done all of its work
		r.Times.Network += r.Times.Classify + time.Since(start)
		r.Times.Classify = 0
	} else {
		r.Times.Classify += time.Since(start)
	}
	return nil
}

// Mask returns the mask of the last photo, valid until the next. It returns nil
// before the first photo, or if the first rank is in another program.
func (s *Segmenter) Mask() compute.Mask {
	if s.passes == nil || !s.passes[0].first {
		return nil
	}
	return s.passes[0].mask
}

// Resize resizes a photo to the frame that the network would see with these
// options. Segmenting the frame with size 0, and the photo's size for the mask,
// gives the mask of the photo.
func (s *Segmenter) Resize(dst *photo.Image, src photo.Source, o Options) error {
	height, width := src.Size()
	next, filter, err := newPlan(s.model, s.network.further(), height, width, &o)
	if err != nil {
		return err
	}
	return s.resize(dst, src, next.view, filter)
}

func (s *Segmenter) resize(dst *photo.Image, src photo.Source, v compute.View, filter photo.Filter) error {
	dst.Height, dst.Width = v.Height, v.Width
	return s.resizer.Resize(dst, src, filter)
}

// prepare makes the buffers for a plan.
func (s *Segmenter) prepare(next plan) error {
	if s.passes != nil && next == s.plan {
		return nil
	}
	s.freePasses()
	for _, d := range s.devices {
		p, err := newPass(s.model, s.network, d, next)
		if err != nil {
			s.freePasses()
			return err
		}
		s.passes = append(s.passes, p)
	}
	s.plan = next
	return nil
}

// load uploads the photo, resized to the frame. A device that can resizes it itself.
func (s *Segmenter) load(src photo.Source, filter photo.Filter) error {
	if loader, ok := s.passes[0].device.(compute.Loader); ok {
		if loaded, err := loader.Load(s.passes[0].frame, src, filter); loaded || err != nil {
			return err
		}
	}
	if err := s.resize(&s.frame, src, s.plan.view, filter); err != nil {
		return err
	}
	for _, p := range s.passes {
		p.device.WriteFrame(p.frame, s.frame.Pix)
	}
	return nil
}

// infer runs the network on every window.
func (s *Segmenter) infer(ctx context.Context, o Options) error {
	windows := s.plan.view.Windows()
	report := func(done int) {
		if o.Progress != nil {
			o.Progress(done, windows)
		}
	}
	for i := range windows {
		report(i)
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.onEveryRank(func(p *pass) error {
			p.runWindow(i, o.Decoder)
			if i < windows-1 {
				return p.device.Finish()
			}
			return nil // a later step waits
		})
		if err != nil {
			return err
		}
	}
	report(windows)
	return nil
}

// paint paints the mask. It waits, unless the device defers its work and no specks are
// removed.
func (s *Segmenter) paint(o Options) error {
	s.refined = o.Refine
	return s.onEveryRank(func(p *pass) error {
		if err := p.smooth(o.Smoothing, o.Refine); err != nil {
			return err
		}
		p.classify(o.Refine)
		if err := p.removeSpecks(o); err != nil {
			return err
		}
		if p.device.Deferred() {
			return nil
		}
		return p.device.Finish()
	})
}

// onEveryRank runs f for all ranks in parallel.
func (s *Segmenter) onEveryRank(f func(*pass) error) error {
	if len(s.passes) == 1 {
		return f(s.passes[0])
	}
	var wait sync.WaitGroup
	for i, p := range s.passes {
		wait.Go(func() { s.errs[i] = f(p) })
	}
	wait.Wait()
	return errors.Join(s.errs...)
}

func (s *Segmenter) freePasses() {
	for _, p := range s.passes {
		p.free()
	}
	s.passes = nil
}

// Close frees the devices' memory.
func (s *Segmenter) Close() {
	s.freePasses()
	for _, d := range s.devices {
		d.Close()
	}
}
