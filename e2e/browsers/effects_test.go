package browsers

// testEffectsHide has nothing kept: no effect may show the background, not even
// in a browser that does not draw as the effect needs.
func testEffectsHide(v *visit) {
	v.open("test/bare.html")
	for name, shown := range call[map[string]float64](v, "effects.js", "backgrounds") {
		if shown > 0 {
			v.Errorf("%s: %.0f %% of the background is seen", name, 100*shown)
		}
	}
	for _, operation := range []string{"destination-in", "saturation"} {
		found := call[map[string]struct {
			Code  string
			Shown float64
		}](v, "effects.js", "without", operation)
		if len(found) < 5 {
			v.Errorf("without %s: %v", operation, found)
		}
		for kind, got := range found {
			if got.Shown > 0 {
				v.Errorf("%s without %s: %.0f %% of the background is seen", kind, operation, 100*got.Shown)
			}
			wanted := map[string]string{"destination-in": "unsupported"}[operation]
			if got.Code != wanted {
				v.Errorf("%s without %s: the error is %q, expected %q", kind, operation, got.Code, wanted)
			}
		}
	}
}
