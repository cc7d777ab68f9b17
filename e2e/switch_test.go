package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"segmenter/model/weights"
)

// withModels opens a page with the library, and a running segmenter. `names` tells
// what classes a model has.
func (v *visit) withModels(options string) {
	v.Helper()
	v.withLibrary("library.html")
	evaluate[bool](v, fmt.Sprintf(`(async () => {
		globalThis.segmenter = await library.Segmenter.create(%s);
		globalThis.photo = await (await fetch("samples/chelsea.png")).blob();
		globalThis.names = () => segmenter.segment(photo, { size: 64 }).then(({ classes }) => [...new Set(classes.map(({ id, name }) =>
			segmenter.model.classes[id].name === name ? segmenter.model.name : "another model's class"))].join());
		return true;
	})()`, options))
}

// switchFiles are a page for the library and models for it.
func switchFiles(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"library.html": libraryPage["library.html"],
		"zoo":          smallModel(t, "Zoo", "cat", "zebra", "lion"),
		"farm":         smallModel(t, "Farm", "cow", "barn"),
		"bad":          smallModel(t, "Zoo", "cat", "zebra", "lion")[:200_000],
	}
}

// TestUseModel switches models of the library, in every way that can fail.
func TestUseModel(t *testing.T) {
	for _, threads := range []int{1, 3} {
		t.Run(fmt.Sprint(threads, " threads"), func(t *testing.T) {
			files := switchFiles(t)
			v := newVisit(t, "/", files)
			v.withModels(fmt.Sprintf(`{ threads: %d, device: "cpu" }`, threads))
			v.expects("an address", "gave Zoo", `(async () => { await segmenter.useModel("zoo"); return outcome(names()); })()`)
			v.expects("a file", "gave Farm", `(async () => { await segmenter.useModel(await (await fetch("farm")).blob()); return outcome(names()); })()`)
			v.expects("bytes with a hash", "gave Zoo", fmt.Sprintf(`(async () => {
				await segmenter.useModel(await (await fetch("zoo")).arrayBuffer(), { sha256: "%x" });
				return outcome(names());
			})()`, sha256.Sum256(files["zoo"])))
			v.expects("another hash", "bad-model hash,gave Zoo", fmt.Sprintf(`(async () => String([
				await outcome(segmenter.useModel("farm", { sha256: "%x" })), await outcome(names())]))()`, sha256.Sum256(files["zoo"])))
			v.expects("a broken file", "network,gave Zoo", `(async () => String([await outcome(segmenter.useModel("bad")), await outcome(names())]))()`)
			v.expects("a broken blob", "bad-model,gave Zoo", `(async () => String([
				await outcome(segmenter.useModel(new Blob(["no model at all"]))), await outcome(names())]))()`)
			v.expects("a bad option", "bad-option,bad-option", `Promise.all([segmenter.useModel(7), segmenter.useModel("zoo", { sha256: "ab" })].map(outcome)).then(String)`)
			v.expects("two in a row", "aborted,gave undefined,gave Farm", `(async () => {
				const both = [segmenter.useModel("zoo"), segmenter.useModel("farm")].map(outcome);
				return String([...await Promise.all(both), await outcome(names())]);
			})()`)
			v.expects("photos before and after", "gave Farm,gave undefined,gave Zoo", `(async () => {
				const before = names();
				const change = segmenter.useModel("zoo");
				const during = await outcome(before);
				return String([during, await outcome(change), await outcome(names())]);
			})()`)
			v.expects("the signal", "aborted,gave Zoo", `(async () => String([
				await outcome(segmenter.useModel("farm", { signal: AbortSignal.abort() })), await outcome(names())]))()`)
			v.expects("abort", "aborted,gave Zoo", `(async () => {
				const change = outcome(segmenter.useModel("farm?again"));
				segmenter.abort();
				return String([await change, await outcome(names())]);
			})()`)
			v.expects("the mask of the model before", "bad-photo", `(async () => {
				await segmenter.useModel("farm");
				return outcome(segmenter.classAt(0, 0));
			})()`)
			v.expects("dispose", "disposed,disposed", `(async () => {
				const change = outcome(segmenter.useModel("zoo"));
				segmenter.dispose();
				return String([await change, await outcome(segmenter.useModel("zoo"))]);
			})()`)
		})
	}
}

// TestDeadWhileSwitching ends a worker while it loads a model: the engine starts again
// with the new one; a second death leaves the one before.
func TestDeadWhileSwitching(t *testing.T) {
	v := newVisit(t, "/", switchFiles(t))
	v.first(`const { postMessage } = Worker.prototype;
		globalThis.deaths = 0;
		Worker.prototype.postMessage = function (message, ...rest) {
			if (message.type === "load" && deaths > 0) {
				deaths--;
				this.terminate();
			}
			return postMessage.call(this, message, ...rest);
		};`)
	v.withModels(`{ threads: 2, device: "cpu" }`)
	v.expects("one death", "gave undefined,gave Zoo", `(async () => {
		deaths = 1;
		return String([await outcome(segmenter.useModel("zoo")), await outcome(names())]);
	})()`)
	v.expects("two deaths", "internal,gave Zoo", `(async () => {
		deaths = 4;
		const failed = await outcome(segmenter.useModel("farm"));
		deaths = 0;
		return String([failed, await outcome(names())]);
	})()`)
}

// TestSwitchWebGPU switches models on WebGPU.
func TestSwitchWebGPU(t *testing.T) {
	v := newVisitIn(t, withWebGPU(t), "/", switchFiles(t))
	v.withModels(`{ device: "webgpu", model: "farm" }`)
	v.expects("models on WebGPU", "webgpu,gave Farm,gave undefined,gave Zoo,bad-model,gave Zoo,webgpu", `(async () => {
		const steps = [segmenter.device, await outcome(names())];
		steps.push(await outcome(segmenter.useModel("zoo")), await outcome(names()));
		steps.push(await outcome(segmenter.useModel(new Blob(["no model at all"]))), await outcome(names()), segmenter.device);
		return String(steps);
	})()`)
}

// breaking serves a file, and breaks off after so many bytes of each answer.
type breaking struct {
	content []byte
	after   int
	ranges  recorder
	etag    string // "" = none
	once    bool   // only the first answer breaks off
}

func (b *breaking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "If-Range, Range")
	w.Header().Set("Access-Control-Expose-Headers", "ETag, Content-Range")
	if r.Method == http.MethodOptions {
		return
	}
	if b.etag != "" {
		w.Header().Set("ETag", b.etag)
	}
	after := b.after
	if b.once && len(b.ranges.all()) > 0 {
		after = len(b.content)
	}
	b.ranges.add(r.Header.Get("Range"))
	http.ServeContent(&breakingWriter{w, after}, r, "model.safetensors", time.Time{}, bytes.NewReader(b.content))
}

type breakingWriter struct {
	http.ResponseWriter
	left int
}

func (w *breakingWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		w.ResponseWriter.Write(p[:w.left])
		w.ResponseWriter.(http.Flusher).Flush()
		time.Sleep(50 * time.Millisecond) // the browser has what was sent
		panic(http.ErrAbortHandler)
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

// TestBrokenDownload downloads a model over a connection that breaks every two
// megabytes.
func TestBrokenDownload(t *testing.T) {
	everyday := new(bytes.Buffer)
	if _, err := everyday.ReadFrom(weights.Everyday()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, etag, options string
	}{
		{"with an entity tag", `"one"`, "{}"},
		{"with a hash", `W/"one"`, fmt.Sprintf("{ sha256: %q }", fmt.Sprintf("%x", sha256.Sum256(everyday.Bytes())))},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := &breaking{content: everyday.Bytes(), after: 2e6, etag: test.etag}
			files := httptest.NewServer(server)
			defer files.Close()
			v := newVisit(t, "/", switchFiles(t))
			v.allowed = []string{"ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONTENT_LENGTH_MISMATCH", "ERR_CONNECTION"}
			v.withModels(`{ threads: 2, device: "cpu", model: "zoo" }`)
			v.expects("the model", "gave Everyday 38", fmt.Sprintf(`(async () => {
				await segmenter.useModel("%s/model.safetensors", %s);
				return outcome(names());
			})()`, files.URL, test.options))
			ranges := server.ranges.all()
			t.Logf("%q", ranges)
			if len(ranges) != 4 || ranges[0] != "" {
				t.Fatalf("the requests have the ranges %q, expected the file and then three", ranges)
			}
			last := 0
			for _, text := range ranges[1:] {
				from, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(text, "bytes="), "-"))
				if err != nil || from <= last || from > last+2_000_000 {
					t.Errorf("the range %q does not follow %d", text, last)
				}
				last = from
			}
		})
	}
}

// TestBrokenFirstDownload starts a Segmenter over a connection that breaks: the ranks read the
// model while it arrives.
func TestBrokenFirstDownload(t *testing.T) {
	everyday := new(bytes.Buffer)
	if _, err := everyday.ReadFrom(weights.Everyday()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, want string
		server     *breaking
	}{
		{"goes on", "equal", &breaking{etag: `"one"`}},
		{"begins again when asked again", "network,equal", &breaking{once: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.server.content, test.server.after = everyday.Bytes(), 2e6
			files := httptest.NewServer(test.server)
			defer files.Close()
			v := newVisit(t, "/", libraryPage)
			v.allowed = []string{"ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONTENT_LENGTH_MISMATCH", "ERR_CONNECTION"}
			v.withLibrary("library.html")
			v.expects("the masks", test.want, fmt.Sprintf(`(async () => {
				const photo = await (await fetch("samples/chelsea.png")).blob();
				const maskOf = async (model) => {
					const segmenter = await library.Segmenter.create({ threads: 2, device: "cpu", model });
					const { mask } = await segmenter.segment(photo, { size: 128 });
					segmenter.dispose();
					return String(mask);
				};
				const address = "%s/model.safetensors", steps = [];
				const broken = await maskOf(address).catch(({ code }) => (steps.push(code), maskOf(address)));
				steps.push(broken === (await maskOf()) ? "equal" : "different");
				return String(steps);
			})()`, files.URL))
			t.Logf("%q", test.server.ranges.all())
		})
	}
}

// TestListModels asks the library for the site's models.
func TestListModels(t *testing.T) {
	files := streets(t)
	files["library.html"] = libraryPage["library.html"]
	files["other.json"] = []byte(`{}`)
	v := newVisit(t, "/", files)
	v.allowed = []string{"missing.json"}
	v.withLibrary("library.html")
	list := `library.listModels("models.json").then((models) => models.map(({ name, classes, stored }) => name + " " + classes.length + " " + stored).join())`
	v.expects("the list", "everyday 38 false,streets 4 false", list)
	v.expects("a model of the list", "everyday 38 false,streets 4 true", `(async () => {
		const [, { address }] = await library.listModels("models.json");
		const segmenter = await library.Segmenter.create({ model: address, threads: 1 });
		segmenter.dispose();
		for (let i = 0; i < 50 && !(await caches.match(address)); i++) await new Promise((resolve) => setTimeout(resolve, 20));
		return `+list+`;
	})()`)
	v.expects("no lists", "network list,network refused,bad-option", `Promise.all([
		library.listModels("other.json"), library.listModels("missing.json"), library.listModels("http://["),
	].map(outcome)).then(String)`)
}

// TestLiveSwitch switches the model of a live picture that hides its background, frame
// after frame: it never shows one of the background.
func TestLiveSwitch(t *testing.T) {
	v := newVisit(t, "/", switchFiles(t))
	v.allowed = []string{"willReadFrequently"}
	v.withModels(`{ threads: 2, device: "cpu" }`)
	v.expects("the live picture", "running,Farm,0", `(async () => {
		const canvas = Object.assign(document.createElement("canvas"), { width: 128, height: 96 });
		const context = canvas.getContext("2d");
		const draw = () => { context.fillStyle = "red"; context.fillRect(0, 0, 128, 96); };
		draw();
		const timer = setInterval(draw, 20);
		let shown = 0, frames = 0, done;
		const live = await library.LiveSegmentation.start(segmenter, canvas.captureStream(), {
			size: 64, decoder: "linear", effect: { kind: "colour", colour: "#00b140", classes: [] },
			onFrame: () => {
				const [red, green] = live.canvas.getContext("2d").getImageData(64, 48, 1, 1).data;
				if (red > 128 || green < 128) shown++;
				frames++;
				done?.();
			},
		});
		const more = async (count) => { for (let end = frames + count; frames < end; ) await new Promise((resolve) => (done = resolve)); };
		await more(3);
		for (const model of ["zoo", "farm", "library/models/everyday.safetensors", "farm"]) {
			await segmenter.useModel(model);
			await more(3);
		}
		const { state } = live;
		clearInterval(timer);
		live.stop();
		return [state, segmenter.model.name, shown].join();
	})()`)
}
