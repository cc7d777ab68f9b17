//go:build js

package gpu

import (
	"errors"
	"fmt"
	"slices"
	"syscall/js"
)

// Options say what Open asks for.
type Options struct {
	// Features are taken where the adapter has them: "shader-f16",
	// "subgroups", "timestamp-query" and others of WebGPU.
	Features []string
	// PowerPreference is "", "low-power" or "high-performance".
	PowerPreference string
}

// Info describes the adapter of a device. Browsers leave names empty.
type Info struct {
	Vendor, Architecture, Device, Description string

	IsFallback bool     // it computes on the CPU
	Features   []string // those that the device has, sorted
	// Subgroup sizes lie between these; 0 where the browser does not say.
	SubgroupMin, SubgroupMax int
	PackedDot                bool // WGSL has dot4I8Packed and its like
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
	err    error         // the first error that nobody else got
	closed bool

	onError js.Func
	waiters []*waiter // the free ones

	array     js.Value // a Uint8Array to hand bytes over in, or undefined
	staging   *Buffer  // to map for reading, or nil while it is in use
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
		return nil, fmt.Errorf("%w: this is no browser with WebGPU, or the page is not a secure one", ErrNone)
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
		return adapter, fmt.Errorf("%w: the browser gives no adapter", ErrNone)
	}
	return adapter, nil
}

// requestDevice asks for buffers as large as the adapter's; every other limit
// is the one that all devices have.
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

// request calls a method that returns a promise. No device can be lost yet, so
// a refusal is what it says.
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
		fallback = adapter.Get("isFallbackAdapter") // before it moved
	}
	languages := provider.Get("wgslLanguageFeatures")
	speaks := func(feature string) bool { return languages.Truthy() && languages.Call("has", feature).Bool() }
	return Info{
		Vendor:       text("vendor"),
		Architecture: text("architecture"),
		Device:       text("device"),
		Description:  text("description"),
		IsFallback:   fallback.Truthy(),
		Features:     names(device.Get("features")),
		SubgroupMin:  number(info.Get("subgroupMinSize")),
		SubgroupMax:  number(info.Get("subgroupMaxSize")),
		PackedDot:    speaks("packed_4x8_integer_dot_product"),
		SubgroupID:   speaks("subgroup_id"),
	}
}

// names lists a set of strings.
func names(set js.Value) []string {
	array := js.Global().Get("Array").Call("from", set)
	list := make([]string, array.Length())
	for i := range list {
		list[i] = array.Index(i).String()
	}
	slices.Sort(list)
	return list
}

// number is an integer, or 0 where there is none.
func number(v js.Value) int {
	if v.Type() != js.TypeNumber {
		return 0
	}
	return v.Int()
}

// listen keeps the errors that come on their own.
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

// goneErr is why there is nothing to wait for any more, or nil.
func (d *Device) goneErr() error {
	if d.closed {
		return ErrClosed
	}
	return d.loss
}

// Info describes the adapter.
func (d *Device) Info() Info { return d.info }

// Has tells whether the device has a feature.
func (d *Device) Has(feature string) bool { return slices.Contains(d.info.Features, feature) }

// Limit is a limit of the device, such as "maxBufferSize" (in bytes); 0 where
// the browser does not know it.
func (d *Device) Limit(name string) int { return number(d.value.Get("limits").Get(name)) }

// Err is the first error that no other method returned: a ValidationError,
// OutOfMemoryError or InternalError, or a LostError when the device is lost
// other than by Close.
func (d *Device) Err() error { return d.err }

// Lost is closed when the device is lost, other than by Close.
func (d *Device) Lost() <-chan struct{} { return d.lost }

// takeErr returns Err and forgets it, with the errors that follow from it. A
// device that is lost stays lost.
func (d *Device) takeErr() error {
	err := d.err
	if err != nil {
		d.scoped(func() []js.Value { return nil }) // by then, the browser has reported them all
		d.err = d.loss
	}
	return err
}

// Done waits until the GPU has done everything that was submitted. It returns
// Err, which is nil afterwards unless the device is lost.
func (d *Device) Done() error {
	if err := d.goneErr(); err != nil {
		return err
	}
	if _, err := d.await(d.queue.Call("onSubmittedWorkDone")); err != nil {
		return err
	}
	return d.takeErr()
}

// Close gives the device back, with everything that was made with it. What
// waits returns ErrClosed.
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

// Destroy loses the device as a fault would, and waits until that is known. It
// is for tests.
func (d *Device) Destroy() {
	d.value.Call("destroy")
	<-d.gone
}

// Checked runs f and waits until the browser has judged what f called, with
// nothing else: not until the GPU has done it. It returns the first error,
// which then is not in Err, with what was being done. f must not wait.
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

// filters are the kinds of errors that a scope takes. What lacks memory makes
// what uses it invalid, so the cause comes first.
var filters = [...]string{"out-of-memory", "internal", "validation"}

// scoped runs f and waits for the errors of what it called and for the
// promises that it returns, all at once. It returns what these became, even
// where there is an error, unless the device is gone.
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

// inScopes runs f within a scope for each of the filters. It returns their
// promises and those of f, and what f threw. The scopes end even if f panics:
// one that stayed would hide every later error.
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
