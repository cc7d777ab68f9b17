// Command teacher learns classes from strokes (package teach) in a browser:
//
//	GOOS=js GOARCH=wasm go build -o teacher.wasm ./wasm/teacher
//
// It is a program of its own, which the library fetches when somebody teaches a class, so that the
// engine stays small. It runs in a worker (web/library/teacher.worker.js), and calls
// globalThis.onSegmenterTeacher(change) once. change makes a file of taught classes of another, as
// its request says. messages.go is Go's side of request and answer.
package main
