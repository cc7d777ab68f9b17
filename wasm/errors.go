//go:build js

package main

import (
	"context"
	"errors"
	"syscall/js"

	"segmenter/model"
)

var (
	// errPhoto is wrapped by errors of the photo or of the function that reads it.
	errPhoto   = errors.New("the photo could not be read")
	errNoPhoto = errors.New("no photo has been segmented yet")
	errNoModel = errors.New("there is no model yet: load one first")
	// errOption is wrapped by errors of a value that a request cannot have.
	errOption = errors.New("the request cannot be answered")
	// errGPU is wrapped by failures of the GPU. An engine on the CPU can go on.
	// (errors.As would add a hundredth to the program.)
	errGPU = errors.New("the GPU failed")
)

// toError is err as a JavaScript Error with a code.
func toError(err error) js.Value {
	value := js.Global().Get("Error").New(err.Error())
	value.Set("code", codeOf(err))
	return value
}

// codeOf is a code of web/library/protocol.js.
func codeOf(err error) string {
	switch {
	case errors.Is(err, errGPU):
		return "graphics"
	case errors.Is(err, model.ErrModel):
		return "bad-model"
	case errors.Is(err, errPhoto), errors.Is(err, errNoPhoto):
		return "bad-photo"
	case errors.Is(err, errOption):
		return "bad-option"
	case errors.Is(err, model.ErrTooLarge):
		return "too-large"
	case errors.Is(err, context.Canceled):
		return "aborted"
	}
	return "internal"
}
