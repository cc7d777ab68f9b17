// Command wasm is the engine of the library: package model, offered to
// JavaScript. It is built for the browser alone:
//
//	GOOS=js GOARCH=wasm go build -o engine.wasm ./wasm
//	GOOS=js GOARCH=wasm go build -tags webgpu -o engine-webgpu.wasm ./wasm
//
// There are two engines, so that nobody downloads what they do not use: the
// first computes on the CPU (cpu.go), the second on the GPU (webgpu.go).
//
// The engine runs in a worker (web/library/engine.worker.js). It calls
// globalThis.onSegmenterEngine(engine) once. engine has a method for each
// request of web/library/protocol.js, which lists their fields; messages.go is
// Go's side of that list. One request runs at a time; abort may come in between.
package main
