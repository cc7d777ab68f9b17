package main

import (
	"context"
	"fmt"
	"time"

	"segmenter/e2e/browser"
)

// setting is a combination of options to measure the engines with.
type setting struct {
	size    int  // sides of the picture in pixels
	threads int  // 0 = navigator.hardwareConcurrency
	webgpu  bool // compute with WebGPU
	jpeg    bool // load the photo as photos come; as PNG, results can be compared
	processor
}

func (s setting) String() string {
	text := fmt.Sprintf("%d², ", s.size)
	switch {
	case s.webgpu:
		text += "WebGPU"
	case s.threads == 0:
		text += "all threads"
	case s.threads == 1:
		text += "1 thread"
	default:
		text += fmt.Sprintf("%d threads", s.threads)
	}
	if s.title != "" {
		text += ", " + s.title
	}
	return text
}

// warmResult holds the results of the engines at one setting, in their order.
type warmResult struct {
	setting setting
	sides   []warmSide
}

type warmSide struct {
	agreement agreement
	frames    []float64 // milliseconds
	network   []float64 // of them in the network, if the engine reports that
}

// A schedule sets the number of frames and turns.
//
// The frames after loading start the browser's optimising compiler. It runs for
// another second or two, which the pause keeps off the other engines' time. The
// lead-in of a turn refills the caches, which another engine has used.
type schedule struct {
	warmUp        int           // frames after loading
	pause         time.Duration // after the warm-up
	rounds        int           // turns of every engine
	leadIn, block int           // frames of a turn: uncounted first ones, and counted ones
}

// webgpuSchedule suits frames that take seconds, since the CPU runs the shaders
// and nothing else takes time.
var webgpuSchedule = schedule{warmUp: 1, rounds: 3, block: 1}

// webgpuSizes are the sides of the picture to measure with webgpuSchedule.
var webgpuSizes = []int{256, 512}

// measureWarm opens a page for each engine. They take turns, a block of frames at
// a time, in another order each round, so that only one computes at a time.
func (b *benchmark) measureWarm(ctx context.Context, engines []engine, s setting, turns schedule, want []float32) (warmResult, error) {
	result := warmResult{s, make([]warmSide, len(engines))}
	options := s.options()
	if s.webgpu {
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
		if _, err := pages[i].frames(turns.warmUp); err != nil {
			return result, err
		}
		if result.sides[i].agreement, err = pages[i].checkScores(want); err != nil {
			return result, fmt.Errorf("%v: %w", s, err)
		}
	}
	time.Sleep(turns.pause)
	for round := range turns.rounds {
		for i := range pages {
			turn := (i + round) % len(pages)
			frames, err := pages[turn].frames(turns.leadIn + turns.block)
			if err != nil {
				return result, err
			}
			result.sides[turn].add(frames[turns.leadIn:])
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
