//go:build js

package main

import (
	"os"
	"slices"
	"syscall/js"
	"testing"
)

// await waits for a Promise; a rejection is returned as its error's code.
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

// ask calls a method of the engine from JavaScript.
func ask(t *testing.T, engine js.Value, method string, arguments ...any) (js.Value, string) {
	t.Helper()
	return await(engine.Call(method, arguments...))
}

func modelFile(t *testing.T) js.Value {
	t.Helper()
	file, err := os.ReadFile("../model/weights/everyday.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return bytesOf("Uint8Array", file)
}

// request is a picture of width×height, and how to segment it.
func request(width, height, size, window, stride int) map[string]any {
	return map[string]any{"width": width, "height": height, "decoder": "mask", "size": size, "window": window, "stride": stride}
}

func TestEngine(t *testing.T) {
	engine := js.ValueOf(new(engine).object())
	sky := js.FuncOf(func(_ js.Value, a []js.Value) any { // blue below white
		pixels := make([]byte, a[1].Int()*100*4)
		for i := range pixels {
			pixels[i] = [4]byte{120, 180, 255, 255}[i%4]
		}
		return bytesOf("Uint8Array", pixels)
	})
	short := js.FuncOf(func(js.Value, []js.Value) any { return bytesOf("Uint8Array", make([]byte, 4)) })
	broken := js.Global().Get("Function").New("throw new Error('no pixels')")
	windows := 0
	progress := js.FuncOf(func(_ js.Value, a []js.Value) any { windows = a[0].Int(); return nil })

	if _, code := ask(t, engine, "segment", request(100, 70, 64, 0, 0), sky, progress); code != "internal" {
		t.Errorf("segment without a model: code %q", code)
	}
	for method, argument := range map[string]any{"follow": request(100, 70, 64, 0, 0), "probabilities": 0, "scores": nil} {
		if _, code := ask(t, engine, method, argument); code != "internal" {
			t.Errorf("%s without a model: code %q", method, code)
		}
	}
	file := modelFile(t)
	if _, code := ask(t, engine, "load", file.Call("subarray", 0, 100000)); code != "bad-model" {
		t.Errorf("a truncated model: code %q", code)
	}
	info, code := ask(t, engine, "load", file)
	if code != "" {
		t.Fatalf("load: code %q", code)
	}
	if n, first := info.Get("classes").Length(), info.Get("decoders").Index(0).String(); n != 38 || first != "mask" {
		t.Errorf("the model has %d classes and first the decoder %q", n, first)
	}
	if colour := info.Get("classes").Index(8).Get("colour").String(); len(colour) != 7 || colour[0] != '#' {
		t.Errorf("the colour of a class is %q", colour)
	}

	for _, r := range []map[string]any{request(100, 70, 64, 0, 0), request(100, 70, 0, 48, 40)} {
		result, code := ask(t, engine, "segment", r, sky, progress)
		if code != "" {
			t.Fatalf("segment: code %q", code)
		}
		mask, total := result.Get("mask"), 0
		for i := range result.Get("areas").Length() {
			total += result.Get("areas").Index(i).Int()
		}
		if mask.Length() != 7000 || total != 7000 {
			t.Errorf("a mask of %d pixels, areas of %d in all; expected 7000", mask.Length(), total)
		}
		probabilities, code := ask(t, engine, "probabilities", mask.Index(0).Int())
		if code != "" || probabilities.Length() != 7000 || !(probabilities.Index(0).Float() > 1./38) {
			t.Errorf("probabilities: code %q, %d values", code, probabilities.Length())
		}
		scores, code := ask(t, engine, "scores")
		patches := scores.Get("rows").Int() * scores.Get("cols").Int()
		if n := scores.Get("values").Length(); code != "" || scores.Get("classes").Int() != 38 || n == 0 || n%(patches*38) != 0 {
			t.Errorf("scores: code %q, %d values for windows of %d patches", code, n, patches)
		}
	}
	if windows < 2 {
		t.Errorf("progress came to %d windows", windows)
	}

	for _, c := range []struct {
		read any
		r    map[string]any
		want string
	}{
		{broken, request(100, 70, 64, 0, 0), "bad-photo"},
		{short, request(100, 70, 64, 0, 0), "bad-photo"},
		{sky, request(100, 1<<20, 0, 0, 0), "too-large"},
		{sky, request(0, 0, 64, 0, 0), "internal"},
	} {
		if _, code := ask(t, engine, "segment", c.r, c.read, progress); code != c.want {
			t.Errorf("%v: code %q, expected %q", c.r, code, c.want)
		}
	}

	if _, code := ask(t, engine, "load", file.Call("subarray", 0, 100000)); code != "bad-model" {
		t.Errorf("a truncated second model: code %q", code)
	}
	running := engine.Call("segment", request(100, 70, 0, 48, 10), sky, progress)
	engine.Call("abort")
	if _, code := await(running); code != "aborted" {
		t.Errorf("abort: code %q", code)
	}
	if _, code := ask(t, engine, "segment", request(100, 70, 64, 0, 0), sky, progress); code != "" {
		t.Errorf("segment after everything: code %q", code)
	}
}

// Rows that differ, in more strips than one, with a last strip that is shorter.
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
		return bytesOf("Uint8ClampedArray", pixels)
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
