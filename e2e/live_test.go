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

// withCamera starts a browser whose camera shows what writeCamera made, and that
// allows it to be used.
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

// click clicks the first of the elements that a selector finds.
func (v *visit) click(selector string) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`(document.querySelector(%q).click(), true)`, selector))
}

// choice changes a field of the page's forms as a visitor does.
func (v *visit) choice(id, value string) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`((field) => {
		if (field.type === "checkbox") field.checked = %[2]q === "true";
		else field.value = %[2]q;
		field.dispatchEvent(new Event("input", { bubbles: true }));
		field.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})(document.getElementById(%[1]q) ?? document.querySelector("[name=" + %[1]q + "]"))`, id, value))
}

// frames is how many live frames the page has shown.
func (v *visit) frames() int {
	v.Helper()
	return evaluate[int](v, `segmenterPage.live?.frames ?? 0`)
}

// moreFrames waits until the page has shown a few more.
func (v *visit) moreFrames() {
	v.Helper()
	before := v.frames()
	v.eventually(func() bool { return v.frames() >= before+5 || v.frames() < before })
}

// downloads has the browser keep downloads in a folder.
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

// downloaded waits for a file of a kind.
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

// TestLive is a visit with a camera: effects, a snapshot, a recording, which is
// then played; and no request for anything meanwhile.
func TestLive(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 640, 480), "/", nil)
	folder := v.downloads()
	v.open("?device=cpu")
	v.waitFor("ready")
	v.click(".welcome [data-camera]")
	v.waitFor("live")
	v.moreFrames()
	v.screenshot("live")
	v.requests.clear()

	if facts := v.facts(); !strings.Contains(facts, "a second") {
		t.Errorf("of the live picture the page says %q", facts)
	}
	v.eventually(func() bool {
		return evaluate[bool](v, `document.getElementById("legend").textContent.includes("cat")`)
	})
	if !evaluate[bool](v, `document.querySelector("[name=mirror]").checked`) {
		t.Error("the camera that shows the visitor is not mirrored")
	}

	// Here there is blue sky, which is no foreground.
	v.allowed = []string{"willReadFrequently", "/icon.svg", "/service-worker.js"} // the test's readings; and what Chromium asks for
	sky := func() []int {
		return evaluate[[]int](v, `((canvas) => [...canvas.getContext("2d").getImageData(480, 40, 1, 1).data])(document.querySelector("canvas.live"))`)
	}
	for _, effect := range []string{"tint", "blur", "colour", "cut", "grey", "none"} {
		v.choice("effect", effect)
		v.moreFrames()
		v.screenshot("live-" + effect)
		c := sky()
		grey := max(c[0], c[1], c[2]) - min(c[0], c[1], c[2])
		if effect == "cut" && c[3] != 0 || effect != "cut" && c[3] != 255 {
			t.Errorf("%s: the background has alpha %d", effect, c[3])
		}
		if effect == "colour" && (c[0] != 0x00 || c[1] != 0xb1 || c[2] != 0x40) {
			t.Errorf("the background is %v, expected the colour", c)
		}
		if (effect == "grey") != (grey < 4) && effect != "cut" {
			t.Errorf("%s: the background is %v", effect, c)
		}
	}

	// The sky is kept too, and a link says all that.
	v.choice("effect", "colour")
	v.choice("live-detail", "128")
	v.eventually(func() bool { return evaluate[bool](v, `document.querySelector("[data-name=sky]") !== null`) })
	v.click("[data-name=sky]")
	v.moreFrames()
	if c := sky(); c[1] == 0xb1 && c[0] == 0 {
		t.Error("the sky is kept, and yet not seen")
	}
	search := evaluate[string](v, `location.search`)
	for _, part := range []string{"effect=colour", "live=camera", "detail=128", "keep=person,cat,dog,horse,cow,sheep,bird,sky"} {
		if !strings.Contains(search, part) {
			t.Errorf("the address has %q, expected %q in it", search, part)
		}
	}

	v.click("#live-snapshot")
	if _, content := v.downloaded(folder, "png"); !bytes.HasPrefix(content, []byte("\x89PNG")) {
		t.Error("the snapshot is no PNG")
	}
	v.choice("effect", "tint")
	v.click("#live-record")
	v.screenshot("live-recording")
	time.Sleep(1500 * time.Millisecond)
	v.click("#live-record")
	recording, content := v.downloaded(folder, "webm")
	if !bytes.HasPrefix(content, []byte{0x1a, 0x45, 0xdf, 0xa3}) {
		t.Error("the recording is no WebM")
	}

	v.click("#live-pause")
	v.eventually(func() bool { return evaluate[string](v, `document.documentElement.dataset.live`) == "paused" })
	v.click("#live-pause")
	v.moreFrames()
	for _, line := range v.requests.all() {
		if !v.isAllowed(line) {
			t.Errorf("while the camera ran, the page asked for %s", line)
		}
	}

	// A reload begins as the link says.
	v.open(search)
	v.waitFor("live")
	v.moreFrames()
	if c := sky(); c[1] == 0xb1 && c[0] == 0 {
		t.Error("after a reload, the sky is not kept")
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
	v.choice("seek", "100")
	v.eventually(func() bool { return v.frames() > shown })
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Errorf("a photo after the video: %s, %s", state, v.message())
	}
	if evaluate[bool](v, `document.querySelector("canvas.live") !== null`) {
		t.Error("the photo does not take the place of the video")
	}
	broken := filepath.Join(folder, "broken.webm")
	v.must(os.WriteFile(broken, []byte("no video"), 0o666))
	v.choose(broken)
	v.waitFor("error")
	if message := v.message(); !strings.Contains(message, "cannot play the video") {
		t.Errorf("of a broken video the page says %q", message)
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
	v.choice("effect", "none")
	v.eventually(func() bool { return evaluate[string](v, `segmenterPage.live?.effect.kind ?? ""`) == "none" })
	for range 20 {
		if !isHidden() {
			t.Fatalf("in the recording, the sky is %v", sky())
		}
		before := v.frames()
		v.eventually(func() bool { return v.frames() != before })
	}
}

// TestLiveLosses takes the camera away, hides the tab, and refuses the camera.
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
	time.Sleep(300 * time.Millisecond) // what was under way ends
	before := v.frames()
	time.Sleep(500 * time.Millisecond)
	if after := v.frames(); after != before {
		t.Errorf("in a hidden tab, %d frames were segmented", after-before)
	}
	hide(false)
	v.moreFrames()

	// A track that is stopped does not tell of it; one whose camera is unplugged does.
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
		t.Errorf("of a camera that is refused the page says %q", message)
	}
}

// TestLiveGraphics has the graphics processor see the camera, and takes it away.
func TestLiveGraphics(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 320, 240, browser.SoftwareGPU...), "/", nil)
	v.allowed = []string{"Instance reference no longer exists", "willReadFrequently"} // of the loss; the test's reading
	v.open("?device=webgpu&live=camera&detail=128&effect=cut&keep=cat")
	v.waitFor("live")
	v.moreFrames()
	v.screenshot("live-webgpu")
	if notices := v.notices(); notices != "" {
		t.Errorf("the page says %q", notices)
	}
	kept := evaluate[float64](v, `((canvas) => {
		const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
		let opaque = 0;
		for (let i = 3; i < data.length; i += 4) opaque += data[i] > 127;
		return (4 * opaque) / data.length;
	})(document.querySelector("canvas.live"))`)
	if kept < 0.08 || kept > 0.3 { // the cat is 16 % of the picture
		t.Errorf("%.0f %% of the picture is kept as cat", 100*kept)
	}
	v.endGraphics()
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

// TestNoCamera is a visit on a machine without a camera.
func TestNoCamera(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=cpu")
	v.waitFor("ready")
	v.click(".welcome [data-camera]")
	v.waitFor("error")
	v.screenshot("live-missing")
	if message := v.message(); !strings.Contains(message, "No camera was found") && !strings.Contains(message, "allow it for this page") {
		t.Errorf("without a camera the page says %q", message)
	}
}

// TestLiveFollows holds masks against the place of the cat in the very frame that
// is drawn; and ends a worker meanwhile.
func TestLiveFollows(t *testing.T) {
	const width, height = 320, 240
	v := newVisitIn(t, withCamera(t, width, height), "/", libraryPage)
	v.allowed = []string{"willReadFrequently"} // the test's readings
	v.library()
	// The cat's place is where the picture is another than the temple's, on a line through the cat.
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
	far, both, least, most := 0, 0, 1., 0.
	for _, p := range places {
		if p.Seen == nil || p.Found == nil {
			continue
		}
		both++
		least, most = min(least, *p.Found), max(most, *p.Found)
		if d := *p.Seen - *p.Found; d > 0.1 || d < -0.1 {
			far++
		}
	}
	if both < len(places)*3/4 || far*10 > both {
		t.Errorf("of %d frames %d have a cat, %d of them in another place than the picture", len(places), both, far)
	}
	if most-least < 0.3 {
		t.Errorf("the mask of the cat moved from %.2f to %.2f of the width only", least, most)
	}

	evaluate[bool](v, `(threads.workers[0].terminate(), true)`)
	before := count()
	v.eventually(func() bool { return count() > before+10 })
	evaluate[bool](v, `(live.segmentation.stop(), true)`)
	if state := evaluate[string](v, `live.segmentation.state`); state != "stopped" {
		t.Errorf("after stop the state is %s", state)
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

// TestLiveAccessible has the checker look at the live picture.
func TestLiveAccessible(t *testing.T) {
	source := checker(t)
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
	evaluate[bool](v, `(document.getElementById("camera").replaceChildren(), true)`) // cameras have names of their own
	v.speaksChinese("live")
}
