// Command wasm is the engine of the web page: package model, offered to
// JavaScript. It is built for the browser alone:
//
//	GOOS=js GOARCH=wasm go build -o engine.wasm ./wasm
//	GOOS=js GOARCH=wasm go build -tags webgpu -o engine-webgpu.wasm ./wasm
//
// There are two, so that nobody downloads what they do not use: the first
// computes on the processor (ranks.go), the second on the graphics processor
// (graphics.go).
//
// It runs in a worker (web/library/engine.worker.js), calls
// globalThis.onSegmenterEngine(engine) once, and then answers calls of the
// engine's methods, which engine.go describes. One call runs at a time; abort
// may come in between.
package main
