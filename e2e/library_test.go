package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"segmenter/e2e/native"
	"segmenter/model"
)

// photoFiles holds small files of photos, which tests of JavaScript use too.
const photoFiles = "../web/tests/files"

// outcome is JavaScript that waits for a promise and tells of its error's code and reason, or of what
// it gives.
const outcome = `globalThis.outcome = (promise) => Promise.race([
	promise.then((value) => "gave " + value, ({ code, reason, message }) => [code, reason].filter(Boolean).join(" ") || "no code: " + message),
	new Promise((resolve) => setTimeout(resolve, 20_000, "still waits")),
]);`

// withLibrary opens a page that has the library as `library`, and `outcome`.
func (v *visit) withLibrary(path string) {
	v.Helper()
	v.open(path)
	evaluate[bool](v, outcome+`
		Promise.all([import("./library/segmenter.js"), import("./library/live.js")]).then(([photos, live]) => {
			globalThis.library = { ...photos, ...live };
			return true;
		})`)
}

// expects holds what JavaScript gives against what is wanted.
func (v *visit) expects(what, want, expression string) {
	v.Helper()
	if got := evaluate[string](v, expression); got != want {
		v.Errorf("%s: %q, expected %q", what, got, want)
	}
}

// TestNoSharedMemory is a visit with a browser that isolates pages and yet gives
// them no memory to share, as WebKitGTK does.
func TestNoSharedMemory(t *testing.T) {
	for _, missing := range []string{"SharedArrayBuffer", "Atomics"} {
		v := newVisit(t, "/", nil)
		v.first(`delete globalThis.` + missing)
		v.open("?size=256&photo=samples/chelsea.png&threads=3")
		v.waitFor("done")
		if facts := v.facts(); !strings.HasSuffix(facts, "1 thread") || !evaluate[bool](v, `crossOriginIsolated`) {
			t.Errorf("without %s, the page says %q", missing, facts)
		}
		v.agrees(samples+"/chelsea.png", model.Options{Decoder: model.Mask, Size: 256}, native.Int8Agreement)
	}
}

// TestInWorker uses the library in a worker of the page.
func TestInWorker(t *testing.T) {
	v := newVisit(t, "/", map[string][]byte{
		"library.html": libraryPage["library.html"],
		"own/worker.js": []byte(`import { Segmenter } from "../library/segmenter.js";
			const found = async (options) => {
				const segmenter = await Segmenter.create(options);
				const { classes: [first] } = await segmenter.segment(await (await fetch("../samples/chelsea.png")).blob(), { size: 256 });
				segmenter.dispose();
				return first.name + " " + segmenter.threads;
			};
			const results = [await found({ threads: 2 }), await found({ threads: 1, model: "../library/models/everyday.safetensors" })];
			const { LiveSegmentation } = await import("../library/live.js");
			postMessage([...results, await LiveSegmentation.start().catch(({ code }) => code)].join());`),
	})
	v.open("library.html")
	v.expects("the worker", "cat 2,cat 1,unsupported", `new Promise((resolve, reject) => {
		const worker = new Worker("own/worker.js", { type: "module" });
		worker.onmessage = ({ data }) => resolve(data);
		worker.onerror = ({ message }) => reject(new Error(message));
	})`)
}

// TestNothingWaits has pictures that never arrive stand in the line.
func TestNothingWaits(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.withheld = "never.png"
	v.withLibrary("library.html")
	evaluate[bool](v, `(async () => {
		globalThis.segmenter = await library.Segmenter.create({ threads: 1, device: "cpu" });
		globalThis.file = await (await fetch("samples/chelsea.png")).blob();
		globalThis.image = (src) => Object.assign(new Image(), { src });
		globalThis.cat = (photo, options) => segmenter.segment(photo, { size: 64, ...options }).then(({ width }) => width);
		return true;
	})()`)
	v.expects("abort", "aborted,aborted,gave 451", `(() => {
		const both = [cat(image("never.png")), cat(file)];
		segmenter.abort();
		return Promise.all([...both, cat(file)].map(outcome)).then(String);
	})()`)
	v.expects("the signal", "aborted,gave 451", `(() => {
		const controller = new AbortController();
		const waiting = cat(image("never.png"), { signal: controller.signal });
		setTimeout(() => controller.abort(), 100);
		return Promise.all([waiting, cat(file)].map(outcome)).then(String);
	})()`)
	v.expects("decodePhoto", "aborted", `outcome(library.decodePhoto(image("never.png"), { signal: AbortSignal.timeout(50) }))`)
	// A stream that nobody draws shows no frame.
	v.expects("a live picture", "aborted", `outcome(library.LiveSegmentation.start(segmenter, document.createElement("canvas").captureStream(), { signal: AbortSignal.timeout(50) }))`)
	v.expects("a lazy image far below", "gave 451", `(() => {
		const lazy = Object.assign(new Image(), { loading: "lazy", src: "samples/chelsea.png?lazy" });
		lazy.style.cssText = "position: absolute; top: 99999px";
		document.body.append(lazy);
		return outcome(cat(lazy));
	})()`)
	v.expects("dispose", "disposed,disposed,disposed,disposed,disposed", `(() => {
		const { LiveSegmentation } = library;
		const waiting = [cat(image("never.png")), cat(file), segmenter.classAt(0, 0), LiveSegmentation.start(segmenter, document.createElement("video"))];
		setTimeout(() => segmenter.dispose(), 50);
		return Promise.all(waiting.map(outcome)).then(async (all) => String([...all, await outcome(cat(file))]));
	})()`)
}

// TestGivesUpLoading aborts the start of an engine: its downloads end.
func TestGivesUpLoading(t *testing.T) {
	for _, held := range []string{"/models/", "engine.wasm", "engine.worker.js"} {
		v := newVisit(t, "/", libraryPage)
		v.withheld = held
		v.withLibrary("library.html")
		v.expects(held, "aborted", `outcome(library.Segmenter.create({ threads: 2, signal: AbortSignal.timeout(500) }))`)
		if held == "engine.worker.js" {
			continue // Chromium goes on waiting for it, and has other workers wait too
		}
		v.eventually(func() bool { return len(v.givenUp.all()) > 0 })

		// Who still waits for the engine gets it.
		v.withheld = ""
		v.expects("another", "gave 2,aborted", `(() => {
			const controller = new AbortController();
			const first = library.Segmenter.create({ threads: 2 }).then(({ threads }) => threads);
			const second = library.Segmenter.create({ signal: controller.signal });
			controller.abort();
			return Promise.all([first, second].map(outcome)).then(String);
		})()`)
	}
}

// TestPolicies opens pages whose Content-Security-Policy forbids what the
// library needs: it names the directive.
func TestPolicies(t *testing.T) {
	policy := func(content string) []byte {
		return fmt.Appendf(nil, `<!doctype html><link rel="icon" href="data:,"><meta http-equiv="Content-Security-Policy" content="%s">`, content)
	}
	v := newVisit(t, "/", map[string][]byte{
		"wasm.html":    policy("script-src 'self'"),
		"worker.html":  policy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'"),
		"child.html":   policy("script-src 'self' 'wasm-unsafe-eval'; child-src 'none'"),
		"connect.html": policy("script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'"),
		"enough.html":  policy("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:"),
	})
	v.allowed = []string{"Content Security Policy", "Content Security policy"}
	for _, test := range []struct{ page, want string }{
		{"wasm", "unsupported csp script-src 'wasm-unsafe-eval'"},
		{"worker", "network csp worker-src"},
		{"child", "network csp worker-src"},
		{"connect", "network csp connect-src"},
		{"enough", "created"},
	} {
		v.withLibrary(test.page + ".html")
		got := evaluate[string](v, `library.Segmenter.create({ threads: 1 }).then(() => "created", ({ code, reason, values, message }) =>
			[code, reason, values.directive, values.source].filter(Boolean).join(" ") + "|" + message)`)
		found, message, _ := strings.Cut(got, "|")
		t.Log(message)
		if found != test.want {
			t.Errorf("%s: %q, expected %q", test.page, got, test.want)
		}
	}
}

// TestBadOptions gives every function options that it cannot have.
func TestBadOptions(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.withLibrary("library.html")
	failures := evaluate[[]string](v, `(async () => {
		const { Segmenter, LiveSegmentation, decodePhoto } = library;
		const segmenter = await Segmenter.create({ threads: 1, device: "cpu" });
		const photo = await decodePhoto(await (await fetch("samples/chelsea.png")).blob());
		await segmenter.segment(photo, { size: 64 });
		const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
		canvas.getContext("2d").fillRect(0, 0, 64, 64);
		const stream = canvas.captureStream();
		const live = await LiveSegmentation.start(segmenter, stream);
		const attempts = {
			create: [[{ threads: 1000 }], [{ model: 7 }], [{ model: "http://[" }], [{ device: "gpu" }], [{ onProgress: 1 }]].map((a) => () => Segmenter.create(...a)),
			segment: [{ size: 20000 }, { size: -1 }, { decoder: "x" }, { smoothing: 1 }, { window: 8 }, { overlay: 5 }, { overlay: { width: 9000 } }].map((o) => () => segmenter.segment(photo, o)),
			paint: [{ width: 9000 }, { borders: 99 }, { colours: { 99: "#ffffff" } }, { colours: { 1: "red" } }, null].map((o) => () => segmenter.paint(o)),
			classAt: [[-1, 0], [0.5, 0], ["0", 0], [451, 0], [0, 1e9]].map((a) => () => segmenter.classAt(...a)),
			probabilities: [-1, 38, 1.5, "1", undefined].map((id) => () => segmenter.probabilities(id)),
			matte: [3, [38], [-1], ["1"], undefined].map((ids) => () => segmenter.matte(ids)),
			useDevice: ["gpu", undefined].map((device) => () => segmenter.useDevice(device)),
			start: [{ size: 20000 }, { decoder: "x" }, { effect: { kind: "blur", classes: [99] } }, { onFrame: 1 }].map((o) => () => LiveSegmentation.start(segmenter, stream, o)),
			set: [{ size: 20000 }, { decoder: "x" }, { rate: 0 }, { effect: { kind: "colour", colour: "no colour" } }].map((o) => async () => live.set(o)),
		};
		const failures = [];
		for (const [name, list] of Object.entries(attempts)) {
			for (const [i, attempt] of list.entries()) {
				const code = await attempt().then(() => "nothing", ({ code, message }) => code ?? message);
				if (code !== "bad-option") failures.push(name + " " + i + ": " + code);
			}
		}
		return [...failures, live.state === "running" ? "" : live.state].filter(Boolean);
	})()`)
	if len(failures) > 0 {
		t.Errorf("%q", failures)
	}
}

// TestFrames has the library copy frames of videos.
func TestFrames(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.withLibrary("library.html")
	v.expects("a VideoFrame", "ImageBitmap 8×4 2×1 8", `(async () => {
		const { decodePhoto, shrinkPhoto } = library;
		const frame = new VideoFrame(new Uint8Array(4 * 4 * 4), { format: "RGBA", codedWidth: 4, codedHeight: 4, displayWidth: 8, displayHeight: 4, timestamp: 0 });
		const bitmap = await decodePhoto(frame);
		const sizes = [bitmap.width + "×" + bitmap.height];
		const small = await shrinkPhoto(bitmap, { maxPixels: 2, maxSide: 99 });
		return [bitmap.constructor.name, ...sizes, small.width + "×" + small.height, frame.displayWidth].join(" ");
	})()`)
	v.expects("a turned VideoFrame", "1×2 255,0,0,255,0,0,255,255", `(async () => {
		const pixels = new VideoFrame(Uint8Array.of(255, 0, 0, 255, 0, 0, 255, 255), { format: "RGBA", codedWidth: 2, codedHeight: 1, timestamp: 0 });
		const bitmap = await library.decodePhoto(new VideoFrame(pixels, { timestamp: 0, rotation: 90 }));
		const context = new OffscreenCanvas(1, 2).getContext("2d");
		context.drawImage(bitmap, 0, 0);
		return bitmap.width + "×" + bitmap.height + " " + context.getImageData(0, 0, 1, 2).data;
	})()`)
	v.expects("a closed VideoFrame", "no-image", `(() => {
		const frame = new VideoFrame(new Uint8Array(16), { format: "RGBA", codedWidth: 2, codedHeight: 2, timestamp: 0 });
		frame.close();
		return outcome(library.decodePhoto(frame));
	})()`)
	evaluate[bool](v, fmt.Sprintf(`%s.then((file) => {
		globalThis.address = URL.createObjectURL(file);
		globalThis.video = (preload, src = address) => Object.assign(document.createElement("video"), { preload, src });
		globalThis.sizeOf = (video) => outcome(library.decodePhoto(video).then(({ width, height }) => width + "×" + height));
		return true;
	})`, recorded("video/webm")))
	for _, preload := range []string{"none", "metadata", "auto"} {
		v.expects("a video that was never played, preload="+preload, "gave 320×240", fmt.Sprintf(`sizeOf(video(%q))`, preload))
	}
	v.allowed = []string{"404", "Failed to load resource"}
	v.expects("a video that is none", "no-image unplayable", `sizeOf(video("auto", "library.html"))`)
	v.expects("a video that is missing", "no-image unplayable", `sizeOf(video("auto", "missing.webm"))`)
	v.expects("a video without a source", "no-image unplayable", `sizeOf(document.createElement("video"))`)
	v.expects("a stream that has ended", "no-image ended", `(() => {
		const stream = document.createElement("canvas").captureStream();
		stream.getTracks()[0].stop();
		return sizeOf(Object.assign(document.createElement("video"), { srcObject: stream }));
	})()`)
	// The browser promises a frame that is not there yet.
	v.expects("a late frame", "gave 320×240", `(() => {
		const late = performance.now() + 400;
		globalThis.VideoFrame = class extends VideoFrame {
			constructor(...args) {
				if (performance.now() < late) throw new DOMException("Invalid source state", "InvalidStateError");
				super(...args);
			}
		};
		return sizeOf(video("auto"));
	})()`)
}

// recorded is JavaScript for a promise of a video of a cat, 320×240, that states
// its length.
func recorded(kind string) string {
	return fmt.Sprintf(`(async () => {
		const cat = await createImageBitmap(await (await fetch("samples/chelsea.png")).blob());
		const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
		const context = canvas.getContext("2d");
		context.drawImage(cat, 0, 0, 320, 240);
		const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: %[1]q });
		const parts = [];
		recorder.ondataavailable = ({ data }) => parts.push(data);
		recorder.start(); // parts by the second would leave the length out
		for (let i = 0; i < 20; i++) {
			context.drawImage(cat, i, 0, 320, 240);
			await new Promise((resolve) => setTimeout(resolve, 40));
		}
		recorder.stop();
		await new Promise((resolve) => (recorder.onstop = resolve));
		return new File(parts, "cat", { type: %[1]q });
	})()`, kind)
}

// TestVideoFile opens videos that state their length. The page's own recordings,
// which other tests open, do not: the page searches their ends, and has a frame
// after that.
func TestVideoFile(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.open("library.html")
	folder := t.TempDir()
	var files []string
	for _, kind := range []string{"webm", "mp4"} {
		if !evaluate[bool](v, fmt.Sprintf(`MediaRecorder.isTypeSupported("video/%s")`, kind)) {
			continue
		}
		content := evaluate[struct{ Bytes []byte }](v, recorded("video/"+kind)+`.then(async (file) => ({ Bytes: (await file.bytes()).toBase64() }))`)
		path := filepath.Join(folder, "cat."+kind)
		v.must(os.WriteFile(path, content.Bytes, 0o666))
		files = append(files, path)
	}
	for range 3 {
		for _, path := range files {
			v.open("?device=cpu&detail=128")
			v.waitFor("ready")
			v.choose(path)
			v.eventually(func() bool {
				if message := v.message(); message != "" {
					t.Fatalf("%s: %s", filepath.Base(path), message)
				}
				return v.frames() > 2
			})
		}
	}
}

// TestStreamEnds ends streams of which nobody is told.
func TestStreamEnds(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.withLibrary("library.html")
	evaluate[bool](v, `(async () => {
		globalThis.segmenter = await library.Segmenter.create({ threads: 1, device: "cpu" });
		globalThis.stream = () => {
			const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
			canvas.getContext("2d").fillRect(0, 0, 64, 64);
			return canvas.captureStream();
		};
		globalThis.states = (options) => new Promise((resolve, reject) => {
			const all = [];
			const onState = ({ state }) => {
				all.push(state);
				if (!["running", "paused"].includes(state)) resolve(String(all));
			};
			options({ size: 64, onState }).catch(reject);
		});
		return true;
	})()`)
	v.expects("a stream that has ended", "no-image ended", `(() => {
		const ended = stream();
		ended.getTracks()[0].stop();
		return outcome(library.LiveSegmentation.start(segmenter, ended));
	})()`)
	v.expects("a stream of sound", "no-image ended", `outcome(library.LiveSegmentation.start(segmenter, new AudioContext().createMediaStreamDestination().stream))`)
	v.expects("no source", "no-image", `outcome(library.LiveSegmentation.start(segmenter, document.createElement("canvas")))`)
	for _, end := range []string{`source.getTracks()[0].stop()`, `source.removeTrack(source.getTracks()[0])`} {
		v.expects(end, "running,ended", fmt.Sprintf(`states(async (options) => {
			const source = stream();
			await library.LiveSegmentation.start(segmenter, source, { ...options, onFrame: () => %s });
		})`, end))
	}
	v.expects("dispose", "running,failed", `states(async (options) => {
		await library.LiveSegmentation.start(segmenter, stream(), { ...options, onFrame: () => setTimeout(() => segmenter.dispose(), 100) });
	})`)
}

// TestWorkersInTurn starts workers together, except for more than two in WebKit where
// the service worker serves them.
func TestWorkersInTurn(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.first(`globalThis.log = [];
		globalThis.Worker = class extends Worker {
			constructor(...args) {
				super(...args);
				log.push("starts");
				this.addEventListener("message", ({ data: { type } }) => type === "here" && log.push("is here"));
			}
		};`)
	together, inTurn := "starts starts starts is here is here is here", "starts is here starts is here starts is here"
	for i, test := range []struct {
		isWebKit bool
		threads  int
		want     string
	}{
		{false, 3, together},
		{false, 3, together},
		{true, 3, inTurn},
		{true, 2, "starts starts is here is here"},
	} {
		if test.isWebKit {
			v.first(`Object.defineProperty(navigator, "vendor", { configurable: true, get: () => "Apple Computer, Inc." });`)
		}
		v.open(fmt.Sprint("?device=cpu&threads=", test.threads))
		v.waitFor("ready")
		if isServed := evaluate[bool](v, `navigator.serviceWorker.controller !== null`); isServed != (i > 0) {
			t.Errorf("visit %d: the service worker serves the page: %v", i, isServed)
		}
		if got := evaluate[string](v, `log.join(" ")`); got != test.want {
			t.Errorf("visit %d: the workers' log is %q, expected %q", i, got, test.want)
		}
		v.waitOffline()
	}
	v.down.Store(true)
	v.requests.clear()
	v.open("?size=256&device=cpu&threads=3")
	v.waitFor("ready")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" || !strings.HasSuffix(v.facts(), "3 threads") {
		t.Errorf("offline: %s, %s, %s", state, v.message(), v.facts())
	}
}

// TestHiddenPixels is a visit with a browser that gives noise for pixels, against
// fingerprinting, until the visitor allows the page to read them.
func TestHiddenPixels(t *testing.T) {
	rows, err := os.ReadFile(dist + "/library/photo-rows.js")
	if err != nil {
		t.Fatal(err)
	}
	const noise = `
		const { prototype } = OffscreenCanvasRenderingContext2D;
		const { getImageData } = prototype;
		prototype.getImageData = function (...place) {
			const image = getImageData.apply(this, place);
			if (!globalThis.isAllowed) crypto.getRandomValues(image.data.subarray(0, 65536));
			return image;
		};
		new BroadcastChannel("pixels").onmessage = () => (globalThis.isAllowed = true);`
	v := newVisit(t, "/", map[string][]byte{"library/photo-rows.js": append(rows, noise...)})
	v.open("?size=256&device=cpu")
	v.waitFor("ready")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "error" || !strings.Contains(v.message(), "hides the pixels") {
		t.Errorf("%s: %q", state, v.message())
	}
	v.screenshot("hidden-pixels")
	evaluate[bool](v, `(new BroadcastChannel("pixels").postMessage(""), true)`)
	time.Sleep(100 * time.Millisecond)
	if state := v.after(func() { v.click(".message.error button") }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.agrees(samples+"/chelsea.png", model.Options{Decoder: model.Mask, Size: 256}, native.Int8Agreement)
}

// TestOddFiles opens files whose bytes say what their names do not.
func TestOddFiles(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.open("?size=256&device=cpu")
	v.waitFor("ready")
	if state := v.after(func() { v.choose(filepath.Join(photoFiles, "exif6.webp")) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	if got := v.result(); got.Width != 48 || got.Height != 32 {
		t.Errorf("a WebP that is to be turned is %d×%d, expected 48×32", got.Width, got.Height)
	}
	v.agrees(filepath.Join(photoFiles, "exif6.webp"), model.Options{Decoder: model.Mask, Size: 256}, native.Int8Agreement)
	folder := t.TempDir()
	for name, test := range map[string]struct{ content, english, chinese string }{
		"a.jpg": {string(read(t, filepath.Join(photoFiles, "heic-named.jpg"))), "“a.jpg” is a HEIC photo", "HEIC照片"},
		"b.jpg": {"II*\x00\x08\x00\x00\x00", "“b.jpg” is a file of the kind TIFF", "是TIFF"},
		"c.jpg": {"\x00\x00\x00\x14ftypavif\x00\x00\x00\x00mif1", "“c.jpg” is a file of the kind AVIF", "是AVIF"},
	} {
		path := filepath.Join(folder, name)
		v.must(os.WriteFile(path, []byte(test.content), 0o666))
		for _, want := range []string{test.english, test.chinese} {
			if state := v.after(func() { v.choose(path) }); state != "error" || !strings.Contains(v.message(), want) {
				t.Errorf("%s: %s %q, expected %q", name, state, v.message(), want)
			}
			v.click("#language")
			v.dismiss()
			v.waitFor("done")
		}
	}

	v.withLibrary("library.html")
	evaluate[bool](v, `(document.body.innerHTML = "<input id=file type=file>", true)`)
	path := filepath.Join(folder, "photo.png")
	for _, change := range []func() error{
		func() error { return os.WriteFile(path, []byte("another, of another length"), 0o666) },
		func() error { return os.Remove(path) },
	} {
		v.must(os.WriteFile(path, read(t, samples+"/chelsea.png"), 0o666))
		v.must(os.Chtimes(path, time.Now(), time.Now().Add(-time.Hour)))
		v.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{path}))
		v.must(change())
		v.expects("a file that changed", "no-image changed", `outcome(library.decodePhoto(document.getElementById("file").files[0]))`)
	}
	if lines := v.console.all(); slices.ContainsFunc(lines, func(line string) bool { return !strings.Contains(line, "ERR_") }) {
		t.Errorf("on the console: %q", lines)
	}
	v.console.clear()
}
