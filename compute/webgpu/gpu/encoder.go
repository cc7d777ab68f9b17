//go:build js

package gpu

import "syscall/js"

// methods holds methods that are called often, as functions that take the object
// first. Invoking one takes less than half the time of Value.Call, which decodes
// the method's name and looks it up. They are not bound to an object, so a new pass
// needs no new ones.
type methods struct {
	compute, render   passMethods
	dispatch, draw    js.Value
	copy, writeBuffer js.Value
}

// passMethods are those that both kinds of passes have.
type passMethods struct{ setPipeline, setBindGroup, end js.Value }

func newMethods() methods {
	const compute, render = "GPUComputePassEncoder", "GPURenderPassEncoder"
	return methods{
		compute:     newPassMethods(compute),
		render:      newPassMethods(render),
		dispatch:    function(compute, "dispatchWorkgroups"),
		draw:        function(render, "draw"),
		copy:        function("GPUCommandEncoder", "copyBufferToBuffer"),
		writeBuffer: function("GPUQueue", "writeBuffer"),
	}
}

func newPassMethods(class string) passMethods {
	return passMethods{function(class, "setPipeline"), function(class, "setBindGroup"), function(class, "end")}
}

// function returns a method as a function that takes the object first.
func function(class, method string) js.Value {
	call := js.Global().Get("Function").Get("prototype").Get("call")
	return call.Call("bind", js.Global().Get(class).Get("prototype").Get(method))
}

// An Encoder records commands. Its errors come when it is submitted, and go to
// Checked or Err.
type Encoder struct {
	device *Device
	value  any // GPUCommandEncoder
	pass   any // the pass that is open
	*passMethods
}

// NewEncoder starts to record.
func (d *Device) NewEncoder(label string) *Encoder {
	return &Encoder{device: d, value: d.value.Call("createCommandEncoder", map[string]any{"label": label})}
}

// BeginCompute begins a pass of dispatches. times, unless nil, times the pass.
func (e *Encoder) BeginCompute(label string, times *Timestamps) {
	descriptor := map[string]any{"label": label}
	if times != nil {
		times.next(descriptor)
	}
	e.pass = e.value.(js.Value).Call("beginComputePass", descriptor)
	e.passMethods = &e.device.methods.compute
}

// BeginRender begins a pass that draws to a picture. It first makes the picture
// transparent.
func (e *Encoder) BeginRender(label string, target *View) {
	e.pass = e.value.(js.Value).Call("beginRenderPass", map[string]any{
		"label": label,
		"colorAttachments": []any{map[string]any{
			"view": target.value, "loadOp": "clear", "storeOp": "store", "clearValue": []any{0, 0, 0, 0},
		}},
	})
	e.passMethods = &e.device.methods.render
}

// SetPipeline chooses the pipeline of the next dispatches or draws.
func (e *Encoder) SetPipeline(p *Pipeline) { e.setPipeline.Invoke(e.pass, p.value) }

// SetBindGroup sets the index-th bind group of the next dispatches or draws.
func (e *Encoder) SetBindGroup(index int, g *BindGroup) {
	e.setBindGroup.Invoke(e.pass, index, g.value)
}

// Dispatch runs x×y×z workgroups.
func (e *Encoder) Dispatch(x, y, z int) { e.device.methods.dispatch.Invoke(e.pass, x, y, z) }

// Draw draws triangles of n vertices.
func (e *Encoder) Draw(n int) { e.device.methods.draw.Invoke(e.pass, n) }

// End ends the pass.
func (e *Encoder) End() {
	e.end.Invoke(e.pass)
	e.pass, e.passMethods = nil, nil
}

// Copy copies size bytes between buffers, outside passes. The offsets and the
// size are multiples of 4.
func (e *Encoder) Copy(dst *Buffer, dstOffset int, src *Buffer, srcOffset, size int) {
	e.device.methods.copy.Invoke(e.value, src.value, srcOffset, dst.value, dstOffset, size)
}

// Submit ends the encoders and sends their commands to the GPU, in order.
func (d *Device) Submit(encoders ...*Encoder) {
	commands := make([]any, len(encoders))
	for i, e := range encoders {
		commands[i] = e.value.(js.Value).Call("finish")
	}
	d.queue.Call("submit", commands)
}
