package gpu

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// Open returns ErrNone where there is no WebGPU, or no adapter.
	ErrNone = errors.New("gpu: there is no GPU to use")
	// Methods that wait return ErrClosed on a closed device.
	ErrClosed = errors.New("gpu: the device is closed")
)

// A LostError says that the device is gone: the driver failed, the GPU was
// removed, or the browser's GPU process ended. Only a new device helps.
type LostError struct {
	Reason  string // "unknown" or "destroyed"
	Message string
}

func (e LostError) Error() string {
	return fmt.Sprintf("gpu: the device is lost (%s): %s", e.Reason, e.Message)
}

// A ValidationError says that a call breaks a rule of WebGPU: a bug.
type ValidationError struct{ Message string }

func (e ValidationError) Error() string { return "gpu: invalid: " + e.Message }

// An OutOfMemoryError says that the GPU had no memory for a buffer or a texture.
type OutOfMemoryError struct{ Message string }

func (e OutOfMemoryError) Error() string { return "gpu: out of memory: " + e.Message }

// An InternalError is a failure of the driver or the browser, such as a valid
// pipeline that the driver cannot handle.
type InternalError struct{ Message string }

func (e InternalError) Error() string { return "gpu: internal error: " + e.Message }

// A ShaderError says that WGSL does not compile.
type ShaderError struct {
	Label    string
	Messages []ShaderMessage // every error; no warnings
}

// A ShaderMessage is one error of the compiler. Line and Position count from 1, or
// are 0 if the message is about no particular place. Position counts UTF-16 units.
type ShaderMessage struct {
	Line, Position int
	Text           string
}

func (e ShaderError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gpu: shader %s does not compile", e.Label)
	for _, m := range e.Messages {
		fmt.Fprintf(&b, "\n%d:%d: %s", m.Line, m.Position, m.Text)
	}
	return b.String()
}
