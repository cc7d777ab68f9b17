//go:build js

package main

import (
	"fmt"
	"syscall/js"
)

// A handler answers a request.
type handler func(message) (any, error)

// promise makes a JavaScript function that answers a request in a goroutine and
// returns a Promise of the answer. Errors and panics reject the Promise.
func promise(answer handler) js.Func {
	return js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		var start js.Func
		start = js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() {
				defer start.Release()
				value, err := call(answer, arguments)
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

// call answers a request. It turns a panic into an error, so that the page can
// report it and go on.
func call(answer handler, arguments []js.Value) (value any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the engine has a bug: %v", cause)
		}
	}()
	request := js.Undefined()
	if len(arguments) > 0 {
		request = arguments[0]
	}
	return answer(message{request})
}

// turn lets the browser handle other messages, such as a request to abort. A
// message channel does that at once; timers take milliseconds.
type turn struct {
	port   js.Value
	passed chan struct{}
}

func newTurn() *turn {
	t := &turn{passed: make(chan struct{}, 1)}
	channel := js.Global().Get("MessageChannel").New()
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		t.passed <- struct{}{}
		return nil
	}))
	t.port = channel.Get("port2")
	return t
}

func (t *turn) wait() {
	t.port.Call("postMessage", js.Null())
	<-t.passed
}
