package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// maxFirstView is what the first view may weigh as it goes over the wire, in
// bytes, without the model.
const maxFirstView = 1_500_000

// TestFirstView weighs a first visit until the page takes photos.
func TestFirstView(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=cpu")
	v.waitFor("ready")
	weight, count := v.weight()
	t.Logf("the first view: %d requests, %d bytes, without the model", count, weight)
	if weight > maxFirstView {
		t.Errorf("the first view weighs %d bytes without the model, expected at most %d: see what was sent: %q", weight, maxFirstView, v.sent.all())
	}
	v.kept()
	weight, count = v.weight()
	t.Logf("with what is kept for later: %d requests, %d bytes, without the model", count, weight)

	v.requests.clear()
	v.sent.clear()
	v.open("?device=cpu")
	v.waitFor("ready")
	v.kept()
	t.Logf("a second visit: %q", v.requests.all())
	if n := len(v.requests.all()); n > 2 {
		t.Errorf("a second visit asks the server %d times, expected for the service worker at most", n)
	}
}

// weight sums up what the server has sent, and how often, without models.
func (v *visit) weight() (bytes, count int) {
	for _, line := range v.sent.all() {
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

// TestFirstPaint shows the page before the engine and the model are there.
func TestFirstPaint(t *testing.T) {
	for _, held := range []string{".wasm", "/models/"} {
		v := newVisit(t, "/", nil)
		v.held = held
		v.open("")
		var painted float64
		v.eventually(func() bool {
			painted = evaluate[float64](v, `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`)
			return painted > 0
		})
		t.Logf("without %s, the page is painted after %.0f ms", held, painted)
		if state := evaluate[string](v, `document.documentElement.dataset.state`); state != "loading" {
			t.Errorf("without %s, the page is %s", held, state)
		}
	}
}
