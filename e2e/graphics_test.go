package e2e

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"

	"segmenter/e2e/browser"
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

// TestGraphics has the graphics processor segment a photo, then takes it away.
func TestGraphics(t *testing.T) {
	chromium := withWebGPU(t)
	v := newVisitIn(t, chromium, "/", nil)
	v.open("?device=cpu&arithmetic=float&size=256")
	v.after(func() { v.choose(samples + "/chelsea.png") })
	want := v.result()

	v.open("?device=webgpu&arithmetic=float&size=256")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Fatalf("state %s: %s", state, v.message())
	}
	if facts := v.facts(); !strings.Contains(facts, "graphics processor") {
		t.Errorf("the page says %q, and %q", facts, v.notices())
	}
	v.screenshot("webgpu")
	same := 0
	got := v.result()
	for i, class := range got.Mask {
		if class == want.Mask[i] {
			same++
		}
	}
	if share := float64(same) / float64(len(want.Mask)); share < 0.995 {
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
	if facts, notices := v.facts(), v.notices(); !strings.Contains(facts, "graphics processor") && !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("after another try, the page says %q and %q", facts, notices)
	}
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
		return slices.Contains(v.requests.all(), "200 GET /engine-webgpu.wasm")
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
