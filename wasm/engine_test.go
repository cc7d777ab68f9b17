//go:build js

package main

import (
	"os"
	"slices"
	"syscall/js"
	"testing"

	"segmenter/model"
)

// await waits for a Promise. It returns the code of the error if the Promise rejects.
func await(promise js.Value) (value js.Value, code string) {
	done := make(chan struct{})
	resolve := js.FuncOf(func(_ js.Value, v []js.Value) any {
		value = v[0]
		close(done)
		return nil
	})
	reject := js.FuncOf(func(_ js.Value, v []js.Value) any {
		code = v[0].Get("code").String()
		close(done)
		return nil
	})
	defer resolve.Release()
	defer reject.Release()
	promise.Call("then", resolve, reject)
	<-done
	return value, code
}

// ask sends the engine a request from JavaScript.
func ask(t *testing.T, engine js.Value, name string, request map[string]any) (js.Value, string) {
	t.Helper()
	return await(engine.Call(name, request))
}

func modelFile(t *testing.T) js.Value {
	t.Helper()
	file, err := os.ReadFile("../model/weights/everyday.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return typedArray("Uint8Array", file)
}

// pictureRequest asks for the mask of a picture of width×height.
func pictureRequest(width, height int, readRows any, options map[string]any) map[string]any {
	return map[string]any{
		"width": width, "height": height, "readRows": readRows, "options": options, "mask": true,
		"onProgress": js.Global().Get("Function").New("progress", "globalThis.lastProgress = progress"),
	}
}

// Three sets of options.
var (
	whole   = map[string]any{"decoder": "mask", "size": 64, "window": 0, "stride": 0}
	windows = map[string]any{"decoder": "mask", "size": 0, "window": 48, "stride": 40}
	ownSize = map[string]any{"decoder": "mask", "size": 0, "window": 0, "stride": 0}
)

func TestEngine(t *testing.T) {
	engine := js.ValueOf(new(engine).object())
	sky := js.FuncOf(func(_ js.Value, a []js.Value) any { // blue below white
		pixels := make([]byte, a[1].Int()*100*4)
		for i := range pixels {
			pixels[i] = [4]byte{120, 180, 255, 255}[i%4]
		}
		return typedArray("Uint8Array", pixels)
	})
	short := js.FuncOf(func(js.Value, []js.Value) any { return typedArray("Uint8Array", make([]byte, 4)) })
	broken := js.Global().Get("Function").New("throw new Error('no pixels')")

	for name, request := range map[string]map[string]any{
		"segment": pictureRequest(100, 70, sky, whole), "follow": {"options": whole}, "probabilities": {"classId": 0}, "matte": {"classIds": typedArray("Uint8Array", []byte{0})},
		"scores": {}, "inner": {"kind": "features"}, "mask": {}, "classAt": {"x": 0, "y": 0},
	} {
		if _, code := ask(t, engine, name, request); code != "internal" {
			t.Errorf("%s without a model: code %q", name, code)
		}
	}
	file := modelFile(t)
	if _, code := ask(t, engine, "load", map[string]any{"bytes": file.Call("subarray", 0, 100000)}); code != "bad-model" {
		t.Errorf("a truncated model: code %q", code)
	}
	info, code := ask(t, engine, "load", map[string]any{"bytes": file})
	if code != "" {
		t.Fatalf("load: code %q", code)
	}
	if n, first := info.Get("classes").Length(), info.Get("decoders").Index(0).String(); n != 38 || first != "mask" {
		t.Errorf("the model has %d classes and the first decoder %q, expected 38 and mask", n, first)
	}
	if colour := info.Get("classes").Index(8).Get("colour").String(); len(colour) != 7 || colour[0] != '#' {
		t.Errorf("the colour of a class is %q, expected #rrggbb", colour)
	}

	for name, request := range map[string]map[string]any{"mask": {}, "classAt": {"x": 0, "y": 0}} {
		if _, code := ask(t, engine, name, request); code != "bad-photo" {
			t.Errorf("%s without a photo: code %q", name, code)
		}
	}
	for _, options := range []map[string]any{whole, windows} {
		result, code := ask(t, engine, "segment", pictureRequest(100, 70, sky, options))
		if code != "" {
			t.Fatalf("segment: code %q", code)
		}
		mask, total := result.Get("mask"), 0
		for i := range result.Get("areas").Length() {
			total += result.Get("areas").Index(i).Int()
		}
		if mask.Length() != 7000 || total != 7000 {
			t.Errorf("a mask of %d pixels, areas of %d in total; expected 7000", mask.Length(), total)
		}
		testMask(t, engine, mask)
		probabilities, code := ask(t, engine, "probabilities", map[string]any{"classId": mask.Index(0)})
		if code != "" || probabilities.Length() != 7000 || !(probabilities.Index(0).Float() > 1./38) {
			t.Errorf("probabilities: code %q, %d values", code, probabilities.Length())
		}
		matte, code := ask(t, engine, "matte", map[string]any{"classIds": typedArray("Uint8Array", []byte{byte(mask.Index(0).Int())})})
		if code != "" || matte.Length() != 7000 || matte.Index(0).Int() < 127 {
			t.Errorf("matte: code %q, %d values", code, matte.Length())
		}
		scores, code := ask(t, engine, "scores", nil)
		patches := scores.Get("rows").Int() * scores.Get("cols").Int()
		if n := scores.Get("values").Length(); code != "" || scores.Get("classes").Int() != 38 || n == 0 || n%(patches*38) != 0 {
			t.Errorf("scores: code %q, %d values for windows of %d patches", code, n, patches)
		}
		features, code := ask(t, engine, "inner", map[string]any{"kind": "features", "block": 0})
		if n := features.Get("values").Length(); code != "" || features.Get("width").Int() != 192 || n != scores.Get("values").Length()/38*192 {
			t.Errorf("features: code %q, %d values", code, n)
		}
	}
	if progress := js.Global().Get("lastProgress"); progress.Get("done").Int() < 2 || progress.Get("total").Int() < 2 {
		t.Errorf("progress reached %d of %d windows", progress.Get("done").Int(), progress.Get("total").Int())
	}

	for _, c := range []struct {
		request map[string]any
		want    string
	}{
		{pictureRequest(100, 70, broken, whole), "bad-photo"},
		{pictureRequest(100, 70, short, whole), "bad-photo"},
		{pictureRequest(100, 1<<20, sky, ownSize), "too-large"},
		{pictureRequest(0, 0, sky, whole), "internal"},
	} {
		if _, code := ask(t, engine, "segment", c.request); code != c.want {
			t.Errorf("%v: code %q, expected %q", c.request, code, c.want)
		}
	}
	if _, code := ask(t, engine, "load", map[string]any{"bytes": file.Call("subarray", 0, 100000)}); code != "bad-model" {
		t.Errorf("a truncated second model: code %q", code)
	}

	running := engine.Call("segment", pictureRequest(100, 70, sky, map[string]any{"decoder": "mask", "window": 48, "stride": 10}))
	engine.Call("abort")
	if _, code := await(running); code != "aborted" {
		t.Errorf("abort: code %q", code)
	}
	if _, code := ask(t, engine, "segment", pictureRequest(100, 70, sky, whole)); code != "" {
		t.Errorf("segment after everything: code %q", code)
	}
}

// TestArriving reads a model while it arrives.
func TestArriving(t *testing.T) {
	file := modelFile(t)
	arrived := js.Global().Get("Int32Array").New(js.Global().Get("SharedArrayBuffer").New(4))
	request := loadRequest{bytes: file, arrived: arrived}
	for _, breaks := range []bool{false, true} {
		there, steps := 0, 0
		arrived.SetIndex(0, 0)
		m, err := model.Read(newReader(request, func() bool {
			steps++
			if there += 1 << 20; breaks && steps == 3 {
				there = -1
			}
			arrived.SetIndex(0, min(there, file.Length()))
			return true
		}))
		if breaks {
			if err == nil || steps != 3 {
				t.Errorf("a file that broke off: error %v after %d steps, expected one after 3", err, steps)
			}
			continue
		}
		if err != nil || len(m.Classes) != 38 {
			t.Errorf("a file that arrives: %v", err)
		}
		if want := (file.Length() + 1<<20 - 1) >> 20; steps != want {
			t.Errorf("the reader waited %d times, expected %d", steps, want)
		}
	}
}

// testMask compares the engine's mask, of 100×70 pixels, with want, as a whole and
// pixel by pixel.
func testMask(t *testing.T, engine, want js.Value) {
	t.Helper()
	want = want.Call("slice")
	got, code := ask(t, engine, "mask", nil)
	if code != "" || got.Length() != 7000 {
		t.Fatalf("mask: code %q", code)
	}
	for _, i := range []int{0, 99, 3456, 6999} {
		class, code := ask(t, engine, "classAt", map[string]any{"x": i % 100, "y": i / 100})
		if code != "" || class.Int() != want.Index(i).Int() || class.Int() != got.Index(i).Int() {
			t.Errorf("pixel %d: classAt answers %v, mask has %d; expected %d", i, class, got.Index(i).Int(), want.Index(i).Int())
		}
	}
	for _, at := range [][2]int{{100, 0}, {0, 70}, {-1, 0}} {
		if _, code := ask(t, engine, "classAt", map[string]any{"x": at[0], "y": at[1]}); code != "bad-option" {
			t.Errorf("classAt of pixel %d: code %q", at, code)
		}
	}
}

// TestRows reads a photo in several strips, the last one shorter.
func TestRows(t *testing.T) {
	const height, width = 2*stripRows + 3, 5
	var strips []int
	read := js.FuncOf(func(_ js.Value, a []js.Value) any {
		first, n := a[0].Int(), a[1].Int()
		strips = append(strips, n)
		pixels := make([]byte, 0, n*width*4)
		for y := range n {
			for x := range width {
				pixels = append(pixels, byte(first+y), byte(x), 7, 255)
			}
		}
		return typedArray("Uint8ClampedArray", pixels)
	})
	defer read.Release()
	source := &rows{height: height, width: width, read: read.Value}
	row := make([]byte, 3*width)
	for y := range height {
		if err := source.Row(y, row); err != nil {
			t.Fatal(err)
		}
		for x := range width {
			if got, want := [3]byte(row[3*x:]), [3]byte{byte(y), byte(x), 7}; got != want {
				t.Fatalf("row %d, column %d: %v, expected %v", y, x, got, want)
			}
		}
	}
	if want := []int{stripRows, stripRows, 3}; !slices.Equal(strips, want) {
		t.Errorf("strips of %v rows, expected %v", strips, want)
	}
}
