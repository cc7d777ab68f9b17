//go:build js

package gpu

import (
	"errors"
	"syscall/js"
)

// settled is how a promise ended.
type settled struct {
	value js.Value
	err   error
}

// await waits for a promise.
func await(promise js.Value) (js.Value, error) { return awaitOr(promise, nil) }

// awaitOr waits for a promise or until a channel is closed, since some promises
// of a device that is lost never settle.
func awaitOr(promise js.Value, over <-chan struct{}) (js.Value, error) {
	done := make(chan settled, 1)
	var fulfilled, rejected js.Func
	release := func() {
		fulfilled.Release()
		rejected.Release()
	}
	fulfilled = js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		release()
		done <- settled{value: arguments[0]}
		return nil
	})
	rejected = js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		release()
		done <- settled{err: thrown(arguments[0])}
		return nil
	})
	promise.Call("then", fulfilled, rejected)
	select {
	case s := <-done:
		return s.value, s.err
	case <-over:
		return js.Undefined(), errOver
	}
}

// errOver is what awaitOr returns when the channel was closed first.
var errOver = errors.New("the device is gone")

// thrown is the error of what JavaScript threw.
func thrown(value js.Value) error {
	if message := value.Get("message"); message.Type() == js.TypeString {
		return errors.New(message.String())
	}
	return errors.New(value.String())
}

// try calls f, and returns what JavaScript throws in it.
func try(f func() js.Value) (value js.Value, err error) {
	defer func() {
		cause := recover()
		if e, ok := cause.(js.Error); ok {
			err = thrown(e.Value)
		} else if cause != nil {
			panic(cause)
		}
	}()
	return f(), nil
}
