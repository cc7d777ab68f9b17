//go:build js && webgpu

package main

import (
	"syscall/js"
	"testing"
)

// TestGPU segments photos, and loses the GPU during one.
func TestGPU(t *testing.T) {
	e := new(engine)
	object := js.ValueOf(e.object())
	grey := js.FuncOf(func(_ js.Value, a []js.Value) any {
		pixels := make([]byte, a[1].Int()*100*4)
		for i := range pixels {
			pixels[i] = byte(i / 40)
		}
		return typedArray("Uint8Array", pixels)
	})
	photo := pictureRequest(100, 70, grey, whole)
	load := func() string {
		info, code := ask(t, object, "load", map[string]any{"bytes": modelFile(t), "arithmetic": "int8"})
		if code == "" && info.Get("gpu").Get("name").Type() != js.TypeString {
			t.Error("load returned no name of the GPU")
		}
		return code
	}
	segment := func(want string) {
		t.Helper()
		result, code := ask(t, object, "segment", photo)
		if code != want {
			t.Fatalf("segment: code %q, expected %q", code, want)
		}
		if want == "" && result.Get("mask").Length() != 7000 {
			t.Errorf("a mask of %d pixels, expected 7000", result.Get("mask").Length())
		}
	}

	if code := load(); code == "graphics" {
		t.Skip("this browser has no WebGPU")
	} else if code != "" {
		t.Fatalf("load: code %q", code)
	}
	segment("")
	for name, request := range map[string]map[string]any{"probabilities": {"classId": 0}, "scores": nil} {
		if _, code := ask(t, object, name, request); code != "" {
			t.Errorf("%s: code %q", name, code)
		}
	}
	testPaint(t, object, grey.Value)

	running := object.Call("segment", photo)
	e.gpu.Destroy()
	if _, code := await(running); code != "graphics" {
		t.Fatalf("segment while the GPU is lost: code %q", code)
	}
	segment("graphics")
	if code := load(); code != "" {
		t.Fatalf("load after the loss: code %q", code)
	}
	segment("")
}

// testPaint paints a mask that stays on the GPU.
func testPaint(t *testing.T, object, readRows js.Value) {
	ask := func(name string, request map[string]any) js.Value {
		t.Helper()
		value, code := ask(t, object, name, request)
		if code != "" {
			t.Fatalf("%s: code %q", name, code)
		}
		return value
	}
	photo := pictureRequest(100, 70, readRows, whole)
	want := ask("segment", photo).Get("mask")
	palette := make([]byte, 4*38)
	for i := range palette {
		palette[i] = byte(i | 3)
	}
	painting := map[string]any{"width": 50, "height": 35, "border": -2, "palette": typedArray("Uint8Array", palette)}
	photo["mask"], photo["painting"] = false, painting
	result := ask("segment", photo)
	if !result.Get("mask").IsUndefined() {
		t.Error("the mask was not left on the GPU")
	}
	for _, bitmap := range []js.Value{result.Get("overlay"), ask("paint", map[string]any{"painting": painting})} {
		if w, h := bitmap.Get("width").Int(), bitmap.Get("height").Int(); w != 50 || h != 35 {
			t.Errorf("a painting of %d×%d, expected 50×35", w, h)
		}
	}
	testMask(t, object, want)
}
