//go:build js

// Package browser is what the programs for one task, such as the importer, have in common: they
// call functions of the worker that they run in.
package browser

import (
	"errors"
	"fmt"
	"syscall/js"
)

// Codes of errors in web/library/protocol.js.
const (
	CodeModel    = "bad-model"
	CodeOption   = "bad-option"
	CodeInternal = "internal"
)

// errFailed wraps what the browser throws when a file cannot be read or kept.
var errFailed = errors.New("the browser failed")

// Call calls a function of JavaScript and returns what it throws as an error.
func Call(f js.Value, arguments ...any) (value js.Value, err error) {
	defer func() {
		cause := recover()
		if thrown, ok := cause.(js.Error); ok {
			err = fmt.Errorf("%w: %s", errFailed, thrown.Get("message"))
		} else if cause != nil {
			panic(cause)
		}
	}()
	return f.Invoke(arguments...), nil
}

// Bytes copies bytes for JavaScript.
func Bytes(p []byte) js.Value {
	bytes := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(bytes, p)
	return bytes
}

// Error is the answer to a task that failed. Its code is the given one, unless the browser failed.
func Error(code string, err error) any {
	if errors.Is(err, errFailed) {
		code = CodeInternal
	}
	return map[string]any{"error": map[string]any{"code": code, "message": err.Error()}}
}

// Answer carries out a task of a program. It answers a bug like a task that failed, so that the page
// can say something.
func Answer(program string, task func() any) (answer any) {
	defer func() {
		if cause := recover(); cause != nil {
			answer = Error(CodeInternal, fmt.Errorf("the %s has a bug: %v", program, cause))
		}
	}()
	return task()
}
