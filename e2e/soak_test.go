package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// memory is what the page and its workers hold once the garbage is collected, in
// bytes.
func (v *visit) memory() int {
	v.Helper()
	return evaluate[int](v, `performance.measureUserAgentSpecificMemory().then(({ bytes }) => bytes)`)
}

// TestSoak has the camera run and watches the memory of the page: half a minute,
// or as long as the environment's SOAK says ("5m").
func TestSoak(t *testing.T) {
	length := 30 * time.Second
	if wish := os.Getenv("SOAK"); wish != "" {
		var err error
		if length, err = time.ParseDuration(wish); err != nil {
			t.Fatal(err)
		}
	}
	eager := chromedp.Flag("enable-blink-features", "ForceEagerMeasureMemory")
	v := newVisitIn(t, withCamera(t, 320, 240, eager), "/", nil)
	v.open("?device=cpu&live=camera&effect=blur")
	v.waitFor("live")
	time.Sleep(length / 3) // caches fill, the compiler ends
	begin, first := v.memory(), v.frames()
	time.Sleep(length * 2 / 3)
	end, frames := v.memory(), v.frames()-first
	t.Logf("%d frames; %.1f MB at first, %.1f MB at the end", frames, float64(begin)/1e6, float64(end)/1e6)
	if frames < 20 {
		t.Errorf("%d frames were segmented in %v", frames, length*2/3)
	}
	// A picture of a frame that is not given back is 300 kB. What Go has not
	// collected yet goes up and down by some 10 MB.
	if grown := end - begin; grown > 100_000*frames {
		t.Errorf("memory grew by %d bytes a frame, to %d", grown/frames, end)
	}
}

// BenchmarkLive is the rate of the live picture, with its overlay, from a camera
// of 256×256 pixels at 60 frames a second:
//
//	go test -run - -bench Live -benchtime 1x ./e2e
func BenchmarkLive(b *testing.B) {
	const span = 10 * time.Second
	for _, effect := range []string{"tint", "blur"} {
		b.Run(effect, func(b *testing.B) {
			v := newVisitIn(b, withCamera(b, 256, 256), "/", nil)
			v.open("?device=cpu&live=camera&detail=256&rate=60&effect=" + effect)
			v.waitFor("live")
			time.Sleep(5 * time.Second) // the browser optimises meanwhile
			for b.Loop() {
				before, start := v.frames(), time.Now()
				time.Sleep(span)
				b.ReportMetric(float64(v.frames()-before)/time.Since(start).Seconds(), "frames/s")
			}
		})
	}
}
