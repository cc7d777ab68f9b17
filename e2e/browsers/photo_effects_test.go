package browsers

import (
	"slices"
	"strings"
)

// testPhotoEffects has a half of a photo kept, with every effect.
func testPhotoEffects(v *visit) {
	v.open("test/bare.html")
	front := [4]int{200, 40, 30, 255}
	for name, got := range call[map[string][3][4]int](v, "photo-effects.js", "effects") {
		wanted := map[string][3][4]int{
			"cut":     {front, {}, {}},
			"colour":  {front, {0, 177, 64, 255}, {0, 177, 64, 255}},
			"picture": {front, {255, 0, 255, 255}, {255, 0, 255, 255}},
			"grey":    {front, {52, 52, 52, 255}, {181, 181, 181, 255}}, // by the luma of the stripes
			"blur":    {front, {120, 112, 112, 255}, {120, 112, 112, 255}},
			"tint":    {{100, 20, 142, 255}, {32, 32, 192, 255}, {208, 192, 32, 255}},
		}
		kind, _, _ := strings.Cut(name, " ")
		for i, pixel := range got {
			if most := map[string]int{"blur": 30, "grey": 8}[kind]; farther(pixel, wanted[kind][i], most+2) {
				v.Errorf("%s: pixel %d is %v, expected %v", name, i, pixel, wanted[kind][i])
			}
		}
	}
	if got := call[string](v, "photo-effects.js", "webp"); got != "image/webp" && got != "unsupported" {
		v.Errorf("a WebP file: %q", got)
	}
	got := call[[]string](v, "photo-effects.js", "refusals")
	want := []string{"bad-option", "bad-option", "bad-option", "bad-option", "bad-option", "bad-option", "no-image", "aborted"}
	if !slices.Equal(got, want) {
		v.Errorf("what cannot be had is refused as %q, expected %q", got, want)
	}
}

// farther tells whether two pixels differ by more than so many levels.
func farther(a, b [4]int, most int) bool {
	for c := range a {
		if a[c]-b[c] > most || b[c]-a[c] > most {
			return true
		}
	}
	return false
}
