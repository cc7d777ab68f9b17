//go:build js

package main

import (
	"context"
	"errors"
	"syscall/js"

	"segmenter/model"
)

// errPhoto is wrapped by errors that are the photo's or its reader's fault.
var errPhoto = errors.New("the photo could not be read")

var errNoModel = errors.New("there is no model yet: load one first")

// toError is err as a JavaScript Error with a code.
func toError(err error) js.Value {
	value := js.Global().Get("Error").New(err.Error())
	value.Set("code", codeOf(err))
	return value
}

func codeOf(err error) string {
	switch {
	case errors.Is(err, errGraphics):
		return "graphics"
	case errors.Is(err, model.ErrModel):
		return "bad-model"
	case errors.Is(err, errPhoto):
		return "bad-photo"
	case errors.Is(err, model.ErrTooLarge):
		return "too-large"
	case errors.Is(err, context.Canceled):
		return "aborted"
	}
	return "internal"
}

// errGraphics is what failures of the graphics processor are, by errors.Is.
// Another engine, on the processor, can go on. (errors.As would add a hundredth
// to the program.)
var errGraphics = errors.New("the graphics processor failed")
