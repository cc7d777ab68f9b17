package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"segmenter/dataset"
)

// annotated is a mask for annotations, with the class of each pixel.
type annotated struct {
	Name          string
	Width, Height int
	Mask          []byte // Base64 in JSON
}

// annotatedClasses are the classes of masks by [rings].
var annotatedClasses = []string{"background", "cat", "potted plant", `"A" & b`}

// rings is a mask of discs with holes, which lie within each other and at the edge.
func rings(name string, width, height int) annotated {
	m := annotated{name, width, height, make([]byte, width*height)}
	for _, d := range [][4]int{{60, 50, 40, 1}, {60, 50, 25, 0}, {60, 50, 15, 2}, {150, 20, 45, 3}, {150, 20, 20, 1}, {20, 110, 30, 2}, {130, 100, 28, 1}, {130, 100, 12, 3}} {
		for i := range m.Mask {
			if dx, dy := i%width-d[0], i/width-d[1]; dx*dx+dy*dy < d[2]*d[2] {
				m.Mask[i] = byte(d[3])
			}
		}
	}
	return m
}

// writeFiles writes files that the page returned, by name in Base64, into a folder.
func writeFiles(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// annotationScript prepares the library: classes, masks, and files as Base64.
func annotationScript(t *testing.T, masks []annotated) string {
	t.Helper()
	list, err := json.Marshal(masks)
	if err != nil {
		t.Fatal(err)
	}
	names, err := json.Marshal(annotatedClasses)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`import("./annotations.js").then((module) => {
		globalThis.annotations = module;
		globalThis.classes = %s.map((name, id) => ({ id, name, colour: "#" + String(id + 1).repeat(6) }));
		globalThis.masks = %s.map(({ Name, Width, Height, Mask }) => ({ name: Name, width: Width, height: Height, mask: Uint8Array.fromBase64(Mask) }));
		globalThis.encoded = async (files) => Object.fromEntries(await Promise.all(files.map(async ({ name, blob }) => [name, (await blob.bytes()).toBase64()])));
		return true;
	})`, names, list)
}

// TestAnnotations writes masks with the library in every format that [dataset] reads, and reads them.
func TestAnnotations(t *testing.T) {
	masks := []annotated{rings("first.png", 190, 130), rings("more/second one.png", 143, 97)}
	v := newVisit(t, "/", libraryPage)
	v.withLibrary("library.html")
	evaluate[bool](v, annotationScript(t, masks))
	for _, c := range []struct {
		format, photos string
		least          float64 // the share of the pixels that are the same
	}{{"coco", "images/", 0.99}, {"coco-rle", "images/", 1}, {"labelme", "", 0.99}, {"yolo", "images/", 0.99}, {"voc", "JPEGImages/", 1}} {
		folder := t.TempDir()
		files := evaluate[map[string][]byte](v, fmt.Sprintf(`(async () => {
			const all = new annotations.Annotations(%q, { classes });
			const files = [];
			for (const { name, ...result } of masks) files.push(...await all.add(name, result));
			files.push(...await all.finish());
			all.dispose();
			return encoded(files.filter(({ isPart }) => !isPart));
		})()`, c.format))
		for _, m := range masks {
			var photo bytes.Buffer
			if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, m.Width, m.Height))); err != nil {
				t.Fatal(err)
			}
			files[c.photos+m.Name] = photo.Bytes()
		}
		writeFiles(t, folder, files)
		set, err := dataset.Load(folder, dataset.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		if len(set.Samples) != len(masks) {
			t.Errorf("%s: %d photos, expected %d", c.format, len(set.Samples), len(masks))
			continue
		}
		for i, s := range set.Samples {
			_, got, err := s.Read(set.Classes.Len())
			if err != nil {
				t.Fatal(err)
			}
			same := 0
			for j, class := range masks[i].Mask {
				if set.Classes.Names[got[j]] == annotatedClasses[class] {
					same++
				}
			}
			share := float64(same) / float64(len(got))
			t.Logf("%s: %s: %.2f %% of the pixels are the same", c.format, masks[i].Name, 100*share)
			if share < c.least {
				t.Errorf("%s: %s: expected %.2f %%", c.format, masks[i].Name, 100*c.least)
			}
		}
	}

	// What is written for one photo, and to another size.
	for format, want := range map[string]string{
		"png": "first.png", "class": "first.png", "coco": "annotations.json", "yolo": "data.yaml labels/first.txt",
		"voc": "ImageSets/Segmentation/default.txt SegmentationClass/first.png labelmap.txt", "svg": "first.svg", "labelme": "first.json",
	} {
		v.expects(format, want, fmt.Sprintf(`annotations.exportMask(masks[0], { format: %q, classes, class: "cat", name: "first.png" })
			.then((files) => files.map(({ name }) => name).sort().join(" "))`, format))
	}
	v.expects("another size", "380", `annotations.exportMask(masks[0], { format: "png", classes, size: { width: 380, height: 260 } })
		.then(([{ blob }]) => createImageBitmap(blob)).then(({ width }) => String(width))`)
	v.expects("points", "true", `Promise.all([0, 1, 3].map((tolerance) => annotations.countPoints(masks[0], { classes, tolerance })))
		.then(([none, some, more]) => String(none > some && some > more && more > 10) )`)
	v.expects("nothing", "0", `annotations.exportMask({ width: 2, height: 2, mask: new Uint8Array(4) }, { format: "yolo", classes })
		.then((files) => String(files.find(({ name }) => name === "labels/photo.txt").blob.size))`)
}

// TestAnnotationsRefuse: what cannot be written is refused by a sentence, and what is given up goes on later.
func TestAnnotationsRefuse(t *testing.T) {
	v := newVisit(t, "/", libraryPage)
	v.withLibrary("library.html")
	evaluate[bool](v, annotationScript(t, []annotated{rings("a.png", 190, 130)}))
	for expression, want := range map[string]string{
		`annotations.exportMask(masks[0], { format: "bmp", classes })`:                                                      "bad-option: The option format must be one of png, class, coco, coco-rle, yolo, labelme, voc, svg, not bmp.",
		`annotations.exportMask(masks[0], { format: "class", classes, class: "dog" })`:                                      "bad-option: The option class must be the name of a class of the mask, not dog.",
		`annotations.exportMask(masks[0], { format: "coco", classes, tolerance: -1 })`:                                      "bad-option: The option tolerance must be a number of pixels, 0 or more, not -1.",
		`annotations.exportMask({ ...masks[0], width: 3 }, { format: "coco", classes })`:                                    "bad-option: The option mask must be 3 × 130 class ids, not 24700.",
		`annotations.exportMask(masks[0], { format: "coco", classes: classes.slice(0, 2) })`:                                "bad-option: The mask of photo.jpg has the class 3: expected 0 to 1.",
		`annotations.exportMask(masks[0], { format: "voc", classes, name: "a\nb.png" })`:                                    `bad-option: The photo "a\nb.png" has a line break in its name, which Pascal VOC's lists cannot have: rename it.`,
		`annotations.exportMask(masks[0], { format: "png", classes: classes.map((info) => ({ ...info, colour: "red" })) })`: `bad-option: The class 0: "red" is not a colour; expected one like #1f77b4.`,
		`annotations.exportMask(masks[0], { format: "coco", classes, signal: AbortSignal.abort() })`:                        "aborted: The request was aborted.",
	} {
		v.expects(expression, want, expression+`.then(() => "no error", ({ code, message }) => code + ": " + message)`)
	}
	v.expects("after an abort", "aborted, annotations.json with 2 images", `(async () => {
		const all = new annotations.Annotations("coco", { classes });
		await all.add("a.png", masks[0]);
		const controller = new AbortController();
		const large = { width: 4000, height: 3000, mask: new Uint8Array(12e6).map((_, i) => (i >> 3) & 1) };
		const given = all.add("b.png", large, { signal: controller.signal }).catch(({ code }) => code);
		setTimeout(() => controller.abort(), 50);
		const code = await given;
		await all.add("c.png", masks[0]);
		const [{ name, blob }] = await all.finish();
		all.dispose();
		return code + ", " + name + " with " + JSON.parse(await blob.text()).images.length + " images";
	})()`)
	v.expects("a photo that another Annotations added", "2", `(async () => {
		const [first, second] = [0, 1].map(() => new annotations.Annotations("coco-rle", { classes }));
		second.resume("a.png", await first.add("a.png", masks[0]));
		await second.add("b.png", masks[0]);
		const [{ blob }] = await second.finish();
		first.dispose();
		second.dispose();
		return String(JSON.parse(await blob.text()).images.length);
	})()`)
}
