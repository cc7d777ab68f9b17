package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// stepTimeout is the limit for one step of a page, on a slow machine with a slow
// GPU.
const stepTimeout = 10 * time.Minute

// page is a tab with one engine.
type page struct {
	engine engine
	tab    context.Context
}

// openPage opens the page of an engine in a new tab, once the tab is prepared. The tab
// closes with the browser.
func openPage(browser context.Context, server *server, e engine, s setting, prepare ...func(tab context.Context) error) (*page, error) {
	tab, _ := chromedp.NewContext(browser)
	p := &page{e, tab}
	// A tab closes with the context of its first use, so this context must not be
	// the one of a single step.
	if err := chromedp.Do(tab); err != nil {
		return nil, err
	}
	for _, f := range prepare {
		if err := f(tab); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(tab, stepTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+e.address(s))); err != nil {
		return nil, fmt.Errorf("%s: cannot open the page: %w", e.title, err)
	}
	return p, nil
}

// call calls a method of the page's globalThis.bench.
func call[T any](p *page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.tab, stepTimeout)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T]("bench."+expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return value, fmt.Errorf("%s: bench.%s: %w", p.engine.title, expression, err)
	}
	return value, nil
}

// frame is the time of a frame, in milliseconds.
type frame struct {
	Total   float64 `json:"total"`
	Network float64 `json:"network"` // 0 if the engine does not report it
}

func (p *page) frames(n int) ([]frame, error) {
	return call[[]frame](p, fmt.Sprintf("frames(%d)", n))
}

// first returns the milliseconds from the start of the navigation to the first
// result.
func (p *page) first() (float64, error) { return call[float64](p, "first()") }

// scores are the scores of the patches of the last frame.
type scores struct {
	Rows    int    `json:"rows"`
	Cols    int    `json:"cols"`
	Classes int    `json:"classes"`
	Base64  string `json:"values"`
}

func (p *page) scores() (scores, error) { return call[scores](p, "scores()") }

// values returns the scores (Rows·Cols, Classes).
func (s scores) values() ([]float32, error) {
	raw, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil {
		return nil, err
	}
	values := make([]float32, len(raw)/4)
	_, err = binary.Decode(raw, binary.LittleEndian, values)
	return values, err
}
