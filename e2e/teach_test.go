package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// eyes are strokes on the cat of chelsea.png: two on its nose and forehead.
const eyes = `[{ points: [{ x: 220, y: 60 }, { x: 250, y: 110 }], width: 14 }, { points: [{ x: 190, y: 160 }, { x: 260, y: 170 }], width: 14 }]`

// TestTeach teaches the library a class that the model has under another name, so that it can be seen
// where it must be, and changes it in every way.
func TestTeach(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.library()
	var want string
	for _, threads := range []string{"1", "2"} {
		v.start(threads)
		got := evaluate[string](v, `(async () => {
			const { segmenter, photo } = threads;
			const options = { size: 256 };
			const share = async (name) => {
				const { classes } = await segmenter.segment(photo, options);
				return classes.find((one) => one.name === name)?.share ?? 0;
			};
			const before = await share("cat");
			const taught = await segmenter.teach({ photo, name: "Chelsea", strokes: `+eyes+`, size: 256 });
			const after = await share("Chelsea");
			await segmenter.teach({ photo, name: "Chelsea", strokes: [`+eyes+`[0]], size: 256 });
			const [again] = segmenter.taught;
			await segmenter.changeTaught("Chelsea", { off: true });
			const off = await share("Chelsea");
			await segmenter.changeTaught("Chelsea", { name: "our cat", colour: "#00ff00", off: false });
			const renamed = await share("our cat");
			const file = segmenter.exportTaught();
			const { id, name, colour } = segmenter.model.classes.at(-1);
			await segmenter.forget("our cat");
			const forgotten = segmenter.model.classes.length;
			await segmenter.importTaught(file);
			const opened = await share("our cat");
			await segmenter.importTaught(file, { own: true });
			const same = await share("our cat");
			return JSON.stringify({ before, taught, after, again, off, renamed, last: { id, name, colour }, forgotten, opened, same });
		})()`)
		if want != "" && got != want {
			t.Errorf("%s threads: %s\nexpected what one finds: %s", threads, got, want)
		}
		want = got
		t.Log(got)
	}
	for _, part := range []string{
		`"taught":{"name":"Chelsea","colour":"#`, `"off":false,"strokes":2,"id":38}`, `"again":{"name":"Chelsea"`, `"strokes":1,"id":38}`,
		`"off":0,`, `"last":{"id":38,"name":"our cat","colour":"#00ff00"},"forgotten":38`,
	} {
		if !strings.Contains(want, part) {
			t.Errorf("found %s\nexpected %s in it", want, part)
		}
	}
	if ok := evaluate[bool](v, fmt.Sprintf(`(({ before, after, renamed, opened, same }) => before > 0.3 && after > 0.2 && renamed > 0.1 && opened === renamed && same === renamed)(%s)`, want)); !ok {
		t.Errorf("shares: %s", want)
	}
}

// TestTeachRefusals is what cannot be taught.
func TestTeachRefusals(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.withLibrary("library.html")
	evaluate[bool](v, `(async () => {
		globalThis.segmenter = await library.Segmenter.create({ threads: 1, device: "cpu" });
		globalThis.photo = await (await fetch("samples/chelsea.png")).blob();
		return true;
	})()`)
	lesson := func(fields string) string {
		return `outcome(segmenter.teach({ photo, name: "x", size: 64, strokes: [{ points: [{ x: 9, y: 9 }], width: 4 }], ` + fields + ` }))`
	}
	v.expects("no name", "bad-option", lesson(`name: " "`))
	v.expects("no strokes", "bad-option", lesson(`strokes: []`))
	v.expects("strokes elsewhere", "bad-option", lesson(`strokes: [{ points: [{ x: 9e5, y: 9 }], width: 4 }]`))
	v.expects("no colour", "bad-option", lesson(`colour: "red"`))
	v.expects("no class", "bad-option", `outcome(segmenter.forget("x"))`)
	v.expects("no file", "bad-option", `outcome(segmenter.importTaught(new Blob(["no file"])))`)
	v.expects("a model", "bad-option", `fetch("library/models/everyday.safetensors").then((r) => r.blob()).then((file) => outcome(segmenter.importTaught(file)))`)
	v.expects("nothing was taught", "0 38", `segmenter.taught.length + " " + segmenter.model.classes.length`)
}

// stroke draws a line on the picture with the mouse; places are shares of its size.
func (v *visit) stroke(x1, y1, x2, y2 float64) {
	v.Helper()
	box := evaluate[struct{ X, Y, Width, Height float64 }](v, `(({ x: X, y: Y, width: Width, height: Height }) => ({ X, Y, Width, Height }))(document.getElementById("surface").getBoundingClientRect())`)
	at := func(kind input.DispatchMouseEventType, x, y float64) {
		_, err := chromedp.Call(v.tab, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: kind, X: box.X + x*box.Width, Y: box.Y + y*box.Height, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1,
		})
		v.must(err)
	}
	at(input.DispatchMouseEventTypeMousePressed, x1, y1)
	at(input.DispatchMouseEventTypeMouseMoved, (x1+x2)/2, (y1+y2)/2)
	at(input.DispatchMouseEventTypeMouseMoved, x2, y2)
	at(input.DispatchMouseEventTypeMouseReleased, x2, y2)
}

// shareOf is a class's share of the picture that is shown.
func (v *visit) shareOf(name string) float64 {
	return evaluate[float64](v, fmt.Sprintf(`segmenterPage.result.classes.find(({ name }) => name === %q)?.share ?? 0`, name))
}

// TestTeachPage teaches the page a class with the mouse and the keyboard, and comes back to it.
func TestTeachPage(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.openStudio("size=256", "teach")
	v.eventually(func() bool { return v.isShown("#surface") })
	evaluate[bool](v, `(document.getElementById("teach-name").textContent = "Chelsea", true)`)
	v.after(func() { v.stroke(0.45, 0.2, 0.55, 0.35) })
	v.after(func() { v.stroke(0.4, 0.55, 0.6, 0.55) })
	if share := v.shareOf("Chelsea"); share < 0.2 {
		t.Errorf("two strokes find %g of the picture, expected 0.2 or more", share)
	}
	v.eventually(func() bool {
		return evaluate[bool](v, `document.querySelector(".teach-status").textContent.includes("Chelsea")`)
	})
	v.screenshot("teach-desktop")
	v.after(func() { v.click(".teach-list input") })
	if share := v.shareOf("Chelsea"); share != 0 {
		t.Errorf("switched off, the class has %g of the picture", share)
	}
	v.after(func() { v.click(".teach-list input") })
	want := v.shareOf("Chelsea")
	v.open("?size=256&photo=samples/chelsea.png&device=cpu")
	v.waitFor("done")
	if share := v.shareOf("Chelsea"); share != want {
		t.Errorf("at the next visit, the class has %g of the picture, expected %g", share, want)
	}
	if loaded := evaluate[bool](v, `performance.getEntriesByType("resource").some(({ name }) => name.includes("teacher"))`); loaded {
		t.Error("the next visit loads the teacher")
	}
}

// TestTeachKeyboard teaches without a mouse, on a phone, in the other language, and runs axe-core.
func TestTeachKeyboard(t *testing.T) {
	source := readAxe(t)
	v := newVisit(t, "/", nil)
	v.emulate("prefers-color-scheme", "dark", "prefers-reduced-motion", "reduce")
	v.do(chromedp.EmulateViewport(360, 740))
	v.openStudio("size=256&lang=zh", "teach")
	v.eventually(func() bool { return v.isShown("#surface") })
	v.axe(source, "nothing taught")
	evaluate[bool](v, `(document.getElementById("surface").focus(), true)`)
	v.after(func() {
		evaluate[bool](v, `(() => {
			const surface = document.getElementById("surface");
			const press = (type, key) => surface.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
			press("keydown", " ");
			for (let i = 0; i < 5; i++) press("keydown", "ArrowLeft");
			press("keyup", " ");
			return true;
		})()`)
	})
	if share := v.shareOf("东西 1"); share < 0.1 {
		t.Errorf("a stroke finds %g of the picture, expected 0.1 or more", share)
	}
	v.eventually(func() bool { return v.isShown(".teach-list li") })
	v.checkChinese("teach")
	v.axe(source, "taught")
	v.screenshot("teach-phone")
	evaluate[bool](v, `(document.querySelector(".teach-list").scrollIntoView(), true)`)
	v.screenshot("teach-phone-list")
	if n := evaluate[int](v, `document.documentElement.scrollWidth - innerWidth`); n > 0 {
		t.Errorf("the page is %d pixels wider than the window", n)
	}
	v.after(func() { v.click("#teach-undo") })
	if share, listed := v.shareOf("东西 1"), v.isShown(".teach-list li"); share > 0 || listed {
		t.Errorf("without its stroke, the class has %g of the picture, listed %v", share, listed)
	}
}

// TestTeachLive shows a camera what was taught on a photo, and switches it off while it runs.
func TestTeachLive(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 640, 480), "/", nil)
	v.openStudio("size=256", "teach")
	v.eventually(func() bool { return v.isShown("#surface") })
	evaluate[bool](v, `(document.getElementById("teach-name").textContent = "Chelsea", true)`)
	v.after(func() { v.stroke(0.45, 0.2, 0.55, 0.35) })
	v.after(func() { v.stroke(0.4, 0.55, 0.6, 0.55) })
	v.click("[data-camera]")
	v.waitFor("live")
	listed := func() bool {
		return evaluate[bool](v, `document.getElementById("legend").textContent.includes("Chelsea")`)
	}
	v.eventually(listed)
	v.screenshot("teach-live")
}

// BenchmarkTeach measures the time from the last stroke to the new mask, at 512 pixels on two threads.
func BenchmarkTeach(b *testing.B) {
	v := newVisit(b, "/", nil)
	v.openStudio("size=512&threads=2", "teach")
	v.eventually(func() bool { return v.isShown("#surface") })
	v.after(func() { v.stroke(0.45, 0.2, 0.55, 0.35) }) // loads the teacher
	v.after(func() { v.stroke(0.4, 0.55, 0.6, 0.55) })
	for b.Loop() {
		v.after(func() { v.stroke(0.4, 0.25, 0.6, 0.3) })
	}
	b.ReportMetric(evaluate[float64](v, `segmenterPage.result.timings.total`), "ms-to-segment")
}
