package e2e

import (
	"cmp"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// checkpoints is a folder of small checkpoints, each in a folder with its variant.yml. The
// environment variable CHECKPOINTS names another one.
var checkpoints = cmp.Or(os.Getenv("CHECKPOINTS"), "../checkpoint/testdata/golden")

// beside returns a checkpoint and its variant.yml, if it has one.
func beside(checkpoint string) []string {
	variant := filepath.Join(filepath.Dir(checkpoint), "variant.yml")
	if _, err := os.Stat(variant); err != nil {
		return []string{checkpoint}
	}
	return []string{checkpoint, variant}
}

// TestCheckpoint drops a checkpoint of PyTorch: it is converted, shown with its classes,
// used at once, kept, and found again without the server.
func TestCheckpoint(t *testing.T) {
	files, err := filepath.Glob(checkpoints + "/*/checkpoint.*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no checkpoints (%v)", checkpoints, err)
	}
	v := newVisit(t, "/", nil)
	v.open("?device=cpu&photo=samples/chelsea.png")
	v.waitFor("done")
	v.waitOffline()
	fetched := func() bool {
		return evaluate[bool](v, `performance.getEntriesByType("resource").some(({ name }) => name.includes("importer"))`)
	}
	if fetched() {
		t.Error("the page loads the converter although nobody asked for it")
	}
	for i, file := range files {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			v.TB = t
			if state := v.after(func() { v.drop(beside(file)...) }); state != "done" {
				t.Fatalf("%s: %s", state, v.message())
			}
			v.keeps(i + 1)
			evaluate[bool](v, `((details) => (details.open = true))(document.querySelector(".in-use details"))`)
			text := evaluate[string](v, `document.querySelector(".in-use").innerText`)
			t.Log(strings.ReplaceAll(text, "\n", " "))
			if !strings.Contains(text, "int8") || !strings.Contains(text, "yours") {
				t.Error("the entry does not say that the model is int8 and kept")
			}
			v.screenshot("models-checkpoint-" + filepath.Base(folder))
			if !strings.Contains(text, "Add model_ema, too") {
				return
			}
			if state := v.after(func() { v.click(`.in-use [data-focus$=" model_ema"]`) }); state != "done" {
				t.Fatalf("the average of the weights: %s, %s", state, v.message())
			}
			v.eventually(func() bool {
				return strings.HasSuffix(evaluate[string](v, `document.querySelector(".in-use h3").textContent`), ", model_ema")
			})
			average := evaluate[string](v, `document.querySelector(".in-use h3").textContent`)
			if state := v.after(func() {
				v.pressEntry(average, "remove")
				v.pressEntry(average, "remove")
			}); state != "done" {
				t.Fatalf("without the average: %s, %s", state, v.message())
			}
			v.keeps(i + 1)
			if strings.Contains(v.entries(), average) {
				t.Errorf("the panel lists %q, expected that the average is gone", v.entries())
			}
		})
	}
	v.TB = t
	if !fetched() {
		t.Error("the converter was not loaded")
	}

	// The converter stays on the device, too.
	v.down.Store(true)
	v.allowed = []string{"/models.json"}
	v.open("?device=cpu&photo=samples/chelsea.png")
	v.waitFor("done")
	if state := v.after(func() { v.drop(beside(files[0])...) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.eventually(func() bool { // it has been added before, so it gets a number
		return regexp.MustCompile(` \d+$`).MatchString(evaluate[string](v, `document.querySelector(".in-use h3").textContent`))
	})
}

// TestTrainingFolder drops the folder of a training, in which lie other files of weights, and a photo
// with a checkpoint.
func TestTrainingFolder(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=cpu&photo=samples/china.jpg")
	v.waitFor("done")
	golden := filepath.Join(checkpoints, "mmseg-mask")
	if state := v.after(func() { v.drop(golden) }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.keeps(1)
	chelsea, err := os.Open(samples + "/chelsea.png")
	if err != nil {
		t.Fatal(err)
	}
	defer chelsea.Close()
	size, _, err := image.DecodeConfig(chelsea)
	if err != nil {
		t.Fatal(err)
	}
	v.drop(samples+"/chelsea.png", filepath.Join(checkpoints, "legacy-views/checkpoint.pth"), filepath.Join(checkpoints, "legacy-views/variant.yml"))
	v.keeps(2)
	v.waitFor("done")
	if got := v.result(); got.Width != size.Width || !strings.HasPrefix(got.Classes[0].Name, "class ") {
		t.Errorf("the result is %d wide and of %v, expected that of chelsea.png, by the new model", got.Width, got.Classes)
	}
}

// keeps waits until the panel lists so many models of the visitor's, and nothing is under way: a model
// is used before it is kept.
func (v *visit) keeps(want int) {
	v.Helper()
	var found int
	defer func() {
		if found != want {
			v.Errorf("the panel has %d models of the visitor's, expected %d: %q", found, want, v.entries())
		}
	}()
	v.eventually(func() bool {
		found = evaluate[int](v, `document.querySelector(".models-progress") ? -1 : document.querySelectorAll(".models-entry [data-focus$=' remove']").length`)
		return found == want
	})
}

// TestBadCheckpoint drops what cannot be converted.
func TestBadCheckpoint(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.open("?device=cpu&photo=samples/chelsea.png")
	v.waitFor("done")
	for _, name := range []string{"empty.pth", "photo.pt", "network.npz", "variant.yml"} {
		path := modelFile(t, name, nil)
		if name == "photo.pt" {
			path = modelFile(t, name, encodePNG(t, 9, 9))
		}
		v.drop(path)
		var text string
		v.eventually(func() bool {
			text = evaluate[string](v, `document.querySelector("[data-id=new] .models-error")?.textContent ?? ""`)
			return text != ""
		})
		t.Log(name + ": " + text)
		if strings.Contains(text, "went wrong") || strings.Contains(text, "memory") {
			t.Errorf("%s: %q says nothing of the fault", name, text)
		}
		evaluate[bool](v, `(document.querySelector(".models-error").remove(), true)`)
	}
	v.lists("This could not be added, [Everyday 38]")
}
