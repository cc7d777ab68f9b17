package e2e

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"segmenter/checkpoint"
	"segmenter/quant"
)

// importerFiles are checkpoints that PyTorch saved, with their variant.yml.
const importerFiles = "../checkpoint/testdata/golden"

// TestImporter imports a checkpoint in the page. The model has the bytes of the one that the
// command line makes.
func TestImporter(t *testing.T) {
	for _, name := range []string{"legacy-views", "mmseg-mask"} {
		files := map[string][]byte{}
		var native []checkpoint.File
		for _, file := range []string{"checkpoint.pth", "variant.yml"} {
			content, err := os.ReadFile(filepath.Join(importerFiles, name, file))
			if err != nil {
				continue // mmsegmentation writes no variant.yml
			}
			files[file] = content
			native = append(native, checkpoint.File{Name: file, Size: int64(len(content)), ReaderAt: strings.NewReader(string(content))})
		}
		c, err := checkpoint.Open(native, checkpoint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var want strings.Builder
		if _, err := c.Quantise(&want, quant.Plan{}); err != nil {
			t.Fatal(err)
		}
		v := newVisit(t, "/", files)
		v.withLibrary("")
		var list []string
		for file := range files {
			list = append(list, `"`+file+`"`)
		}
		got := evaluate[map[string]string](v, `(async (names) => {
			const { importCheckpoint } = await import("./importer.js");
			const files = await Promise.all(names.map(async (name) => new File([await (await fetch("./" + name)).blob()], name)));
			const seen = [];
			const { blob, description } = await importCheckpoint(files, { onProgress: ({ done, total }) => seen.push(done / total) });
			const segmenter = await library.Segmenter.create({ model: blob, device: "cpu" });
			const { classes } = segmenter.model;
			segmenter.dispose();
			const bytes = new Uint8Array(await blob.arrayBuffer());
			return {
				model: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")),
				classes: classes.map(({ name }) => name).join(),
				described: description.classes.map(({ name }) => name).join(),
				notes: description.notes.map(({ code }) => code).join(),
				progress: String(seen.at(-1)),
			};
		})([`+strings.Join(list, ",")+`])`)
		model, err := base64.StdEncoding.DecodeString(got["model"])
		if err != nil || string(model) != want.String() {
			t.Errorf("%s: the page made %d bytes, other than the %d of the command line (%v)", name, len(model), want.Len(), err)
		}
		delete(got, "model")
		t.Logf("%s: %v", name, got)
		if got["classes"] != got["described"] || got["progress"] != "1" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestImporterRefuses: what cannot be imported is refused by a sentence, and nothing of it runs.
func TestImporterRefuses(t *testing.T) {
	v := newVisit(t, "/", nil)
	v.withLibrary("")
	v.expects("a file of another kind", "bad-model: page.pth: the file is not one of torch.save: it begins neither as a zip archive nor as a pickle.",
		`import("./importer.js").then(({ importCheckpoint }) => importCheckpoint(new File(["<!doctype html> gone"], "page.pth"))).catch(({ code, message }) => code + ": " + message)`)
	v.expects("an aborted import", "aborted",
		`import("./importer.js").then(({ importCheckpoint }) => importCheckpoint(new File(["x"], "a.pth"), { signal: AbortSignal.abort() })).catch(({ code }) => code)`)
}

// TestImporterLarge imports the checkpoint of the folder that the environment variable IMPORT
// names, from the disk as visitors do, and segments a photo of 512 × 512 thrice with the model, on two
// threads. It logs the times and the memory.
func TestImporterLarge(t *testing.T) {
	folder := os.Getenv("IMPORT")
	if folder == "" {
		t.Skip("IMPORT names no folder with a checkpoint.pth and a variant.yml")
	}
	v := newVisit(t, "/", nil)
	v.withLibrary("")
	evaluate[bool](v, `(() => {
		const input = Object.assign(document.createElement("input"), { type: "file", multiple: true, id: "checkpoint" });
		document.body.prepend(input);
		return true;
	})()`)
	v.do(chromedp.SetUploadFiles(chromedp.CSS("#checkpoint"), []string{v.absolute(filepath.Join(folder, "checkpoint.pth")), v.absolute(filepath.Join(folder, "variant.yml"))}))
	evaluate[bool](v, `(() => {
		globalThis.imported = (async () => {
			const { importCheckpoint } = await import("./importer.js");
			const start = performance.now();
			const { blob, description } = await importCheckpoint([...document.querySelector("#checkpoint").files]);
			const converted = performance.now();
			const segmenter = await library.Segmenter.create({ model: blob, device: "cpu", threads: 2 });
			const loaded = performance.now();
			const photo = await createImageBitmap(await (await fetch("./samples/china.jpg")).blob(), { resizeWidth: 512, resizeHeight: 512 });
			globalThis.frame = async () => {
				const start = performance.now();
				await segmenter.segment(photo, { size: 512 });
				return performance.now() - start;
			};
			return [description.parameters + " parameters", blob.size + " bytes", "ms to convert and load:", converted - start, loaded - converted].join(" ");
		})().catch(({ message }) => "failed: " + message);
		return true;
	})()`)
	peak := 0
	for done := false; !done; {
		done = evaluate[bool](v, `Promise.race([globalThis.imported.then(() => true), new Promise((resolve) => setTimeout(resolve, 200, false))])`)
		bytes, _ := tabUse()
		peak = max(peak, bytes)
	}
	t.Log(evaluate[string](v, `globalThis.imported`))
	for _, frame := range []string{"first", "second", "third"} {
		_, before := tabUse()
		milliseconds := evaluate[float64](v, `globalThis.frame()`)
		bytes, after := tabUse()
		peak = max(peak, bytes)
		t.Logf("%s frame: %.0f ms, %v of processor time", frame, milliseconds, after-before)
	}
	t.Logf("at most %d MB in the tab's process", peak>>20)
}

// isOurs reports whether a process, by its folder in /proc, was started by this one, or by one that was.
func isOurs(process string) bool {
	for range 10 {
		if filepath.Base(process) == strconv.Itoa(os.Getpid()) {
			return true
		}
		stat, _ := os.ReadFile(filepath.Join(process, "stat"))
		_, fields, found := strings.Cut(string(stat), ") ")
		if !found {
			return false
		}
		process = filepath.Join("/proc", strings.Fields(fields)[1])
	}
	return false
}

// tabUse returns the bytes that the largest of the browser's processes holds, the tab's, and the
// processor time that it has taken.
func tabUse() (largest int, taken time.Duration) {
	const tick = 10 * time.Millisecond // of the kernel's accounts
	statuses, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, path := range statuses {
		text, _ := os.ReadFile(path)
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if !strings.Contains(string(command), "--type=renderer") || !isOurs(filepath.Dir(path)) {
			continue
		}
		for line := range strings.Lines(string(text)) {
			var kilobytes int
			if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); n == 0 || kilobytes<<10 < largest {
				continue
			}
			largest = kilobytes << 10
			stat, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "stat"))
			_, fields, _ := strings.Cut(string(stat), ") ")
			taken = 0
			for _, ticks := range strings.Fields(fields)[11:13] { // in user mode, and in the kernel
				n, _ := strconv.Atoi(ticks)
				taken += time.Duration(n) * tick
			}
		}
	}
	return largest, taken
}
