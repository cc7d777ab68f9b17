package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"segmenter/model"
)

// libraryPage does nothing, not even ask for an icon.
var libraryPage = map[string][]byte{"library.html": []byte(`<!doctype html><link rel="icon" href="data:,">`)}

// library opens a page that does nothing and gives it the library, in threads.
// The workers are there to be ended: threads.workers holds them.
func (v *visit) library() {
	v.Helper()
	v.open("library.html")
	evaluate[bool](v, `import("./library/segmenter.js").then(({ Segmenter }) => {
		const workers = [];
		globalThis.Worker = class extends Worker {
			constructor(...args) {
				super(...args);
				workers.push(this);
			}
		};
		globalThis.threads = { Segmenter, workers };
		threads.load = async (name) => threads.photo = await createImageBitmap(await (await fetch(name)).blob());
		threads.start = async (count) => {
			threads.segmenter?.dispose();
			workers.length = 0;
			threads.segmenter = await Segmenter.create({ threads: count });
			return threads.segmenter.threads;
		};
		threads.allGone = async () => {
			while ((await navigator.locks.query()).held.length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
			return true;
		};
		threads.mask = async (options) => ({ Mask: (await threads.segmenter.segment(threads.photo, options)).mask.toBase64() });
		return threads.load("samples/chelsea.png").then(() => true);
	})`)
}

// start starts an engine and returns how many threads it has.
func (v *visit) start(threads string) int {
	v.Helper()
	return evaluate[int](v, `threads.start(`+threads+`)`)
}

// segment segments the library's photo.
func (v *visit) segment(o map[string]any) []byte {
	v.Helper()
	return evaluate[masked](v, `threads.mask(`+object(o)+`)`).Mask
}

// masked is what threads.mask returns.
type masked struct{ Mask []byte }

func object(o map[string]any) string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// ways are all ways through the network, small enough to be many.
var ways = []map[string]any{
	{"decoder": "mask", "size": 256},
	{"decoder": "mask", "size": 256, "refine": true},
	{"decoder": "linear", "size": 256},
	{"decoder": "mask", "size": 0, "window": 192, "stride": 128},
	{"decoder": "linear", "size": 0, "window": 192, "stride": 128},
}

// TestThreads holds the masks of every number of threads against those of one,
// byte by byte; and where nothing can be shared, there is one.
func TestThreads(t *testing.T) {
	var want [][]byte
	for _, bare := range []bool{false, true} {
		v := newVisit(t, "/", libraryPage)
		v.bare = bare
		v.library()
		if isolated := evaluate[bool](v, `crossOriginIsolated`); isolated == bare {
			t.Fatalf("isolated: %v", isolated)
		}
		for _, threads := range []int{1, 2, 3} {
			used := threads
			if bare {
				used = 1
			}
			if got := v.start(fmt.Sprint(threads)); got != used {
				t.Errorf("of %d threads, %d are used, expected %d", threads, got, used)
			}
			if got := evaluate[int](v, `threads.workers.length`); got != used {
				t.Errorf("%d threads have %d workers", used, got)
			}
			for i, way := range ways {
				mask := v.segment(way)
				if len(want) == i {
					want = append(want, mask)
				}
				if !slices.Equal(mask, want[i]) {
					t.Errorf("isolated %v, %d threads, %s: the mask is not that of one thread", !bare, threads, object(way))
				}
			}
		}
		// One thread a core, unless the page asks for another number.
		expected := `crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1`
		if got := v.start(""); got != evaluate[int](v, expected) {
			t.Errorf("without a wish there are %d threads", got)
		}
	}
}

// TestThreadsOfPage asks for a number in the address, and reads it on the page.
func TestThreadsOfPage(t *testing.T) {
	for _, test := range []struct {
		bare  bool
		query string
		facts string
	}{
		{false, "&threads=1", "1 thread"},
		{false, "&threads=3", "3 threads"},
		{true, "&threads=3", "1 thread"},
	} {
		v := newVisit(t, "/", nil)
		v.bare = test.bare
		v.open("?size=256&photo=samples/chelsea.png" + test.query)
		v.waitFor("done")
		facts := evaluate[string](v, `document.getElementById("facts").textContent`)
		if !strings.HasSuffix(facts, test.facts) {
			t.Errorf("%s: the page says %q, expected %q at the end", test.query, facts, test.facts)
		}
		v.agrees(samples+"/chelsea.png", model.Options{Decoder: model.Mask, Size: 256}, asInt8)
	}
}

// TestDeath ends ranks while they are idle and while they are at work: the
// photo is repeated by new ones, and its mask is the same.
func TestDeath(t *testing.T) {
	worker, err := os.ReadFile(dist + "/library/engine.worker.js")
	if err != nil {
		t.Fatal(err)
	}
	// The lock comes late: an engine is not there before its death would be noticed.
	worker = append([]byte(`
		const request = navigator.locks.request.bind(navigator.locks);
		navigator.locks.request = async (...args) => {
			await new Promise((resolve) => setTimeout(resolve, 200));
			return request(...args);
		};
		`), worker...)
	worker = append(worker, `
		self.addEventListener("message", ({ data }) => {
			if (data === "crash") setTimeout(() => { throw new Error("crashed by the test"); });
		});`...)
	v := newVisit(t, "/", map[string][]byte{"library.html": libraryPage["library.html"], "library/engine.worker.js": worker})
	v.library()
	whole, windows := ways[0], map[string]any{"decoder": "mask", "size": 0, "window": 192, "stride": 64}
	v.start("1")
	wantWhole, wantWindows := v.segment(whole), v.segment(windows)

	for _, test := range []struct{ threads, rank int }{{1, 0}, {2, 0}, {2, 1}, {3, 1}} {
		for _, end := range []string{`terminate()`, `postMessage("crash")`} {
			name := fmt.Sprintf("rank %d of %d, %s", test.rank, test.threads, end)
			v.start(fmt.Sprint(test.threads))
			evaluate[bool](v, fmt.Sprintf(`(threads.workers[%d].%s, threads.allGone())`, test.rank, end))
			if !slices.Equal(v.segment(whole), wantWhole) {
				t.Errorf("%s, idle: another mask", name)
			}
			if got := evaluate[int](v, `threads.workers.length`); got != 2*test.threads {
				t.Errorf("%s, idle: %d workers, expected %d and as many again", name, got, test.threads)
			}
			if test.rank > 0 && end != `terminate()` {
				continue // it hears of nothing before the photo is done
			}
			v.start(fmt.Sprint(test.threads))
			mask := evaluate[masked](v, fmt.Sprintf(`threads.mask({ ...%s, onProgress({ done }) {
				if (done === 2 && threads.workers.length === %d) threads.workers[%d].%s;
			} })`, object(windows), test.threads, test.rank, end)).Mask
			if !slices.Equal(mask, wantWindows) {
				t.Errorf("%s, at work: another mask", name)
			}
			if got := evaluate[int](v, `threads.workers.length`); got != 2*test.threads {
				t.Errorf("%s, at work: %d workers, expected %d and as many again", name, got, test.threads)
			}
		}
	}

	// Where every engine dies of a photo, that is said.
	v.start("2")
	code := evaluate[string](v, fmt.Sprintf(`threads.mask({ ...%s, onProgress({ done }) {
		if (done === 2) threads.workers.at(-1).terminate();
	} }).then(() => "done", (error) => error.code)`, object(windows)))
	if workers := evaluate[int](v, `threads.workers.length`); code != "internal" || workers != 4 {
		t.Errorf("a photo of which every engine dies: %q after %d workers", code, workers)
	}
	if !slices.Equal(v.segment(whole), wantWhole) {
		t.Error("after that: another mask")
	}
}

// TestAbortThreads gives up while ranks wait for each other.
func TestAbortThreads(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.library()
	v.start("2")
	want := v.segment(ways[0])
	code := evaluate[string](v, `threads.mask({ size: 0, window: 192, stride: 64, onProgress({ done }) {
		if (done === 2) threads.segmenter.abort();
	} }).then(() => "done", (error) => error.code)`)
	if code != "aborted" {
		t.Errorf("abort: %q", code)
	}
	if !slices.Equal(v.segment(ways[0]), want) {
		t.Error("after that: another mask")
	}
	if got := evaluate[int](v, `threads.workers.length`); got != 2 {
		t.Errorf("%d workers were started, expected two", got)
	}
}

// TestScores reads the network's scores of a photo: where all patches have one
// class, so has the mask.
func TestScores(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.library()
	v.start("2")
	mask := v.segment(ways[0])
	scores := evaluate[struct {
		Rows, Cols, Classes, Values int
		Best                        []int
	}](v, `threads.segmenter.scores().then(({ rows: Rows, cols: Cols, classes: Classes, values }) => ({
		Rows, Cols, Classes, Values: values.length,
		Best: Array.from({ length: Rows * Cols }, (_, patch) => {
			const row = values.subarray(Classes * patch, Classes * (patch + 1));
			return row.indexOf(Math.max(...row));
		}),
	}))`)
	// The photo of 451×300 pixels becomes 384×256.
	if scores.Rows != 16 || scores.Cols != 24 || scores.Classes != 38 || scores.Values != 16*24*38 {
		t.Fatalf("%d×%d patches, %d classes, %d values: expected 16×24, 38 and their product", scores.Rows, scores.Cols, scores.Classes, scores.Values)
	}
	same := 0
	for i, class := range scores.Best {
		x, y := (2*(i%24)+1)*451/(2*24), (2*(i/24)+1)*300/(2*16)
		if int(mask[y*451+x]) == class {
			same++
		}
	}
	if same < len(scores.Best)*9/10 {
		t.Errorf("the best class of a patch is that of the pixel in its middle in %d of %d patches, expected nine of ten", same, len(scores.Best))
	}
}
