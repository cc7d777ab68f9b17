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

// withWebGPU starts a browser that runs WebGPU on the CPU.
func withWebGPU(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel, err := browser.Start(context.Background(), browser.SoftwareGPU...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return ctx
}

// killGPU kills the browser's GPU process, as a driver fault would.
func (v *visit) killGPU() {
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
	v.Fatal("the browser has no GPU process")
}

// facts returns the line below the picture that says how the page computed it.
func (v *visit) facts() string {
	return evaluate[string](v, `document.getElementById("facts").textContent`)
}

// notices returns the page's messages that are not errors.
func (v *visit) notices() string {
	return evaluate[string](v, `[...document.querySelectorAll(".message.notice p")].map((p) => p.textContent).join(" ")`)
}

// profile returns the text of the table of timings.
func (v *visit) profile() string {
	return evaluate[string](v, `document.querySelector("#profile:not([hidden]) table")?.textContent ?? ""`)
}

// TestWebGPU segments a photo on the GPU, then kills the GPU process.
func TestWebGPU(t *testing.T) {
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
		t.Errorf("the facts are %q and the notices %q, expected the GPU", facts, v.notices())
	}
	if profile := v.profile(); !strings.Contains(profile, "attention ×") {
		t.Errorf("the profile says %q, expected the GPU's operations", profile)
	}
	v.screenshot("webgpu")
	if share := metrics.Agreement(v.result().Mask, want.Mask); share < 0.995 {
		t.Errorf("GPU and CPU agree on %.2f %% of the pixels, expected at least 99.5 %%", 100*share)
	}

	v.allowed = []string{"Instance reference no longer exists"} // Chromium's message on the loss
	v.killGPU()

	if state := v.after(func() { v.set("decoder", "linear") }); state != "done" {
		t.Fatalf("without the GPU: state %s: %s", state, v.message())
	}
	if notices := v.notices(); !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("after the loss, the page says %q", notices)
	}
	if facts := v.facts(); !strings.Contains(facts, "thread") {
		t.Errorf("the facts are %q, expected threads", facts)
	}
	v.eventually(func() bool { // the page redraws the photo, so its middle is no longer black
		return evaluate[bool](v, `(({ width, height }, context) => context.getImageData(width / 2, height / 2, 1, 1).data[0] > 0)(
			document.getElementById("photo"), document.getElementById("photo").getContext("2d"))`)
	})
	v.screenshot("webgpu-lost")

	v.after(func() { evaluate[bool](v, `(document.querySelector(".message.notice button").click(), true)`) })
	if facts, notices := v.facts(), v.notices(); !strings.Contains(facts, "GPU") && !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("after another try, the facts are %q and the notices %q", facts, notices)
	}
}

// TestMaskOnDevice leaves the mask on each device, and asks the device for
// paintings of it and single pixels.
func TestMaskOnDevice(t *testing.T) {
	v := newVisitIn(t, withWebGPU(t), "/", libraryPage)
	v.library()
	for _, device := range []string{"cpu", "webgpu"} {
		t.Run(device, func(t *testing.T) {
			v.TB = t
			wrong := evaluate[[]string](v, fmt.Sprintf(`(async () => {
				const wrong = [];
				const expect = (holds, problem) => holds || wrong.push(problem);
				const segmenter = await threads.Segmenter.create({ device: %q, threads: 2 });
				expect(segmenter.device === %[1]q, "the device is " + segmenter.device);
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
				expect((await segmenter.classAt(5, 6)) === whole.mask[96 * 6 + 5], "classAt of a mask that segment returned");

				const maskless = await segmenter.segment(photo, { ...options, mask: false, overlay: true });
				expect(maskless.mask === undefined, "segment returned the mask");
				expect(maskless.classes.every(({ area }, i) => area === whole.classes[i].area), "the areas differ");
				const [one, other] = [whole.overlay, maskless.overlay].map(pixelsOf);
				const same = one.reduce((n, pixel, i) => n + (pixel === other[i]), 0) / one.length;
				expect(same > 0.99, "the overlays share only " + same + " of their pixels");
				const border = one.reduce((n, pixel) => n + (pixel === 0xffffffff), 0);
				expect(border > 20, "only " + border + " pixels are border");

				const mask = await segmenter.readMask();
				expect(mask.every((id, i) => id === whole.mask[i]), "readMask returns another mask");
				for (const [x, y] of [[0, 0], [95, 0], [50, 33], [95, 63]]) {
					expect((await segmenter.classAt(x, y)) === mask[96 * y + x], "classAt " + x + ", " + y);
				}
				const outside = await segmenter.classAt(96, 0).catch(({ code }) => code);
				expect(outside === "bad-option", "classAt outside: " + outside);

				const { id } = maskless.classes[0];
				const painted = pixelsOf(await segmenter.paint({ width: 192, height: 128, borders: "none", colours: { [id]: "#ff0000" } }));
				const wanted = (i) => (mask[96 * (i / 384 | 0) + (i %% 192 >> 1)] === id ? 0xff0000ff : 0);
				const matching = painted.reduce((n, pixel, i) => n + (pixel === wanted(i)), 0) / painted.length;
				expect(painted.length === 192 * 128 && matching > 0.99, "of the painting's pixels, " + matching + " match");
				for (const painting of [{ width: -1 }, { height: 8193 }, { borders: "some" }, { colours: { 0: "red" } }, { colours: { 99: "#ffffff" } }]) {
					const code = await segmenter.paint(painting).catch(({ code }) => code);
					expect(code === "bad-option", "paint " + JSON.stringify(painting) + ": " + code);
				}
				segmenter.dispose();
				return wrong;
			})()`, device))
			for _, problem := range wrong {
				t.Error(problem)
			}
		})
	}
}

// TestProfile reads the CPU's timings.
func TestProfile(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?size=256&profile=1&photo=samples/chelsea.png&device=cpu")
	v.waitFor("done")
	if profile := v.profile(); !strings.Contains(profile, "network") {
		t.Errorf("the profile says %q, expected the CPU's steps", profile)
	}
	v.screenshot("profile")
}

// TestNoWebGPU asks for WebGPU in a browser without it.
func TestNoWebGPU(t *testing.T) {
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

// TestAutoDevice makes the library compare the devices: it hides that the GPU is
// emulated on the CPU. The CPU must win.
func TestAutoDevice(t *testing.T) {
	v := newVisitIn(t, withWebGPU(t), "/", libraryPage)
	v.library()
	v.start("2")
	triedGPU := func() bool {
		return slices.Contains(v.requests.all(), "200 GET /library/engine-webgpu.wasm")
	}
	photo := map[string]any{"decoder": "mask", "size": 64}
	sum := func() float64 { // of the squared scores of the last photo
		return evaluate[float64](v, `threads.segmenter.scores().then(({ values }) => values.reduce((a, b) => a + b * b))`)
	}
	want := v.segment(photo)
	wantSum := sum()
	if triedGPU() {
		t.Error("the library tried an emulated GPU")
	}

	evaluate[bool](v, `(navigator.gpu.requestAdapter = async () => ({ info: {} }), true)`)
	v.start("2")
	v.segment(photo)
	// This request waits for the comparison, which must keep the last photo's scores.
	if got := sum(); got != wantSum {
		t.Errorf("the squared scores add up to %v, expected %v", got, wantSum)
	}
	if !triedGPU() {
		t.Error("the library did not try the GPU")
	}
	if device := evaluate[string](v, `threads.segmenter.device`); device != "cpu" {
		t.Errorf("the library kept the slower device, %s", device)
	}
	if !bytes.Equal(v.segment(photo), want) {
		t.Error("the mask changed after the comparison")
	}
}
