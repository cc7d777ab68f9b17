package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"segmenter/e2e/needs"
)

// axeSource is the accessibility checker. ./build.sh test fetches it with npm.
const axeSource = "node_modules/axe-core/axe.min.js"

func readAxe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(axeSource)
	if err != nil {
		needs.Check(t, fmt.Errorf("axe-core is missing: run 'npm ci' in e2e/, or ./build.sh test with npm installed (%w)", err))
	}
	return string(source)
}

// axe checks the current page against WCAG 2.2, level AA, and good practice.
// DevTools evaluates the script, so the page's policy does not block it.
func (v *visit) axe(source, where string) {
	v.Helper()
	if !evaluate[bool](v, `"axe" in globalThis`) {
		evaluate[chromedp.Void](v, source)
	}
	found := evaluate[[]struct{ Rule, Impact, Target, Summary string }](v, `axe.run({
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		resultTypes: ["violations"],
	}).then(({ violations }) => violations.flatMap(({ id: Rule, impact: Impact, nodes }) => nodes.map(({ target, failureSummary: Summary }) =>
		({ Rule, Impact, Target: target.join(" "), Summary }))))`)
	for _, violation := range found {
		report := fmt.Sprintf("%s: %s, %s: %s: %s", where, violation.Impact, violation.Rule, violation.Target, strings.ReplaceAll(violation.Summary, "\n", " "))
		if violation.Impact == "serious" || violation.Impact == "critical" {
			v.Error(report)
		} else {
			v.Log(report)
		}
	}
}

// emulate makes the browser report media features: name, value, name, value.
func (v *visit) emulate(features ...string) {
	v.Helper()
	var params emulation.SetEmulatedMediaParams
	for i := 0; i < len(features); i += 2 {
		params.Features = append(params.Features, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	_, err := chromedp.Call(v.tab, emulation.SetEmulatedMedia, params)
	v.must(err)
}

// TestAccessible runs axe-core on the page in all its states.
func TestAccessible(t *testing.T) {
	source := readAxe(t)
	broken := filepath.Join(t.TempDir(), "broken.png")
	if err := os.WriteFile(broken, []byte("no picture"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, scheme, lang string
		width              int64
	}{
		{"light", "light", "en", 1280},
		{"narrow dark Chinese", "dark", "zh", 390},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := newVisit(t, "/", nil)
			// Without motion, axe-core never checks a half-finished animation.
			v.emulate("prefers-color-scheme", test.scheme, "prefers-reduced-motion", "reduce")
			v.do(chromedp.EmulateViewport(test.width, 900))
			check := func(state string) {
				t.Helper()
				v.axe(source, state)
				v.screenshot(strings.ReplaceAll("axe-"+test.name+"-"+state, " ", "-"))
			}
			v.open("?profile=1&device=cpu&size=nonsense&lang=" + test.lang)
			v.waitFor("ready")
			check("empty")
			if state := v.after(func() { v.choose(samples + "/china.jpg") }); state != "done" {
				t.Fatalf("%s: %s", state, v.message())
			}
			check("done")
			v.after(func() {
				v.set("size", "0")
				v.waitFor("working")
				check("working")
			})
			if state := v.after(func() { v.choose(broken) }); state != "error" {
				t.Fatalf("after a broken photo: %s", state)
			}
			check("error")
			evaluate[bool](v, `(document.getElementById("speed-open").click(), document.getElementById("speed-run").click(), true)`)
			v.eventually(func() bool {
				return evaluate[bool](v, `document.querySelectorAll("#speed-table small").length > 0`)
			})
			check("speed")
			evaluate[bool](v, `(document.getElementById("speed-close").click(), true)`)
		})
	}
}

// press presses keys one after the other.
func (v *visit) press(keys ...string) {
	v.Helper()
	for _, key := range keys {
		v.do(chromedp.KeyEvent(key))
	}
}

// focused names the focused element, with ", unseen" if it has no visible outline.
func (v *visit) focused() string {
	v.Helper()
	return evaluate[string](v, `(() => {
		const element = document.activeElement;
		if (element === document.body) return "nothing";
		const ring = element.type === "radio" ? element.nextElementSibling : element;
		const { outlineStyle, outlineWidth } = getComputedStyle(ring);
		const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
		const name = element.id || element.name || element.dataset.sample || element.href?.replace(location.origin, "") || element.textContent;
		return name + (isSeen ? "" : ", unseen");
	})()`)
}

// tabStops presses Tab until the focus leaves the page, and returns the stops.
func (v *visit) tabStops() []string {
	v.Helper()
	var stops []string
	for range 40 {
		v.press(kb.Tab)
		stop := v.focused()
		if stop == "nothing" {
			return stops
		}
		stops = append(stops, stop)
	}
	v.Fatalf("the focus does not leave the page: %q", stops)
	return nil
}

// TestKeyboard uses the page without a mouse.
func TestKeyboard(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=cpu&size=256")
	v.waitFor("ready")
	v.waitOffline() // then the button that frees the storage is there
	footer := []string{"queue-open", "models-open", "speed-open", "/examples/segment-photo.html", "/examples/blur-background.html", "offline-free", "https://www.flickr.com/photos/danielbuechele/6061409035", "https://creativecommons.org/licenses/by/2.0/"}
	want := slices.Concat([]string{"/", "language", "Open a photo", "Use the camera", "Share the screen", "samples/china.jpg", "samples/coffee.png", "samples/chelsea.png", "samples/astronaut.png", "samples/rocket.jpg"}, footer)
	if got := v.tabStops(); !slices.Equal(got, want) {
		t.Errorf("without a photo, Tab stops at %q, expected %q", got, want)
	}

	// Enter on a sample's link opens the sample, as a click does.
	evaluate[bool](v, `(document.querySelector("[data-sample='samples/china.jpg']").focus(), true)`)
	if state := v.after(func() { v.press(kb.Enter) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	if announced := evaluate[string](v, `document.getElementById("announcement").textContent`); !strings.HasPrefix(announced, "Done: ") {
		t.Errorf("the page announces the result to screen readers as %q", announced)
	}
	evaluate[bool](v, `(document.activeElement.blur(), document.querySelector(".brand").focus(), true)`)
	class := func(n int) string {
		return evaluate[string](v, fmt.Sprintf(`document.querySelectorAll("#legend .item")[%d].textContent`, n))
	}
	want = slices.Concat([]string{"language", "Open a photo", "Use the camera", "compare", "studio-open", "opacity", class(0), "decoder", "refine", "size", "save-overlay", "save-mask"}, footer)
	if got := v.tabStops(); !slices.Equal(got, want) {
		t.Errorf("with a photo, Tab stops at %q, expected %q", got, want)
	}

	evaluate[bool](v, `(document.getElementById("opacity").focus(), true)`)
	v.press(kb.Tab)
	last := evaluate[int](v, `document.querySelectorAll("#legend .item").length`) - 1
	for _, step := range []struct {
		key string
		at  int
	}{{kb.ArrowDown, 1}, {kb.ArrowUp, 0}, {kb.End, last}, {kb.Home, 0}} {
		v.press(step.key)
		if got := v.focused(); got != class(step.at) {
			t.Errorf("in the legend, the focus is on %q, expected %q", got, class(step.at))
		}
	}
	highlighted := func() string {
		return evaluate[string](v, `document.querySelector("#legend .item.lit")?.textContent ?? ""`)
	}
	if got := highlighted(); got != class(0) {
		t.Errorf("the focus is on %q, but %q is highlighted", class(0), got)
	}
	v.press(kb.Enter)
	if !evaluate[bool](v, `document.activeElement.ariaPressed === "true"`) {
		t.Error("Enter does not pin a class")
	}
	v.press(kb.Escape)
	if got := highlighted(); got != "" {
		t.Errorf("after Escape %q is still highlighted", got)
	}

	evaluate[bool](v, `(document.getElementById("speed-open").focus(), true)`)
	v.press(kb.Enter)
	if got := v.focused(); got != "speed-run" {
		t.Errorf("in the dialog, the focus is on %q", got)
	}
	v.press(kb.Escape)
	if got := v.focused(); got != "speed-open" {
		t.Errorf("after the dialog, the focus is on %q", got)
	}
}

// TestReducedMotion expects no animation if the visitor prefers reduced motion.
func TestReducedMotion(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.emulate("prefers-reduced-motion", "reduce")
	v.open("?size=0")
	v.waitFor("ready")
	animations := func() []string {
		return evaluate[[]string](v, `document.getAnimations().map((animation) => animation.animationName + animation.transitionProperty)`)
	}
	if got := animations(); len(got) > 0 {
		t.Errorf("the empty page has animations: %q", got)
	}
	v.after(func() {
		v.choose(samples + "/astronaut.png")
		v.waitFor("working")
		if got := animations(); len(got) > 0 {
			t.Errorf("the working page has animations: %q", got)
		}
	})
}
