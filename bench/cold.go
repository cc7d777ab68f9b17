package main

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
)

// A connection is the way from the server to the browser; the zero value is this machine's own.
type connection struct {
	megabits float64 // a second
	latency  time.Duration
}

// connections are those of first visits. The second is about that of a phone.
var connections = []connection{{}, {9, 60 * time.Millisecond}}

func (c connection) String() string {
	if c == (connection{}) {
		return "localhost"
	}
	return fmt.Sprintf("%g Mbit/s and %d ms", c.megabits, c.latency.Milliseconds())
}

// emulate has a tab's requests take as long as with the connection. Those of its workers do not, but engines
// and models are requested by the page, whoever's they are.
func (c connection) emulate(tab context.Context) error {
	if c == (connection{}) {
		return nil
	}
	rate := c.megabits * 1e6 / 8
	_, err := chromedp.Call(tab, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{
			Latency: float64(c.latency.Milliseconds()), DownloadThroughput: rate, UploadThroughput: rate,
		}},
	})
	return err
}

// coldResults are the results of the engines with one connection, in their order.
type coldResults struct {
	connection connection
	engines    []coldResult
}

// coldResult holds an engine's measurements on first visits.
type coldResult struct {
	first                 []float64 // milliseconds from the start of the navigation to the first result
	library, model, total int64     // bytes of bodies, as sent
}

// settling is how long a browser has been open before a visit: those who visit a page started
// theirs long ago, and a new one is busy with itself.
const settling = 2 * time.Second

// measureCold visits the page of every engine several times, in turns, each time
// with a new browser and a new profile, so that all caches are empty.
func (b *benchmark) measureCold(ctx context.Context, c connection) (coldResults, error) {
	results := coldResults{c, make([]coldResult, len(b.engines))}
	for visit := range b.visits {
		for i := range b.engines {
			turn := (i + visit) % len(b.engines)
			if err := b.visit(ctx, b.engines[turn], c, &results.engines[turn]); err != nil {
				return results, err
			}
		}
	}
	return results, nil
}

func (b *benchmark) visit(ctx context.Context, e engine, c connection, r *coldResult) error {
	tabs, stop, err := browser.Start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	time.Sleep(settling)
	b.server.resetCount()
	p, err := openPage(tabs, b.server, e, firstVisit, c.emulate)
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
var firstVisit = setting{size: 512, threads: 0, jpeg: true}
