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

	"segmenter/model"
	"segmenter/site/offline"
)

// changed is the built site with other words in place of some, as another build
// would have made it.
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

// retitled is another build, with the page's title.
func retitled(t *testing.T, title string) fs.FS {
	t.Helper()
	return changed(t, "index.html", "<title data-text=\"title\">Segmenter", "<title>"+title)
}

// kept waits until the page says that it works offline, and returns what it says.
func (v *visit) kept() string {
	v.Helper()
	var said string
	v.eventually(func() bool {
		said = v.glance(`document.querySelector("#offline:not([hidden])").textContent`)
		return strings.Contains(said, "Works offline")
	})
	return said
}

// glance evaluates an expression, which is "" while the page is loaded again.
func (v *visit) glance(expression string) string {
	ctx, cancel := context.WithTimeout(v.tab, 5*time.Second)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		return ""
	}
	return value
}

// titled waits until the page has this title and is in a state.
func (v *visit) titled(title, state string) {
	v.Helper()
	v.eventually(func() bool {
		return strings.HasPrefix(v.glance(`document.title + document.documentElement.dataset.state`), title+" – see what a photo is made of"+state)
	})
}

// stored counts what is kept, by part of its address, over all stores.
func (v *visit) stored(part string) int {
	v.Helper()
	return evaluate[int](v, fmt.Sprintf(`(async () => {
		let count = 0;
		for (const name of await caches.keys()) {
			for (const { url } of await (await caches.open(name)).keys()) count += url.includes(%q);
		}
		return count;
	})()`, part))
}

// damage removes the entries whose address holds one part, and cuts those short
// whose address holds another.
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
		v.Fatalf("of %s and %s, %d are kept", remove, cut, n)
	}
}

// TestOffline takes the server away from a page that has been visited once.
func TestOffline(t *testing.T) {
	for _, path := range []string{"/", "/some/where/"} {
		t.Run(path, func(t *testing.T) {
			v := newVisit(t, path, nil)
			v.open("?size=256")
			t.Log(v.kept())
			for _, width := range []int{390, 1280} {
				v.do(chromedp.EmulateViewport(int64(width), 900))
				evaluate[bool](v, `(scrollTo(0, document.body.scrollHeight), true)`)
				v.screenshot(fmt.Sprint("offline-", width))
			}
			evaluate[bool](v, `fetch("samples/rocket.jpg").then(({ ok }) => ok)`) // is kept from now on
			if n := v.stored("/models/"); n != 1 {
				t.Errorf("the model is kept %d times, expected once", n)
			}

			v.gone.Store(true)
			v.requests.clear()
			v.open("?size=256")
			v.waitFor("ready")
			chelsea := filepath.Join(samples, "chelsea.png")
			if state := v.after(func() { v.choose(chelsea) }); state != "done" {
				t.Fatalf("%s: %s", state, v.message())
			}
			v.agrees(chelsea, model.Options{Decoder: model.Mask, Size: 256}, asInt8)
			if !evaluate[bool](v, `crossOriginIsolated`) {
				t.Error("the page is not cross-origin isolated")
			}
			if scope := evaluate[string](v, `navigator.serviceWorker.getRegistration().then(({ scope }) => scope)`); scope != v.url {
				t.Errorf("the service worker is at %s, expected %s", scope, v.url)
			}
			if !evaluate[bool](v, `fetch("samples/rocket.jpg").then(({ ok }) => ok)`) {
				t.Error("a sample that was used is not there")
			}
			v.kept()
			v.open("examples/segment-photo.html")
			v.eventually(func() bool {
				return evaluate[string](v, `document.querySelector("output").textContent`) == "Choose a photo."
			})
			if requests := v.requests.all(); len(requests) > 0 {
				t.Errorf("the server answered %q", requests)
			}
		})
	}
}

// TestUpdate visits a site that changes.
func TestUpdate(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?size=256")
	v.kept()

	// What a page would lose nothing by, it gets at once.
	v.deploy(retitled(t, "Second"))
	v.open("?size=256")
	v.titled("Second", "ready")
	v.kept()
	if n := v.stored("/index.html"); n != 1 {
		t.Errorf("%d versions of the page are kept, expected one", n)
	}

	// Where a photo is shown, the visitor decides.
	v.deploy(retitled(t, "Third"))
	v.open("?size=256&photo=samples/chelsea.png")
	v.waitFor("done")
	v.eventually(func() bool { return strings.Contains(v.notices(), "new version") })
	v.titled("Second", "done")
	v.screenshot("update")
	evaluate[bool](v, `(document.querySelector(".message.notice button").click(), true)`)
	v.titled("Third", "done")

	// Even then not while another tab shows one.
	v.deploy(retitled(t, "Fourth"))
	other, cancel := chromedp.NewContext(v.tab)
	defer cancel()
	v.must(chromedp.Do(other))
	tab := v.tab
	v.tab = other
	v.open("?size=256&photo=samples/chelsea.png")
	v.titled("Third", "done")
	v.eventually(func() bool { return strings.Contains(v.notices(), "new version") })
	evaluate[bool](v, `(document.querySelector(".message.notice button").click(), true)`)
	v.eventually(func() bool { return strings.Contains(v.notices(), "Another tab") })
	v.tab = tab
	v.titled("Third", "done")
	v.must(chromedp.Cancel(other))                      // which waits until the tab is gone
	evaluate[bool](v, `(sessionStorage.clear(), true)`) // as if some time had passed
	v.open("?size=256")
	v.titled("Fourth", "ready")
}

// TestRepair damages what is kept.
func TestRepair(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?size=256")
	v.kept()
	count := v.stored("")

	for _, test := range [][2]string{{"/page/app.js", "/engine.wasm"}, {"/engine.worker.js", "/models/"}, {"/models/", "/index.html"}} {
		v.damage(test[0], test[1])
		v.open("?size=256&photo=samples/chelsea.png")
		v.waitFor("done")
		v.kept()
		v.gone.Store(true)
		v.open("?size=256")
		v.waitFor("ready")
		v.gone.Store(false)
	}
	if n := v.stored(""); n != count+1 { // and the sample
		t.Errorf("%d files are kept, expected %d and the sample", n, count)
	}

	// Where the server has what is missing only in another version, all comes from there.
	v.damage("/page/stage.js", "/index.html")
	v.deploy(retitled(t, "Second"))
	v.open("?size=256")
	v.titled("Second", "ready")
	v.kept()
}

// TestBareHost gets threads from the second visit on where no header can be set.
func TestBareHost(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.bare = true
	v.open("?size=256&threads=2")
	v.kept()
	if evaluate[bool](v, `crossOriginIsolated`) {
		t.Error("the first visit is cross-origin isolated, hence no test")
	}
	for _, gone := range []bool{false, true} {
		v.gone.Store(gone)
		v.open("?size=256&threads=2")
		v.waitFor("ready")
		if state := v.after(func() { v.choose(filepath.Join(samples, "chelsea.png")) }); state != "done" {
			t.Fatalf("%s: %s", state, v.message())
		}
		if kind := evaluate[string](v, `fetch("library/engine.wasm").then(({ headers }) => headers.get("Content-Type"))`); kind != "application/wasm" {
			t.Errorf("the engine is served as %s", kind)
		}
		if facts := v.facts(); !evaluate[bool](v, `crossOriginIsolated`) || !strings.HasSuffix(facts, "2 threads") {
			t.Errorf("the page says %q", facts)
		}
	}
}

// TestFree has the page give back what it keeps.
func TestFree(t *testing.T) {
	v := newVisit(t, "/some/where/", nil)
	v.open("?size=256")
	v.kept()
	evaluate[bool](v, `caches.open("of another site").then((store) => store.put("/elsewhere", new Response("its"))).then(() => true)`)
	evaluate[bool](v, `(document.getElementById("offline-free").click(), true)`)
	v.eventually(func() bool {
		return strings.Contains(evaluate[string](v, `document.getElementById("offline").textContent`), "Nothing is kept")
	})
	if kept, others := v.stored(v.url), v.stored("/elsewhere"); kept != 0 || others != 1 {
		t.Errorf("%d files are kept, and %d of another site, expected none and one", kept, others)
	}
	if state := v.after(func() { v.choose(filepath.Join(samples, "chelsea.png")) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	if n := v.stored(v.url); n != 0 {
		t.Errorf("%d files are kept again", n)
	}
	v.open("?size=256")
	v.waitFor("ready")
	v.kept()
}
