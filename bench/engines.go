package main

import (
	"fmt"
	"slices"
	"strings"

	"segmenter/bench/network"
	"segmenter/bench/onnx"
	"segmenter/bench/tflite"
)

// An engine is one side of the comparison.
type engine struct {
	id        string // in flags and addresses
	title     string // in tables
	module    string // of web/, that runs it
	extension string // of its model files, "" where the library brings its own
	precision network.Precision
	export    func(*network.Network, int, network.Precision) ([]byte, error)
	graphics  bool // measured on the graphics processor too
}

// ours is the side that the others are compared with.
const ours = "ours"

var engines = []engine{
	{id: ours, title: "this project", module: "ours", precision: network.Int8, graphics: true},
	{id: "litert-int8", title: "LiteRT.js int8", module: "litert", extension: ".tflite", precision: network.Int8, export: tflite.Export},
	{id: "litert-f32", title: "LiteRT.js f32", module: "litert", extension: ".tflite", precision: network.Float, export: tflite.Export, graphics: true},
	{id: "ort-int8", title: "onnxruntime-web int8", module: "onnxruntime", extension: ".onnx", precision: network.Int8, export: onnx.Export},
	{id: "ort-f32", title: "onnxruntime-web f32", module: "onnxruntime", extension: ".onnx", precision: network.Float, export: onnx.Export, graphics: true},
}

// chooseEngines picks engines by their names, all where there is none; ours is
// always among them.
func chooseEngines(names []string) ([]engine, error) {
	if len(names) == 0 {
		return engines, nil
	}
	var known []string
	for _, e := range engines {
		known = append(known, e.id)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("the engine %q is not known; there are %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(engines), func(e engine) bool {
		return e.id != ours && !slices.Contains(names, e.id)
	}), nil
}

// model is the name of an engine's model file; "" where the library brings it.
func (e engine) model(size int) string {
	if e.export == nil {
		return ""
	}
	return fmt.Sprintf("models/%s-%d%s", e.precision, size, e.extension)
}

// address is the page of an engine, relative to the server's.
func (e engine) address(s setting) string {
	device := "cpu"
	if s.graphics {
		device = "webgpu"
	}
	return fmt.Sprintf("/bench/page.html?engine=%s&model=/%s&size=%d&threads=%d&device=%s", e.module, e.model(s.size), s.size, s.threads, device)
}
