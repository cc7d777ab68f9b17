//go:build js

package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"syscall/js"

	"segmenter/model"
	"segmenter/modelfile"
)

// taught has masks show classes that were taught beside the model's, from the next photo on. All
// ranks get this request. Another program makes the rows: wasm/teacher.
func (e *engine) taught(m message) (any, error) {
	if e.segmenter == nil {
		return nil, errNoModel
	}
	if err := e.segmenter.SetTaught(readTaught(m)); err != nil {
		return nil, fmt.Errorf("%w: %w", errOption, err)
	}
	e.classes = len(e.segmenter.Classes())
	return nil, nil
}

func readTaught(m message) (list []model.TaughtClass) {
	classes := m.Get("classes")
	for i := range classes.Length() {
		list = append(list, readTaughtClass(message{classes.Index(i)}))
	}
	return list
}

func readTaughtClass(m message) model.TaughtClass {
	colour, _ := modelfile.ParseColour(m.text("colour"))
	return model.TaughtClass{
		Class:   modelfile.Class{Name: m.text("name"), Colour: colour},
		Weights: floatsOf(m.Get("weights")), Bias: float32(m.float("bias")),
	}
}

// floatsOf copies a Float32Array.
func floatsOf(array js.Value) []float32 {
	data := make([]byte, 4*array.Length())
	js.CopyBytesToGo(data, js.Global().Get("Uint8Array").New(array.Get("buffer"), array.Get("byteOffset"), len(data)))
	values := make([]float32, array.Length())
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values
}
