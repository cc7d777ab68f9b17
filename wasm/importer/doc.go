// Command importer makes model files of other programs' checkpoints (package checkpoint) in a
// browser:
//
//	GOOS=js GOARCH=wasm go build -o importer.wasm ./wasm/importer
//
// It is a program of its own, which the page fetches when somebody drops a checkpoint, so that
// the engine stays small. It runs in a worker (web/library/importer.worker.js), and calls
// globalThis.onSegmenterImporter(convert) once. convert carries out one import from beginning
// to end: it reads the files in pieces and hands out the model in pieces, so that neither is in
// its memory as a whole. messages.go is Go's side of its request and its answer.
package main
