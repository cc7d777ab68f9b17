// Command annotator writes masks in the formats of annotation tools (package annotation) in a
// browser:
//
//	GOOS=js GOARCH=wasm go build -o annotator.wasm ./wasm/annotator
//
// It is a program of its own, which the page fetches when somebody exports a mask, so that the
// engine stays small. It runs in a worker (web/library/annotator.worker.js), and calls
// globalThis.onSegmenterAnnotator(annotate) once. annotate carries out one task; nothing stays from
// one to the next. Files go out in pieces. messages.go is Go's side of the request and its answer.
package main
