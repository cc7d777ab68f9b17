//go:build js

package main

import (
	"bytes"
	"fmt"
	"syscall/js"

	"segmenter/teach"
	"segmenter/wasm/internal/browser"
)

func main() {
	js.Global().Call("onSegmenterTeacher", js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		return browser.Answer("teacher", func() any { return change(readRequest(arguments[0])) })
	}))
	select {}
}

// change carries out a request.
func change(r request) any {
	set, err := carryOut(r)
	var file bytes.Buffer
	if err == nil {
		err = set.Write(&file)
	}
	if err != nil {
		return browser.Error(browser.CodeOption, err)
	}
	return writeAnswer(file.Bytes())
}

func carryOut(r request) (*teach.Set, error) {
	set, err := open(r, r.file)
	if err != nil {
		return nil, err
	}
	switch r.action {
	case "show":
		return set, show(set, r)
	case "rename":
		return set, set.Rename(r.index, r.class, r.off)
	case "remove":
		return set, set.Remove(r.index)
	case "merge":
		other, err := open(r, r.other)
		if err != nil {
			return nil, err
		}
		return set, set.Merge(other)
	}
	return nil, fmt.Errorf("unknown action %q", r.action)
}

// open opens a file for the model's encoder; an empty one is a set without classes.
func open(r request, file []byte) (*teach.Set, error) {
	set := &teach.Set{Encoder: r.encoder, Width: r.width}
	if len(file) == 0 {
		return set, nil
	}
	found, err := teach.Read(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return found, found.Fits(r.encoder, r.width)
}

func show(set *teach.Set, r request) error {
	if r.index == len(set.Classes) {
		if err := set.Add(r.class, nil); err != nil {
			return err
		}
	} else if err := set.Rename(r.index, r.class, false); err != nil {
		return err
	}
	if err := set.Show(r.index, &r.photo, r.strokes, r.again); err != nil {
		return err
	}
	typical, err := open(r, r.typical)
	if err != nil {
		typical = nil // it is of another model's encoder
	}
	set.Fit(r.head, typical)
	return nil
}
