package e2e

import (
	"fmt"
	"testing"
)

// largePhoto makes a photo of so many megapixels of a sample, with a sensor's noise, as a JPEG; and
// segments it: photo, mask, width, height and matte are globals of the page.
func (v *visit) largePhoto(megapixels int) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`(async () => {
		const { Segmenter } = await import("./library/segmenter.js");
		const { applyEffect } = await import("./library/photo-effects.js");
		const sample = await createImageBitmap(await (await fetch("samples/chelsea.png")).blob());
		const scale = Math.sqrt(%d * 1e6 / (sample.width * sample.height));
		const canvas = new OffscreenCanvas(Math.round(sample.width * scale), Math.round(sample.height * scale));
		const context = canvas.getContext("2d");
		context.drawImage(sample, 0, 0, canvas.width, canvas.height);
		const tile = new ImageData(512, 512);
		for (let i = 0; i < tile.data.length; i += 4) tile.data.set([128 + 60 * (Math.random() - 0.5), 128 + 60 * (Math.random() - 0.5), 128, 40], i);
		const noise = new OffscreenCanvas(512, 512);
		noise.getContext("2d").putImageData(tile, 0, 0);
		context.fillStyle = context.createPattern(noise, "repeat");
		context.fillRect(0, 0, canvas.width, canvas.height);
		const photo = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
		const segmenter = await Segmenter.create({ device: "cpu" });
		const bitmap = await createImageBitmap(photo, { resizeWidth: Math.round(canvas.width * Math.min(1, Math.sqrt(12e6 / canvas.width / canvas.height))) });
		const { mask, width, height, classes } = await segmenter.segment(bitmap, { refine: true });
		const cat = classes.find(({ name }) => name === "cat").id;
		const start = performance.now();
		const matte = await segmenter.matte([cat]);
		const matteTime = performance.now() - start;
		segmenter.dispose();
		Object.assign(globalThis, { applyEffect, photo, bitmap, width, height, mask, matte, cat, matteTime });
		return true;
	})()`, megapixels))
}

// BenchmarkEffects measures effects on large photos, from the mask to the file: the least of some runs; and
// the longest task of the page meanwhile:
//
//	go test -run - -bench Effects -benchtime 1x ./e2e
func BenchmarkEffects(b *testing.B) {
	v := newVisit(b, "/", libraryPage)
	v.open("library.html")
	v.largePhoto(12)
	for _, effect := range []string{"cut", "blur", "grey", "tint"} {
		b.Run(effect, func(b *testing.B) {
			for b.Loop() {
				got := evaluate[struct{ Time, Post, Longest, Size float64 }](v, fmt.Sprintf(`(async () => {
					const best = { Time: Infinity, Post: Infinity, Longest: 0, Size: 0 };
					new PerformanceObserver((list) => {
						for (const { duration } of list.getEntries()) best.Longest = Math.max(best.Longest, duration);
					}).observe({ type: "longtask" });
					const post = Worker.prototype.postMessage;
					Worker.prototype.postMessage = function (...message) {
						const start = performance.now();
						post.apply(this, message);
						best.Post = Math.min(best.Post, performance.now() - start);
					};
					for (let run = 0; run < 5; run++) {
						const start = performance.now();
						const kept = { width, height, mask, matte, classes: [cat] };
						const blob = await applyEffect(bitmap, { kind: %q, colours: { [cat]: "#ff0000" }, radius: 50 }, kept);
						best.Time = Math.min(best.Time, performance.now() - start);
						best.Size = blob.size;
						await new Promise((resolve) => setTimeout(resolve, 100));
					}
					Worker.prototype.postMessage = post;
					return best;
				})()`, effect))
				b.ReportMetric(got.Time, "ms")
				b.ReportMetric(got.Post, "ms-post")
				b.ReportMetric(got.Longest, "ms-longest-task")
				b.ReportMetric(got.Size/1e6, "MB")
			}
		})
	}
}
