//go:build js

package main

import (
	"encoding/binary"
	"math"
	"syscall/js"

	"segmenter/compute"
	"segmenter/modelfile"
	"segmenter/teach"
	"segmenter/wasm/internal/browser"
)

// This file is Go's side of the request and the answer that web/library/teacher.worker.js
// describes.

type request struct {
	action  string // show, rename, remove, merge
	encoder string // of the model
	width   int    // of a patch's features
	file    []byte // what was taught; empty for nothing

	index int // of the class; for show, the number of classes is a new one
	class modelfile.Class
	off   bool

	// show:
	photo   teach.Photo
	strokes []teach.Stroke
	again   bool // in place of the class's last lesson
	head    *teach.Head
	typical []byte

	other []byte // merge
}

func readRequest(m js.Value) request {
	colour, _ := modelfile.ParseColour(m.Get("colour").String())
	r := request{
		action: m.Get("action").String(), encoder: m.Get("encoder").String(), width: m.Get("featureWidth").Int(), file: bytesOf(m.Get("file")),
		index: m.Get("index").Int(), class: modelfile.Class{Name: m.Get("name").String(), Colour: colour}, off: m.Get("off").Bool(),
		again: m.Get("again").Bool(), typical: bytesOf(m.Get("typical")), other: bytesOf(m.Get("other")),
	}
	if r.action != "show" {
		return r
	}
	network := m.Get("network")
	r.photo = teach.Photo{
		Height: m.Get("height").Int(), Width: m.Get("width").Int(),
		View:     compute.Whole(m.Get("patch").Int(), network.Get("height").Int(), network.Get("width").Int()),
		Features: floatsOf(m.Get("features")), Scores: floatsOf(m.Get("scores")), Classes: m.Get("classes").Int(),
	}
	r.head = teach.NewHead(floatsOf(m.Get("rows")), r.width)
	strokes := m.Get("strokes")
	for i := range strokes.Length() {
		r.strokes = append(r.strokes, readStroke(strokes.Index(i)))
	}
	return r
}

func readStroke(m js.Value) teach.Stroke {
	s := teach.Stroke{Width: float32(m.Get("width").Float()), Not: m.Get("not").Bool()}
	points := floatsOf(m.Get("points"))
	for i := 0; i+1 < len(points); i += 2 {
		s.Points = append(s.Points, teach.Point{X: points[i], Y: points[i+1]})
	}
	return s
}

func writeAnswer(file []byte) any {
	return map[string]any{"file": browser.Bytes(file)}
}

func bytesOf(array js.Value) []byte {
	data := make([]byte, array.Length())
	js.CopyBytesToGo(data, array)
	return data
}

// floatsOf copies a Float32Array.
func floatsOf(array js.Value) []float32 {
	data := bytesOf(js.Global().Get("Uint8Array").New(array.Get("buffer"), array.Get("byteOffset"), array.Get("byteLength")))
	values := make([]float32, len(data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values
}
