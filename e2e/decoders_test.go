package e2e

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"segmenter/model/weights"
	"segmenter/modelfile/safetensors"
)

// linearModel is the shipped model without its mask transformer.
func linearModel(t *testing.T) []byte {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := safetensors.NewReader(weights.Everyday())
	must(err)
	var tensors []safetensors.Tensor
	var data bytes.Buffer
	for range r.Tensors() {
		tensor, err := r.Next()
		must(err)
		if strings.HasPrefix(tensor.Name, "mask.") {
			continue
		}
		tensors = append(tensors, tensor)
		_, err = io.CopyN(&data, r, int64(tensor.Bytes()))
		must(err)
	}
	var file bytes.Buffer
	w, err := safetensors.NewWriter(&file, r.Metadata(), tensors)
	must(err)
	_, err = w.Write(data.Bytes())
	must(err)
	must(w.Close())
	return file.Bytes()
}

// TestOneDecoder uses a model that has only the linear decoder, and names no
// decoder anywhere.
func TestOneDecoder(t *testing.T) {
	linear := linearModel(t)
	t.Run("page", func(t *testing.T) {
		v := newVisit(t, "/", map[string][]byte{"linear.safetensors": linear})
		v.open("?size=256&model=linear.safetensors&photo=samples/chelsea.png")
		v.waitFor("done")
		form := evaluate[struct {
			Decoder string
			Mask    bool
		}](v, `(({ decoder }) => ({ Decoder: decoder.value, Mask: !decoder[0].disabled }))(document.getElementById("settings").elements)`)
		if form.Decoder != "linear" || form.Mask {
			t.Errorf("the form offers %+v, expected the linear decoder only", form)
		}
		if !strings.Contains(evaluate[string](v, `document.getElementById("legend").textContent`), "cat") {
			t.Error("the legend does not name the cat")
		}
		state := v.after(func() { evaluate[bool](v, `(document.getElementById("refine").click(), true)`) })
		if query := evaluate[string](v, `location.search`); state != "done" || strings.Contains(query, "decoder") {
			t.Errorf("after a change of the edges: state %s, address %s", state, query)
		}
	})
	t.Run("library", func(t *testing.T) {
		v := newVisit(t, "/", map[string][]byte{"linear.safetensors": linear, "library.html": libraryPage["library.html"]})
		v.open("library.html")
		found := evaluate[struct{ Photo, Frame string }](v, `(async () => {
			const [{ Segmenter }, { LiveSegmentation }] = await Promise.all([import("./library/segmenter.js"), import("./library/live.js")]);
			const segmenter = await Segmenter.create({ model: "linear.safetensors", device: "cpu" });
			const photo = await createImageBitmap(await (await fetch("samples/chelsea.png")).blob());
			const { classes: [first] } = await segmenter.segment(photo, { size: 256 });
			const canvas = Object.assign(document.createElement("canvas"), { width: photo.width, height: photo.height });
			const stream = canvas.captureStream();
			canvas.getContext("2d").drawImage(photo, 0, 0);
			const frame = await new Promise((onFrame, reject) => {
				const onState = ({ error }) => error && reject(error);
				LiveSegmentation.start(segmenter, stream, { size: 256, onFrame, onState });
			});
			return { Photo: first.name, Frame: frame.classes[0].name };
		})()`)
		if found.Photo != "cat" || found.Frame != "cat" {
			t.Errorf("found %+v, expected a cat in both", found)
		}
	})
}
