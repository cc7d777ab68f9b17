package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"

	"segmenter/e2e/native"
	"segmenter/model"
	"segmenter/site/offline"
)

// changed returns the built site with a text replaced in one file and a new stamp,
// like another build.
func changed(t *testing.T, name, old, new string) fs.FS {
	t.Helper()
	files := make(map[string][]byte)
	err := fs.WalkDir(os.DirFS(dist), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path[0] == '.' || strings.HasSuffix(path, ".br") || strings.HasSuffix(path, ".gz") {
			return err
		}
		files[path], err = os.ReadFile(filepath.Join(dist, path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(files[name], []byte(old)) {
		t.Fatalf("%s does not hold %q", name, old)
	}
	files[name] = bytes.ReplaceAll(files[name], []byte(old), []byte(new))
	if files[offline.Worker], err = os.ReadFile(filepath.Join("../web", offline.Worker)); err != nil {
		t.Fatal(err)
	}
	if err := offline.Stamp(files); err != nil {
		t.Fatal(err)
	}
	served := make(fstest.MapFS)
	for path, content := range files {
		served[path] = &fstest.MapFile{Data: content}
	}
	return served
}

// retitled returns another build, which differs in the page's title.
func retitled(t *testing.T, title string) fs.FS {
	t.Helper()
	return changed(t, "index.html", "<title data-text=\"title\">Segmenter", "<title>"+title)
}

// waitOffline waits until the page says that it works offline, and returns the whole
// sentence.
func (v *visit) waitOffline() string {
	v.Helper()
	var text string
	v.eventually(func() bool {
		text = v.tryEvaluate(`document.querySelector("#offline:not([hidden])").textContent`)
		return strings.Contains(text, "Works offline")
	})
	return text
}

// tryEvaluate evaluates an expression, or returns "" while the page reloads.
func (v *visit) tryEvaluate(expression string) string {
	ctx, cancel := context.WithTimeout(v.tab, 5*time.Second)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		return ""
	}
	return value
}

// waitForTitle waits until the page has the given title and state.
func (v *visit) waitForTitle(title, state string) {
	v.Helper()
	v.eventually(func() bool {
		return strings.HasPrefix(v.tryEvaluate(`document.title + document.documentElement.dataset.state`), title+" – see what a photo is made of"+state)
	})
}

// countStored counts the cached responses, in all caches, whose address contains part.
func (v *visit) countStored(part string) int {
	v.Helper()
	return evaluate[int](v, fmt.Sprintf(`(async () => {
		let count = 0;
		for (const name of await caches.keys()) {
			for (const { url } of await (await caches.open(name)).keys()) count += url.includes(%q);
		}
		return count;
	})()`, part))
}

// damage deletes the cached responses whose address contains remove, and truncates
// those whose address contains cut.
func (v *visit) damage(remove, cut string) {
	v.Helper()
	if n := evaluate[int](v, fmt.Sprintf(`(async () => {
		let count = 0;
		for (const name of await caches.keys()) {
			const store = await caches.open(name);
			for (const request of await store.keys()) {
				if (request.url.includes(%q)) {
					await store.delete(request);
					count++;
				} else if (request.url.includes(%q)) {
					const { headers } = await store.match(request);
					const bytes = await (await store.match(request)).arrayBuffer();
					await store.put(request, new Response(bytes.slice(0, bytes.byteLength / 2), { headers }));
					count++;
				}
			}
		}
		return count;
	})()`, remove, cut)); n < 2 {
		v.Fatalf("the caches hold %d entries of %s and %s, expected at least 2", n, remove, cut)
	}
}

// TestOffline stops the server after the first visit.
func TestOffline(t *testing.T) {
	for _, path := range []string{"/", "/some/where/"} {
		t.Run(path, func(t *testing.T) {
			v := newVisit(t, path, nil)
			v.open("?size=256")
			t.Log(v.waitOffline())
			for _, width := range []int{390, 1280} {
				v.do(chromedp.EmulateViewport(int64(width), 900))
				evaluate[bool](v, `(scrollTo(0, document.body.scrollHeight), true)`)
				v.screenshot(fmt.Sprint("offline-", width))
			}
			evaluate[bool](v, `fetch("samples/rocket.jpg").then(({ ok }) => ok)`) // the page keeps it from now on
			if n := v.countStored("/models/"); n != 1 {
				t.Errorf("the page keeps the model %d times, expected once", n)
			}

			v.down.Store(true)
			v.requests.clear()
			v.open("?size=256")
			v.waitFor("ready")
			chelsea := filepath.Join(samples, "chelsea.png")
			if state := v.after(func() { v.choose(chelsea) }); state != "done" {
				t.Fatalf("%s: %s", state, v.message())
			}
			v.agrees(chelsea, model.Options{Decoder: model.Mask, Size: 256}, native.Int8Agreement)
			if !evaluate[bool](v, `crossOriginIsolated`) {
				t.Error("the page is not cross-origin isolated")
			}
			if scope := evaluate[string](v, `navigator.serviceWorker.getRegistration().then(({ scope }) => scope)`); scope != v.url {
				t.Errorf("the service worker's scope is %s, expected %s", scope, v.url)
			}
			if !evaluate[bool](v, `fetch("samples/rocket.jpg").then(({ ok }) => ok)`) {
				t.Error("the page did not keep a sample that it fetched")
			}
			v.waitOffline()
			v.open("examples/segment-photo.html")
			v.eventually(func() bool {
				return evaluate[string](v, `document.querySelector("output").textContent`) == "Choose a photo."
			})
			if requests := v.requests.all(); len(requests) > 0 {
				t.Errorf("the server answered although it is down: %q", requests)
			}
		})
	}
}

// TestUpdate visits a site that changes between visits.
func TestUpdate(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?size=256")
	v.waitOffline()

	// A page that would lose nothing updates at once.
	v.deploy(retitled(t, "Second"))
	v.open("?size=256")
	v.waitForTitle("Second", "ready")
	v.waitOffline()
	if n := v.countStored("/index.html"); n != 1 {
		t.Errorf("the page keeps %d versions of itself, expected one", n)
	}

	// While the page shows a photo, the visitor decides.
	v.deploy(retitled(t, "Third"))
	v.open("?size=256&photo=samples/chelsea.png")
	v.waitFor("done")
	v.eventually(func() bool { return strings.Contains(v.notices(), "new version") })
	v.waitForTitle("Second", "done")
	v.screenshot("update")
	evaluate[bool](v, `(document.querySelector(".message.notice button").click(), true)`)
	v.waitForTitle("Third", "done")

	// But not while another tab shows a photo.
	v.deploy(retitled(t, "Fourth"))
	other, cancel := chromedp.NewContext(v.tab)
	defer cancel()
	v.must(chromedp.Do(other))
	tab := v.tab
	v.tab = other
	v.open("?size=256&photo=samples/chelsea.png")
	v.waitForTitle("Third", "done")
	v.eventually(func() bool { return strings.Contains(v.notices(), "new version") })
	evaluate[bool](v, `(document.querySelector(".message.notice button").click(), true)`)
	v.eventually(func() bool { return strings.Contains(v.notices(), "Another tab") })
	v.tab = tab
	v.waitForTitle("Third", "done")
	v.must(chromedp.Cancel(other))                      // waits until the tab is closed
	evaluate[bool](v, `(sessionStorage.clear(), true)`) // as if time had passed
	v.open("?size=256")
	v.waitForTitle("Fourth", "ready")
}

// TestRepair damages the page's caches.
func TestRepair(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.allowed = []string{"SyntaxError"} // of modules that are cut
	v.open("?size=256")
	v.waitOffline()
	count := v.countStored("")

	for _, test := range [][2]string{
		{"/page/app.js", "/engine.wasm"}, {"/engine.worker.js", "/models/"}, {"/models/", "/index.html"},
		{"/page/legend.js", "/page/stage.js"}, {"/page/style.css", "/page/offline.js"}, {"/page/sizes.js", "/engine.worker.js"},
	} {
		evaluate[bool](v, `(sessionStorage.clear(), true)`) // as if time had passed
		v.damage(test[0], test[1])
		v.open("?size=256&photo=samples/chelsea.png")
		// Where the page cannot start, it starts again once the service worker has checked its files.
		v.eventually(func() bool { return v.tryEvaluate(`document.documentElement.dataset.state`) == "done" })
		if test[1] == "/page/offline.js" { // which would ask for a check; unstarted.js does
			v.open("?size=256&photo=samples/chelsea.png")
		}
		v.waitOffline()
		v.down.Store(true)
		v.open("?size=256")
		v.waitFor("ready")
		v.waitOffline() // this page's check is over
		v.down.Store(false)
	}
	if n := v.countStored(""); n != count+1 {
		t.Errorf("the page keeps %d files, expected %d and the sample", n, count)
	}

	// If the server has the missing file only in a new version, the page takes all files
	// of that version.
	v.damage("/page/stage.js", "/index.html")
	v.deploy(retitled(t, "Second"))
	v.open("?size=256")
	v.waitForTitle("Second", "ready")
	v.waitOffline()
}

// TestBareHost visits a host that cannot set headers: the page has threads from the
// second visit on.
func TestBareHost(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.bare = true
	v.open("?size=256&threads=2")
	v.waitOffline()
	if evaluate[bool](v, `crossOriginIsolated`) {
		t.Error("the first visit is already cross-origin isolated, so this tests nothing")
	}
	for _, down := range []bool{false, true} {
		v.down.Store(down)
		v.open("?size=256&threads=2")
		v.waitFor("ready")
		if state := v.after(func() { v.choose(filepath.Join(samples, "chelsea.png")) }); state != "done" {
			t.Fatalf("%s: %s", state, v.message())
		}
		if kind := evaluate[string](v, `fetch("library/engine.wasm").then(({ headers }) => headers.get("Content-Type"))`); kind != "application/wasm" {
			t.Errorf("the engine's content type is %s", kind)
		}
		if facts := v.facts(); !evaluate[bool](v, `crossOriginIsolated`) || !strings.HasSuffix(facts, "2 threads") {
			t.Errorf("the facts are %q, expected 2 threads", facts)
		}
	}
}

// TestFree makes the page delete the files that it keeps.
func TestFree(t *testing.T) {
	v := newVisit(t, "/some/where/", nil)
	v.open("?size=256")
	v.waitOffline()
	evaluate[bool](v, `caches.open("of another site").then((store) => store.put("/elsewhere", new Response("its"))).then(() => true)`)
	evaluate[bool](v, `(document.getElementById("offline-free").click(), true)`)
	v.eventually(func() bool {
		return strings.Contains(evaluate[string](v, `document.getElementById("offline").textContent`), "Nothing is kept")
	})
	if kept, others := v.countStored(v.url), v.countStored("/elsewhere"); kept != 0 || others != 1 {
		t.Errorf("%d files are left, and %d of another site, expected none and one", kept, others)
	}
	if state := v.after(func() { v.choose(filepath.Join(samples, "chelsea.png")) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	if n := v.countStored(v.url); n != 0 {
		t.Errorf("the page keeps %d files again", n)
	}
	v.open("?size=256")
	v.waitFor("ready")
	v.waitOffline()
}
