package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
	"golang.org/x/image/draw"

	"segmenter/e2e/browser"
)

// memory returns the memory of the page and its workers after a garbage collection,
// in bytes.
func (v *visit) memory() int {
	v.Helper()
	return evaluate[int](v, `performance.measureUserAgentSpecificMemory().then(({ bytes }) => bytes)`)
}

// TestSoak runs the camera for the duration in the variable SOAK ("30s", "5m"), and
// watches the page's memory.
func TestSoak(t *testing.T) {
	text := os.Getenv("SOAK")
	if text == "" {
		t.Skip("skipped: SOAK sets how long, such as 30s")
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	eager := chromedp.Flag("enable-blink-features", "ForceEagerMeasureMemory")
	v := newVisitIn(t, withCamera(t, 320, 240, eager), "/", nil)
	v.open("?device=cpu&live=camera&effect=blur")
	v.waitFor("live")
	time.Sleep(length / 3) // caches fill, and the compiler finishes
	begin, first := v.memory(), v.frames()
	time.Sleep(length * 2 / 3)
	end, frames := v.memory(), v.frames()-first
	t.Logf("%d frames; %.1f MB at first, %.1f MB at the end", frames, float64(begin)/1e6, float64(end)/1e6)
	if frames < 20 {
		t.Errorf("the page segmented only %d frames in %v", frames, length*2/3)
	}
	// A leaked picture of a frame is 300 kB. Go's uncollected garbage varies by some
	// 10 MB.
	if grown := end - begin; grown > 100_000*frames {
		t.Errorf("memory grew by %d bytes per frame, to %d", grown/frames, end)
	}
}

// BenchmarkLive measures the frame rate of the live picture, with its overlay, for a
// camera of 256×256 pixels at 60 frames per second:
//
//	go test -run - -bench Live -benchtime 1x ./e2e
func BenchmarkLive(b *testing.B) {
	const span = 10 * time.Second
	for _, effect := range []string{"tint", "blur"} {
		b.Run(effect, func(b *testing.B) {
			v := newVisitIn(b, withCamera(b, 256, 256), "/", nil)
			v.open("?device=cpu&live=camera&detail=256&rate=60&effect=" + effect)
			v.waitFor("live")
			time.Sleep(5 * time.Second) // the browser optimises the code
			for b.Loop() {
				before, start := v.frames(), time.Now()
				time.Sleep(span)
				b.ReportMetric(float64(v.frames()-before)/time.Since(start).Seconds(), "frames/s")
			}
		})
	}
}

// BenchmarkLatency measures how long a frame takes from the camera to the canvas, and how many do not get
// there: the camera is a canvas that shows a cat and, in 16 squares, the time as bits.
//
//	go test -run - -bench Latency -benchtime 1x ./e2e
func BenchmarkLatency(b *testing.B) {
	const span = 10 * time.Second
	for _, rate := range []int{30, 60} {
		b.Run(fmt.Sprint(rate, " a second"), func(b *testing.B) {
			v := newVisit(b, "/", libraryPage)
			v.allowed = []string{"willReadFrequently"}
			v.withLibrary("library.html")
			evaluate[bool](v, fmt.Sprintf(`(async () => {
				const size = 256, bits = 16, side = size / bits;
				const photo = await createImageBitmap(await (await fetch("samples/chelsea.png")).blob());
				const context = Object.assign(document.createElement("canvas"), { width: size, height: size }).getContext("2d");
				globalThis.seen = { drawn: 0, latencies: [] };
				setInterval(() => {
					context.drawImage(photo, 0, 0, size, size);
					const now = Math.round(performance.now()) %% (1 << bits);
					for (let i = 0; i < bits; i++) {
						context.fillStyle = (now >> i) & 1 ? "white" : "black";
						context.fillRect(side * i, 0, side, side);
					}
					seen.drawn++;
				}, 1000 / %[1]d);
				const segmenter = await library.Segmenter.create({ device: "cpu" });
				const live = await library.LiveSegmentation.start(segmenter, context.canvas.captureStream(%[1]d), {
					size, rate: %[1]d, effect: { kind: "none" },
					onFrame: () => {
						const { data } = live.canvas.getContext("2d").getImageData(0, side / 2, size, 1);
						let then = 0;
						for (let i = 0; i < bits; i++) then |= (data[4 * (side * i + side / 2)] > 127) << i;
						seen.latencies.push((Math.round(performance.now()) - then + (1 << bits)) %% (1 << bits));
					},
				});
				return true;
			})()`, rate))
			time.Sleep(5 * time.Second) // the browser optimises the code
			for b.Loop() {
				evaluate[bool](v, `(Object.assign(seen, { drawn: 0, latencies: [] }), true)`)
				time.Sleep(span)
				type seen struct {
					Drawn     int       `json:"drawn"`
					Latencies []float64 `json:"latencies"`
				}
				s := evaluate[seen](v, `seen`)
				slices.Sort(s.Latencies)
				shown := len(s.Latencies)
				b.ReportMetric(float64(shown)/span.Seconds(), "frames/s")
				b.ReportMetric(100*float64(s.Drawn-shown)/float64(s.Drawn), "%dropped")
				b.ReportMetric(s.Latencies[shown/2], "ms-median")
				b.ReportMetric(s.Latencies[shown*95/100], "ms-95th")
			}
		})
	}
}

// TestQueueSoak segments as many photos as the variable QUEUE says, of 3 megapixels each with a damaged
// one in the middle, saves them, and watches the page's memory and its long tasks.
func TestQueueSoak(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("QUEUE"))
	if err != nil {
		t.Skip("skipped: QUEUE sets how many photos, such as 200")
	}
	folder := manyPhotos(t, count)
	ctx, cancel, err := browser.Start(t.Context(), chromedp.Flag("enable-blink-features", "ForceEagerMeasureMemory"))
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	v := newVisitIn(t, ctx, "/", nil)
	downloads := v.downloads()
	v.first(`
		delete globalThis.showSaveFilePicker; // which needs a visitor
		globalThis.longestFrame = 0;
		let last = performance.now();
		requestAnimationFrame(function frame(now) {
			longestFrame = Math.max(longestFrame, now - last);
			last = now;
			requestAnimationFrame(frame);
		});`)
	v.open("?device=cpu")
	v.waitFor("ready")
	evaluate[bool](v, `(longestFrame = 0, true)`)
	tasks := v.traceTasks()
	begun := time.Now()
	v.drop(folder)
	ended := func() int {
		return evaluate[int](v, `document.querySelectorAll(".queue-list [data-state=done], .queue-list [data-state=failed]").length`)
	}
	var first, last int
	for quarter := 1; quarter <= 4; quarter++ {
		for ended() < quarter*count/4 {
			time.Sleep(200 * time.Millisecond)
		}
		last = v.memory()
		if quarter == 1 {
			first = last
		}
		process, _ := tabUse()
		t.Logf("%d photos after %v: %.0f MB of the page, %.0f MB of its process", ended(), time.Since(begun).Round(time.Second), float64(last)/1e6, float64(process)/1e6)
		v.screenshot(fmt.Sprintf("queue-soak-%d", quarter))
	}
	if failed := v.text("[data-state=failed] .queue-name"); failed != "damaged.jpg" || v.text("#queue-facts") != fmt.Sprintf("%d done · 1 failed", count-1) {
		t.Errorf("%q failed, and the queue says %q", failed, v.text("#queue-facts"))
	}
	t.Logf("the longest frame: %.0f ms; tasks over 50 ms of processor time:\n%s", evaluate[float64](v, `longestFrame`), strings.Join(tasks(), "\n"))
	if grown := last - first; grown > 30e6 {
		t.Errorf("memory grew by %d bytes for %d photos", grown, count*3/4)
	}
	for _, format := range []string{"png", "coco"} {
		evaluate[bool](v, `(longestFrame = 0, true)`)
		tasks := v.traceTasks()
		begun := time.Now()
		v.setField("queue-format", format)
		v.click("#queue-zip")
		for !strings.HasPrefix(v.text("#queue-saved"), "Saved the results") {
			time.Sleep(200 * time.Millisecond)
		}
		took := time.Since(begun)
		path, content := v.downloaded(downloads, "zip")
		os.Remove(path)
		t.Logf("saved as %s in %v: %d files, %.1f MB; %.0f MB of the page; the longest frame: %.0f ms; tasks over 50 ms of processor time:\n%s", format, took.Round(time.Second),
			len(unzip(t, content)), float64(len(content))/1e6, float64(v.memory())/1e6, evaluate[float64](v, `longestFrame`), strings.Join(tasks(), "\n"))
		evaluate[bool](v, `(document.getElementById("queue-saved").textContent = "", true)`)
	}
}

// traceTasks watches the page's thread. The function that it returns ends that, and returns the tasks
// that took more than 50 ms of the processor, however busy that is with other things, and what took
// most of each.
func (v *visit) traceTasks() func() []string {
	v.Helper()
	type event struct {
		Name     string
		Category string  `json:"cat"`
		Thread   int     `json:"tid"`
		At       float64 `json:"ts"` // μs
		Length   float64 `json:"dur"`
		Computed float64 `json:"tdur"`
		Data     struct {
			Name string
			Data map[string]any
		} `json:"args"`
	}
	var mu sync.Mutex
	var events []event
	done := make(chan struct{})
	ctx, stop := context.WithCancel(v.tab)
	v.must(chromedp.ListenBrowser(ctx, func(e any) {
		switch e := e.(type) {
		case *tracing.EventDataCollected:
			for _, value := range e.Value {
				var one event
				if json.Unmarshal(value, &one) == nil {
					mu.Lock()
					events = append(events, one)
					mu.Unlock()
				}
			}
		case *tracing.EventTracingComplete:
			close(done)
		}
	}))
	_, err := chromedp.CallBrowser(v.tab, tracing.Start, tracing.StartParams{TraceConfig: &tracing.TraceConfig{
		IncludedCategories: []string{"devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel", "__metadata"},
	}})
	v.must(err)
	return func() (long []string) {
		v.Helper()
		_, err := chromedp.CallBrowser(v.tab, tracing.End, cdp.Empty{})
		v.must(err)
		<-done
		stop()
		mu.Lock()
		defer mu.Unlock()
		pages := map[int]bool{}
		for _, e := range events {
			if e.Name == "thread_name" && e.Data.Name == "CrRendererMain" {
				pages[e.Thread] = true
			}
		}
		longest := 0.
		for _, task := range events {
			if task.Name == "RunTask" && pages[task.Thread] {
				longest = max(longest, task.Computed)
			}
			if task.Name != "RunTask" || task.Computed < 50_000 || !pages[task.Thread] {
				continue
			}
			var parts []string
			for _, e := range events {
				if e.Thread == task.Thread && e.At >= task.At && e.At < task.At+task.Length && e.Computed > task.Computed/4 && e.Name != "RunTask" {
					parts = append(parts, fmt.Sprintf("%s %.0f", e.Name, e.Computed/1000))
				}
			}
			long = append(long, fmt.Sprintf("%.0f ms (%.0f passed): %s", task.Computed/1000, task.Length/1000, strings.Join(parts, ", ")))
		}
		if longest == 0 {
			v.Error("no tasks were traced")
		}
		v.Logf("the longest task took %.0f ms of the processor", longest/1000)
		return long
	}
}

// manyPhotos returns a folder of photos of 2000×1500 pixels, parts of the samples, one of them damaged.
func manyPhotos(t *testing.T, count int) string {
	t.Helper()
	folder := t.TempDir()
	var pictures []image.Image
	for _, name := range []string{"china.jpg", "chelsea.png", "coffee.png", "astronaut.png"} {
		picture, _, err := image.Decode(bytes.NewReader(read(t, samples+"/"+name)))
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, picture)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range count {
		picture := pictures[i%len(pictures)]
		size := picture.Bounds().Size()
		width := size.X/2 + random.IntN(size.X/2)
		height := min(width*3/4, size.Y)
		from := image.Pt(random.IntN(size.X-width+1), random.IntN(size.Y-height+1))
		photo := image.NewRGBA(image.Rect(0, 0, 2000, 1500))
		draw.ApproxBiLinear.Scale(photo, photo.Rect, picture, image.Rectangle{from, from.Add(image.Pt(width, height))}, draw.Src, nil)
		var file bytes.Buffer
		if err := jpeg.Encode(&file, photo, nil); err != nil {
			t.Fatal(err)
		}
		name, content := fmt.Sprintf("%04d.jpg", i), file.Bytes()
		if i == count/2 {
			name, content = "damaged.jpg", content[:len(content)/3]
		}
		put(t, filepath.Join(folder, name), content)
	}
	return folder
}
