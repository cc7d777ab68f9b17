package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"segmenter/model"
)

const checkpoints = "../../checkpoint/testdata/"

// TestImport makes models of a checkpoint, which finds variant.yml beside it.
func TestImport(t *testing.T) {
	source := checkpoints + "golden/half-average/checkpoint.pth"
	for _, c := range []struct {
		flags     []string
		precision string
	}{
		{nil, "float32"},
		{[]string{"-quantise"}, "int8"},
		{[]string{"-weights", "model_ema", "-quantise"}, "int8"},
		{[]string{"-quantise", "-calibrate", "../../web/samples"}, "int8"},
	} {
		out := filepath.Join(t.TempDir(), "model.safetensors")
		status, stdout, stderr := call(append([]string{"import", source, "-o", out}, c.flags...)...)
		if status != 0 {
			t.Fatalf("%v: status %d: %s", c.flags, status, stderr)
		}
		if !strings.Contains(stdout, "vit_of_a_test") || !strings.Contains(stdout, "several networks") {
			t.Errorf("%v: it says %q", c.flags, stdout)
		}
		m, err := model.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		if m.Precision() != c.precision || m.Architecture.Heads != 2 {
			t.Errorf("%v: %s, %d heads", c.flags, m.Precision(), m.Architecture.Heads)
		}
	}
}

// TestImportRefuses leaves no file behind.
func TestImportRefuses(t *testing.T) {
	source := checkpoints + "golden/half-average/checkpoint.pth"
	broken := filepath.Join(t.TempDir(), "broken.pth")
	if err := os.WriteFile(broken, []byte("\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "model.safetensors")
	for _, c := range []struct {
		arguments []string
		status    int
		want      string
	}{
		{[]string{source}, 2, "-o MODEL"},
		{[]string{source, "-o", source}, 2, "overwritten"},
		{[]string{source, "-o", out, "-calibrate", "."}, 2, "-quantise"},
		{[]string{source, "-o", out, "-weights", "ema"}, 1, "no network at"},
		{[]string{source, source, "-o", out}, 1, "expected one checkpoint"},
		{[]string{checkpoints + "encoders/jax.npz", "-o", out}, 1, "segment train -from"},
		{[]string{broken, "-o", out}, 1, `"os.system"`},
	} {
		status, _, stderr := call(append([]string{"import"}, c.arguments...)...)
		if status != c.status || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: status %d: %s", c.arguments, status, stderr)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused import left a model")
	}
}
