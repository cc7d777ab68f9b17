package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
	"segmenter/metrics"
)

// withWebGPU starts a browser that has WebGPU, computed by the processor.
func withWebGPU(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel, err := browser.Start(context.Background(), browser.SoftwareGPU...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return ctx
}

// endGraphics ends the browser's process for graphics, as a fault of the driver
// would.
func (v *visit) endGraphics() {
	v.Helper()
	list, err := chromedp.CallBrowser(v.tab, systeminfo.GetProcessInfo, cdp.Empty{})
	v.must(err)
	for _, info := range list.ProcessInfo {
		if info.Type == "GPU" {
			process, err := os.FindProcess(int(info.ID))
			v.must(err)
			v.must(process.Kill())
			return
		}
	}
	v.Fatal("the browser has no process for graphics")
}

// facts is the line below the picture that says how it was computed.
func (v *visit) facts() string {
	return evaluate[string](v, `document.getElementById("facts").textContent`)
}

// notices is what the page says without alarm.
func (v *visit) notices() string {
	return evaluate[string](v, `[...document.querySelectorAll(".message.notice p")].map((p) => p.textContent).join(" ")`)
}

// profile is the table of what took how long.
func (v *visit) profile() string {
	return evaluate[string](v, `document.querySelector("#profile:not([hidden]) table")?.textContent ?? ""`)
}

// TestGraphics has the graphics processor segment a photo, then takes it away.
func TestGraphics(t *testing.T) {
	chromium := withWebGPU(t)
	v := newVisitIn(t, chromium, "/", nil)
	v.open("?device=cpu&arithmetic=float&size=256")
	v.after(func() { v.choose(samples + "/chelsea.png") })
	want := v.result()

	v.open("?device=webgpu&arithmetic=float&size=256&profile=1")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Fatalf("state %s: %s", state, v.message())
	}
	if facts := v.facts(); !strings.Contains(facts, "GPU") {
		t.Errorf("the page says %q, and %q", facts, v.notices())
	}
	if profile := v.profile(); !strings.Contains(profile, "attention ×") {
		t.Errorf("the profile says %q, expected the operations of the graphics processor", profile)
	}
	v.screenshot("webgpu")
	if share := metrics.Agreement(v.result().Mask, want.Mask); share < 0.995 {
		t.Errorf("%.2f %% of the pixels are as the processor has them; at least 99.5 %% are expected", 100*share)
	}

	v.allowed = []string{"Instance reference no longer exists"} // says Chromium of the loss
	v.endGraphics()

	if state := v.after(func() { v.set("decoder", "linear") }); state != "done" {
		t.Fatalf("without the graphics processor: state %s: %s", state, v.message())
	}
	if notices := v.notices(); !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("the page says %q of the loss", notices)
	}
	if facts := v.facts(); !strings.Contains(facts, "thread") {
		t.Errorf("the page says %q", facts)
	}
	v.eventually(func() bool { // the photo is drawn once more: the middle of it is no longer black
		return evaluate[bool](v, `(({ width, height }, context) => context.getImageData(width / 2, height / 2, 1, 1).data[0] > 0)(
			document.getElementById("photo"), document.getElementById("photo").getContext("2d"))`)
	})
	v.screenshot("webgpu-lost")

	v.after(func() { evaluate[bool](v, `(document.querySelector(".message.notice button").click(), true)`) })
	if facts, notices := v.facts(), v.notices(); !strings.Contains(facts, "GPU") && !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("after another try, the page says %q and %q", facts, notices)
	}
}

// TestLeftMask has either device keep the mask, and asks for paintings and parts
// of it.
func TestLeftMask(t *testing.T) {
	v := newVisitIn(t, withWebGPU(t), "/", libraryPage)
	v.library()
	for _, device := range []string{"cpu", "webgpu"} {
		t.Run(device, func(t *testing.T) {
			v.TB = t
			wrong := evaluate[[]string](v, fmt.Sprintf(`(async () => {
				const wrong = [];
				const expect = (holds, what) => holds || wrong.push(what);
				const segmenter = await threads.Segmenter.create({ device: %q, threads: 2 });
				expect(segmenter.device === %[1]q, "the device is another");
				const pixelsOf = (bitmap) => {
					const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
					context.drawImage(bitmap, 0, 0);
					return new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
				};
				const photo = await createImageBitmap(threads.photo, { resizeWidth: 96, resizeHeight: 64 });
				const options = { size: 64 };
				const denied = await segmenter.classAt(0, 0).catch(({ code }) => code);
				expect(denied === "bad-photo", "classAt before the first photo: " + denied);
				const whole = await segmenter.segment(photo, { ...options, overlay: true });
				expect((await segmenter.classAt(5, 6)) === whole.mask[96 * 6 + 5], "classAt of a mask that was given");

				const left = await segmenter.segment(photo, { ...options, mask: false, overlay: true });
				expect(left.mask === undefined, "the mask was handed over");
				expect(left.classes.every(({ area }, i) => area === whole.classes[i].area), "other areas");
				const [one, other] = [whole.overlay, left.overlay].map(pixelsOf);
				const same = one.reduce((n, pixel, i) => n + (pixel === other[i]), 0) / one.length;
				expect(same > 0.99, "only " + same + " of the overlays are the same");
				const border = one.reduce((n, pixel) => n + (pixel === 0xffffffff), 0);
				expect(border > 20, "there are only " + border + " pixels of border");

				const mask = await segmenter.readMask();
				expect(mask.every((id, i) => id === whole.mask[i]), "readMask has another mask");
				for (const [x, y] of [[0, 0], [95, 0], [50, 33], [95, 63]]) {
					expect((await segmenter.classAt(x, y)) === mask[96 * y + x], "classAt " + x + ", " + y);
				}
				const outside = await segmenter.classAt(96, 0).catch(({ code }) => code);
				expect(outside === "bad-option", "classAt outside: " + outside);

				const { id } = left.classes[0];
				const painted = pixelsOf(await segmenter.paint({ width: 192, height: 128, borders: "none", colours: { [id]: "#ff0000" } }));
				const wanted = (i) => (mask[96 * (i / 384 | 0) + (i %% 192 >> 1)] === id ? 0xff0000ff : 0);
				const right = painted.reduce((n, pixel, i) => n + (pixel === wanted(i)), 0) / painted.length;
				expect(painted.length === 192 * 128 && right > 0.99, "of the painting, " + right + " are as expected");
				for (const painting of [{ width: -1 }, { height: 8193 }, { borders: "some" }, { colours: { 0: "red" } }, { colours: { 99: "#ffffff" } }]) {
					const code = await segmenter.paint(painting).catch(({ code }) => code);
					expect(code === "bad-option", "paint " + JSON.stringify(painting) + ": " + code);
				}
				segmenter.dispose();
				return wrong;
			})()`, device))
			for _, what := range wrong {
				t.Error(what)
			}
		})
	}
}

// TestProfile reads where the time went.
func TestProfile(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?size=256&profile=1&photo=samples/chelsea.png&device=cpu")
	v.waitFor("done")
	if profile := v.profile(); !strings.Contains(profile, "network") {
		t.Errorf("the profile says %q, expected the processor's steps", profile)
	}
	v.screenshot("profile")
}

// TestNoGraphics asks for what the browser does not have.
func TestNoGraphics(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=webgpu&size=256")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Fatalf("state %s: %s", state, v.message())
	}
	if notices := v.notices(); !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("the page says %q", notices)
	}
	v.screenshot("webgpu-missing")
}

// TestAutoDevice has the devices compared, by hiding that the graphics processor
// is a program on the processor, which therefore has to win.
func TestAutoDevice(t *testing.T) {
	v := newVisitIn(t, withWebGPU(t), "/", libraryPage)
	v.library()
	v.start("2")
	asked := func() bool {
		return slices.Contains(v.requests.all(), "200 GET /library/engine-webgpu.wasm")
	}
	photo := map[string]any{"decoder": "mask", "size": 64}
	sum := func() float64 { // of what the engine says of the last photo
		return evaluate[float64](v, `threads.segmenter.scores().then(({ values }) => values.reduce((a, b) => a + b * b))`)
	}
	want := v.segment(photo)
	wantSum := sum()
	if asked() {
		t.Error("a program on the processor was tried as graphics processor")
	}

	evaluate[bool](v, `(navigator.gpu.requestAdapter = async () => ({ info: {} }), true)`)
	v.start("2")
	v.segment(photo)
	// The next request waits for the comparison, after which the photo is still the last one.
	if got := sum(); got != wantSum {
		t.Errorf("squares of the scores add up to %v; %v are expected", got, wantSum)
	}
	if !asked() {
		t.Error("the graphics processor was not tried")
	}
	if device := evaluate[string](v, `threads.segmenter.device`); device != "cpu" {
		t.Errorf("the slower device was kept: %s", device)
	}
	if !bytes.Equal(v.segment(photo), want) {
		t.Error("the mask is another after the comparison")
	}
}
