package e2e

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// photosFolder returns a folder with sample photos, and a damaged one in the middle.
func photosFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, sample := range map[string]string{"a.png": "chelsea.png", "c.jpg": "china.jpg", "more/d.png": "coffee.png"} {
		put(t, filepath.Join(folder, name), read(t, samples+"/"+sample))
	}
	put(t, filepath.Join(folder, "b.jpg"), read(t, samples+"/china.jpg")[:40_000])
	put(t, filepath.Join(folder, "notes.txt"), []byte("no photo"))
	put(t, filepath.Join(folder, ".hidden/e.jpg"), []byte("hidden"))
	return folder
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// queued returns the photos of the queue with their states.
func (v *visit) queued() string {
	v.Helper()
	return evaluate[string](v, `[...document.querySelectorAll(".queue-list li")].map((line) =>
		line.querySelector(".queue-name").textContent + " " + line.dataset.state).join(", ")`)
}

// queueIs waits until the queue has photos in the given states.
func (v *visit) queueIs(want string) {
	v.Helper()
	var found string
	defer func() {
		if found != want {
			v.Errorf("the queue has %q, expected %q", found, want)
		}
	}()
	v.eventually(func() bool { found = v.queued(); return found == want })
}

// pressPhoto presses a photo of the queue, by its name.
func (v *visit) pressPhoto(name string) {
	v.Helper()
	evaluate[bool](v, fmt.Sprintf(`([...document.querySelectorAll(".queue-photo")].find((photo) =>
		photo.querySelector(".queue-name").textContent === %q).click(), true)`, name))
}

func (v *visit) text(selector string) string {
	v.Helper()
	return evaluate[string](v, fmt.Sprintf(`document.querySelector(%q)?.textContent ?? ""`, selector))
}

// unzip returns the files of an archive, by name.
func unzip(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(in); err != nil { // which checks the checksum
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	return files
}

// names returns the names of files, sorted.
func names(files map[string][]byte) string {
	var list []string
	for name := range files {
		list = append(list, name)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

const queueDone = "a.png done, b.jpg failed, c.jpg done, more/d.png done"

// TestQueue drops a folder of photos, opens one of them, comes back, and saves the results.
func TestQueue(t *testing.T) {
	v := newVisit(t, "/", nil)
	folder := v.downloads()
	v.open("?device=cpu&size=256")
	v.waitFor("ready")
	if evaluate[bool](v, `performance.getEntriesByType("resource").some(({ name }) => /page\/(queue|zip|formats)/.test(name))`) {
		t.Error("the page loads the queue although nobody asked for it")
	}
	v.drop(photosFolder(t))
	v.queueIs(queueDone)
	v.screenshot("queue-1280")
	if facts := v.text("#queue-facts"); facts != "3 done · 1 failed" {
		t.Errorf("the queue says %q", facts)
	}
	if announced := v.text("#announcement"); announced != "The queue has ended: 3 photos done, 1 failed." {
		t.Errorf("announced: %q", announced)
	}
	if note := v.text("[data-state=failed] .queue-note"); !strings.Contains(note, "damaged") || !strings.Contains(note, "b.jpg") {
		t.Errorf("of the damaged photo, the queue says %q", note)
	}
	if note := v.text("[data-state=done] .queue-note"); !strings.Contains(note, "cat") {
		t.Errorf("of the cat's portrait, the queue says %q", note)
	}

	if state := v.after(func() { v.pressPhoto("a.png") }); state != "done" {
		t.Fatalf("%s: %s", state, v.message())
	}
	v.knowsFirst("cat")
	if back := v.text("#queue-back"); back != "‹ Many photos: 4 of 4" {
		t.Errorf("the way back is called %q", back)
	}
	v.screenshot("queue-behind-1280")
	isOpen := func() bool { return evaluate[bool](v, `document.documentElement.dataset.queue === "open"`) }
	evaluate[bool](v, `(history.back(), true)`)
	v.eventually(isOpen)
	if at := v.text(":focus .queue-name"); at != "a.png" {
		t.Errorf("back in the queue, the focus is on %q", at)
	}
	evaluate[bool](v, `(history.forward(), true)`)
	v.eventually(func() bool { return !isOpen() })
	v.click("#queue-back")
	v.eventually(isOpen)

	for format, want := range map[string]string{
		"coco": "annotations.json", "png": "a.png c.png more/d.png", "yolo": "data.yaml labels/a.txt labels/c.txt labels/more/d.txt",
		"voc": "ImageSets/Segmentation/default.txt SegmentationClass/a.png SegmentationClass/c.png SegmentationClass/more/d.png labelmap.txt",
	} {
		v.setField("queue-format", format)
		evaluate[bool](v, `(delete globalThis.showSaveFilePicker, true)`) // which needs a visitor
		v.click("#queue-zip")
		_, content := v.downloaded(folder, "zip")
		v.eventually(func() bool { return !strings.HasPrefix(v.text(".queue-saving"), "Saving") })
		if got := names(unzip(t, content)); got != want {
			t.Errorf("the archive of %s has %s, expected %s", format, got, want)
		}
		if saved := v.text("#queue-saved"); saved != "Saved the results of 3 photos as ZIP." {
			t.Errorf("the queue says %q", saved)
		}
		os.RemoveAll(folder)
		os.Mkdir(folder, 0o777)
	}
	v.click("#queue-clear")
	v.click("#queue-close")
	v.eventually(func() bool { return evaluate[bool](v, `!("queue" in document.documentElement.dataset)`) })
}

// knowsFirst fails unless the largest class in the page's last result is the given one.
func (v *visit) knowsFirst(class string) {
	v.Helper()
	if first := v.result().Classes[0].Name; first != class {
		v.Errorf("the largest class is %q, expected %q", first, class)
	}
}

// pickFolders has the page's pickers give folders and files of the page's own file system.
const pickFolders = `
	const root = navigator.storage.getDirectory();
	globalThis.showDirectoryPicker = async ({ id }) => (await root).getDirectoryHandle(globalThis.folder ?? id, { create: true });
	globalThis.showSaveFilePicker = async ({ suggestedName }) => (await root).getFileHandle(suggestedName, { create: true });
	globalThis.contents = async (folder, path = "") => {
		const found = {};
		for await (const [name, entry] of folder ?? (await root)) {
			if (entry.kind === "directory") Object.assign(found, await contents(entry, path + name + "/"));
			else found[path + name] = await entry.getFile().then((file) => file.bytes()).then((bytes) => bytes.toBase64(), () => ""); // it is being written
		}
		return found;
	};
	globalThis.contentsOf = async (name) => contents(await (await root).getDirectoryHandle(name));
`

// TestQueueFolder saves into a folder while photos are done, comes back later and skips what is there;
// and writes an archive to the disk.
func TestQueueFolder(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.first(pickFolders)
	photos := photosFolder(t)
	results := func() map[string][]byte { return evaluate[map[string][]byte](v, `contentsOf("results")`) }
	v.open("?device=cpu&size=256")
	v.waitFor("ready")
	v.drop(photos)
	v.eventually(func() bool { return v.queued() != "" })
	v.setField("queue-format", "coco")
	v.click("#queue-folder")
	v.queueIs(queueDone)
	saved := func(part string) {
		t.Helper()
		v.eventually(func() bool { return strings.Contains(v.text("#queue-saved"), part) })
	}
	saved("“results” has the results of 3 photos (COCO, polygons)")
	var first map[string][]byte
	const want = "annotations.json log.jsonl parts/a.coco parts/c.coco parts/more/d.coco"
	v.eventually(func() bool { first = results(); return names(first) == want })
	if log := string(first["log.jsonl"]); strings.Count(log, "\n") != 5 || !strings.Contains(log, `"photo":"b.jpg","error":`) {
		t.Errorf("the log is\n%s", log)
	}

	v.setField("queue-format", "labelme")
	v.click("#queue-zip")
	saved("Saved the results of 3 photos")
	archive := evaluate[map[string][]byte](v, `contents()`)["masks-labelme.zip"]
	if got := names(unzip(t, archive)); got != "a.json c.json more/d.json" {
		t.Errorf("the archive on the disk has %s", got)
	}

	// The next visit skips what is there, and makes the same of it.
	v.open("?device=cpu&size=256")
	v.waitFor("ready")
	v.drop(photos)
	v.eventually(func() bool { return v.queued() != "" })
	v.setField("queue-format", "coco")
	v.click("#queue-folder")
	v.eventually(func() bool { return strings.Contains(v.text("#queue-facts"), "there already") })
	v.eventually(func() bool { return strings.Contains(v.text("#queue-facts"), "1 failed") })
	saved("of 3 photos")
	v.eventually(func() bool { return len(results()["annotations.json"]) == len(first["annotations.json"]) })

	// Results of other settings are not mixed with these.
	v.setField("queue-format", "svg")
	v.click("#queue-folder")
	v.eventually(func() bool { return strings.Contains(v.message(), "of other settings") })
	v.dismiss()
	evaluate[bool](v, `(globalThis.folder = "photos", root.then((root) => root.getDirectoryHandle("photos", { create: true }))
		.then((folder) => folder.getFileHandle("holiday.jpg", { create: true })).then(() => true))`)
	v.click("#queue-folder")
	v.eventually(func() bool { return strings.Contains(v.message(), "holds other files") })
	v.dismiss()
}

// TestQueueWithoutMouse chooses photos in the file dialogue, pauses, cancels and goes on: by the keyboard
// on a desktop, by touch on a phone.
func TestQueueWithoutMouse(t *testing.T) {
	source := readAxe(t)
	for _, test := range []struct {
		lang, scheme  string
		width, height int64
	}{{"en", "light", 1280, 800}, {"zh", "dark", 390, 844}} {
		t.Run(test.lang, func(t *testing.T) {
			v := newVisit(t, "/", nil)
			v.emulate("prefers-color-scheme", test.scheme, "prefers-reduced-motion", "reduce")
			v.do(chromedp.EmulateViewport(test.width, test.height))
			check := func(state string) {
				t.Helper()
				v.axe(source, state)
				v.screenshot(fmt.Sprintf("queue-%s-%s", test.lang, state))
				if test.lang == "zh" {
					v.checkChinese(state)
				}
				if n := evaluate[int](v, `document.documentElement.scrollWidth - innerWidth`); n > 0 {
					t.Errorf("%s: the page is %d pixels wider than the window", state, n)
				}
			}
			v.open("?device=cpu&size=256&lang=" + test.lang)
			v.waitFor("ready")
			press := v.presser(test.lang == "zh")
			press("#queue-open")
			v.eventually(func() bool { return evaluate[bool](v, `document.activeElement?.id === "queue-title"`) })
			check("empty")
			folder := photosFolder(t)
			var photos []string
			for _, name := range []string{"a.png", "b.jpg", "c.jpg", "more/d.png"} {
				photos = append(photos, v.absolute(filepath.Join(folder, name)))
			}
			v.do(chromedp.SetUploadFiles(chromedp.CSS("#queue-files"), photos))
			v.eventually(func() bool { return strings.Contains(v.queued(), "working") })
			press("#queue-pause")
			v.eventually(func() bool { return !strings.Contains(v.queued(), "working") })
			v.eventually(func() bool {
				return evaluate[bool](v, `document.querySelectorAll(".queue-list img:not([hidden])").length > 1`)
			})
			check("paused")
			press("#queue-cancel")
			v.eventually(func() bool { return strings.Contains(v.queued(), "cancelled") })
			check("cancelled")

			// In the list, arrows move; Enter does a photo after all, and opens one that is done.
			evaluate[bool](v, `(document.querySelector(".queue-photo[tabindex='0']").focus(), true)`)
			v.press(kb.End)
			if at := v.text(":focus .queue-name"); at != "d.png" {
				t.Errorf("End goes to %q", at)
			}
			v.press(kb.Enter)
			v.eventually(func() bool { return strings.Contains(v.queued(), "d.png done") })
			evaluate[bool](v, `(document.getElementById("queue-cancel").click(), true)`)
			v.queueIs("a.png done, b.jpg failed, c.jpg done, d.png done")
			evaluate[bool](v, `(document.querySelectorAll(".queue-results").forEach((details) => (details.open = true)), true)`)
			for _, format := range []string{"coco", "class"} {
				v.setField("queue-format", format)
				check("done-" + format)
			}
			if state := v.after(func() { press(".queue-list li:nth-child(4) .queue-photo") }); state != "done" {
				t.Fatalf("%s: %s", state, v.message())
			}
			check("behind")
		})
	}
}
