//go:build js

package main

import (
	"context"
	"errors"
	"syscall/js"

	"segmenter/model"
)

var (
	// Errors of the photo, or of the function that reads it, wrap errPhoto.
	errPhoto     = errors.New("the photo could not be read")
	errNoPhoto   = errors.New("no photo has been segmented yet")
	errBrokenOff = errors.New("the model file has broken off while it arrived")
	errNoModel   = errors.New("there is no model yet: load one first")
	// Errors about a wrong value in a request wrap errOption.
	errOption = errors.New("the request cannot be answered")
	// Failures of the GPU match errGPU. An engine on the CPU can take over.
	// (errors.As would make the program 1 % larger.)
	errGPU = errors.New("the GPU failed")
)

// toError converts err to a JavaScript Error with a code.
func toError(err error) js.Value {
	value := js.Global().Get("Error").New(err.Error())
	value.Set("code", codeOf(err))
	return value
}

// codeOf returns an error's code in web/library/protocol.js.
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
