package main

import (
	"os"
	"path/filepath"
	"testing"

	"segmenter/dataset"
)

// TestDrawSet draws a set twice, and has its labels checked.
func TestDrawSet(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, folder := range []string{first, second} {
		if err := drawSet(folder, "../../web/samples", 6, 1); err != nil {
			t.Fatal(err)
		}
	}
	set, err := dataset.Load(first, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := set.Check(t.Context(), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	train, val, ok := set.SplitByPart()
	if !ok || len(train.Samples) != 6 || len(val.Samples) != 6 {
		t.Errorf("%s, expected 6 photos for training and 6 for validation", report)
	}
	for _, c := range report.Classes {
		if c.Photos == 0 {
			t.Errorf("no photo has class %q", c.Name)
		}
	}
	for _, name := range []string{"train/images/000.jpg", "val/masks/005.png"} {
		a, err := os.ReadFile(filepath.Join(first, name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(second, name)); err != nil || string(a) != string(b) {
			t.Errorf("%s differs (%v)", name, err)
		}
	}
	if err := drawSet(t.TempDir(), "nowhere", 1, 1); err == nil {
		t.Error("without sample photos: expected an error")
	}
}
