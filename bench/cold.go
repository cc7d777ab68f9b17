package main

import (
	"context"

	"segmenter/e2e/browser"
)

// coldResult holds an engine's measurements on first visits.
type coldResult struct {
	first                 []float64 // milliseconds from the start of the navigation to the first result
	library, model, total int64     // bytes of bodies, as sent
}

// measureCold visits the page of every engine several times, in turns, each time
// with a new browser and a new profile, so that all caches are empty.
func (b *benchmark) measureCold(ctx context.Context) ([]coldResult, error) {
	results := make([]coldResult, len(b.engines))
	for visit := range b.visits {
		for i := range b.engines {
			turn := (i + visit) % len(b.engines)
			if err := b.visit(ctx, b.engines[turn], &results[turn]); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

func (b *benchmark) visit(ctx context.Context, e engine, r *coldResult) error {
	tabs, stop, err := browser.Start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	b.server.resetCount()
	p, err := openPage(tabs, b.server, e, firstVisit)
	if err != nil {
		return err
	}
	first, err := p.first()
	if err != nil {
		return err
	}
	r.first = append(r.first, first)
	library, model := b.server.count()
	r.library, r.model, r.total = library, model, library+model
	return nil
}

// firstVisit is the setting for cold starts and for memory.
var firstVisit = setting{size: 512, threads: 0}
