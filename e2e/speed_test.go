package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// TestSpeed has the page measure itself until there is a figure, and stops it.
func TestSpeed(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?threads=1")
	v.waitFor("ready")
	text := func(id string) string { return evaluate[string](v, `document.getElementById("`+id+`").textContent`) }
	click := func(id string) { evaluate[bool](v, `document.getElementById("`+id+`").click(), true`) }

	click("speed-open")
	click("speed-run")
	figure := regexp.MustCompile(`256 × 256\d+ ms\d+\.\d a second`)
	v.eventually(func() bool { return figure.MatchString(text("speed-table")) })
	v.screenshot("speed")
	if button := text("speed-run"); button != "Stop" {
		t.Errorf("while it measures, the button says %q", button)
	}
	click("speed-run")
	v.eventually(func() bool { return strings.Contains(text("speed-state"), "Stopped") })
	click("speed-close")
	if evaluate[bool](v, `document.getElementById("speed").open`) {
		t.Error("the dialog is still open")
	}
	// What the page was there for still works.
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Errorf("a photo afterwards: %s, %s", state, v.message())
	}
}
