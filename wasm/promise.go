//go:build js

package main

import (
	"fmt"
	"syscall/js"
)

// promise is a JavaScript function that runs f in a goroutine and returns a
// Promise of its result. This is where errors, and bugs, become rejections.
func promise(f func(arguments []js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		var start js.Func
		start = js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() {
				defer start.Release()
				value, err := call(f, arguments)
				if err != nil {
					settle[1].Invoke(toError(err))
					return
				}
				settle[0].Invoke(value)
			}()
			return nil
		})
		return js.Global().Get("Promise").New(start)
	})
}

// call runs f and turns a panic into an error, so that the page can say so and
// go on.
func call(f func([]js.Value) (any, error), arguments []js.Value) (value any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the engine has a bug: %v", cause)
		}
	}()
	return f(arguments)
}

// turn lets the browser handle what has come in meanwhile, such as a request to
// abort. A message channel does that at once; timers wait for milliseconds.
type turn struct {
	port js.Value
	came chan struct{}
}

func newTurn() *turn {
	t := &turn{came: make(chan struct{}, 1)}
	channel := js.Global().Get("MessageChannel").New()
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		t.came <- struct{}{}
		return nil
	}))
	t.port = channel.Get("port2")
	return t
}

func (t *turn) wait() {
	t.port.Call("postMessage", js.Null())
	<-t.came
}

// bytesOf copies a slice to a new typed array of the given kind.
func bytesOf(kind string, data []byte) js.Value {
	bytes := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(bytes, data)
	if kind == "Uint8Array" {
		return bytes
	}
	return js.Global().Get(kind).New(bytes.Get("buffer"))
}
