package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"segmenter/e2e/native"
	"segmenter/model"
)

// libraryPage is an empty page that does not even request an icon.
var libraryPage = map[string][]byte{"library.html": []byte(`<!doctype html><link rel="icon" href="data:,">`)}

// library opens an empty page and imports the library as threads.Segmenter. Tests
// can terminate its workers: threads.workers holds them.
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

// start starts an engine and returns its number of threads. An empty string asks for
// the default.
func (v *visit) start(threads string) int {
	v.Helper()
	return evaluate[int](v, `threads.start(`+threads+`)`)
}

// segment segments the library's photo.
func (v *visit) segment(o map[string]any) []byte {
	v.Helper()
	return evaluate[masked](v, `threads.mask(`+object(o)+`)`).Mask
}

// masked is the result of threads.mask.
type masked struct{ Mask []byte }

func object(o map[string]any) string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// pathOptions cover every path through the network, with small sizes for speed.
var pathOptions = []map[string]any{
	{"decoder": "mask", "size": 256},
	{"decoder": "mask", "size": 256, "refine": true},
	{"decoder": "linear", "size": 256},
	{"decoder": "mask", "size": 0, "window": 192, "stride": 128},
	{"decoder": "linear", "size": 0, "window": 192, "stride": 128},
}

// TestThreads compares the masks of several threads with those of one, byte by byte.
// Without shared memory, the engine must use one thread.
func TestThreads(t *testing.T) {
	var want [][]byte
	for _, bare := range []bool{false, true} {
		v := newVisit(t, "/", libraryPage)
		v.bare = bare
		v.library()
		if isolated := evaluate[bool](v, `crossOriginIsolated`); isolated == bare {
			t.Fatalf("cross-origin isolated: %v", isolated)
		}
		for _, threads := range []int{1, 2, 3} {
			used := threads
			if bare {
				used = 1
			}
			if got := v.start(fmt.Sprint(threads)); got != used {
				t.Errorf("asked for %d threads, the engine uses %d, expected %d", threads, got, used)
			}
			if got := evaluate[int](v, `threads.workers.length`); got != used {
				t.Errorf("the engine has %d workers for %d threads", got, used)
			}
			for i, options := range pathOptions {
				mask := v.segment(options)
				if len(want) == i {
					want = append(want, mask)
				}
				if !slices.Equal(mask, want[i]) {
					t.Errorf("isolated %v, %d threads, %s: the mask differs from that of one thread", !bare, threads, object(options))
				}
			}
		}
		// The default is one thread per core.
		expected := `crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1`
		if got := v.start(""); got != evaluate[int](v, expected) {
			t.Errorf("by default, the engine has %d threads", got)
		}
	}
}

// TestThreadsOfPage sets the number of threads in the address and reads it on the
// page.
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
		if facts := v.facts(); !strings.HasSuffix(facts, test.facts) {
			t.Errorf("%s: the facts are %q, expected %q at the end", test.query, facts, test.facts)
		}
		v.agrees(samples+"/chelsea.png", model.Options{Decoder: model.Mask, Size: 256}, native.Int8Agreement)
	}
}

// TestDeadWorkers kills workers while they are idle and while they compute. New
// workers must repeat the photo and return the same mask.
func TestDeadWorkers(t *testing.T) {
	worker, err := os.ReadFile(dist + "/library/engine.worker.js")
	if err != nil {
		t.Fatal(err)
	}
	// Each worker takes its lock late: an engine must not count as started before the
	// page can notice its death.
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
	whole, windows := pathOptions[0], map[string]any{"decoder": "mask", "size": 0, "window": 192, "stride": 64}
	v.start("1")
	wantWhole, wantWindows := v.segment(whole), v.segment(windows)

	for _, test := range []struct{ threads, rank int }{{1, 0}, {2, 0}, {2, 1}, {3, 1}} {
		for _, kill := range []string{`terminate()`, `postMessage("crash")`} {
			name := fmt.Sprintf("rank %d of %d, %s", test.rank, test.threads, kill)
			v.start(fmt.Sprint(test.threads))
			evaluate[bool](v, fmt.Sprintf(`(threads.workers[%d].%s, threads.allGone())`, test.rank, kill))
			if !slices.Equal(v.segment(whole), wantWhole) {
				t.Errorf("%s, idle: the mask differs", name)
			}
			if got := evaluate[int](v, `threads.workers.length`); got != 2*test.threads {
				t.Errorf("%s, idle: %d workers, expected 2 × %d", name, got, test.threads)
			}
			if test.rank > 0 && kill != `terminate()` {
				continue // it receives no message before the photo is done
			}
			v.start(fmt.Sprint(test.threads))
			mask := evaluate[masked](v, fmt.Sprintf(`threads.mask({ ...%s, onProgress({ done }) {
				if (done === 2 && threads.workers.length === %d) threads.workers[%d].%s;
			} })`, object(windows), test.threads, test.rank, kill)).Mask
			if !slices.Equal(mask, wantWindows) {
				t.Errorf("%s, computing: the mask differs", name)
			}
			if got := evaluate[int](v, `threads.workers.length`); got != 2*test.threads {
				t.Errorf("%s, computing: %d workers, expected 2 × %d", name, got, test.threads)
			}
		}
	}

	// If a photo kills every engine, the library reports an error.
	v.start("2")
	code := evaluate[string](v, fmt.Sprintf(`threads.mask({ ...%s, onProgress({ done }) {
		if (done === 2) threads.workers.at(-1).terminate();
	} }).then(() => "done", (error) => error.code)`, object(windows)))
	if workers := evaluate[int](v, `threads.workers.length`); code != "internal" || workers != 4 {
		t.Errorf("a photo that kills every engine: %q after %d workers", code, workers)
	}
	if !slices.Equal(v.segment(whole), wantWhole) {
		t.Error("after a photo that kills every engine: the mask differs")
	}
}

// TestAbortThreads aborts while ranks wait for each other.
func TestAbortThreads(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.library()
	v.start("2")
	want := v.segment(pathOptions[0])
	code := evaluate[string](v, `threads.mask({ size: 0, window: 192, stride: 64, onProgress({ done }) {
		if (done === 2) threads.segmenter.abort();
	} }).then(() => "done", (error) => error.code)`)
	if code != "aborted" {
		t.Errorf("abort: %q", code)
	}
	if !slices.Equal(v.segment(pathOptions[0]), want) {
		t.Error("after abort: the mask differs")
	}
	if got := evaluate[int](v, `threads.workers.length`); got != 2 {
		t.Errorf("the library started %d workers, expected two", got)
	}
}

// TestFeatures compares the features of a photo, with and without windows, by one thread
// and by three.
func TestFeatures(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.library()
	for _, options := range []string{`{ size: 256 }`, `{ size: 0, window: 192, stride: 128 }`} {
		var want string
		for _, threads := range []string{"1", "3"} {
			v.start(threads)
			got := evaluate[string](v, `(async () => {
				await threads.segmenter.segment(threads.photo, `+options+`);
				const { rows, cols, width, values } = await threads.segmenter.features();
				const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", values)).toHex();
				return [values.length % (rows * cols * width), width, hash].join();
			})()`)
			if !strings.HasPrefix(got, "0,192,") || want != "" && got != want {
				t.Errorf("%s, %s threads: features %q, expected those of one, %q", options, threads, got, want)
			}
			want = got
		}
	}
}

// TestScores reads the network's scores for a photo: the best class of a patch must
// mostly be the mask's class at the patch's centre.
func TestScores(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.library()
	v.start("2")
	mask := v.segment(pathOptions[0])
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
	// The library resizes the photo from 451×300 pixels to 384×256.
	if scores.Rows != 16 || scores.Cols != 24 || scores.Classes != 38 || scores.Values != 16*24*38 {
		t.Fatalf("got %d×%d patches, %d classes and %d values, expected 16×24, 38 and their product", scores.Rows, scores.Cols, scores.Classes, scores.Values)
	}
	same := 0
	for i, class := range scores.Best {
		x, y := (2*(i%24)+1)*451/(2*24), (2*(i/24)+1)*300/(2*16)
		if int(mask[y*451+x]) == class {
			same++
		}
	}
	if same < len(scores.Best)*9/10 {
		t.Errorf("the best class matches the mask in %d of %d patches, expected nine of ten", same, len(scores.Best))
	}
}
