//go:build js

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
	on := func(device string) map[string]any {
		r := request(100, 70, 64, 0, 0)
		r["device"] = device
		return r
	}
	segment := func(device, want string) js.Value {
		t.Helper()
		result, code := ask(t, object, "segment", on(device), grey, progress)
		if code != want {
			t.Fatalf("segment on %s: code %q, expected %q", device, code, want)
		}
		return result
	}

	if _, code := ask(t, object, "openGraphics"); code != "internal" {
		t.Errorf("openGraphics without a model: code %q", code)
	}
	if _, code := ask(t, object, "load", modelFile(t), "float"); code != "" {
		t.Fatalf("load: code %q", code)
	}
	segment("webgpu", "graphics") // not opened
	want := segment("cpu", "").Get("mask")
	if _, code := ask(t, object, "openGraphics"); code == "graphics" {
		t.Skip("there is no WebGPU")
	} else if code != "" {
		t.Fatalf("openGraphics: code %q", code)
	}
	got := segment("webgpu", "").Get("mask")
	different := 0
	for i := range want.Length() {
		if got.Index(i).Int() != want.Index(i).Int() {
			different++
		}
	}
	if different*200 > want.Length() {
		t.Errorf("%d of %d pixels differ from those of the processor", different, want.Length())
	}
	for method, argument := range map[string]any{"probabilities": 0, "scores": nil} {
		if _, code := ask(t, object, method, argument); code != "" {
			t.Errorf("%s of what the graphics processor did: code %q", method, code)
		}
	}

	running := object.Call("segment", on("webgpu"), grey, progress)
	e.gpu.Destroy()
	if _, code := await(running); code != "graphics" {
		t.Fatalf("the graphics processor is lost: code %q", code)
	}
	segment("webgpu", "graphics")
	segment("cpu", "")
	if _, code := ask(t, object, "openGraphics"); code != "" {
		t.Fatalf("openGraphics once more: code %q", code)
	}
	segment("webgpu", "")
}
