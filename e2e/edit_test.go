package e2e

import (
	"bytes"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// edits opens a photo and the studio's tab Edit. The cat fills its middle.
func (v *visit) edits(query string) {
	v.Helper()
	v.open("?device=cpu&size=256&photo=samples/chelsea.png" + query)
	v.waitFor("done")
	v.click("#studio-open")
	v.eventually(func() bool { return evaluate[bool](v, `document.querySelector("#edit") !== null`) })
	v.settle()
}

// settle waits until the page has drawn what it knows.
func (v *visit) settle() {
	v.Helper()
	evaluate[bool](v, `new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true))), 250))`)
}

// tool chooses a tool, or how it works.
func (v *visit) tool(name, value string) {
	v.Helper()
	v.click(fmt.Sprintf(`#edit [name="%s"][value="%s"]`, name, value))
}

// place is a point of the window, for one of the photo, 0 to 1.
func (v *visit) place(x, y float64) (left, top float64) {
	v.Helper()
	box := evaluate[[]float64](v, `(({ left, top, width, height }) => [left, top, width, height])(document.getElementById("frame").getBoundingClientRect())`)
	return box[0] + x*box[2], box[1] + y*box[3]
}

const (
	alt   = 1
	shift = 8
)

// drag presses the mouse at the first of some places of the photo, and moves it to the others.
func (v *visit) drag(modifiers int64, places ...[2]float64) {
	v.Helper()
	send := func(kind input.DispatchMouseEventType, at [2]float64, buttons int64) {
		x, y := v.place(at[0], at[1])
		_, err := chromedp.Call(v.tab, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: buttons, ClickCount: 1, Modifiers: modifiers,
		})
		v.must(err)
	}
	send(input.DispatchMouseEventTypeMouseMoved, places[0], 0)
	send(input.DispatchMouseEventTypeMousePressed, places[0], 1)
	for _, at := range places[1:] {
		send(input.DispatchMouseEventTypeMouseMoved, at, 1)
	}
	send(input.DispatchMouseEventTypeMouseReleased, places[len(places)-1], 0)
}

// swipe is drag by a finger.
func (v *visit) swipe(places ...[2]float64) {
	v.Helper()
	send := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		_, err := chromedp.Call(v.tab, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: append([]*input.TouchPoint{}, points...)})
		v.must(err)
	}
	for i, at := range places {
		x, y := v.place(at[0], at[1])
		kind := input.DispatchTouchEventTypeTouchMove
		if i == 0 {
			kind = input.DispatchTouchEventTypeTouchStart
		}
		send(kind, &input.TouchPoint{X: x, Y: y})
	}
	send(input.DispatchTouchEventTypeTouchEnd)
}

// edited is what the preview shows at a place of the photo: R, G, B, A.
func (v *visit) edited(x, y float64) [4]int {
	v.Helper()
	v.settle()
	return evaluate[[4]int](v, fmt.Sprintf(`(() => {
		const canvas = document.getElementById("edited");
		const context = new OffscreenCanvas(1, 1).getContext("2d");
		context.drawImage(canvas, -Math.floor(%g * canvas.width), -Math.floor(%g * canvas.height));
		return [...context.getImageData(0, 0, 1, 1).data];
	})()`, x, y))
}

// classAt is the name of the class at a place of the photo.
func (v *visit) classNow(x, y float64) string {
	v.Helper()
	return evaluate[string](v, fmt.Sprintf(`(({ width, height, mask, classes }) =>
		classes.find(({ id }) => id === mask[Math.floor(%g * height) * width + Math.floor(%g * width)]).name)(segmenterPage.result)`, y, x))
}

// saved presses a button and returns the picture that it saves.
func (v *visit) saved(folder, button, extension string) image.Image {
	v.Helper()
	for _, old := range v.files(folder) {
		v.must(os.Remove(old))
	}
	v.click(button)
	_, content := v.downloaded(folder, extension)
	picture, _, err := image.Decode(bytes.NewReader(content))
	v.must(err)
	return picture
}

func (v *visit) files(folder string) []string {
	found, err := filepath.Glob(filepath.Join(folder, "*"))
	v.must(err)
	return found
}

// alphaAt is the alpha at a place of a picture, 0 to 255.
func alphaAt(picture image.Image, x, y float64) int {
	size := picture.Bounds().Size()
	_, _, _, a := picture.At(int(x*float64(size.X)), int(y*float64(size.Y))).RGBA()
	return int(a >> 8)
}

var (
	cat    = [2]float64{0.5, 0.55}
	corner = [2]float64{0.03, 0.04}
)

// TestEdit cuts a cat out and corrects its mask, by mouse.
func TestEdit(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.do(chromedp.EmulateViewport(1280, 800))
	folder := v.downloads()
	v.edits("")
	v.screenshot("edit-open")
	before := v.result()

	v.setField("edit-effect", "cut")
	v.drag(0, cat)
	v.tool("edit-tool", "look")
	if got, other := v.edited(cat[0], cat[1]), v.edited(corner[0], corner[1]); got[3] != 255 || other[3] != 0 {
		t.Errorf("the preview of the cut-out shows %v of the cat and %v of the background", got, other)
	}
	v.screenshot("edit-cut")
	cut := v.saved(folder, "#edit-png", "png")
	if size := cut.Bounds().Size(); size != image.Pt(before.Width, before.Height) {
		t.Errorf("the cut-out has %v pixels", size)
	}
	if a, b := alphaAt(cut, cat[0], cat[1]), alphaAt(cut, corner[0], corner[1]); a != 255 || b != 0 {
		t.Errorf("the cut-out has the alpha %d in the cat and %d in the background", a, b)
	}
	// Hidden pixels must not be in the file.
	if r, g, b, _ := cut.At(2, 2).RGBA(); r+g+b > 0 {
		t.Error("the cut-out has the background's colours")
	}

	// Shift adds what is behind, and Alt removes the cat.
	v.tool("edit-tool", "pick")
	v.drag(shift, corner)
	v.drag(alt, cat)
	v.tool("edit-tool", "look")
	if got, other := v.edited(cat[0], cat[1]), v.edited(corner[0], corner[1]); got[3] != 0 || other[3] != 255 {
		t.Errorf("without the cat, the preview shows %v of it and %v of the background", got, other)
	}

	// A dog is painted on the cat, and areas follow.
	v.tool("edit-tool", "brush")
	dog := evaluate[string](v, `[...document.getElementById("edit-target").options].find(({ textContent }) => textContent === "dog").value`)
	v.setField("edit-target", dog)
	v.drag(0, [2]float64{0.4, 0.5}, [2]float64{0.5, 0.55}, [2]float64{0.6, 0.5})
	v.screenshot("edit-brush")
	if got := v.classNow(0.5, 0.55); got != "dog" {
		t.Errorf("where a dog was painted, the mask has %q", got)
	}
	if legend := evaluate[string](v, `document.getElementById("legend").textContent`); !strings.Contains(legend, "dog") {
		t.Errorf("the legend does not know the dog: %q", legend)
	}
	v.consistent()
	corrected := v.result()

	// The mask is saved; then everything is undone, and the file opened again.
	mask := v.saved(folder, "#edit-save-mask", "png").(*image.Paletted)
	if !bytes.Equal(mask.Pix, corrected.Mask) {
		t.Error("the saved mask is not the corrected one")
	}
	path := v.files(folder)[0]
	v.undoAll()
	if got := v.result(); !bytes.Equal(got.Mask, before.Mask) {
		t.Error("the mask is not as it was after everything is undone")
	}
	v.drop(path)
	v.eventually(func() bool { return v.classNow(0.5, 0.55) == "dog" })
	if got := v.result(); !bytes.Equal(got.Mask, corrected.Mask) {
		t.Error("the opened mask is not the saved one")
	}
	v.consistent()

	// After the studio, the picture shows the corrections.
	v.click("#studio-close")
	v.settle()
	v.screenshot("edit-closed")
	if !evaluate[bool](v, `document.getElementById("edited").hidden && !("edit" in document.documentElement.dataset)`) {
		t.Error("the preview is still there after the studio")
	}
	again := v.saved(folder, "#save-mask", "png").(*image.Paletted)
	if !bytes.Equal(again.Pix, corrected.Mask) {
		t.Error("the mask that the page saves is not the corrected one")
	}
}

// undoAll presses Ctrl+Z until there is nothing to undo.
func (v *visit) undoAll() {
	v.Helper()
	for range 20 {
		if evaluate[bool](v, `document.getElementById("edit-undo").disabled`) {
			return
		}
		v.do(chromedp.KeyEvent("z", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	}
	v.Fatal("there is always something to undo")
}

// consistent compares the areas of the classes with the mask.
func (v *visit) consistent() {
	v.Helper()
	if wrong := evaluate[[]string](v, `(({ mask, classes }) => {
		const areas = new Map();
		for (const id of mask) areas.set(id, (areas.get(id) ?? 0) + 1);
		const wrong = classes.filter(({ id, area }) => areas.get(id) !== area).map(({ name, area }) => name + " " + area);
		return classes.length === areas.size ? wrong : [...wrong, areas.size + " classes"];
	})(segmenterPage.result)`); len(wrong) > 0 {
		v.Errorf("these areas are not those of the mask: %q", wrong)
	}
}

// TestEditTouch does the same by a finger on a phone, in Chinese.
func TestEditTouch(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	folder := v.downloads()
	v.edits("&lang=zh")
	v.screenshot("edit-phone-open")
	v.setField("edit-effect", "blur")
	v.swipe(corner)
	v.tool("edit-pick", "add")
	v.swipe(cat)
	v.tool("edit-pick", "remove")
	v.swipe(corner)
	v.screenshot("edit-phone-pick")
	v.setField("edit-effect", "colour")
	v.tool("edit-tool", "brush")
	v.tool("edit-stroke", "erase")
	v.swipe([2]float64{0.45, 0.5}, [2]float64{0.5, 0.55}, [2]float64{0.55, 0.6})
	v.screenshot("edit-phone-brush")
	v.tool("edit-tool", "look")
	if got := v.edited(0.5, 0.55); got != [4]int{0, 177, 64, 255} {
		t.Errorf("where the cat was erased, the preview shows %v", got)
	}
	v.click("#edit-undo")
	if got := v.edited(0.5, 0.55); got == [4]int{0, 177, 64, 255} {
		t.Errorf("after undoing, the preview shows %v in the cat", got)
	}
	v.checkChinese("edit")
	v.click("#edit-webp")
	v.downloaded(folder, "webp")
}

// TestEditKeyboard picks and paints without a mouse.
func TestEditKeyboard(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.edits("")
	v.setField("edit-effect", "cut")
	if got := v.focused(); got != "studio-edit" {
		t.Errorf("in the studio, the focus is on %q", got)
	}
	stops := []string{}
	for range 9 {
		v.press(kb.Tab)
		stops = append(stops, v.focused())
	}
	want := []string{"studio-close", "edit-tool", "edit-pick", "edit-effect", "edit-feather", "edit-png", "edit-webp", "edit-copy", "edit-save-mask"}
	if !slices.Equal(stops, want) {
		t.Errorf("Tab stops at %q, expected %q", stops, want)
	}
	evaluate[bool](v, `(document.getElementById("surface").focus(), true)`)
	v.press(kb.ArrowLeft, " ")
	if picked := evaluate[string](v, `document.getElementById("announcement").textContent`); !strings.HasPrefix(picked, "cat picked, ") {
		t.Errorf("the page announces the pick as %q", picked)
	}
	v.tool("edit-tool", "brush")
	v.tool("edit-stroke", "erase")
	evaluate[bool](v, `(document.getElementById("surface").focus(), true)`)
	size := func() float64 { return evaluate[float64](v, `document.getElementById("edit-size").valueAsNumber`) }
	before := size()
	v.press("]", "]", "[")
	if got := size(); got != before+5 {
		t.Errorf("the brush has the size %g, expected %g", got, before+5)
	}
	v.press(kb.ArrowRight, kb.ArrowRight, " ")
	v.tool("edit-tool", "look")
	at := func() int { return v.edited(0.5+2./50, 0.5)[3] }
	if got := at(); got != 0 {
		t.Errorf("where the keyboard erased, the alpha is %d", got)
	}
	v.do(chromedp.KeyEvent("z", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	if got := at(); got != 255 {
		t.Errorf("after undoing, the alpha is %d", got)
	}
	v.do(chromedp.KeyEvent("Z", chromedp.KeyModifiers(chromedp.ModifierCtrl, chromedp.ModifierShift)))
	if got := at(); got != 0 {
		t.Errorf("after doing it again, the alpha is %d", got)
	}
}

// TestEditLost opens another photo, and segments the same one again, with corrections that nobody saved.
func TestEditLost(t *testing.T) {
	v := newVisit(t, "/", nil)
	folder := v.downloads()
	v.edits("")
	paint := func() {
		t.Helper()
		v.tool("edit-tool", "brush")
		dog := evaluate[string](v, `[...document.getElementById("edit-target").options].find(({ textContent }) => textContent === "dog").value`)
		v.setField("edit-target", dog)
		v.drag(0, cat, [2]float64{0.6, 0.5})
	}
	messages := func() string {
		return evaluate[string](v, `[...document.querySelectorAll(".message p")].map(({ textContent }) => textContent).join(" ")`)
	}
	paint()
	v.after(func() { v.set("size", "384") })
	v.settle()
	if got := messages(); !strings.Contains(got, "segmented again") {
		t.Errorf("after another size the page says %q", got)
	}
	if got := v.classNow(cat[0], cat[1]); got != "cat" {
		t.Errorf("after another size, the painted place is a %s", got)
	}
	v.click(".message button")
	if got := v.classNow(cat[0], cat[1]); got != "dog" {
		t.Errorf("what was brought back is a %s", got)
	}
	v.consistent()
	v.click("#studio-close")
	if state := v.after(func() { v.choose(samples + "/coffee.png") }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.settle()
	if got := messages(); !strings.Contains(got, "The corrections of “chelsea” are not saved.") {
		t.Errorf("after another photo the page says %q", got)
	}
	mask := v.saved(folder, ".message button", "png").(*image.Paletted)
	if size := mask.Rect.Size(); size != image.Pt(451, 300) {
		t.Errorf("the saved mask has %v pixels", size)
	}
	if v.after(func() { v.choose(samples + "/chelsea.png") }); messages() != "" {
		t.Errorf("with nothing to save, the page says %q", messages())
	}
	v.click("#studio-open")
	v.settle()
	v.drop(v.files(folder)[0])
	v.eventually(func() bool { return v.classNow(cat[0], cat[1]) == "dog" })
}

// TestEditAccessible runs axe-core on the tab with each tool.
func TestEditAccessible(t *testing.T) {
	source := readAxe(t)
	for _, test := range []struct {
		name, scheme, lang string
		width, height      int64
	}{
		{"light", "light", "en", 1280, 800},
		{"phone", "dark", "zh", 390, 844},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := newVisit(t, "/", nil)
			v.emulate("prefers-color-scheme", test.scheme, "prefers-reduced-motion", "reduce")
			v.do(chromedp.EmulateViewport(test.width, test.height))
			v.edits("&lang=" + test.lang)
			for _, tool := range []string{"look", "pick", "brush"} {
				v.tool("edit-tool", tool)
				v.setField("edit-effect", map[string]string{"look": "blur", "pick": "cut", "brush": "colour"}[tool])
				v.settle()
				v.axe(source, tool)
				v.screenshot("axe-edit-" + test.name + "-" + tool)
			}
			evaluate[bool](v, `(document.getElementById("edit-png").scrollIntoView(), true)`)
			v.screenshot("axe-edit-" + test.name + "-end")
			if n := evaluate[int](v, `document.documentElement.scrollWidth - innerWidth`); n > 0 {
				t.Errorf("the page is %d pixels wider than the window", n)
			}
		})
	}
}
