package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"segmenter/site/offline"
)

// maxFirstView returns the limit of the first view without the model, in bytes as sent.
// Cloudflare's runtime in the tests sends gzip.
func maxFirstView() int {
	if os.Getenv("E2E_UPSTREAM") == "worker" {
		return 1_320_000
	}
	return 1_000_000
}

// TestFirstView counts the bytes of a first visit until the page accepts photos: then
// it asks for the service worker, which fetches what is kept for later.
func TestFirstView(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=cpu")
	v.waitFor("ready")
	weight, count := v.weight(v.untilReady())
	t.Logf("the first view: %d requests, %d bytes, without the model", count, weight)
	if limit := maxFirstView(); weight > limit {
		t.Errorf("the first view has %d bytes without the model, expected at most %d; the server sent %q", weight, limit, v.sent.all())
	}
	v.waitOffline()
	weight, count = v.weight(v.sent.all())
	t.Logf("with the files that the page keeps for later: %d requests, %d bytes, without the model", count, weight)

	v.requests.clear()
	v.sent.clear()
	v.open("?device=cpu")
	v.waitFor("ready")
	v.waitOffline()
	t.Logf("a second visit: %q", v.requests.all())
	if n := len(v.requests.all()); n > 2 {
		t.Errorf("a second visit sends %d requests, expected at most 2, for the service worker", n)
	}
}

// untilReady returns what the server sent before the service worker.
func (v *visit) untilReady() []string {
	lines := v.sent.all()
	for i, line := range lines {
		if strings.HasSuffix(line, " /"+offline.Worker) {
			return lines[:i]
		}
	}
	return lines
}

// weight sums up the bytes that the server sent, and counts its responses, both
// without models.
func (v *visit) weight(lines []string) (bytes, count int) {
	for _, line := range lines {
		var size int
		var path string
		if _, err := fmt.Sscan(line, &size, &path); err != nil {
			v.Fatal(err)
		}
		if !strings.Contains(path, "/models/") {
			bytes, count = bytes+size, count+1
		}
	}
	return bytes, count
}

// TestFirstPaint withholds the engine or the model. The page must appear without
// them.
func TestFirstPaint(t *testing.T) {
	for _, withheld := range []string{".wasm", "/models/"} {
		v := newVisit(t, "/", nil)
		v.withheld = withheld
		v.open("")
		var painted float64
		v.eventually(func() bool {
			painted = evaluate[float64](v, `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`)
			return painted > 0
		})
		t.Logf("without %s, the page's first paint is after %.0f ms", withheld, painted)
		if state := evaluate[string](v, `document.documentElement.dataset.state`); state != "loading" {
			t.Errorf("without %s, the page's state is %s", withheld, state)
		}
	}
}
