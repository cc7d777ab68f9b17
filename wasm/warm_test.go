//go:build js && !webgpu

package main

import (
	"syscall/js"
	"testing"
)

// TestWarm gets an engine warm before and after it loads a model. It keeps no photo.
func TestWarm(t *testing.T) {
	engine := js.ValueOf(new(engine).object())
	more := func() bool {
		t.Helper()
		answer, code := ask(t, engine, "warm", map[string]any{})
		if code != "" {
			t.Fatalf("warm: code %q", code)
		}
		return answer.Bool()
	}
	if !more() {
		t.Error("the first step was the last")
	}
	if _, code := ask(t, engine, "load", map[string]any{"bytes": modelFile(t)}); code != "" {
		t.Fatalf("load: code %q", code)
	}
	steps := 2 // the first and the last
	for more() {
		steps++
	}
	if steps != warmSteps {
		t.Errorf("%d steps, expected %d", steps, warmSteps)
	}
	if _, code := ask(t, engine, "mask", map[string]any{}); code != "bad-photo" {
		t.Errorf("a mask before the first photo: code %q", code)
	}
}
