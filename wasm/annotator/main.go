//go:build js

package main

import (
	"bufio"
	"fmt"
	"io"
	"syscall/js"

	"segmenter/annotation"
	"segmenter/wasm/internal/browser"
)

// piece is the number of bytes of a file to hand out at a time.
const piece = 1 << 20

func main() {
	js.Global().Call("onSegmenterAnnotator", js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		return browser.Answer("annotator", func() any { return annotate(arguments[0]) })
	}))
	select {}
}

// annotate carries out a task.
func annotate(m js.Value) any {
	points, err := carryOut(m)
	if err != nil {
		return browser.Error(browser.CodeOption, err)
	}
	return writeAnswer(points)
}

func carryOut(m js.Value) (points int, err error) {
	r, err := readRequest(m)
	if err != nil {
		return 0, err
	}
	if r.task == taskCount {
		return annotation.CountPoints(r.mask, r.classes, r.options.Tolerance)
	}
	w, err := annotation.New(r.format, r.classes, r.options)
	if err != nil {
		return 0, err
	}
	if r.task == taskFinish {
		return 0, w.Finish(r.photos, r.readFile, r.writeFile)
	}
	files, err := w.Add(r.mask)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		if err := r.writeFile(f.Name, func(out io.Writer) error { _, err := out.Write(f.Content); return err }); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// readFile reads a file that an earlier task wrote.
func (r request) readFile(name string) ([]byte, error) {
	content, err := browser.Call(r.read, name)
	if err != nil {
		return nil, err
	}
	if content.IsUndefined() {
		return nil, fmt.Errorf("the file %s is missing: add its photo again", name)
	}
	b := make([]byte, content.Length())
	js.CopyBytesToGo(b, content)
	return b, nil
}

// writeFile hands out a file.
func (r request) writeFile(name string, content func(io.Writer) error) error {
	w := writer{r.write, name}
	if _, err := w.Write(nil); err != nil { // the file may stay empty
		return err
	}
	out := bufio.NewWriterSize(w, piece)
	if err := content(out); err != nil {
		return err
	}
	return out.Flush()
}

// writer hands out pieces of a file.
type writer struct {
	write js.Value
	name  string
}

func (w writer) Write(p []byte) (int, error) {
	_, err := browser.Call(w.write, w.name, browser.Bytes(p))
	return len(p), err
}
