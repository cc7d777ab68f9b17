package browsers

import (
	"context"
	"errors"
	"os"
	"testing"

	"segmenter/e2e/browser"
)

// all are the tests that every browser passes as it comes.
var all = []test{
	{"Photo", testPhoto},
	{"Float", testFloat},
	{"Threads", testThreads},
	{"Worker", testWorker},
	{"VideoAsPhoto", testVideoAsPhoto},
	{"LiveUpright", testLiveUpright},
	{"LiveAligned", testLiveAligned},
	{"Effects", testEffects},
	{"EffectsHide", testEffectsHide},
	{"PhotoEffects", testPhotoEffects},
	{"LiveFile", testLiveFile},
	{"LiveStream", testLiveStream},
	{"BrokenVideo", testBrokenVideo},
	{"LowWindow", testLowWindow},
	{"Models", testModels},
	{"Queue", testQueue},
	{"Offline", testOffline},
}

var states = []state{
	{name: "Chromium", kind: browser.Chromium, shares: true, tests: all},
	{
		name: "Chromium without SharedArrayBuffer", kind: browser.Chromium,
		Options: browser.Options{Before: `delete globalThis.SharedArrayBuffer`},
		tests:   []test{{"Photo", testPhoto}, {"Threads", testThreads}},
	},
	{name: "Firefox", kind: browser.Firefox, shares: true, tests: all},
	{
		name: "Firefox that resists fingerprinting", kind: browser.Firefox, shares: true,
		Options: browser.Options{Preferences: map[string]any{"privacy.resistFingerprinting": true}},
		tests:   []test{{"HiddenPixels", testHiddenPixels}},
	},
	{name: "WebKit", kind: browser.WebKit, tests: all},
	{
		name: "WebKit with SharedArrayBuffer", kind: browser.WebKit, shares: true,
		Options: browser.Options{Shared: true},
		tests:   []test{{"Photo", testPhoto}, {"Threads", testThreads}, {"Offline", testOffline}},
	},
}

func TestBrowsers(t *testing.T) {
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			ctx, cancel := limit()
			defer cancel()
			driver, err := s.launch(ctx)
			if errors.Is(err, browser.ErrMissing) && os.Getenv("CI") != "true" {
				t.Skip("skipped:", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { driver.Close() }()
			t.Log(s.kind, driver.Version())
			for _, test := range s.tests {
				t.Run(test.name, func(t *testing.T) {
					if !test.crashes(newVisit(t, s, driver)) {
						return
					}
					t.Log("the browser crashed: once more, in a new one")
					driver.Close()
					ctx, cancel := limit()
					defer cancel()
					if driver, err = s.launch(ctx); err != nil {
						t.Fatal(err)
					}
					if test.crashes(newVisit(t, s, driver)) {
						t.Fatal("the browser crashed twice")
					}
				})
			}
		})
	}
}

func (s state) launch(ctx context.Context) (browser.Driver, error) {
	driver, err := browser.Launch(ctx, s.kind, s.Options)
	if err != nil {
		return nil, err
	}
	return driver, driver.Resize(ctx, 1280, 900)
}

// crashes runs the test, and reports whether the browser crashed meanwhile, which WebKitGTK does
// now and then (an assertion of its GLib).
func (test test) crashes(v *visit) (crashed bool) {
	defer func() {
		if v.crashed && recover() != nil {
			crashed = true
		}
	}()
	test.run(v)
	return false
}
