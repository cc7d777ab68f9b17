//go:build js

package gpu

import (
	"errors"
	"fmt"
	"slices"
	"syscall/js"
)

// Options say what Open requests.
type Options struct {
	// Features are enabled where the adapter has them: "shader-f16",
	// "subgroups", "timestamp-query" and others of WebGPU.
	Features []string
	// PowerPreference is "", "low-power" or "high-performance".
	PowerPreference string
}

// Info describes the adapter of a device. Browsers leave names empty.
type Info struct {
	Vendor, Architecture, Device, Description string

	IsFallback bool     // it computes on the CPU
	Features   []string // the device's, sorted
	// The range of subgroup sizes; 0 where the browser does not say.
	SubgroupMin, SubgroupMax int
	PackedDot                bool // WGSL has dot4I8Packed and the like
	SubgroupID               bool // WGSL has subgroup_id and num_subgroups
}

// A Device is a GPU with a queue of commands.
type Device struct {
	value   js.Value // GPUDevice
	queue   js.Value // GPUQueue
	format  string   // that canvases prefer
	info    Info
	methods methods

	lost   chan struct{}
	gone   chan struct{} // closed when the device is lost or closed
	loss   error         // the LostError
	err    error         // the first error that no method returned
	closed bool

	onError js.Func
	waiters []*waiter // the idle ones

	array     js.Value // a Uint8Array that passes bytes to the browser, or undefined
	staging   *Buffer  // to map for reading, nil while in use
	bytesRead int64

	buffers int
	bytes   int64
}

// Open asks the browser for an adapter and a device. Its error wraps ErrNone
// where there is no WebGPU or no adapter.
func Open(o Options) (*Device, error) {
	provider := js.Global().Get("navigator")
	if !provider.IsUndefined() {
		provider = provider.Get("gpu")
	}
	if provider.IsUndefined() {
		return nil, fmt.Errorf("%w: this browser has no WebGPU, or the page is not secure", ErrNone)
	}
	d := &Device{lost: make(chan struct{}), gone: make(chan struct{})}
	adapter, err := d.requestAdapter(provider, o)
	if err != nil {
		d.releaseWaiters()
		return nil, err
	}
	if d.value, err = d.requestDevice(adapter, o); err != nil {
		d.releaseWaiters()
		return nil, err
	}
	d.queue = d.value.Get("queue")
	d.format = provider.Call("getPreferredCanvasFormat").String()
	d.info = describe(provider, adapter, d.value)
	d.methods = newMethods()
	d.listen()
	return d, nil
}

func (d *Device) requestAdapter(provider js.Value, o Options) (js.Value, error) {
	options := map[string]any{}
	if o.PowerPreference != "" {
		options["powerPreference"] = o.PowerPreference
	}
	adapter, err := d.request(provider, "requestAdapter", options)
	if err != nil {
		return adapter, fmt.Errorf("%w: %w", ErrNone, err)
	}
	if adapter.IsNull() {
		return adapter, fmt.Errorf("%w: the browser found no adapter", ErrNone)
	}
	return adapter, nil
}

// requestDevice asks for the largest buffers that the adapter has, and otherwise
// for the limits that all devices have.
func (d *Device) requestDevice(adapter js.Value, o Options) (js.Value, error) {
	limits, features := map[string]any{}, []any{}
	for _, name := range []string{"maxBufferSize", "maxStorageBufferBindingSize"} {
		limits[name] = adapter.Get("limits").Get(name)
	}
	for _, name := range o.Features {
		if adapter.Get("features").Call("has", name).Bool() {
			features = append(features, name)
		}
	}
	device, err := d.request(adapter, "requestDevice", map[string]any{"requiredFeatures": features, "requiredLimits": limits})
	if err != nil {
		return device, fmt.Errorf("gpu: open the device: %w", err)
	}
	return device, nil
}

// request calls a method that returns a promise. There is no device yet that could
// be lost, so a refusal needs no explanation.
func (d *Device) request(object js.Value, method string, options map[string]any) (js.Value, error) {
	var promise js.Value
	if err := catch(func() { promise = object.Call(method, options) }); err != nil {
		return js.Undefined(), err
	}
	return d.await(promise)
}

func describe(provider, adapter, device js.Value) Info {
	info := adapter.Get("info")
	text := func(name string) string {
		if v := info.Get(name); v.Type() == js.TypeString {
			return v.String()
		}
		return ""
	}
	fallback := info.Get("isFallbackAdapter")
	if fallback.IsUndefined() {
		fallback = adapter.Get("isFallbackAdapter") // its place in older browsers
	}
	languages := provider.Get("wgslLanguageFeatures")
	supports := func(feature string) bool { return languages.Truthy() && languages.Call("has", feature).Bool() }
	return Info{
		Vendor:       text("vendor"),
		Architecture: text("architecture"),
		Device:       text("device"),
		Description:  text("description"),
		IsFallback:   fallback.Truthy(),
		Features:     names(device.Get("features")),
		SubgroupMin:  number(info.Get("subgroupMinSize")),
		SubgroupMax:  number(info.Get("subgroupMaxSize")),
		PackedDot:    supports("packed_4x8_integer_dot_product"),
		SubgroupID:   supports("subgroup_id"),
	}
}

// names lists a JavaScript set of strings.
func names(set js.Value) []string {
	array := js.Global().Get("Array").Call("from", set)
	list := make([]string, array.Length())
	for i := range list {
		list[i] = array.Index(i).String()
	}
	slices.Sort(list)
	return list
}

// number returns v as an integer, 0 if it is not a number.
func number(v js.Value) int {
	if v.Type() != js.TypeNumber {
		return 0
	}
	return v.Int()
}

// listen keeps the errors that arrive as events.
func (d *Device) listen() {
	d.onError = js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		d.keep(toError(arguments[0].Get("error")))
		return nil
	})
	d.value.Call("addEventListener", "uncapturederror", d.onError)
	var onLost js.Func
	onLost = js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		onLost.Release()
		if !d.closed {
			d.loss = LostError{arguments[0].Get("reason").String(), arguments[0].Get("message").String()}
			d.keep(d.loss)
			close(d.lost)
			close(d.gone)
		}
		return nil
	})
	d.value.Get("lost").Call("then", onLost)
}

func (d *Device) keep(err error) {
	if d.err == nil {
		d.err = err
	}
}

// goneErr returns why the device is gone, or nil.
func (d *Device) goneErr() error {
	if d.closed {
		return ErrClosed
	}
	return d.loss
}

// Info describes the adapter.
func (d *Device) Info() Info { return d.info }

// Has reports whether the device has a feature.
func (d *Device) Has(feature string) bool { return slices.Contains(d.info.Features, feature) }

// Limit returns a limit of the device, such as "maxBufferSize" (in bytes); 0 if the
// browser does not know it.
func (d *Device) Limit(name string) int { return number(d.value.Get("limits").Get(name)) }

// Err returns the first error that no other method returned: a ValidationError,
// OutOfMemoryError or InternalError, or a LostError if the device was lost other
// than by Close.
func (d *Device) Err() error { return d.err }

// Lost returns a channel that is closed when the device is lost, other than by
// Close.
func (d *Device) Lost() <-chan struct{} { return d.lost }

// takeErr returns Err and clears it, with the errors that follow from it. A lost
// device stays lost.
func (d *Device) takeErr() error {
	err := d.err
	if err != nil {
		d.scoped(func() []js.Value { return nil }) // waits until the browser has reported them all
		d.err = d.loss
	}
	return err
}

// Done waits until the GPU has run everything that was submitted. It returns Err
// and clears it, unless the device is lost.
func (d *Device) Done() error {
	if err := d.goneErr(); err != nil {
		return err
	}
	if _, err := d.await(d.queue.Call("onSubmittedWorkDone")); err != nil {
		return err
	}
	return d.takeErr()
}

// Close releases the device and everything made with it. Methods that wait return
// ErrClosed.
func (d *Device) Close() {
	if d.closed {
		return
	}
	if d.loss == nil {
		close(d.gone)
	}
	d.closed = true
	d.value.Call("removeEventListener", "uncapturederror", d.onError)
	d.onError.Release()
	d.releaseWaiters()
	d.value.Call("destroy")
}

func (d *Device) releaseWaiters() {
	for _, w := range d.waiters {
		w.release()
	}
	d.waiters = nil
}

// Destroy loses the device as a fault would, and waits for the news. It is for
// tests.
func (d *Device) Destroy() {
	d.value.Call("destroy")
	<-d.gone
}

// Checked runs f and waits until the browser, not the GPU, has checked f's calls.
// It returns their first error, prefixed with what; Err does not return it again.
// f must not wait.
func (d *Device) Checked(what string, f func()) error {
	_, err := d.scoped(func() []js.Value {
		f()
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// filters are the kinds of errors that a scope catches. An object that lacks memory
// makes its users invalid, so the cause comes first.
var filters = [...]string{"out-of-memory", "internal", "validation"}

// scoped runs f and waits, all at once, for the errors of f's calls and for the
// promises that f returns. It returns the values of the promises, even with an
// error, unless the device is gone.
func (d *Device) scoped(f func() []js.Value) ([]js.Value, error) {
	if err := d.goneErr(); err != nil {
		return nil, err
	}
	promises, thrown := d.inScopes(f)
	values, errs, err := d.awaitAll(promises)
	if err != nil {
		return nil, err
	}
	if err := d.goneErr(); err != nil {
		return nil, err
	}
	if thrown == nil {
		for i, v := range values[:len(filters)] {
			if v.Truthy() && errs[i] == nil {
				errs[i] = toError(v)
			}
		}
		thrown = errors.Join(errs...)
	}
	return values[len(filters):], thrown
}

// inScopes runs f within an error scope for each of the filters. It returns their
// promises and f's, and what f threw. The scopes end even if f panics: an open one
// would hide every later error.
func (d *Device) inScopes(f func() []js.Value) (promises []js.Value, err error) {
	for i := range filters {
		d.value.Call("pushErrorScope", filters[len(filters)-1-i])
	}
	var own []js.Value
	defer func() {
		for range filters {
			promises = append(promises, d.value.Call("popErrorScope"))
		}
		promises = append(promises, own...)
	}()
	err = catch(func() { own = f() })
	return nil, err
}
