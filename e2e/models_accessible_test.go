package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestModelsKeyboard uses the panel without a mouse.
func TestModelsKeyboard(t *testing.T) {
	v := newVisit(t, "/", streets(t))
	v.open("?device=cpu")
	v.waitFor("ready")
	evaluate[bool](v, `(document.getElementById("models-open").focus(), true)`)
	v.press(kb.Enter)
	v.lists("[Everyday 38], Streets")
	evaluate[bool](v, `(document.querySelector("#models summary").focus(), true)`)
	stops := []string{v.focused()}
	for range 4 {
		v.press(kb.Tab)
		stops = append(stops, v.focused())
	}
	if got, want := strings.Join(stops, ", "), "Details, Use, Details, models-add, models-close"; got != want {
		t.Errorf("Tab stops at %q, expected %q", got, want)
	}
	evaluate[bool](v, `(document.querySelector("#models [data-focus$=' use']").focus(), true)`)
	v.press(kb.Enter)
	v.lists("Everyday 38, [Streets]")
	v.eventually(func() bool { return v.focused() == "Details" }) // the button is gone
	v.press(kb.Escape)
	if got := v.focused(); got != "models-open" {
		t.Errorf("after the panel, the focus is on %q", got)
	}
}

// TestModelsAccessible runs axe-core on the panel's states.
func TestModelsAccessible(t *testing.T) {
	source := readAxe(t)
	own := modelFile(t, "zoo at night.safetensors", smallModel(t, "Zoo", "cat", "zebra", "lion"))
	bad := modelFile(t, "bad.safetensors", nil)
	for _, test := range []struct {
		name, scheme, lang string
		width, height      int64
	}{
		{"light", "light", "en", 1280, 800},
		{"dark", "dark", "en", 1280, 800},
		{"phone light", "light", "zh", 390, 844},
		{"phone dark", "dark", "zh", 390, 844},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := streets(t)
			v := newVisit(t, "/", files)
			v.emulate("prefers-color-scheme", test.scheme, "prefers-reduced-motion", "reduce")
			v.do(chromedp.EmulateViewport(test.width, test.height))
			check := func(state string) {
				t.Helper()
				v.axe(source, state)
				v.screenshot(strings.ReplaceAll("models-"+test.name+"-"+state, " ", "-"))
			}
			v.open("?device=cpu&photo=samples/chelsea.png&lang=" + test.lang)
			v.waitFor("done")
			v.click("#models-open")
			v.lists("[Everyday 38], Streets")
			check("list")
			v.withheld = "streets.safetensors"
			v.pressEntry("Streets", "use")
			v.eventually(func() bool { return evaluate[bool](v, `document.querySelector(".models-progress button") !== null`) })
			check("loading")
			evaluate[bool](v, `(document.querySelector(".models-progress button").click(), true)`)
			v.lists("[Everyday 38], Streets")
			v.addModel(own)
			v.lists("Everyday 38, Streets, [zoo at night]")
			evaluate[bool](v, `(document.querySelectorAll("#models details").forEach((details) => (details.open = true)), true)`)
			check("details")
			evaluate[bool](v, `(document.querySelectorAll("#models details").forEach((details, i) => (details.open = i === 2)), true)`)
			v.pressEntry("zoo at night", "rename")
			check("rename")
			v.addModel(bad)
			v.eventually(func() bool { return evaluate[bool](v, `document.querySelector(".models-error") !== null`) })
			check("error")
			if n := evaluate[int](v, `document.documentElement.scrollWidth - innerWidth`); n > 0 {
				t.Errorf("the page is %d pixels wider than the window", n)
			}
		})
	}
}
