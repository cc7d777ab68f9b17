package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"segmenter/e2e/small"
)

// smallModel returns a small model file that knows the given classes.
func smallModel(t testing.TB, name string, classes ...string) []byte {
	t.Helper()
	file, err := small.Model(name, classes...)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// modelFile writes a file with a model's name to a new folder.
func modelFile(t testing.TB, name string, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// streets is a model of a site, and its site's list of models.
func streets(t testing.TB) map[string][]byte {
	t.Helper()
	model := smallModel(t, "Streets", "road", "tram", "person", "sky")
	list, err := os.ReadFile(dist + "/models.json")
	if err != nil {
		t.Fatal(err)
	}
	var listed struct {
		Models []map[string]any `json:"models"`
	}
	if err := json.Unmarshal(list, &listed); err != nil {
		t.Fatal(err)
	}
	listed.Models = append(listed.Models, map[string]any{
		"name": "streets", "title": "Streets", "address": "more/streets.safetensors", "bytes": len(model), "parameters": 120000, "precision": "float32",
		"classes": []string{"road", "tram", "person", "sky"}, "licence": "CC0", "source": "made by a test",
	})
	if list, err = json.Marshal(listed); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"models.json": list, "more/streets.safetensors": model}
}

// classes returns the names of the classes in the page's last result.
func (v *visit) classes() string {
	v.Helper()
	return evaluate[string](v, `segmenterPage.result.classes.map(({ name }) => name).sort().join()`)
}

// knows fails unless the page's last result has only the given classes.
func (v *visit) knows(classes ...string) {
	v.Helper()
	for _, found := range strings.Split(v.classes(), ",") {
		if !strings.Contains(strings.Join(classes, ","), found) {
			v.Errorf("the result has the class %q, expected some of %q", found, classes)
		}
	}
}

// entries returns the titles of the panel's entries, the one in use in brackets.
func (v *visit) entries() string {
	return evaluate[string](v, `[...document.querySelectorAll(".models-entry")].map((entry) => {
		const title = entry.querySelector("h3").textContent;
		return entry.matches(".in-use") ? "[" + title + "]" : title;
	}).join(", ")`)
}

// lists waits until the panel has the given entries.
func (v *visit) lists(want string) {
	v.Helper()
	var found string
	defer func() {
		if found != want {
			v.Errorf("the panel lists %q, expected %q", found, want)
		}
	}()
	v.eventually(func() bool {
		found = v.entries()
		return found == want || evaluate[bool](v, `document.querySelector(".models-error") !== null`)
	})
}

// addModel picks a file in the panel's file dialogue.
func (v *visit) addModel(path string) {
	v.Helper()
	v.do(chromedp.SetUploadFiles(chromedp.CSS("#models input[type=file]"), []string{v.absolute(path)}))
}

// pressEntry presses a button of an entry, by its title and the key of the button's focus.
func (v *visit) pressEntry(title, button string) {
	v.Helper()
	v.eventually(func() bool {
		return evaluate[bool](v, fmt.Sprintf(`(() => {
			const entry = [...document.querySelectorAll(".models-entry")].find((entry) => entry.querySelector("h3")?.textContent === %q);
			const button = entry?.querySelector("[data-focus$=' %s']");
			button?.click();
			return Boolean(button);
		})()`, title, button))
	})
}

// TestModels drops a model onto a page with a photo, switches to one of the site's, and
// back; renames, saves and removes.
func TestModels(t *testing.T) {
	v := newVisit(t, "/", streets(t))
	folder := v.downloads()
	v.open("?device=cpu&photo=samples/chelsea.png")
	v.waitFor("done")
	if evaluate[bool](v, `performance.getEntriesByType("resource").some(({ name }) => /models(\.css|\.js|-|\.json)/.test(name))`) {
		t.Error("the page loads the panel of models although nobody asked for it")
	}

	dropped := modelFile(t, "zoo.safetensors", smallModel(t, "Zoo", "cat", "zebra", "lion"))
	if state := v.after(func() { v.drop(dropped) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.knows("cat", "zebra", "lion")
	v.lists("Everyday 38, Streets, [zoo]")
	v.screenshot("models-dropped")
	if text := evaluate[string](v, `document.getElementById("model").textContent`); !strings.Contains(text, "zoo, 3 classes") {
		t.Errorf("the footer says %q", text)
	}
	if search := evaluate[string](v, `location.search`); !strings.Contains(search, "model=zoo") {
		t.Errorf("the address is %q", search)
	}

	if state := v.after(func() { v.pressEntry("Streets", "use") }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.knows("road", "tram", "person", "sky")
	v.lists("Everyday 38, [Streets], zoo")

	// The visitor's own model is still there at the next visit, by its name.
	v.open("?device=cpu&photo=samples/chelsea.png&model=Zoo")
	v.waitFor("done")
	v.knows("cat", "zebra", "lion")
	v.click("#models-open")
	v.lists("Everyday 38, Streets, [zoo]")
	v.pressEntry("zoo", "rename")
	v.press("Animals/at night", kb.Enter)
	v.lists("Everyday 38, Streets, [Animals at night]")
	v.pressEntry("Animals at night", "save")
	if _, saved := v.downloaded(folder, "safetensors"); !bytes.Equal(saved, smallModel(t, "Zoo", "cat", "zebra", "lion")) {
		t.Errorf("the saved file has %d bytes, and is not the model", len(saved))
	}

	// What is removed while in use makes way for the built-in model.
	if state := v.after(func() {
		v.pressEntry("Animals at night", "remove")
		v.lists("Everyday 38, Streets, [Animals at night]")
		v.pressEntry("Animals at night", "remove")
	}); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.lists("[Everyday 38], Streets")
	if n := v.countStored("own-models/"); n != 0 {
		t.Errorf("%d entries are still stored", n)
	}
	if search := evaluate[string](v, `location.search`); strings.Contains(search, "model=") {
		t.Errorf("the address is %q", search)
	}
}

// TestModelByName opens addresses that name models, known ones and others.
func TestModelByName(t *testing.T) {
	v := newVisit(t, "/", streets(t))
	for _, test := range []struct{ query, model, notice string }{
		{"?model=streets", "Model: Streets, 4 classes", ""},
		{"?model=Everyday%2038", "Model: Everyday 38, 38 classes", ""},
		{"?model=more/streets.safetensors", "Model: Streets, 4 classes", ""},
		{"?model=unheard-of", "Model: Everyday 38", "model=unheard-of in the address is ignored"},
		{"?model=https://elsewhere.example/m.safetensors", "Model: Everyday 38", "an address on this site"},
	} {
		v.open(test.query)
		v.waitFor("ready")
		text := evaluate[string](v, `document.getElementById("model").textContent`)
		if notice := v.notices(); !strings.HasPrefix(text, test.model) || !strings.Contains(notice, test.notice) || (test.notice == "") != (notice == "") {
			t.Errorf("%s: %q and %q", test.query, text, notice)
		}
	}
	v.open("?model=more/streets.safetensors")
	v.click("#models-open") // before the model is there
	v.lists("Everyday 38, [Streets]")

	// What the first page could not load, the next model can.
	v.allowed = []string{"404"}
	v.open("?device=cpu&model=more/missing.safetensors")
	v.waitFor("error")
	v.click("#models-open")
	v.lists("Everyday 38, Streets")
	v.drop(modelFile(t, "zoo.safetensors", smallModel(t, "Zoo", "cat", "zebra", "lion")))
	v.lists("Everyday 38, Streets, [zoo]")
	v.waitFor("ready")
	if message := v.notices(); message != "" {
		t.Errorf("the page still says %q", message)
	}
}

// TestModelsOffline uses own models, and one of the site's that was used before,
// without the server; then frees the storage.
func TestModelsOffline(t *testing.T) {
	v := newVisit(t, "/", streets(t))
	v.open("?device=cpu")
	v.waitOffline()
	v.drop(modelFile(t, "zoo.safetensors", smallModel(t, "Zoo", "cat", "zebra", "lion")))
	v.lists("Everyday 38, Streets, [zoo]")
	v.pressEntry("Streets", "use")
	v.lists("Everyday 38, [Streets], zoo")

	v.down.Store(true)
	v.allowed = []string{"/models.json"} // Chromium says that it could not be fetched
	v.open("?device=cpu&model=streets")
	v.waitFor("ready")
	if state := v.after(func() { v.choose(samples + "/chelsea.png") }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.knows("road", "tram", "person", "sky")
	v.click("#models-open")
	v.lists("Everyday 38, [Streets], zoo")
	if state := v.after(func() { v.pressEntry("zoo", "use") }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.knows("cat", "zebra", "lion")
	v.screenshot("models-offline")
	free := `(document.querySelector("[data-focus=free]").click(), true)`
	evaluate[bool](v, free)
	if n := v.countStored("own-models/"); n != 2 {
		t.Errorf("one press left %d entries, expected 2", n)
	}
	evaluate[bool](v, free)
	v.lists("[Everyday 38], Streets")
	if own, site := v.countStored("own-models/"), v.countStored("more/streets"); own+site != 0 {
		t.Errorf("%d entries of own models and %d of the site's are left", own, site)
	}
	if text := evaluate[string](v, `document.getElementById("model").textContent`); !strings.Contains(text, "Everyday 38") {
		t.Errorf("the footer says %q", text)
	}
}

// TestModelRefusals adds what is no model, and a model where nothing can be kept.
func TestModelRefusals(t *testing.T) {
	v := newVisit(t, "/", nil)
	good := smallModel(t, "Zoo", "cat", "zebra", "lion")
	says := func(part string) {
		t.Helper()
		var text string
		v.eventually(func() bool {
			text = evaluate[string](v, `document.querySelector(".models-error")?.textContent ?? ""`)
			return text != ""
		})
		if !strings.Contains(text, part) {
			t.Errorf("the panel says %q, expected %q", text, part)
		}
	}
	v.open("?device=cpu&photo=samples/chelsea.png")
	v.waitFor("done")
	before := v.classes()
	for _, test := range []struct {
		content []byte
		part    string
	}{
		{good[:len(good)/2], "damaged or incomplete"},
		{nil, "damaged or incomplete"},
		{bytes.Repeat([]byte("x"), 1000), "damaged or incomplete"},
	} {
		v.drop(modelFile(t, "bad.safetensors", test.content))
		says(test.part)
		v.lists("This could not be added, [Everyday 38]")
		evaluate[bool](v, `(document.getElementById("models").close(), document.querySelector(".models-error").remove(), true)`)
	}
	v.screenshot("models-refused")
	v.set("size", "256")
	v.waitFor("done")
	if after := v.classes(); !strings.Contains(after, "cat") {
		t.Errorf("after bad models, the page finds %q, and before %q", after, before)
	}

	for _, test := range []struct{ name, script, part string }{
		{"full", `navigator.storage.estimate = async () => ({ usage: 100, quota: 200 })`, "0 MB left"},
		{"quota", `Cache.prototype.put = async () => { throw new DOMException("full", "QuotaExceededError"); }`, "MB left"},
		{"private", `CacheStorage.prototype.open = async () => { throw new DOMException("forbidden", "SecurityError"); }`, "private windows"},
	} {
		v = newVisit(t, "/", nil)
		v.first(test.script)
		v.open("?device=cpu&photo=samples/chelsea.png")
		v.waitFor("done")
		if state := v.after(func() { v.drop(modelFile(t, "zoo.safetensors", good)) }); state != "done" {
			t.Fatalf("%s: %s", test.name, v.message())
		}
		says(test.part)
		v.knows("cat", "zebra", "lion")
		v.screenshot("models-unkept-" + test.name)
	}
}

// TestModelReplaced drops a model while the one before is still brought in.
func TestModelReplaced(t *testing.T) {
	v := newVisit(t, "/", streets(t))
	v.withheld = "streets.safetensors"
	v.open("?device=cpu")
	v.waitFor("ready")
	v.click("#models-open")
	v.pressEntry("Streets", "use")
	v.eventually(func() bool { return evaluate[bool](v, `document.querySelector(".models-progress") !== null`) })
	v.drop(modelFile(t, "zoo.safetensors", smallModel(t, "Zoo", "cat", "zebra", "lion")))
	v.lists("Everyday 38, Streets, [zoo]")
	if evaluate[bool](v, `document.querySelector(".models-progress, .models-error") !== null`) {
		t.Error("the panel still shows what was given up")
	}
}

// TestModelsClosed closes the panel while a model loads: a note beside its link says how far it is,
// and a message what is wrong.
func TestModelsClosed(t *testing.T) {
	files := streets(t)
	v := newVisit(t, "/", files)
	v.withheld = "streets.safetensors"
	v.open("?device=cpu")
	v.waitFor("ready")
	note := func() string {
		return evaluate[string](v, `(({ hidden, textContent }) => (hidden ? "" : textContent))(document.getElementById("models-note"))`)
	}
	v.click("#models-open")
	v.pressEntry("Streets", "use")
	v.click("#models-close")
	v.eventually(func() bool { return note() != "" })
	v.screenshot("models-closed")
	v.click("#models-open")
	v.click(`#models [data-focus="cancel"]`)
	v.eventually(func() bool { return note() == "" })

	files["more/streets.safetensors"] = []byte("This is no model, and never was.")
	v = newVisit(t, "/", files)
	v.open("?device=cpu")
	v.waitFor("ready")
	v.click("#models-open")
	v.eventually(func() bool { return v.entries() == "[Everyday 38], Streets" })
	evaluate[bool](v, `(document.querySelector("[data-focus='site streets use']").click(), document.getElementById("models").close(), true)`)
	v.eventually(func() bool { return v.message() != "" })
	t.Log(v.message())
	if note() != "" {
		t.Errorf("the note says %q after a failure", note())
	}
	v.screenshot("models-closed-failed")
}

// TestModelFolder drops a folder with a model in it, and one without.
func TestModelFolder(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=cpu")
	v.waitFor("ready")
	folder := filepath.Dir(modelFile(t, "zoo.safetensors", smallModel(t, "Zoo", "cat", "zebra", "lion")))
	if err := os.WriteFile(filepath.Join(folder, "log.txt"), []byte("epoch 1"), 0o666); err != nil {
		t.Fatal(err)
	}
	v.drop(folder)
	v.lists("Everyday 38, [zoo]")
	v.drop(t.TempDir())
	v.eventually(func() bool {
		return strings.Contains(evaluate[string](v, `document.querySelector(".models-error")?.textContent ?? ""`), "is no model that this page can use")
	})
}

// TestLiveModel switches the model of a live picture and of one that hides the
// background, without a restart.
func TestLiveModel(t *testing.T) {
	v := newVisitIn(t, withCamera(t, 320, 240), "/", streets(t))
	v.allowed = []string{"/icon.svg", "/service-worker.js"}
	v.open("?device=cpu&detail=128&effect=colour&keep=person,tram,sky,road")
	v.waitFor("ready")
	v.click(".welcome [data-camera]")
	v.waitFor("live")
	v.moreFrames()
	evaluate[bool](v, `(globalThis.canvas = document.querySelector("canvas.live"), true)`)
	v.click("#models-open")
	v.pressEntry("Streets", "use")
	v.lists("Everyday 38, [Streets]")
	v.moreFrames()
	v.eventually(func() bool { return evaluate[bool](v, `document.querySelector("#legend .name") !== null`) })
	found := evaluate[struct {
		IsSame bool
		Names  string
		Legend string
	}](v, `({
		IsSame: canvas.isConnected,
		Names: segmenterPage.live.classes.map(({ name }) => name).join(),
		Legend: [...document.querySelectorAll("#legend .name")].map(({ textContent }) => textContent).join(),
	})`)
	if !found.IsSame || strings.Contains(found.Names, "cat") || found.Legend == "" {
		t.Errorf("after the switch: %+v", found)
	}
	v.screenshot("models-live")
	v.pressEntry("Everyday 38", "use")
	v.lists("[Everyday 38], Streets")
	v.moreFrames()
	v.eventually(func() bool {
		return evaluate[bool](v, `segmenterPage.live.classes.some(({ name }) => name === "cat") && canvas.isConnected`)
	})
}
