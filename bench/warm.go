package main

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
)

// setting is what all engines are measured at, at the same time.
type setting struct {
	size     int  // of the picture, in pixels, both sides
	threads  int  // 0 = as many as the browser says there are cores
	graphics bool // compute by WebGPU
}

func (s setting) String() string {
	switch {
	case s.graphics:
		return fmt.Sprintf("%d², WebGPU", s.size)
	case s.threads == 0:
		return fmt.Sprintf("%d², all threads", s.size)
	case s.threads == 1:
		return fmt.Sprintf("%d², 1 thread", s.size)
	}
	return fmt.Sprintf("%d², %d threads", s.size, s.threads)
}

// warmResult is what the engines showed at one setting, in their order.
type warmResult struct {
	setting setting
	sides   []warmSide
}

type warmSide struct {
	agreement agreement
	frames    []float64 // milliseconds
	network   []float64 // of it in the network, where the engine says
}

// A pace is how many frames are taken.
//
// What goes before what counts: the frames after loading start the browser's
// optimising compiler, which goes on by itself for a second or two: on other
// sides' time, were it not waited for. The first frame of a turn finds the caches
// full of another engine.
type pace struct {
	settling      int           // frames after loading
	pause         time.Duration // after them
	rounds        int           // turns of every engine
	leadIn, block int           // frames of a turn: those that do not count, and those that do
}

// slow is the pace where a frame takes seconds, since the processor computes in
// place of a graphics processor: there, nothing but shaders takes time.
var slow = pace{settling: 1, rounds: 3, block: 1}

// slowSizes are the sizes of the picture that are measured at that pace.
var slowSizes = []int{256, 512}

// measureWarm opens a page for each engine and lets them take turns, a block
// of frames at a time, in another order each round. Only one computes at a time.
func (b *benchmark) measureWarm(ctx context.Context, engines []engine, s setting, p pace, want []float32) (warmResult, error) {
	result := warmResult{s, make([]warmSide, len(engines))}
	var options []chromedp.ExecAllocatorOption
	if s.graphics {
		options = browser.SoftwareGPU
	}
	tabs, stop, err := browser.Start(ctx, options...)
	if err != nil {
		return result, err
	}
	defer stop()
	pages := make([]*page, len(engines))
	for i, e := range engines {
		if pages[i], err = openPage(tabs, b.server, e, s); err != nil {
			return result, err
		}
		if _, err := pages[i].frames(p.settling); err != nil {
			return result, err
		}
		if result.sides[i].agreement, err = pages[i].agree(want); err != nil {
			return result, fmt.Errorf("%v: %w", s, err)
		}
	}
	time.Sleep(p.pause)
	for round := range p.rounds {
		for i := range pages {
			turn := (i + round) % len(pages)
			frames, err := pages[turn].frames(p.leadIn + p.block)
			if err != nil {
				return result, err
			}
			result.sides[turn].add(frames[p.leadIn:])
		}
	}
	return result, nil
}

func (s *warmSide) add(frames []frame) {
	for _, f := range frames {
		s.frames = append(s.frames, f.Total)
		if f.Network > 0 {
			s.network = append(s.network, f.Network)
		}
	}
}
