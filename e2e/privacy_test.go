package e2e

import (
	"slices"
	"testing"
)

// TestForeignRequests tests the harness itself: a page without the site's policy
// contacts other hosts, from the page and from a worker. The harness must record both
// requests.
func TestForeignRequests(t *testing.T) {
	v := newVisit(t, "/", map[string][]byte{
		"leak.html": []byte(`<!doctype html><link rel="icon" href="data:,"><script src="leak.js"></script><script>new Worker("leak.js")</script>`),
		"leak.js":   []byte(`fetch("http://" + (self.document ? "page" : "worker") + ".example/photo").catch(() => {});`),
	})
	v.allowed = []string{".example/photo"}
	v.open("leak.html")
	want := []string{"GET page.example", "GET worker.example"}
	v.eventually(func() bool { return len(v.foreign.all()) == len(want) })
	got := v.foreign.all()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got the requests %q, want %q", got, want)
	}
	v.foreign.clear()
}
