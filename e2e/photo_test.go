package e2e

import (
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"segmenter/e2e/native"
	"segmenter/metrics"
	"segmenter/model"
)

// What agrees asks of a page in the same arithmetic, where the browser's photo
// decoder may round otherwise, and of one that computes on bytes.
const (
	asFloat = 0.995
	asInt8  = 0.975
)

// agrees holds the page's mask against the native one, in float32. The page
// refines edges unless it is told not to.
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
		v.Errorf("they agree on %.3f %% of the pixels, expected %.1f %% at least", 100*share, 100*least)
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
	v.agrees(path, model.Options{Decoder: model.Mask, Size: 512}, asInt8)
	if first := v.result().Classes[0].Name; first != "cat" {
		t.Errorf("the largest class of the cat's portrait is %q", first)
	}
	if legend := evaluate[string](v, `document.getElementById("legend").textContent`); !strings.Contains(legend, "cat") {
		t.Errorf("the legend does not name the cat: %q", legend)
	}
}

// TestSettings compares both decoders and every detail, on one photo that has
// been decoded from JPEG.
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
		{model.Linear, "0", model.Options{Window: 512, Stride: 384}},
	} {
		state := v.after(func() {
			if i == 0 {
				v.choose(path)
			}
			// One of the two changes in each row.
			v.set("decoder", string(test.decoder))
			v.set("size", test.size)
		})
		if state != "done" {
			t.Fatalf("%s %s: %s: %s", test.decoder, test.size, state, v.message())
		}
		test.options.Decoder = test.decoder
		v.agrees(path, test.options, asFloat)
	}
}

// TestReplace drops a second photo while the page works on the first: the
// second one's result is shown, the first one's never.
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
	v.agrees(second, model.Options{Decoder: model.Mask, Size: 384}, asFloat)
}

// TestEarlyPhoto drops a photo before the model is there.
func TestEarlyPhoto(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?size=256&photo=samples/coffee.png&arithmetic=float")
	v.waitFor("done")
	v.agrees(filepath.Join(samples, "coffee.png"), model.Options{Decoder: model.Mask, Size: 256}, asFloat)
}

// TestSubPath is a visit to a site that lives under a path, and a second one
// that finds the model in the browser's store.
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
		t.Errorf("the model was downloaded %d times, expected once", models)
	}
}

// TestPublishedAddresses imports the library from where it once lay.
func TestPublishedAddresses(t *testing.T) {
	v := newVisit(t, "/some/where/", libraryPage)
	v.open("library.html")
	for _, name := range []string{"segmenter", "live"} {
		if same := evaluate[bool](v, fmt.Sprintf(`Promise.all([import("./%[1]s.js"), import("./library/%[1]s.js")]).then(([published, own]) => {
			const names = Object.keys(own);
			return names.length > 0 && names.every((name) => published[name] === own[name]);
		})`, name)); !same {
			t.Errorf("%s.js is not that of the library", name)
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

// TestSaveMask saves the mask and reads it as any program does.
func TestSaveMask(t *testing.T) {
	v := newVisit(t, "/", nil)
	folder := t.TempDir()
	_, err := chromedp.CallBrowser(v.tab, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior:         cdpbrowser.SetDownloadBehaviorBehaviorAllow,
		BrowserContextID: chromedp.FromContext(v.tab).BrowserContextID,
		DownloadPath:     folder,
	})
	v.must(err)
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
		t.Error("the saved mask does not hold the ids of the classes that the page found")
	}
}
