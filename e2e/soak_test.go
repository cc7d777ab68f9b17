package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// memory returns the memory of the page and its workers after a garbage collection,
// in bytes.
func (v *visit) memory() int {
	v.Helper()
	return evaluate[int](v, `performance.measureUserAgentSpecificMemory().then(({ bytes }) => bytes)`)
}

// TestSoak runs the camera for the duration in the variable SOAK ("30s", "5m"), and
// watches the page's memory.
func TestSoak(t *testing.T) {
	text := os.Getenv("SOAK")
	if text == "" {
		t.Skip("skipped: SOAK sets how long, such as 30s")
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	eager := chromedp.Flag("enable-blink-features", "ForceEagerMeasureMemory")
	v := newVisitIn(t, withCamera(t, 320, 240, eager), "/", nil)
	v.open("?device=cpu&live=camera&effect=blur")
	v.waitFor("live")
	time.Sleep(length / 3) // caches fill, and the compiler finishes
	begin, first := v.memory(), v.frames()
	time.Sleep(length * 2 / 3)
	end, frames := v.memory(), v.frames()-first
	t.Logf("%d frames; %.1f MB at first, %.1f MB at the end", frames, float64(begin)/1e6, float64(end)/1e6)
	if frames < 20 {
		t.Errorf("the page segmented only %d frames in %v", frames, length*2/3)
	}
	// A leaked picture of a frame is 300 kB. Go's uncollected garbage varies by some
	// 10 MB.
	if grown := end - begin; grown > 100_000*frames {
		t.Errorf("memory grew by %d bytes per frame, to %d", grown/frames, end)
	}
}

// BenchmarkLive measures the frame rate of the live picture, with its overlay, for a
// camera of 256×256 pixels at 60 frames per second:
//
//	go test -run - -bench Live -benchtime 1x ./e2e
func BenchmarkLive(b *testing.B) {
	const span = 10 * time.Second
	for _, effect := range []string{"tint", "blur"} {
		b.Run(effect, func(b *testing.B) {
			v := newVisitIn(b, withCamera(b, 256, 256), "/", nil)
			v.open("?device=cpu&live=camera&detail=256&rate=60&effect=" + effect)
			v.waitFor("live")
			time.Sleep(5 * time.Second) // the browser optimises the code
			for b.Loop() {
				before, start := v.frames(), time.Now()
				time.Sleep(span)
				b.ReportMetric(float64(v.frames()-before)/time.Since(start).Seconds(), "frames/s")
			}
		})
	}
}
