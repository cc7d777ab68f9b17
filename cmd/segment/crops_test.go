package main

import (
	"bufio"
	"os"
	"testing"

	"segmenter/model"
	"segmenter/train"
)

// TestWriteCrops writes the crops of a run, in their order, for a comparison of the training
// with that of another program: see docs/training.md. RUN is the folder of the run, CROPS the
// file or pipe for the crops: 3 bytes for each pixel of one, then a label for each.
func TestWriteCrops(t *testing.T) {
	path := os.Getenv("CROPS")
	if path == "" {
		t.Skip("CROPS names no file")
	}
	var o trainOptions
	if err := o.read(os.Getenv("RUN")); err != nil {
		t.Fatal(err)
	}
	run := &trainer{trainOptions: o, run: new(train.Run), bar: newBar(nil), stderr: os.Stderr, warned: map[string]bool{}}
	defer run.close()
	var err error
	if _, run.training, _, err = o.load(); err != nil {
		t.Fatal(err)
	}
	if run.manifest, err = readManifest(o.path(manifestFile)); err != nil { // for -favour-rare
		t.Fatal(err)
	}
	if run.model, err = openModel(o.path(modelFile)); err != nil {
		t.Fatal(err)
	}
	if err := run.openSource(t.Context()); err != nil {
		t.Fatal(err)
	}
	steps, _, err := run.readLog()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	var s model.Sample
	for number := range len(steps) * o.Batch {
		if err := run.run.Source.Sample(number, &s); err != nil {
			t.Fatal(err)
		}
		w.Write(s.Photo.Pix)
		w.Write(s.Labels)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}
