package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// openStudio opens a sample and a tab of the studio.
func (v *visit) openStudio(query, tool string) {
	v.Helper()
	v.open("?device=cpu&photo=samples/chelsea.png&" + query)
	v.waitFor("done")
	v.click("#studio-open")
	v.eventually(func() bool { return v.isShown("#studio-" + tool) })
	v.click("#studio-" + tool)
	v.eventually(func() bool {
		return evaluate[bool](v, fmt.Sprintf(`document.getElementById("studio-%s-panel").childElementCount > 0`, tool))
	})
}

// pointAt moves the mouse to a place of the picture, from 0 to 1 on both axes.
func (v *visit) pointAt(x, y float64) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`(() => {
		const surface = document.getElementById("surface");
		const box = surface.getBoundingClientRect();
		const [clientX, clientY] = [box.left + %g * box.width, box.top + %g * box.height];
		surface.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, pointerId: 1, pointerType: "mouse", bubbles: true }));
		return true;
	})()`, x, y))
}

// heat returns how bright the surface is at places of the picture: x and y, from 0 to 1, alternate.
func (v *visit) heat(places ...float64) []float64 {
	v.Helper()
	return evaluate[[]float64](v, fmt.Sprintf(`(() => {
		const surface = document.getElementById("surface");
		const copy = new OffscreenCanvas(surface.width, surface.height).getContext("2d", { willReadFrequently: true });
		copy.drawImage(surface, 0, 0);
		const found = [];
		for (let places = %s; places.length > 0; places.splice(0, 2)) {
			const [x, y] = [places[0] * surface.width, places[1] * surface.height].map(Math.floor);
			const [r, g, b, a] = copy.getImageData(x, y, 1, 1).data;
			found.push(a && (0.3 * r + 0.6 * g + 0.1 * b));
		}
		return found;
	})()`, strings.ReplaceAll(fmt.Sprint(places), " ", ",")))
}

// found returns what the views say of the place that was pointed at.
func (v *visit) found() string {
	return evaluate[string](v, `document.querySelector(".view-found").textContent`)
}

// TestViews looks inside the network at a photo of a cat.
func TestViews(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.openStudio("threads=2", "views")
	v.eventually(func() bool { return v.heat(0.5, 0.5)[0] > 0 })
	v.pointAt(0.4, 0.4)
	v.eventually(func() bool { return strings.HasPrefix(v.found(), "cat: ") && strings.HasSuffix(v.found(), "% sure") })
	v.screenshot("views-confidence")

	// The network is surer within the cat than at its edge.
	v.setField("view", "entropy")
	v.pointAt(0.4, 0.4)
	v.eventually(func() bool { return strings.HasSuffix(v.found(), "of the largest doubt") })
	v.screenshot("views-entropy")
	// What is bright in the picture is what is said to be so.
	places := []float64{0.05, 0.1, 0.1, 0.9, 0.3, 0.3, 0.5, 0.6, 0.85, 0.15, 0.95, 0.5, 0.87, 0.45}
	heat := v.heat(places...)
	doubt := make([]float64, len(heat))
	for i := range heat {
		v.pointAt(places[2*i], places[2*i+1])
		var before string
		v.eventually(func() bool { // the same text twice
			text := v.found()
			defer func() { before = text }()
			_, rest, _ := strings.Cut(text, ": ")
			n, err := fmt.Sscanf(rest, "%f%%", &doubt[i])
			return n == 1 && err == nil && text == before
		})
	}
	for i := range heat {
		for j := range heat {
			if doubt[i] > doubt[j]+8 && heat[i] <= heat[j] {
				t.Errorf("at %.2f, %.2f the doubt is %.0f %% and the brightness %.0f; at %.2f, %.2f they are %.0f %% and %.0f",
					places[2*i], places[2*i+1], doubt[i], heat[i], places[2*j], places[2*j+1], doubt[j], heat[j])
			}
		}
	}
	t.Logf("doubt %v, brightness %.0f", doubt, heat)

	// Fur is like fur, and not like the ground.
	v.setField("view", "similarity")
	v.pointAt(0.3, 0.15)
	var fur, ground float64
	v.eventually(func() bool {
		heat := v.heat(0.6, 0.2, 0.95, 0.5)
		fur, ground = heat[0], heat[1]
		return fur > 0
	})
	if fur <= ground {
		t.Errorf("fur is %.0f bright and the ground %.0f", fur, ground)
	}
	v.screenshot("views-similarity")

	v.setField("view", "attention")
	v.pointAt(0.37, 0.4)
	v.eventually(func() bool { return v.heat(0.5, 0.5)[0] > 0 })
	mean := v.heat(0.37, 0.42, 0.1, 0.1, 0.6, 0.6, 0.9, 0.9)
	v.screenshot("views-attention")
	v.setField("view-head", "1")
	v.eventually(func() bool { return fmt.Sprint(v.heat(0.37, 0.42, 0.1, 0.1, 0.6, 0.6, 0.9, 0.9)) != fmt.Sprint(mean) })
	v.setField("view-block", "all")
	v.eventually(func() bool {
		return evaluate[bool](v, `document.getElementById("view-head").disabled`) && strings.HasPrefix(v.found(), "It looks at ")
	})
	v.screenshot("views-rollout")

	v.setField("view", "classes")
	v.eventually(func() bool { return strings.HasPrefix(v.found(), "Nearest to cat: ") })
	if n := evaluate[int](v, `document.querySelectorAll(".view-plane circle").length`); n != 38 {
		t.Errorf("the map has %d classes, expected 38", n)
	}
	v.screenshot("views-classes")

	// The next photo is looked into as well; without the studio, it is as ever.
	v.setField("view", "confidence")
	v.choose(samples + "/china.jpg")
	v.waitFor("done")
	v.eventually(func() bool { v.pointAt(0.5, 0.05); return strings.HasPrefix(v.found(), "sky: ") })
	v.click("#studio-close")
	if v.isShown("#surface") || v.isShown("#studio") || evaluate[bool](v, `"view" in document.documentElement.dataset`) {
		t.Error("the studio leaves something behind")
	}
	if got := v.focused(); !strings.HasPrefix(got, "studio-open") {
		t.Errorf("after the studio, the focus is on %q", got)
	}
}

// TestStudioKeyboard uses the studio without a mouse, and runs axe-core on its tab.
func TestStudioKeyboard(t *testing.T) {
	source := readAxe(t)
	v := newVisit(t, "/", nil)
	v.emulate("prefers-color-scheme", "dark", "prefers-reduced-motion", "reduce")
	v.do(chromedp.EmulateViewport(390, 844))
	v.open("?device=cpu&photo=samples/chelsea.png&lang=zh")
	v.waitFor("done")
	evaluate[bool](v, `(document.getElementById("studio-open").focus(), true)`)
	v.press(kb.Enter)
	v.eventually(func() bool { return v.focused() == "studio-edit" })
	v.press(kb.End, kb.ArrowLeft)
	if got := v.focused(); got != "studio-views" {
		t.Errorf("the focus is on %q", got)
	}
	v.eventually(func() bool { return v.isShown("#view") && v.heat(0.5, 0.5)[0] > 0 })
	v.checkChinese("views")
	evaluate[bool](v, `(document.getElementById("surface").focus(), true)`)
	v.press(kb.ArrowLeft, kb.ArrowUp)
	v.eventually(func() bool { return strings.HasPrefix(v.found(), "猫：") })
	v.axe(source, "confidence")
	v.screenshot("views-phone")
	v.setField("view", "classes")
	v.eventually(func() bool { return strings.Contains(v.found(), "猫") })
	v.axe(source, "classes")
	v.screenshot("views-phone-classes")
}
