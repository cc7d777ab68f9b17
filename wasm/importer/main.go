//go:build js

package main

import (
	"bufio"
	"io"
	"syscall/js"

	"segmenter/checkpoint"
	"segmenter/quant"
	"segmenter/wasm/internal/browser"
)

// piece is the number of bytes of the model to hand out at a time.
const piece = 4 << 20

func main() {
	js.Global().Call("onSegmenterImporter", js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		return browser.Answer("importer", func() any { return convert(readRequest(arguments[0])) })
	}))
	select {}
}

// convert carries out an import.
func convert(r request) any {
	c, err := checkpoint.Open(r.files, checkpoint.Options{Weights: r.weights})
	if err != nil {
		return browser.Error(browser.CodeModel, err)
	}
	c.Progress = func(done, total int) error {
		r.progress.Invoke(done, total)
		return nil
	}
	if err := write(c, r); err != nil {
		return browser.Error(browser.CodeModel, err)
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
	bytes, err := browser.Call(f.read, at, at+n)
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
	_, err := browser.Call(w.write, browser.Bytes(p))
	return len(p), err
}
