package e2e

import (
	"encoding/json"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
)

// TestCompiledCode visits the page again and again with one profile, each time in a new browser,
// until Chromium has the engine's compiled code in its cache; then once more without the server.
// Chromium keeps the code once it has optimised a megabyte of it, which one visit that warms up does.
func TestCompiledCode(t *testing.T) {
	v := &visit{TB: t}
	v.site.Store(&shipped)
	server := httptest.NewServer(v.serve("/", nil))
	defer server.Close()
	v.url = server.URL + "/"
	profile := t.TempDir()

	const mostVisits = 4
	visits := 1
	for ; !v.finds(profile); visits++ {
		if visits == mostVisits {
			t.Fatalf("in %d visits, no engine came from the cache of compiled code", visits)
		}
	}
	t.Logf("visit %d had the compiled code", visits)
	v.down.Store(true)
	if !v.finds(profile) {
		t.Error("without the server, the engine did not come from the cache of compiled code")
	}
}

// finds visits the page with a photo in a new browser, and says whether a program came from Chromium's
// cache of compiled code.
func (v *visit) finds(profile string) bool {
	ctx, cancel, err := browser.Start(v.Context(), chromedp.UserDataDir(profile))
	v.must(err)
	defer cancel()
	v.tab = ctx
	var hits atomic.Int32
	complete := make(chan struct{})
	v.must(chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *tracing.EventDataCollected:
			for _, value := range event.Value {
				var entry struct{ Name string }
				if json.Unmarshal(value, &entry) == nil && entry.Name == "v8.wasm.moduleCacheHit" {
					hits.Add(1)
				}
			}
		case *tracing.EventTracingComplete:
			close(complete)
		}
	}))
	_, err = chromedp.Call(ctx, tracing.Start, tracing.StartParams{
		TransferMode: tracing.StartTransferModeReportEvents,
		TraceConfig:  &tracing.TraceConfig{IncludedCategories: []string{"disabled-by-default-devtools.timeline"}},
	})
	v.must(err)
	v.open("?threads=2&size=512&photo=samples/chelsea.png")
	v.waitFor("done")
	v.waitOffline()
	const warmUp = 3 * time.Second
	time.Sleep(warmUp)
	_, err = chromedp.Call(ctx, tracing.End, cdp.Empty{})
	v.must(err)
	select {
	case <-complete:
	case <-time.After(patience):
		v.Fatal("the browser did not end the trace")
	}
	v.must(chromedp.Cancel(ctx)) // unlike cancel, it lets the browser write its caches
	return hits.Load() > 0
}
