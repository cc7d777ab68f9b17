package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"
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

// BenchmarkEffects measures effects on large photos, from the mask to the file, and the longest time that
// the page was busy meanwhile:
//
//	go test -run - -bench Effects -benchtime 1x ./e2e
func BenchmarkEffects(b *testing.B) {
	for _, megapixels := range []int{12} {
		v := newVisit(b, "/", libraryPage)
		v.open("library.html")
		v.largePhoto(megapixels)
		b.Logf("%d megapixels: the matte takes %.0f ms", megapixels, evaluate[float64](v, `matteTime`))
		for _, effect := range []string{"cut", "blur", "grey", "tint"} {
			for _, kind := range []string{"png", "webp"} {
				b.Run(fmt.Sprint(effect, "/", kind, "/", megapixels), func(b *testing.B) {
					for b.Loop() {
						got := evaluate[struct{ Time, Busy, Size float64 }](v, fmt.Sprintf(`(async () => {
							let [last, Busy, isOver] = [performance.now(), 0, false];
							const look = () => {
								const now = performance.now();
								Busy = Math.max(Busy, now - last);
								last = now;
								if (!isOver) setTimeout(look);
							};
							look();
							const start = performance.now();
							const blob = await applyEffect(bitmap, { kind: %q, colours: { [cat]: "#ff0000" }, radius: 50 }, { width, height, mask, matte, classes: [cat] }, { type: "image/" + %q });
							isOver = true;
							return { Time: performance.now() - start, Busy, Size: blob.size };
						})()`, effect, kind))
						b.ReportMetric(got.Time, "ms")
						b.ReportMetric(got.Busy, "ms-busy")
						b.ReportMetric(got.Size/1e6, "MB")
					}
				})
			}
		}
	}
}

var _ = os.Getenv
var _ = time.Now
