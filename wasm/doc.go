// Command wasm is the engine of the JavaScript library: it makes package model
// available to JavaScript. It runs only in browsers:
//
//	GOOS=js GOARCH=wasm go build -o engine.wasm ./wasm
//	GOOS=js GOARCH=wasm go build -tags webgpu -o engine-webgpu.wasm ./wasm
//
// There are two engines, so that visitors download only the one that they use: the
// first computes on the CPU (cpu.go), the second on the GPU (webgpu.go).
//
// The engine runs in a worker (web/library/engine.worker.js). It calls
// globalThis.onSegmenterEngine(engine) once. engine has a method for each request
// of web/library/protocol.js, which lists the fields; messages.go is Go's side of
// that list. One request runs at a time, but abort may come during another.
package main
