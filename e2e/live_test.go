package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
)

// withCamera starts a browser that plays writeCamera's video as its camera and
// allows pages to use it.
func withCamera(t testing.TB, width, height int, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx, cancel, err := browser.Start(context.Background(), append(options,
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", writeCamera(t, width, height)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return ctx
}

// click clicks the first element that matches a selector.
func (v *visit) click(selector string) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`(document.querySelector(%q).click(), true)`, selector))
}

// setField changes a form field, by id or name, with the events of a visitor's input.
func (v *visit) setField(id, value string) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`((field) => {
		if (field.type === "checkbox") field.checked = %[2]q === "true";
		else field.value = %[2]q;
		field.dispatchEvent(new Event("input", { bubbles: true }));
		field.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})(document.getElementById(%[1]q) ?? document.querySelector("[name=" + %[1]q + "]"))`, id, value))
}

// frames returns the number of live frames that the page has shown.
func (v *visit) frames() int {
	v.Helper()
	return evaluate[int](v, `segmenterPage.live?.frames ?? 0`)
}

// moreFrames waits until the page has shown a few more frames.
func (v *visit) moreFrames() {
	v.Helper()
	before := v.frames()
	v.eventually(func() bool { return v.frames() >= before+5 || v.frames() < before })
}

// downloads makes the browser save downloads in a new folder.
func (v *visit) downloads() (folder string) {
	v.Helper()
	folder = v.TempDir()
	_, err := chromedp.CallBrowser(v.tab, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior:         cdpbrowser.SetDownloadBehaviorBehaviorAllow,
		BrowserContextID: chromedp.FromContext(v.tab).BrowserContextID,
		DownloadPath:     folder,
	})
	v.must(err)
	return folder
}

// downloaded waits for a download with the given extension.
func (v *visit) downloaded(folder, extension string) (path string, content []byte) {
	v.Helper()
	v.eventually(func() bool {
		found, _ := filepath.Glob(filepath.Join(folder, "*."+extension))
		if len(found) == 0 {
			return false
		}
		path = found[0]
		content, _ = os.ReadFile(path)
		return len(content) > 0
	})
	return path, content
}

// TestLive uses a camera: effects, a snapshot, and a recording, which it then
// plays. Meanwhile the page must send no request.
func TestLive(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 640, 480), "/", nil)
	folder := v.downloads()
	v.open("?device=cpu")
	v.waitFor("ready")
	v.click(".welcome [data-camera]")
	v.waitFor("live")
	v.moreFrames()
	v.screenshot("live")
	v.waitOffline() // then the service worker has all its files
	v.requests.clear()

	if facts := v.facts(); !strings.Contains(facts, "a second") {
		t.Errorf("for the live picture, the facts are %q", facts)
	}
	v.eventually(func() bool {
		return evaluate[bool](v, `document.getElementById("legend").textContent.includes("cat")`)
	})
	if !evaluate[bool](v, `document.querySelector("[name=mirror]").checked`) {
		t.Error("the page does not mirror the visitor's camera")
	}

	// The pixel (480, 40) is blue sky, which is background.
	v.allowed = []string{"willReadFrequently", "/icon.svg", "/service-worker.js"} // a warning about sky, and Chromium's own requests
	sky := func() []int {
		return evaluate[[]int](v, `((canvas) => [...canvas.getContext("2d").getImageData(480, 40, 1, 1).data])(document.querySelector("canvas.live"))`)
	}
	for _, effect := range []string{"tint", "blur", "colour", "cut", "grey", "none"} {
		v.setField("effect", effect)
		v.moreFrames()
		v.screenshot("live-" + effect)
		c := sky()
		spread := max(c[0], c[1], c[2]) - min(c[0], c[1], c[2])
		if effect == "cut" && c[3] != 0 || effect != "cut" && c[3] != 255 {
			t.Errorf("%s: the background has alpha %d", effect, c[3])
		}
		if effect == "colour" && (c[0] != 0x00 || c[1] != 0xb1 || c[2] != 0x40) {
			t.Errorf("the background is %v, expected #00b140", c)
		}
		if (effect == "grey") != (spread < 4) && effect != "cut" {
			t.Errorf("%s: the background is %v", effect, c)
		}
	}

	// After a click the page keeps the sky too. The address holds all settings.
	v.setField("effect", "colour")
	v.setField("live-detail", "128")
	v.eventually(func() bool { return evaluate[bool](v, `document.querySelector("[data-name=sky]") !== null`) })
	v.click("[data-name=sky]")
	v.moreFrames()
	if c := sky(); c[1] == 0xb1 && c[0] == 0 {
		t.Error("the page hides the sky, which it should keep")
	}
	search := evaluate[string](v, `location.search`)
	for _, part := range []string{"effect=colour", "live=camera", "detail=128", "keep=person,cat,dog,horse,cow,sheep,bird,sky"} {
		if !strings.Contains(search, part) {
			t.Errorf("the address has %q, expected %q in it", search, part)
		}
	}

	v.click("#live-snapshot")
	if _, content := v.downloaded(folder, "png"); !bytes.HasPrefix(content, []byte("\x89PNG")) {
		t.Error("the snapshot is not a PNG")
	}
	v.setField("effect", "tint")
	v.click("#live-record")
	v.screenshot("live-recording")
	time.Sleep(1500 * time.Millisecond)
	v.click("#live-record")
	recording, content := v.downloaded(folder, "webm")
	if !bytes.HasPrefix(content, []byte{0x1a, 0x45, 0xdf, 0xa3}) {
		t.Error("the recording is not a WebM")
	}

	v.click("#live-pause")
	v.eventually(func() bool { return evaluate[string](v, `document.documentElement.dataset.live`) == "paused" })
	v.click("#live-pause")
	v.moreFrames()
	for _, line := range v.requests.all() {
		if !v.isAllowed(line) {
			t.Errorf("the page sent a request while the camera ran: %s", line)
		}
	}

	// A reload restores the settings from the address.
	v.open(search)
	v.waitFor("live")
	v.moreFrames()
	if c := sky(); c[1] == 0xb1 && c[0] == 0 {
		t.Error("after a reload, the page does not keep the sky")
	}
	v.click("#live-stop")
	v.waitFor("ready")

	v.choose(recording)
	v.waitFor("live")
	v.moreFrames()
	v.screenshot("live-file")
	v.click("#live-pause")
	time.Sleep(300 * time.Millisecond)
	shown := v.frames()
	v.setField("seek", "100")
	v.eventually(func() bool { return v.frames() > shown })
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Errorf("a photo after the video: %s, %s", state, v.message())
	}
	if evaluate[bool](v, `document.querySelector("canvas.live") !== null`) {
		t.Error("the photo does not replace the video")
	}
	broken := filepath.Join(folder, "broken.webm")
	v.must(os.WriteFile(broken, []byte("no video"), 0o666))
	v.choose(broken)
	v.waitFor("error")
	if message := v.message(); !strings.Contains(message, "cannot play the video") {
		t.Errorf("for a broken video, the page says %q", message)
	}
}

// TestLiveRecordingHides records while the visitor looks at a class, and would
// look at the picture alone: the recording never shows what the effect hides.
func TestLiveRecordingHides(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 320, 240), "/", nil)
	v.allowed = []string{"willReadFrequently"} // the test's readings
	folder := v.downloads()
	v.open("?device=cpu&live=camera&detail=128&mirror=0&effect=colour&keep=cat")
	v.waitFor("live")
	// Here there is blue sky.
	sky := func() []int {
		return evaluate[[]int](v, `[...document.querySelector("canvas.live").getContext("2d").getImageData(80, 20, 1, 1).data]`)
	}
	isHidden := func() bool {
		c := sky()
		return c[0] < 24 && c[1] > 150 && c[1] < 200 && c[2] > 40 && c[2] < 90
	}
	v.moreFrames()
	if !isHidden() {
		t.Fatalf("the sky is %v, expected the colour", sky())
	}
	v.eventually(func() bool { return evaluate[bool](v, `document.querySelector("#legend [data-class-id]") !== null`) })
	v.click("#legend .item") // which pins it
	v.eventually(func() bool { return !isHidden() })

	v.click("#live-record")
	if !evaluate[bool](v, `document.getElementById("compare").disabled`) {
		t.Error("while it records, the page offers to compare")
	}
	v.moreFrames()
	evaluate[bool](v, `(document.getElementById("frame").dispatchEvent(new PointerEvent("pointerdown", { pointerType: "mouse", button: 0, bubbles: true })), true)`)
	v.moreFrames()
	v.moreFrames()
	if !isHidden() {
		t.Errorf("while it records, the sky is %v", sky())
	}
	time.Sleep(500 * time.Millisecond)
	v.click("#live-record")
	v.eventually(func() bool { return !isHidden() }) // the class is pinned as before
	recording, _ := v.downloaded(folder, "webm")

	v.choose(recording)
	v.eventually(func() bool { return evaluate[bool](v, `!document.getElementById("seek-row").hidden`) }) // the camera is gone
	v.setField("effect", "none")
	// The first frame of the recording, since the camera's are forgotten.
	v.eventually(func() bool { return evaluate[string](v, `segmenterPage.live?.effect.kind ?? ""`) == "none" })
	for range 20 {
		if !isHidden() {
			t.Fatalf("in the recording, the sky is %v", sky())
		}
		before := v.frames()
		v.eventually(func() bool { return v.frames() != before })
	}
}

// TestLiveLosses hides the tab, disconnects the camera, and denies the camera.
func TestLiveLosses(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 320, 240), "/", nil)
	v.open("?device=cpu&live=camera&detail=128")
	v.waitFor("live")
	v.moreFrames()
	hide := func(hidden bool) {
		evaluate[bool](v, fmt.Sprintf(`(Object.defineProperty(document, "hidden", { configurable: true, get: () => %v }),
			document.dispatchEvent(new Event("visibilitychange")))`, hidden))
	}
	hide(true)
	time.Sleep(300 * time.Millisecond) // for the frame in progress
	before := v.frames()
	time.Sleep(500 * time.Millisecond)
	if after := v.frames(); after != before {
		t.Errorf("the page segmented %d frames in a hidden tab", after-before)
	}
	hide(false)
	v.moreFrames()

	// Stopping a track fires no event, but unplugging its camera does. So the test keeps
	// the stream and fires the event.
	evaluate[bool](v, `(navigator.mediaDevices.getUserMedia = ((ask) => (...wishes) => ask(...wishes).then((stream) => (globalThis.stream = stream)))(
		navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)), true)`)
	v.click("#live-stop")
	v.waitFor("ready")
	v.click(".welcome [data-camera]")
	v.waitFor("live")
	v.moreFrames()
	evaluate[bool](v, `stream.getVideoTracks()[0].dispatchEvent(new Event("ended"))`)
	v.eventually(func() bool { return strings.Contains(v.notices(), "The camera was disconnected") })
	v.screenshot("live-lost")
	v.click(".message.notice button")
	v.waitFor("live")
	v.moreFrames()

	evaluate[bool](v, `(navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); }, true)`)
	v.click("#live-stop")
	v.waitFor("ready")
	v.click(".welcome [data-camera]")
	v.waitFor("error")
	v.screenshot("live-refused")
	if message := v.message(); !strings.Contains(message, "allow it for this page") {
		t.Errorf("without permission for the camera, the page says %q", message)
	}
}

// TestLiveWebGPU segments the camera on the GPU, then kills the GPU process.
func TestLiveWebGPU(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 320, 240, browser.SoftwareGPU...), "/", nil)
	v.allowed = []string{"Instance reference no longer exists", "willReadFrequently"} // on the loss; about the test's reading
	v.open("?device=webgpu&live=camera&detail=128&effect=cut&keep=cat")
	v.waitFor("live")
	v.moreFrames()
	v.screenshot("live-webgpu")
	if notices := v.notices(); notices != "" {
		t.Errorf("the page says %q", notices)
	}
	kept := func() float64 {
		return evaluate[float64](v, `((canvas) => {
			const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
			let opaque = 0;
			for (let i = 3; i < data.length; i += 4) opaque += data[i] > 127;
			return (4 * opaque) / data.length;
		})(document.querySelector("canvas.live"))`)
	}
	// The cat is 16 % of the picture. As small as here, it is not seen in every place.
	v.eventually(func() bool {
		share := kept()
		if share > 0.3 {
			t.Fatalf("the page keeps %.0f %% of the picture as cat", 100*share)
		}
		return share > 0.08
	})
	v.killGPU()
	v.eventually(func() bool { return strings.Contains(v.notices(), "WebGPU failed") })
	v.moreFrames()
}

// TestLiveScreen shares the screen.
func TestLiveScreen(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 320, 240, chromedp.Flag("auto-select-desktop-capture-source", "Entire screen")), "/", nil)
	v.open("?device=cpu&detail=128")
	v.waitFor("ready")
	v.click("[data-screen]")
	v.waitFor("live")
	v.eventually(func() bool { return v.frames() > 0 })
	v.screenshot("live-screen")
}

// TestNoCamera asks for a camera on a machine without one.
func TestNoCamera(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=cpu")
	v.waitFor("ready")
	v.click(".welcome [data-camera]")
	v.waitFor("error")
	v.screenshot("live-missing")
	if message := v.message(); !strings.Contains(message, "No camera was found") && !strings.Contains(message, "allow it for this page") {
		t.Errorf("without a camera, the page says %q", message)
	}
}

// TestLiveFollows compares the position of the cat in each mask and in the frame on
// the canvas, then terminates a worker.
func TestLiveFollows(t *testing.T) {
	const width, height = 320, 240
	v := newVisitIn(t, withCamera(t, width, height), "/", libraryPage)
	v.allowed = []string{"willReadFrequently"} // about the test's readings
	v.library()
	// On a row through the cat, the cat is where the picture differs from the temple.
	evaluate[bool](v, fmt.Sprintf(`threads.load("samples/china.jpg").then(() => {
		const context = new OffscreenCanvas(%[1]d, %[2]d).getContext("2d");
		context.imageSmoothingQuality = "high";
		context.drawImage(threads.photo, 0, 0, %[1]d, %[2]d);
		const line = ({ data }) => data.filter((_, i) => i %% 4 === 1);
		const row = Math.round(%[2]d * 0.7);
		const temple = line(context.getImageData(0, row, %[1]d, 1));
		globalThis.middles = ({ mask, width, height, classes }) => {
			const now = line(live.segmentation.canvas.getContext("2d").getImageData(0, row, %[1]d, 1));
			const seen = [...now.keys()].filter((x) => Math.abs(now[x] - temple[x]) > 24);
			const { id } = classes.find(({ name }) => name === "cat") ?? {};
			const found = [...mask.keys()].filter((i) => mask[i] === id).map((i) => (i %% width) / width);
			const middle = (list) => list.length > 8 ? list.toSorted((a, b) => a - b)[list.length >> 1] : null;
			return { seen: middle(seen) / %[1]d, found: middle(found) };
		};
		return true;
	})`, width, height))
	evaluate[bool](v, `(async () => {
		const { LiveSegmentation } = await import("./library/live.js");
		const segmenter = await threads.Segmenter.create({ device: "cpu" });
		const stream = await navigator.mediaDevices.getUserMedia({ video: true });
		globalThis.live = { frames: [] };
		live.segmentation = await LiveSegmentation.start(segmenter, stream, {
			mask: true, size: 192, effect: { kind: "none" },
			onFrame: (frame) => live.segmentation && live.frames.push(middles(frame)),
		});
		document.body.append(live.segmentation.canvas);
		return true;
	})()`)
	count := func() int { return evaluate[int](v, `live.frames.length`) }
	v.eventually(func() bool { return count() > 60 })
	places := evaluate[[]struct{ Seen, Found *float64 }](v, `live.frames.map(({ seen, found }) => ({ Seen: seen, Found: found }))`)
	apart, both, leftmost, rightmost := 0, 0, 1., 0.
	for _, p := range places {
		if p.Seen == nil || p.Found == nil {
			continue
		}
		both++
		leftmost, rightmost = min(leftmost, *p.Found), max(rightmost, *p.Found)
		if d := *p.Seen - *p.Found; d > 0.1 || d < -0.1 {
			apart++
		}
	}
	if both < len(places)*3/4 || apart*10 > both {
		t.Errorf("of %d frames %d show a cat, and the masks of %d have it elsewhere", len(places), both, apart)
	}
	if rightmost-leftmost < 0.3 {
		t.Errorf("the cat's mask moved only between %.2f and %.2f of the width", leftmost, rightmost)
	}

	// A worker dies while it computes. Chromium complains of a frame that goes with its
	// worker, so this one has closed it.
	evaluate[bool](v, `(([first]) => new Promise((resolve) => first.addEventListener("message", ({ data }) => {
		if (data.type !== "closed") return;
		first.terminate();
		resolve(true);
	})))(threads.workers)`)
	before := count()
	v.eventually(func() bool { return count() > before+10 })
	evaluate[bool](v, `(live.segmentation.stop(), true)`)
	if state := evaluate[string](v, `live.segmentation.state`); state != "stopped" {
		t.Errorf("after stop, the state is %s", state)
	}
}

// TestLiveExample starts the camera on the example page.
func TestLiveExample(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 320, 240), "/", nil)
	v.open("examples/blur-background.html")
	v.click("button")
	v.eventually(func() bool {
		return strings.Contains(evaluate[string](v, `document.querySelector("output").textContent`), "a second: ")
	})
	v.eventually(func() bool { return evaluate[int](v, `document.querySelector("video").videoWidth`) > 0 })
	v.screenshot("live-example")
}

// TestLiveAccessible runs axe-core on the page with a live picture.
func TestLiveAccessible(t *testing.T) {
	source := readAxe(t)
	v := newVisitIn(t, withCamera(t, 320, 240), "/", nil)
	for _, scheme := range []string{"light", "dark"} {
		v.emulate("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
		v.open("?device=cpu&live=camera&effect=colour&lang=zh")
		v.waitFor("live")
		v.moreFrames()
		v.eventually(func() bool { return evaluate[bool](v, `document.querySelector("#legend .toggle") !== null`) })
		v.axe(source, scheme)
	}
	v.screenshots("zh-live")
	evaluate[bool](v, `(document.getElementById("camera").replaceChildren(), true)`) // camera names are in no fixed language
	v.checkChinese("live")
}
