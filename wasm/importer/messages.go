//go:build js

package main

import (
	"fmt"
	"syscall/js"

	"segmenter/checkpoint"
)

// This file is Go's side of the request and the answer that web/library/importer.worker.js
// describes.

type request struct {
	files    []checkpoint.File
	weights  string
	quantise bool
	write    js.Value // (Uint8Array): the next piece of the model
	progress js.Value // (done, total): parameters
}

func readRequest(m js.Value) request {
	r := request{weights: m.Get("weights").String(), quantise: m.Get("quantise").Bool(), write: m.Get("write"), progress: m.Get("progress")}
	files := m.Get("files")
	for i := range files.Length() {
		f := files.Index(i)
		size := int64(f.Get("size").Float())
		r.files = append(r.files, checkpoint.File{Name: f.Get("name").String(), Size: size, ReaderAt: file{size, f.Get("read")}})
	}
	return r
}

func writeAnswer(c *checkpoint.Checkpoint) any {
	classes, notes, decoders, others := []any{}, []any{}, []any{}, []any{}
	for id, class := range c.Card.Classes {
		classes = append(classes, map[string]any{"id": id, "name": class.Name, "colour": fmt.Sprint(class.Colour)})
	}
	for _, n := range c.Notes {
		values := map[string]any{}
		for key, value := range n.Values {
			values[key] = value
		}
		notes = append(notes, map[string]any{"code": n.Code, "values": values, "text": n.Text})
	}
	for _, d := range c.Table.Decoders() {
		decoders = append(decoders, string(d))
	}
	for _, name := range c.Others {
		others = append(others, name)
	}
	return map[string]any{
		"name":       c.Card.Name,
		"classes":    classes,
		"decoders":   decoders,
		"parameters": c.Parameters(),
		"patch":      c.Card.Architecture.Patch,
		"size":       c.Card.Size,
		"weights":    c.Weights,
		"others":     others,
		"notes":      notes,
	}
}
