package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

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

	// Chromium ends its GPU process when someone goes to this address.
	v.allowed = "WebGPU" // what Chromium says of it on the console
	fault, cancel := chromedp.NewContext(chromium)
	defer cancel()
	v.must(chromedp.Do(fault))
	short, stop := context.WithTimeout(fault, 2*time.Second)
	defer stop()
	chromedp.Do(short, chromedp.Navigate("chrome://gpucrash")) // never answers

	if state := v.after(func() { v.set("decoder", "linear") }); state != "done" {
		t.Fatalf("without the graphics processor: state %s: %s", state, v.message())
	}
	if notices := v.notices(); !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("the page says %q of the loss", notices)
	}
	if facts := v.facts(); !strings.Contains(facts, "thread") {
		t.Errorf("the page says %q", facts)
	}
	v.screenshot("webgpu-lost")

	v.after(func() { evaluate[bool](v, `(document.querySelector(".message.notice button").click(), true)`) })
	if facts, notices := v.facts(), v.notices(); !strings.Contains(facts, "graphics processor") && !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("after another try, the page says %q and %q", facts, notices)
	}
}

// TestNoGraphics asks for what the browser does not have.
func TestNoGraphics(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.allowed = "WebGPU"
	v.open("?device=webgpu&size=256")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Fatalf("state %s: %s", state, v.message())
	}
	if notices := v.notices(); !strings.Contains(notices, "WebGPU failed") {
		t.Errorf("the page says %q", notices)
	}
	v.screenshot("webgpu-missing")
}
