package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"
	"golang.org/x/image/draw"
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

// TestLargePhoto cuts something out of a photo of so many megapixels as the variable LARGE says, such as
// 50, and watches the memory of the page's process.
func TestLargePhoto(t *testing.T) {
	megapixels, _ := strconv.Atoi(os.Getenv("LARGE"))
	if megapixels == 0 {
		t.Skip("skipped: LARGE sets how many megapixels, such as 50")
	}
	path := filepath.Join(t.TempDir(), "large.jpg")
	writeLargePhoto(t, path, megapixels)
	v := newVisit(t, "/", nil)
	folder := v.downloads()
	v.open("?device=cpu&size=384")
	v.waitFor("ready")
	watch := v.watchMemory()
	t.Logf("the page: %.0f MB", watch())
	if state := v.after(func() { v.choose(path) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	t.Logf("while the photo is opened and segmented: %.0f MB", watch())
	v.click("#studio-open")
	v.eventually(func() bool { return evaluate[bool](v, `document.querySelector("#edit") !== null`) })
	v.setField("edit-effect", "cut")
	v.settle()
	t.Logf("while the studio is opened: %.0f MB", watch())
	for _, effect := range []string{"cut", "blur"} {
		v.setField("edit-effect", effect)
		start := time.Now()
		v.forget(folder)
		v.click("#edit-png")
		for !evaluate[bool](v, `document.getElementById("progress").hidden`) {
			time.Sleep(100 * time.Millisecond)
		}
		took := time.Since(start)
		_, content := v.downloaded(folder, "png")
		peak := watch()
		picture, err := png.Decode(bytes.NewReader(content))
		v.must(err)
		size := picture.Bounds().Size()
		t.Logf("%s of %v: %v, %.0f MB", effect, size, took.Round(100*time.Millisecond), peak)
		if size.X*size.Y < 1e6*megapixels*99/100 {
			t.Errorf("the file has %v pixels", size)
		}
		if most := 500 + 5*float64(megapixels); peak > most { // the page, the decoded photo, and what waits to be freed
			t.Errorf("%s takes %.0f MB, expected at most %.0f", effect, peak, most)
		}
	}
}

// writeLargePhoto enlarges a sample, with noise.
func writeLargePhoto(t *testing.T, path string, megapixels int) {
	file, err := os.Open(samples + "/chelsea.png")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sample, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	size := sample.Bounds().Size()
	scale := math.Sqrt(1e6 * float64(megapixels) / float64(size.X*size.Y))
	large := image.NewRGBA(image.Rect(0, 0, int(math.Ceil(float64(size.X)*scale)), int(math.Ceil(float64(size.Y)*scale))))
	draw.BiLinear.Scale(large, large.Bounds(), sample, sample.Bounds(), draw.Src, nil)
	for i := range large.Pix {
		if i%4 < 3 {
			large.Pix[i] = uint8(max(0, min(255, int(large.Pix[i])+rand.IntN(13)-6)))
		}
	}
	out, err := os.Create(path)
	if err == nil {
		err = errors.Join(jpeg.Encode(out, large, &jpeg.Options{Quality: 92}), out.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// watchMemory reads the memory of the largest process that runs pages, again and again. The function that
// it returns gives the peak since its last call, in megabytes: the private memory, which Chromium's own task
// manager calls the memory footprint.
func (v *visit) watchMemory() func() float64 {
	v.Helper()
	info, err := chromedp.CallBrowser(v.tab, systeminfo.GetProcessInfo, cdp.Empty{})
	v.must(err)
	var mu sync.Mutex
	peak := 0.
	stop := make(chan struct{})
	v.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
			most := 0.
			for _, process := range info.ProcessInfo {
				if process.Type == "renderer" {
					most = max(most, residentMegabytes(process.ID))
				}
			}
			mu.Lock()
			peak = max(peak, most)
			mu.Unlock()
		}
	}()
	return func() float64 {
		time.Sleep(100 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		was := peak
		peak = 0
		return was
	}
}

// residentMegabytes is 0 where the system does not say it.
func residentMegabytes(process int64) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	total := 0
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		if name == "RssAnon" || name == "VmSwap" {
			kilobytes, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			total += kilobytes
		}
	}
	return float64(total) * 1024 / 1e6
}
