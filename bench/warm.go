package main

import (
	"context"
	"fmt"
	"time"

	"segmenter/e2e/browser"
)

// setting is what all engines are measured at, at the same time.
type setting struct {
	size    int // of the picture, in pixels, both sides
	threads int // 0 = as many as the browser says there are cores
}

func (s setting) String() string {
	switch s.threads {
	case 0:
		return fmt.Sprintf("%d², all threads", s.size)
	case 1:
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

// What goes before what counts. The frames after loading start the browser's
// optimising compiler, which goes on by itself for a second or two: on other
// sides' time, were it not waited for. The first frame of a turn finds the caches
// full of another engine.
const (
	settling = 3
	pause    = 3 * time.Second
	leadIn   = 1
)

// measureWarm opens a page for each engine and lets them take turns, a block
// of frames at a time, in another order each round. Only one computes at a time.
func (b *benchmark) measureWarm(ctx context.Context, s setting, want []float32) (warmResult, error) {
	result := warmResult{s, make([]warmSide, len(b.engines))}
	tabs, stop, err := browser.Start(ctx)
	if err != nil {
		return result, err
	}
	defer stop()
	pages := make([]*page, len(b.engines))
	for i, e := range b.engines {
		if pages[i], err = openPage(tabs, b.server, e, s); err != nil {
			return result, err
		}
		if _, err := pages[i].frames(settling); err != nil {
			return result, err
		}
		if result.sides[i].agreement, err = pages[i].agree(want); err != nil {
			return result, fmt.Errorf("%v: %w", s, err)
		}
	}
	time.Sleep(pause)
	for round := range b.rounds {
		for i := range pages {
			turn := (i + round) % len(pages)
			frames, err := pages[turn].frames(leadIn + b.block)
			if err != nil {
				return result, err
			}
			result.sides[turn].add(frames[leadIn:])
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
