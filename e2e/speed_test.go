package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// TestSpeed starts the page's speed test and stops it after the first figure.
func TestSpeed(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?threads=1")
	v.waitFor("ready")
	text := func(id string) string { return evaluate[string](v, `document.getElementById("`+id+`").textContent`) }

	v.click("#speed-open")
	v.click("#speed-run")
	figure := regexp.MustCompile(`256 × 256\d+ ms\d+\.\d a second`)
	v.eventually(func() bool { return figure.MatchString(text("speed-table")) })
	v.screenshot("speed")
	if button := text("speed-run"); button != "Stop" {
		t.Errorf("during the speed test, the button says %q", button)
	}
	v.click("#speed-run")
	v.eventually(func() bool { return strings.Contains(text("speed-state"), "Stopped") })
	v.click("#speed-close")
	if evaluate[bool](v, `document.getElementById("speed").open`) {
		t.Error("the dialog is still open")
	}
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Errorf("a photo after the speed test: %s, %s", state, v.message())
	}
}
