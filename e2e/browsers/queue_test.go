package browsers

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strings"
)

// testQueue chooses photos in the file dialogue, one of them damaged, and saves the results as a ZIP;
// then opens one of them and comes back.
func testQueue(v *visit) {
	v.open("?size=256")
	v.waitFor("ready")
	var files []string
	for i, path := range []string{chelsea, china, china} {
		content, err := os.ReadFile(path)
		v.must(err)
		if i == 1 {
			content = []byte("no picture") // of one that is cut short, some browsers show the part that is there
		}
		files = append(files, fmt.Sprintf(`["%d%s", %q]`, i, path[strings.LastIndex(path, "."):], base64.StdEncoding.EncodeToString(content)))
	}
	evaluate[bool](v, fmt.Sprintf(`(() => {
		const { files, items } = new DataTransfer();
		for (const [name, text] of [%s]) {
			const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
			items.add(new File([bytes], name, { type: name.endsWith("png") ? "image/png" : "image/jpeg" }));
		}
		const input = document.getElementById("file");
		input.files = files;
		return input.dispatchEvent(new Event("change")) || true;
	})()`, strings.Join(files, ",")))
	var states string
	v.eventually("the queue ends", func() bool {
		states = evaluate[string](v, `[...document.querySelectorAll(".queue-list li")].map((line) => line.dataset.state).join()`)
		return states != "" && !strings.Contains(states, "w") // waiting, working
	})
	v.screenshot("queue")
	v.eventually("the small pictures are there", func() bool {
		return evaluate[int](v, `[...document.querySelectorAll(".queue-list img")].filter(({ naturalWidth }) => naturalWidth > 0).length`) == 2
	})
	if note := evaluate[string](v, `document.querySelector("[data-state=failed] .queue-note").textContent`); states != "done,failed,done" || !strings.Contains(note, "is not a picture") {
		v.Errorf("the queue has %q; of the damaged photo it says %q", states, note)
	}
	evaluate[bool](v, `(() => {
		delete globalThis.showSaveFilePicker; // which needs a visitor
		HTMLAnchorElement.prototype.click = () => {};
		const create = URL.createObjectURL;
		URL.createObjectURL = (blob) => {
			if (blob.type === "application/zip") globalThis.archive = blob;
			return create.call(URL, blob);
		};
		document.querySelector(".queue-results").open = true;
		return true;
	})()`)
	v.choose("queue-format", "yolo")
	v.click("#queue-zip")
	v.eventually("the archive is there", func() bool { return evaluate[bool](v, `"archive" in globalThis`) })
	text := evaluate[string](v, `archive.arrayBuffer().then((buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("")))`)
	content, err := base64.StdEncoding.DecodeString(text)
	v.must(err)
	r, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	v.must(err)
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
	}
	if want := []string{"labels/0.txt", "labels/2.txt", "data.yaml"}; !slices.Equal(names, want) {
		v.Errorf("the archive has %q, expected %q", names, want)
	}
	evaluate[bool](v, `(globalThis.before = segmenterPage.result, document.querySelector(".queue-photo").click(), true)`)
	v.eventually("the photo is segmented", func() bool { return evaluate[bool](v, `segmenterPage.result !== before`) })
	evaluate[bool](v, `(history.back(), true)`)
	v.eventually("the queue is back", func() bool { return evaluate[bool](v, `document.documentElement.dataset.queue === "open"`) })
}
