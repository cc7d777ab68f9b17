package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/chromedp"
)

// countPictures is JavaScript, for a page or a worker, that keeps every VideoFrame
// and ImageBitmap that is made there. What is closed or handed over has no size.
const countPictures = `
	globalThis.pictures = [];
	const kept = (picture) => (pictures.push(picture), picture);
	globalThis.VideoFrame = class extends VideoFrame {
		constructor(...args) {
			super(...args);
			kept(this);
		}
		static [Symbol.hasInstance](value) {
			return Object.getPrototypeOf(VideoFrame)[Symbol.hasInstance](value);
		}
	};
	const ofClass = Object.getPrototypeOf(VideoFrame).prototype;
	const { clone } = ofClass;
	ofClass.clone = function () { return kept(clone.call(this)); };
	const { transferToImageBitmap } = OffscreenCanvas.prototype;
	OffscreenCanvas.prototype.transferToImageBitmap = function () { return kept(transferToImageBitmap.call(this)); };
	const make = createImageBitmap;
	globalThis.createImageBitmap = async (...args) => kept(await make(...args));
	globalThis.openPictures = () => pictures.filter((picture) => (picture.codedWidth ?? picture.width) > 0).length;`

// liveHelpers is JavaScript that starts a Segmenter and a live picture of a moving
// square, and waits for frames.
const liveHelpers = `
	globalThis.seen = 0;
	globalThis.stream = () => {
		const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
		const context = canvas.getContext("2d");
		let x = 0;
		setInterval(() => {
			context.fillStyle = "grey";
			context.fillRect(0, 0, 64, 48);
			context.fillStyle = "red";
			context.fillRect(x++ % 64, 8, 16, 16);
		}, 20);
		return canvas.captureStream();
	};
	globalThis.pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
	globalThis.until = async (holds) => { while (!holds()) await pause(5); };
	globalThis.begin = async (options = {}, engine = {}) => {
		seen = 0;
		globalThis.segmenter = await library.Segmenter.create({ device: "cpu", threads: 2, ...engine });
		globalThis.live = await library.LiveSegmentation.start(segmenter, stream(), { size: 64, rate: 60, onFrame: () => seen++, ...options });
		await until(() => seen > 5);
	};
	globalThis.end = () => {
		live.stop();
		segmenter.dispose();
	};
	globalThis.frame = () => new VideoFrame(new Uint8Array(64 * 64 * 4), { format: "RGBA", codedWidth: 64, codedHeight: 64, timestamp: 0 });`

// TestFramesAreClosed ends live pictures and requests in every way: none leaves a
// VideoFrame or an ImageBitmap open, in the page or in a worker. Browsers complain of
// VideoFrames that nobody closed, and cameras may wait for their memory.
func TestFramesAreClosed(t *testing.T) {
	worker, err := os.ReadFile(dist + "/library/engine.worker.js")
	if err != nil {
		t.Fatal(err)
	}
	worker = append(worker, countPictures+`
		self.addEventListener("message", ({ data: { payload } }) => payload?.bitmap && kept(payload.bitmap));
		const channel = new BroadcastChannel("pictures");
		channel.onmessage = () => channel.postMessage(openPictures());`...)
	v := newVisit(t, "/", map[string][]byte{"library.html": libraryPage["library.html"], "library/engine.worker.js": worker})
	v.first(countPictures + `
		globalThis.workers = [];
		globalThis.Worker = class extends Worker {
			constructor(...args) {
				super(...args);
				workers.push(this);
				this.addEventListener("message", ({ data: { payload } }) => payload?.overlay && kept(payload.overlay));
			}
		};`)
	v.withLibrary("library.html")
	evaluate[bool](v, liveHelpers+`
		const channel = new BroadcastChannel("pictures");
		globalThis.leftOpen = async () => {
			const inWorkers = [];
			channel.onmessage = ({ data }) => inWorkers.push(data);
			channel.postMessage("count");
			await pause(300);
			const sum = inWorkers.reduce((a, b) => a + b, 0);
			return openPictures() + " in the page, " + sum + " in workers";
		};
		true`)

	for _, test := range []struct{ name, script string }{
		{"stopped", `await begin(); live.stop(); await pause(300); const left = await leftOpen(); segmenter.dispose(); return left`},
		{"a matte", `await begin({ effect: { kind: "blur" } }); live.stop(); await pause(300); const left = await leftOpen(); segmenter.dispose(); return left`},
		{"stopped in a frame", `await begin({ size: 256 }); live.stop(); await pause(1500); const left = await leftOpen(); segmenter.dispose(); return left`},
		{"disposed of in a frame", `await begin(); segmenter.dispose(); await pause(800)`},
		{"disposed of as a frame begins", `await begin();
			const { postMessage } = Worker.prototype;
			Worker.prototype.postMessage = function (message, transfer) {
				postMessage.call(this, message, transfer);
				if (message.type === "segment") segmenter.dispose();
			};
			await until(() => live.state === "failed");
			Worker.prototype.postMessage = postMessage;
			await pause(800)`},
		// Between two frames there is nothing to abort.
		{"aborted", `await begin(); await until(() => (segmenter.abort(), live.state === "failed")); await pause(500); const left = await leftOpen(); segmenter.dispose(); return left`},
		{"another device", `await begin(); await segmenter.useDevice("cpu"); await pause(300); end(); await pause(800)`},
		{"the listener throws", `await begin({ onFrame: () => { if (++seen > 8) throw new Error("of the test"); } });
			await until(() => live.state === "failed"); await pause(500); const left = await leftOpen(); segmenter.dispose(); return left`},
		{"a worker dies", `await begin(); workers.at(-1).terminate(); const before = seen; await until(() => seen > before + 5); end(); await pause(800)`},
		{"a worker fails", `await begin(); workers.at(-2).dispatchEvent(new MessageEvent("message", { data: { id: 0, type: "stopped", payload: { code: "internal", message: "of the test" } } }));
			const before = seen; await until(() => seen > before + 5); end(); await pause(800)`},
		{"an engine refuses", `await begin(); live.stop(); await pause(300);
			const { postMessage } = Worker.prototype;
			Worker.prototype.postMessage = function (message, transfer) {
				if (message.type === "segment") throw new DOMException("of the test", "DataCloneError");
				postMessage.call(this, message, transfer);
			};
			const mine = frame();
			const got = await outcome(segmenter.segment(mine, { size: 64, maskSize: "network" }));
			mine.close();
			Worker.prototype.postMessage = postMessage;
			if (got !== "no-image") return got;
			await pause(100); const left = await leftOpen(); segmenter.dispose(); return left`},
		{"requests in line", `await begin(); live.stop(); await pause(300);
			const controller = new AbortController();
			const mine = frame();
			const all = [controller.signal, controller.signal, undefined].map((signal) => segmenter.segment(mine, { size: 64, signal, overlay: true }));
			controller.abort();
			const last = segmenter.segment(mine, { size: 64 });
			mine.close();
			const got = String(await Promise.all([...all, last].map((promise) => promise.then((result) => (result.overlay?.close(), "done"), ({ code }) => code))));
			if (got !== "aborted,aborted,done,done") return got;
			await pause(300); const left = await leftOpen(); segmenter.dispose(); return left`},
		{"disposed of with a line", `await begin(); live.stop(); await pause(300);
			const mine = frame();
			const all = [1, 2, 3].map(() => segmenter.segment(mine, { size: 64, maskSize: "network", overlay: true }));
			mine.close();
			await pause(5);
			segmenter.dispose();
			await Promise.allSettled(all);
			await pause(800)`},
		{"aborted when the mask is there", `await begin(); live.stop(); await pause(300);
			const mine = frame();
			const controller = new AbortController();
			const asked = outcome(segmenter.segment(mine, { size: 64, overlay: true, signal: controller.signal, onProgress: ({ done, total }) => done === total && controller.abort() }));
			const painted = segmenter.paint();
			segmenter.abort();
			await Promise.allSettled([asked, painted]);
			mine.close();
			await pause(500); const left = await leftOpen(); segmenter.dispose(); return left`},
		{"a video without a frame", `await begin(); live.stop(); await pause(300);
			const video = document.createElement("video");
			const asked = outcome(segmenter.segment(video, { signal: AbortSignal.timeout(300) }));
			video.srcObject = document.createElement("canvas").captureStream();
			await asked;
			const lively = Object.assign(document.createElement("video"), { muted: true, srcObject: stream() });
			lively.play();
			(await library.decodePhoto(lively)).close();
			await pause(100); const left = await leftOpen(); segmenter.dispose(); return left`},
	} {
		left := evaluate[string](v, fmt.Sprintf(`(async () => { %s; return leftOpen(); })()`, test.script))
		if left != "0 in the page, 0 in workers" {
			t.Errorf("%s: left open are %s", test.name, left)
		}
		if made := evaluate[int](v, `pictures.splice(0).length`); made == 0 {
			t.Errorf("%s: no picture was made, so this tests nothing", test.name)
		}
	}
	// Chromium tells of the others, too: those that were on their way to a worker that ended.
	for range 3 {
		_, err := chromedp.Call(v.tab, heapprofiler.CollectGarbage, cdp.Empty{})
		v.must(err)
	}
	time.Sleep(12 * time.Second) // it looks every ten
}
