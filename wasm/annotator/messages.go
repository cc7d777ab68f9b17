//go:build js

package main

import (
	"fmt"
	"syscall/js"

	"segmenter/annotation"
	"segmenter/modelfile"
)

// This file is Go's side of the request and the answer that web/library/annotator.worker.js
// describes.

// Tasks.
const (
	taskWrite  = "write"  // the files of a photo
	taskFinish = "finish" // the files for all photos together
	taskCount  = "count"  // the points of a photo's polygons
)

type request struct {
	task    string
	format  string
	options annotation.Options
	classes []modelfile.Class
	photos  []string // names: of one to write, of all to finish
	mask    *annotation.Mask
	read    js.Value // (name) → Uint8Array or undefined: a file that an earlier task wrote
	write   js.Value // (name, Uint8Array): the next piece of a file
}

func readRequest(m js.Value) (request, error) {
	r := request{task: m.Get("task").String(), format: m.Get("format").String(), read: m.Get("read"), write: m.Get("write")}
	r.options = annotation.Options{Tolerance: m.Get("tolerance").Float(), Class: m.Get("class").String()}
	classes, photos := m.Get("classes"), m.Get("photos")
	for i := range classes.Length() {
		c := classes.Index(i)
		colour, err := modelfile.ParseColour(c.Get("colour").String())
		if err != nil {
			return r, fmt.Errorf("the class %d: %w", i, err)
		}
		r.classes = append(r.classes, modelfile.Class{Name: c.Get("name").String(), Colour: colour})
	}
	for i := range photos.Length() {
		r.photos = append(r.photos, photos.Index(i).String())
	}
	if r.task == taskFinish {
		return r, nil
	}
	mask := m.Get("mask")
	r.mask = &annotation.Mask{Photo: r.photos[0], Height: m.Get("height").Int(), Width: m.Get("width").Int(), Classes: make([]uint8, mask.Length())}
	js.CopyBytesToGo(r.mask.Classes, mask)
	return r, nil
}

func writeAnswer(points int) any {
	return map[string]any{"points": points}
}
