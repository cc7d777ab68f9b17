package main

import (
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"segmenter/modelfile"
	"segmenter/teach"
)

// TestTeach segments with a file of a class that wins everywhere, and with files that do not fit.
func TestTeach(t *testing.T) {
	m, err := openModel("")
	if err != nil {
		t.Fatal(err)
	}
	set := teach.NewSet(m)
	if err := set.Add(modelfile.Class{Name: "everything"}, nil); err != nil {
		t.Fatal(err)
	}
	set.Classes[0].Row.Bias = 1000
	folder := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(folder, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := set.Write(f); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file, mask := write("taught.safetensors"), filepath.Join(folder, "mask.png")
	if out := succeed(t, "-size", "64", "-teach", file, "-mask", mask, cat); !strings.Contains(out, "100.00 %  everything") {
		t.Errorf("printed %q", out)
	}
	if picture := readPNG(t, mask).(*image.Paletted); picture.Pix[0] != 38 || len(picture.Palette) != 39 {
		t.Errorf("the mask's first pixel is %d of %d classes, expected 38 of 39", picture.Pix[0], len(picture.Palette))
	}
	set.Encoder = "another"
	for _, path := range []string{write("other.safetensors"), cat, filepath.Join(folder, "none")} {
		if status, _, stderr := call("-teach", path, cat); status != 1 || !strings.Contains(stderr, filepath.Base(path)) {
			t.Errorf("%s: status %d, %q", path, status, stderr)
		}
	}
}
