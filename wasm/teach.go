//go:build js

package main

import (
	"bytes"
	"context"
	"fmt"
	"syscall/js"

	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/teach"
)

// Classes that are taught travel as a file of package teach: the page keeps it, and sends it with
// each request about them.

type teachRequest struct {
	file         js.Value // Uint8Array, empty if nothing was taught yet
	typical      js.Value // Uint8Array, empty if there is none
	index        int      // of the class; their number is a new one
	name, colour string
	strokes      []teach.Stroke
	again        bool // in place of the class's last lesson
}

func readTeach(m message) teachRequest {
	r := teachRequest{file: m.Get("file"), typical: m.Get("typical"), index: m.number("index"), name: m.text("name"), colour: m.text("colour"), again: m.has("again")}
	list := m.Get("strokes")
	for i := range list.Length() {
		r.strokes = append(r.strokes, readStroke(message{list.Index(i)}))
	}
	return r
}

func readStroke(m message) teach.Stroke {
	points := m.Get("points")
	s := teach.Stroke{Width: float32(m.float("width")), Not: m.has("not")}
	for i := 0; i+1 < points.Length(); i += 2 {
		s.Points = append(s.Points, teach.Point{X: float32(points.Index(i).Float()), Y: float32(points.Index(i + 1).Float())})
	}
	return s
}

// teach adds what strokes on the last photo show of a class, and fits the rows. The other ranks
// get a request for features at the same time.
func (e *engine) teach(m message) (any, error) {
	if err := e.requirePhoto(); err != nil {
		return nil, err
	}
	request := readTeach(m)
	set, err := e.openTaught(request.file)
	if err != nil {
		return nil, err
	}
	features, err := e.segmenter.Inner(context.Background(), model.Inner{Kind: model.Features})
	if err != nil {
		return nil, e.deviceError(err)
	}
	photo, err := teach.PhotoOf(e.segmenter, features)
	if err != nil {
		return nil, e.deviceError(err)
	}
	class, err := writtenClass(request.name, request.colour)
	if err != nil {
		return nil, err
	}
	if request.index == len(set.Classes) {
		err = set.Add(class, nil)
	} else {
		err = set.Rename(request.index, class, false)
	}
	if err == nil {
		err = set.Show(request.index, photo, request.strokes, request.again)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOption, err)
	}
	typical, err := e.openTaught(request.typical)
	if err != nil {
		typical = nil // it is of another model's encoder
	}
	set.Fit(e.segmenter.Model(), typical)
	file, err := fileOf(set)
	return writeTeach(file), err
}

func writtenClass(name, colour string) (modelfile.Class, error) {
	c, err := modelfile.ParseColour(colour)
	if err != nil {
		return modelfile.Class{}, fmt.Errorf("%w: %w", errOption, err)
	}
	return modelfile.Class{Name: name, Colour: c}, nil
}

type reviseRequest struct {
	file        js.Value
	index       int
	name        string
	colour      string
	off, remove bool
}

func readRevise(m message) reviseRequest {
	return reviseRequest{m.Get("file"), m.number("index"), m.text("name"), m.text("colour"), m.has("off"), m.has("remove")}
}

// revise renames a class that was taught, switches it on or off, or removes it.
func (e *engine) revise(m message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	request := readRevise(m)
	set, err := e.openTaught(request.file)
	if err != nil {
		return nil, err
	}
	if request.remove {
		err = set.Remove(request.index)
	} else if class, failure := writtenClass(request.name, request.colour); failure != nil {
		err = failure
	} else {
		err = set.Rename(request.index, class, request.off)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOption, err)
	}
	file, err := fileOf(set)
	return writeRevise(file), err
}

func writeTeach(file js.Value) any { return map[string]any{"file": file} }

func writeRevise(file js.Value) any { return map[string]any{"file": file} }

func fileOf(set *teach.Set) (js.Value, error) {
	var file bytes.Buffer
	if err := set.Write(&file); err != nil {
		return js.Undefined(), err
	}
	return typedArray("Uint8Array", file.Bytes()), nil
}

// taught has masks show the classes of a file from the next photo on, beside the model's. All
// ranks get this request.
func (e *engine) taught(m message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	set, err := e.openTaught(readTaught(m))
	if err != nil {
		return nil, err
	}
	if err := e.segmenter.SetTaught(set.Taught()); err != nil {
		return nil, fmt.Errorf("%w: %w", errOption, err)
	}
	e.classes = len(e.segmenter.Classes())
	return writeTaught(set, e.segmenter.Classes()), nil
}

func readTaught(m message) js.Value { return m.Get("file") }

func writeTaught(set *teach.Set, all []modelfile.Class) any {
	taught, classes := []any{}, []any{}
	for _, c := range set.Classes {
		taught = append(taught, writeTaughtClass(c))
	}
	for id, c := range all {
		classes = append(classes, writeClass(id, c.Name, fmt.Sprint(c.Colour)))
	}
	return map[string]any{"taught": taught, "classes": classes}
}

func writeTaughtClass(c teach.Class) any {
	return map[string]any{"name": c.Name, "colour": fmt.Sprint(c.Colour), "off": c.Off, "strokes": c.Strokes()}
}

// openTaught opens a file for the model at work; an empty one is a set without classes.
func (e *engine) openTaught(file js.Value) (*teach.Set, error) {
	m := e.segmenter.Model()
	if file.Length() == 0 {
		return teach.NewSet(m), nil
	}
	set, err := teach.Open(&reader{bytes: file}, m)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOption, err)
	}
	return set, nil
}
