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
	module    string // in web/, runs it
	extension string // of its model files; "" if the library has its own
	precision network.Precision
	export    network.Exporter
	webgpu    bool // measured with WebGPU too
}

// ours is the engine that the report compares the others with.
const ours = "ours"

var engines = []engine{
	{id: ours, title: "this project", module: "ours", precision: network.Int8, webgpu: true},
	{id: "litert-int8", title: "LiteRT.js int8", module: "litert", extension: ".tflite", precision: network.Int8, export: tflite.Export},
	{id: "litert-f32", title: "LiteRT.js f32", module: "litert", extension: ".tflite", precision: network.Float, export: tflite.Export, webgpu: true},
	{id: "ort-int8", title: "onnxruntime-web int8", module: "onnxruntime", extension: ".onnx", precision: network.Int8, export: onnx.Export},
	{id: "ort-f32", title: "onnxruntime-web f32", module: "onnxruntime", extension: ".onnx", precision: network.Float, export: onnx.Export, webgpu: true},
}

// plain is this project with a kernel.js that takes the browser for one without relaxed SIMD.
var plain = engine{id: "ours-plain", title: "without relaxed SIMD", module: "ours-plain", precision: network.Int8}

// chooseEngines returns ours and the named engines, or all if there are no names.
func chooseEngines(names []string) ([]engine, error) {
	if len(names) == 0 {
		return engines, nil
	}
	var known []string
	all := append(slices.Clone(engines), plain)
	for _, e := range all {
		known = append(known, e.id)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown engine %q: expected some of %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(e engine) bool {
		return e.id != ours && !slices.Contains(names, e.id)
	}), nil
}

// modelPath returns the path of an engine's model file on the server; "" if the
// library has its own.
func (e engine) modelPath(size int) string {
	if e.export == nil {
		return ""
	}
	return fmt.Sprintf("models/%s-%d%s", e.precision, size, e.extension)
}

// address returns the address of an engine's page, relative to the server's.
func (e engine) address(s setting) string {
	device := "cpu"
	if s.webgpu {
		device = "webgpu"
	}
	extension := "png"
	if s.jpeg {
		extension = "jpg"
	}
	return fmt.Sprintf("/bench/page.html?engine=%s&model=/%s&photo=/%s&size=%d&threads=%d&device=%s",
		e.module, e.modelPath(s.size), photoPath(s.size, extension), s.size, s.threads, device)
}
