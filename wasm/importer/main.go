//go:build js

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"syscall/js"

	"segmenter/checkpoint"
	"segmenter/quant"
)

// piece is the number of bytes of the model to hand out at a time.
const piece = 4 << 20

func main() {
	js.Global().Call("onSegmenterImporter", js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		return convert(readRequest(arguments[0]))
	}))
	select {}
}

// convert carries out an import. It answers a bug like a file that cannot be used, so that the
// page can say something.
func convert(r request) (answer any) {
	defer func() {
		if cause := recover(); cause != nil {
			answer = writeError(codeInternal, fmt.Errorf("the importer has a bug: %v", cause))
		}
	}()
	c, err := checkpoint.Open(r.files, checkpoint.Options{Weights: r.weights})
	if err != nil {
		return writeError(codeOf(err), err)
	}
	c.Progress = func(done, total int) error {
		r.progress.Invoke(done, total)
		return nil
	}
	if err := write(c, r); err != nil {
		return writeError(codeOf(err), err)
	}
	return writeAnswer(c)
}

func write(c *checkpoint.Checkpoint, r request) error {
	out := bufio.NewWriterSize(writer{r.write}, piece)
	if r.quantise {
		if _, err := c.Quantise(out, quant.Plan{}); err != nil {
			return err
		}
	} else if err := c.Write(out); err != nil {
		return err
	}
	return out.Flush()
}

// Codes of errors in web/library/protocol.js.
const (
	codeModel    = "bad-model"
	codeInternal = "internal"
)

// errBrowser wraps what the browser throws when a file cannot be read or a model not kept.
var errBrowser = errors.New("the browser failed")

func codeOf(err error) string {
	if errors.Is(err, errBrowser) {
		return codeInternal
	}
	return codeModel
}

// call calls a function of JavaScript and returns what it throws as an error.
func call(f js.Value, arguments ...any) (value js.Value, err error) {
	defer func() {
		cause := recover()
		if thrown, ok := cause.(js.Error); ok {
			err = fmt.Errorf("%w: %s", errBrowser, thrown.Get("message"))
		} else if cause != nil {
			panic(cause)
		}
	}()
	return f.Invoke(arguments...), nil
}

// file reads a file of the browser.
type file struct {
	size int64
	read js.Value // (from, to) → Uint8Array
}

func (f file) ReadAt(p []byte, at int64) (int, error) {
	if at >= f.size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), f.size-at)
	bytes, err := call(f.read, at, at+n)
	if err != nil {
		return 0, err
	}
	copied := js.CopyBytesToGo(p[:n], bytes)
	if copied < len(p) {
		return copied, io.EOF
	}
	return copied, nil
}

// writer hands out the model.
type writer struct{ write js.Value }

func (w writer) Write(p []byte) (int, error) {
	bytes := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(bytes, p)
	_, err := call(w.write, bytes)
	return len(p), err
}
