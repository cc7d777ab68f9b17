package e2e

import (
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"segmenter/e2e/native"
	"segmenter/metrics"
	"segmenter/model"
)

// agrees compares the page's mask with the native one, both with refined edges,
// the page's default.
func (v *visit) agrees(path string, options model.Options, least float64) {
	v.Helper()
	options.Refine = true
	want, err := native.Segment(v.Context(), path, options)
	v.must(err)
	got := v.result()
	if got.Width != want.Width || got.Height != want.Height || len(got.Mask) != len(want.Mask) {
		v.Fatalf("the page's mask is %d×%d with %d pixels, the native one %d×%d", got.Width, got.Height, len(got.Mask), want.Width, want.Height)
	}
	share := metrics.Agreement(got.Mask, want.Mask)
	v.Logf("%s, %s, %d: the page and the native program agree on %.3f %% of the pixels", filepath.Base(path), options.Decoder, options.Size, 100*share)
	if share < least {
		v.Errorf("they agree on %.3f %% of the pixels, expected at least %.1f %%", 100*share, 100*least)
	}
	sum := 0
	for _, class := range got.Classes {
		sum += class.Area
	}
	if sum != len(got.Mask) {
		v.Errorf("the areas of the classes sum to %d of %d pixels", sum, len(got.Mask))
	}
}

func TestDropPhoto(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("")
	v.waitFor("ready")
	v.screenshot("empty")
	if !evaluate[bool](v, `crossOriginIsolated`) {
		t.Error("the page is not cross-origin isolated")
	}
	path := filepath.Join(samples, "chelsea.png")
	if state := v.after(func() { v.drop(path) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.screenshot("done")
	v.agrees(path, model.Options{Decoder: model.Mask, Size: 384}, native.Int8Agreement)
	if first := v.result().Classes[0].Name; first != "cat" {
		t.Errorf("the largest class in the cat's portrait is %q", first)
	}
	if legend := evaluate[string](v, `document.getElementById("legend").textContent`); !strings.Contains(legend, "cat") {
		t.Errorf("the legend does not name the cat: %q", legend)
	}
}

// TestSettings compares both decoders and every size on one JPEG photo.
func TestSettings(t *testing.T) {
	v := newVisit(t, "/", nil)
	path := filepath.Join(samples, "china.jpg")
	v.open("?device=cpu&threads=1&decoder=linear&size=256&arithmetic=float")
	v.waitFor("ready")
	for i, test := range []struct {
		decoder model.Decoder
		size    string
		options model.Options
	}{
		{model.Linear, "256", model.Options{Size: 256}},
		{model.Mask, "256", model.Options{Size: 256}},
		{model.Mask, "384", model.Options{Size: 384}},
		{model.Linear, "384", model.Options{Size: 384}},
		{model.Linear, "512", model.Options{Size: 512}},
		{model.Linear, "0", model.Options{Window: 384, Stride: 288}},
	} {
		state := v.after(func() {
			if i == 0 {
				v.choose(path)
			}
			// From one row to the next, only one of the two changes.
			v.set("decoder", string(test.decoder))
			v.set("size", test.size)
		})
		if state != "done" {
			t.Fatalf("%s %s: %s: %s", test.decoder, test.size, state, v.message())
		}
		test.options.Decoder = test.decoder
		v.agrees(path, test.options, native.FloatAgreement)
	}
}

// TestReplace opens a second photo while the page works on the first. The page must
// show only the second one's result.
func TestReplace(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?size=384&arithmetic=float")
	v.waitFor("ready")
	second := filepath.Join(samples, "coffee.png")
	state := v.after(func() {
		v.choose(filepath.Join(samples, "astronaut.png"))
		v.waitFor("working")
		v.choose(second)
	})
	if state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.agrees(second, model.Options{Decoder: model.Mask, Size: 384}, native.FloatAgreement)
}

// TestEarlyPhoto opens a photo before the model has loaded.
func TestEarlyPhoto(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?size=256&photo=samples/coffee.png&arithmetic=float")
	v.waitFor("done")
	v.agrees(filepath.Join(samples, "coffee.png"), model.Options{Decoder: model.Mask, Size: 256}, native.FloatAgreement)
}

// TestSubPath visits a site under a path twice. The second visit finds the model in
// the browser's storage.
func TestSubPath(t *testing.T) {
	v := newVisit(t, "/some/where/", nil)
	for range 2 {
		v.open("?size=256&photo=samples/chelsea.png")
		v.waitFor("done")
	}
	models := 0
	for _, line := range v.requests.all() {
		if strings.Contains(line, "/some/where/library/models/") {
			models++
		}
	}
	if models != 1 {
		t.Errorf("the page downloaded the model %d times, expected once", models)
	}
}

// TestPublishedAddresses imports the library from its published addresses.
func TestPublishedAddresses(t *testing.T) {
	v := newVisit(t, "/some/where/", libraryPage)
	v.open("library.html")
	for _, name := range []string{"segmenter", "live", "photo-effects", "regions"} {
		if same := evaluate[bool](v, fmt.Sprintf(`Promise.all([import("./%[1]s.js"), import("./library/%[1]s.js")]).then(([published, own]) => {
			const names = Object.keys(own);
			return names.length > 0 && names.every((name) => published[name] === own[name]);
		})`, name)); !same {
			t.Errorf("%s.js does not re-export library/%[1]s.js", name)
		}
	}
}

func TestExamplePage(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("examples/segment-photo.html")
	wait := func(part string) {
		evaluate[bool](v, fmt.Sprintf(`new Promise((resolve) => {
			const output = document.querySelector("output");
			const look = () => output.textContent.includes(%q) && resolve(true);
			new MutationObserver(look).observe(output, { childList: true });
			look();
		})`, part))
	}
	wait("Choose a photo")
	v.do(chromedp.SetUploadFiles(chromedp.CSS("input"), []string{v.absolute(filepath.Join(samples, "chelsea.png"))}))
	wait("cat")
}

// TestSaveMask saves the mask and reads it with Go's PNG decoder.
func TestSaveMask(t *testing.T) {
	v := newVisit(t, "/", nil)
	folder := v.downloads()
	v.open("?size=256&photo=samples/chelsea.png")
	v.waitFor("done")
	evaluate[bool](v, `(document.getElementById("save-mask").click(), true)`)

	path := filepath.Join(folder, "chelsea-mask.png")
	v.eventually(func() bool { _, err := os.Stat(path); return err == nil })
	saved, err := os.Open(path)
	v.must(err)
	defer saved.Close()
	picture, _, err := image.Decode(saved)
	v.must(err)
	mask, ok := picture.(*image.Paletted)
	if !ok {
		t.Fatalf("the saved mask is a %T, expected a paletted picture", picture)
	}
	if want := v.result(); string(mask.Pix) != string(want.Mask) || mask.Rect != image.Rect(0, 0, want.Width, want.Height) {
		t.Error("the saved mask does not hold the class ids of the page's result")
	}
}
