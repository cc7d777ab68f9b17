//go:build js

package gpu

import (
	"errors"
	"syscall/js"
	"time"
)

// lossDelay is how long refusal waits for the news that the device is lost. The
// rejection may come before the loss that explains it.
const lossDelay = time.Second

// waiter waits for a promise. Its functions serve one promise after another, since
// each is registered with Go's runtime.
type waiter struct {
	settled        chan outcome
	fulfil, reject js.Func
	abandoned      bool // no goroutine waits any more: release when the promise settles
}

type outcome struct {
	value    js.Value
	rejected bool
}

func newWaiter() *waiter {
	w := &waiter{settled: make(chan outcome, 1)}
	settle := func(rejected bool) js.Func {
		return js.FuncOf(func(_ js.Value, arguments []js.Value) any {
			w.settled <- outcome{arguments[0], rejected}
			if w.abandoned {
				w.release()
			}
			return nil
		})
	}
	w.fulfil, w.reject = settle(false), settle(true)
	return w
}

func (w *waiter) release() {
	w.fulfil.Release()
	w.reject.Release()
}

// waiter returns an idle waiter, or makes one.
func (d *Device) waiter() *waiter {
	if last := len(d.waiters) - 1; last >= 0 {
		w := d.waiters[last]
		d.waiters = d.waiters[:last]
		return w
	}
	return newWaiter()
}

// await waits for a promise, or until the device is gone: then some promises never
// settle.
func (d *Device) await(promise js.Value) (js.Value, error) {
	if err := d.goneErr(); err != nil {
		return js.Undefined(), err
	}
	w := d.waiter()
	promise.Call("then", w.fulfil, w.reject)
	select {
	case o := <-w.settled:
		if d.closed {
			w.release()
		} else {
			d.waiters = append(d.waiters, w)
		}
		if o.rejected {
			return js.Undefined(), d.refusal(o.value)
		}
		return o.value, nil
	case <-d.gone:
		if len(w.settled) > 0 {
			w.release()
		} else {
			w.abandoned = true
		}
		return js.Undefined(), d.goneErr()
	}
}

// awaitAll waits for all promises at once, and returns the value or the error of
// each.
func (d *Device) awaitAll(promises []js.Value) ([]js.Value, []error, error) {
	list := make([]any, len(promises))
	for i, p := range promises {
		list[i] = p
	}
	all, err := d.await(js.Global().Get("Promise").Call("allSettled", list))
	if err != nil {
		return nil, nil, err
	}
	values, errs := make([]js.Value, len(promises)), make([]error, len(promises))
	for i := range promises {
		result := all.Index(i)
		if result.Get("status").String() == "rejected" {
			errs[i] = d.refusal(result.Get("reason"))
			continue
		}
		values[i] = result.Get("value")
	}
	return values, errs, nil
}

// refusal returns why a promise was rejected. An error without a class of WebGPU's
// may mean that the device is being lost.
func (d *Device) refusal(reason js.Value) error {
	err := toError(reason)
	if d.value.IsUndefined() || explained(err) {
		return err
	}
	select {
	case <-d.gone:
		return d.goneErr()
	case <-time.After(lossDelay):
		return err
	}
}

func explained(err error) bool {
	switch err.(type) {
	case ValidationError, OutOfMemoryError, InternalError:
		return true
	}
	return false
}

// toError converts an error of WebGPU, or what JavaScript threw, to a Go error.
func toError(value js.Value) error {
	if value.Type() != js.TypeObject {
		return errors.New("gpu: " + value.String())
	}
	name, message := value.Get("constructor").Get("name").String(), value.Get("message").String()
	switch name {
	case "GPUValidationError":
		return ValidationError{message}
	case "GPUOutOfMemoryError":
		return OutOfMemoryError{message}
	case "GPUInternalError":
		return InternalError{message}
	case "GPUPipelineError":
		if value.Get("reason").String() == "validation" {
			return ValidationError{message}
		}
		return InternalError{message}
	}
	return errors.New("gpu: " + value.Get("name").String() + ": " + message)
}

// catch turns what JavaScript throws in f into an error.
func catch(f func()) (err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case js.Error:
			err = toError(cause.Value)
		default:
			panic(cause)
		}
	}()
	f()
	return nil
}
