//go:build js && webgpu

package main

import (
	"syscall/js"
	"testing"
)

// TestGraphics takes the graphics processor away while it segments a photo.
func TestGraphics(t *testing.T) {
	e := new(engine)
	object := js.ValueOf(e.object())
	grey := js.FuncOf(func(_ js.Value, a []js.Value) any {
		pixels := make([]byte, a[1].Int()*100*4)
		for i := range pixels {
			pixels[i] = byte(i / 40)
		}
		return bytesOf("Uint8Array", pixels)
	})
	progress := js.FuncOf(func(js.Value, []js.Value) any { return nil })
	photo := request(100, 70, 64, 0, 0)
	load := func() string {
		info, code := ask(t, object, "load", modelFile(t), "int8")
		if code == "" && info.Get("graphics").Get("name").Type() != js.TypeString {
			t.Error("load does not say what computes")
		}
		return code
	}
	segment := func(want string) {
		t.Helper()
		result, code := ask(t, object, "segment", photo, grey, progress)
		if code != want {
			t.Fatalf("segment: code %q, expected %q", code, want)
		}
		if want == "" && result.Get("mask").Length() != 7000 {
			t.Errorf("a mask of %d pixels", result.Get("mask").Length())
		}
	}

	if code := load(); code == "graphics" {
		t.Skip("there is no WebGPU")
	} else if code != "" {
		t.Fatalf("load: code %q", code)
	}
	segment("")
	for method, argument := range map[string]any{"probabilities": 0, "scores": nil} {
		if _, code := ask(t, object, method, argument); code != "" {
			t.Errorf("%s: code %q", method, code)
		}
	}
	for _, method := range []string{"start", "follow"} {
		if _, code := ask(t, object, method); code != "internal" {
			t.Errorf("%s: code %q", method, code)
		}
	}

	testLeft(t, object, grey.Value, progress.Value)

	running := object.Call("segment", photo, grey, progress)
	e.gpu.Destroy()
	if _, code := await(running); code != "graphics" {
		t.Fatalf("the graphics processor is lost: code %q", code)
	}
	segment("graphics")
	if code := load(); code != "" {
		t.Fatalf("load once more: code %q", code)
	}
	segment("")
}

// testLeft leaves masks on the graphics processor and asks for parts of them.
func testLeft(t *testing.T, object, read, progress js.Value) {
	ask := func(method string, arguments ...any) js.Value {
		t.Helper()
		value, code := ask(t, object, method, arguments...)
		if code != "" {
			t.Fatalf("%s: code %q", method, code)
		}
		return value
	}
	photo := request(100, 70, 64, 0, 0)
	want := ask("segment", photo, read, progress).Get("mask")
	for method, argument := range map[string]any{"classAt": 0, "mask": nil, "paint": nil} {
		if _, code := await(object.Call(method, argument, 0)); code != "internal" {
			t.Errorf("%s of a mask that was not left: code %q", method, code)
		}
	}

	palette := make([]byte, 4*38)
	for i := range palette {
		palette[i] = byte(i | 3)
	}
	painting := map[string]any{"width": 50, "height": 35, "border": -2, "palette": bytesOf("Uint8Array", palette)}
	photo["leave"], photo["painting"] = true, painting
	result := ask("segment", photo, read, progress)
	if !result.Get("mask").IsUndefined() {
		t.Error("the mask was not left")
	}
	for _, bitmap := range []js.Value{result.Get("overlay"), ask("paint", painting)} {
		if w, h := bitmap.Get("width").Int(), bitmap.Get("height").Int(); w != 50 || h != 35 {
			t.Errorf("a painting of %d×%d, expected 50×35", w, h)
		}
	}
	got := ask("mask")
	for _, i := range []int{0, 99, 3456, 6999} {
		class := ask("classAt", i/100, i%100).Int()
		if class != want.Index(i).Int() || class != got.Index(i).Int() {
			t.Errorf("pixel %d: classAt says %d, mask %d; expected %d", i, class, got.Index(i).Int(), want.Index(i).Int())
		}
	}
}
