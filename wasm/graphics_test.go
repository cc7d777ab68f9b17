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
