package browsers

import (
	"strings"

	"segmenter/e2e/small"
)

// testModels adds a model, switches to the built-in one and back, finds it at the next
// visit, and removes it.
func testModels(v *visit) {
	const inUse = `document.querySelector(".models-entry.in-use h3")?.textContent ?? ""`
	uses := func(name string) {
		v.Helper()
		v.eventually(name+" is in use", func() bool { return evaluate[string](v, inUse) == name })
	}
	legend := func(part string) {
		v.Helper()
		v.eventually("the legend names "+part, func() bool {
			return strings.Contains(evaluate[string](v, `document.getElementById("legend").textContent`), part)
		})
	}
	file, err := small.Model("Zoo", "zebra")
	v.must(err)
	v.open("?size=256")
	v.waitFor("ready")
	v.dropPhoto(chelsea)
	v.dropBytes("zoo.safetensors", "", file)
	uses("zoo")
	legend("zebra")
	if entry := evaluate[string](v, `document.querySelector(".models-entry.in-use .facts").textContent`); !strings.HasSuffix(entry, "yours") {
		v.Errorf("the browser does not keep the model: %q, %q", entry, evaluate[string](v, `document.querySelector(".models-error")?.textContent ?? ""`))
	}
	v.screenshot("models")
	v.click(`[data-id="built-in"] [data-focus$=" use"]`)
	uses("Everyday 38")
	legend("cat")

	v.open("?model=zoo")
	v.waitFor("ready")
	v.dropPhoto(chelsea)
	legend("zebra")
	v.click("#models-open")
	uses("zoo")
	for range 2 {
		v.click(`.in-use [data-focus$=" remove"]`)
	}
	uses("Everyday 38")
	legend("cat")
	if entries := evaluate[int](v, `document.querySelectorAll(".models-entry").length`); entries != 1 {
		v.Errorf("the list has %d entries after the removal, expected one", entries)
	}
}
