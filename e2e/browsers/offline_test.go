package browsers

import (
	"strings"

	"segmenter/e2e/native"
	"segmenter/model"
)

// testOffline takes the server away from a page that has been visited once.
func testOffline(v *visit) {
	const query = "?size=256&threads=3"
	v.open(query)
	v.eventually("the page works offline", func() bool {
		return evaluate[bool](v, `document.querySelector("#offline:not([hidden])")?.textContent.includes("Works offline") ?? false`)
	})

	// With the server there, nothing of the page comes from it: two versions
	// could mix.
	v.asked()
	v.open(query)
	v.waitFor("ready")
	v.dropPhoto(chelsea)
	if asked := kept(v.asked()); len(asked) > 0 {
		v.Errorf("what is kept was asked from the server: %v", asked)
	}

	v.gone.Store(true)
	for range 2 {
		v.open(query)
		v.waitFor("ready")
		v.dropPhoto(chelsea)
		v.agrees(chelsea, model.Options{Decoder: model.Mask, Size: 256}, native.Int8Agreement)
		if v.state.shares && !strings.HasSuffix(v.facts(), "3 threads") {
			v.Errorf("offline, the page says %q", v.facts())
		}
	}
	v.screenshot("offline")
	v.gone.Store(false)
}
