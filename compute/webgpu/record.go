//go:build js

package webgpu

import (
	"segmenter/compute/webgpu/gpu"
)

// call is one dispatch of a shader.
type call struct {
	program    program
	bindings   [8]gpu.Binding // the first is that of the parameters
	parameters parameters
	groups     [2]int // workgroups
	work       int    // additions and multiplications, 0 if negligible
}

// parameters is the contents of a shader's uniform buffer.
type parameters [24]uint32

// binding is the cached state of a call.
type binding struct {
	pipeline   *gpu.Pipeline
	parameters *gpu.Buffer
	group      *gpu.BindGroup
}

// run records a call.
func (d *Device) run(c call) {
	if d.err != nil || c.groups[0] == 0 || c.groups[1] == 0 {
		return
	}
	b := d.bound[c]
	if b == nil {
		if b, d.err = d.bind(c); d.err != nil {
			return
		}
		d.bound[c] = b
	}
	d.ensureEncoder()
	if d.profile != nil {
		d.endPass()
		d.encoder.BeginCompute(c.program.operation, d.profile.next(c))
		d.passing = true
	} else if !d.passing {
		d.encoder.BeginCompute("operations", nil)
		d.passing = true
	}
	d.encoder.SetPipeline(b.pipeline)
	d.encoder.SetBindGroup(0, b.group)
	d.encoder.Dispatch(c.groups[0], c.groups[1], 1)
}

func (d *Device) bind(c call) (*binding, error) {
	b := new(binding)
	var err error
	if b.pipeline, err = d.programs.get(d.gpu, c.program); err != nil {
		return nil, err
	}
	b.parameters = d.gpu.NewBuffer("parameters", 4*len(c.parameters), gpu.Uniform|gpu.CopyDst)
	d.gpu.Write(b.parameters, 0, bytesOf(c.parameters[:]))
	c.bindings[0] = b.parameters
	b.group = d.gpu.NewBindGroup(b.pipeline, 0, c.bindings[:]...)
	return b, nil
}

// copy records a copy of values from one buffer to another.
func (d *Device) copy(dst, src *tensor) {
	if d.err != nil || src.size() == 0 {
		return
	}
	d.endPass()
	d.ensureEncoder()
	d.encoder.Copy(dst.buffer, 4*dst.first, src.buffer, 4*src.first, 4*src.rows*src.stride())
}

// ensureEncoder makes an encoder, unless there is one.
func (d *Device) ensureEncoder() {
	if d.encoder == nil {
		d.encoder = d.gpu.NewEncoder("operations")
	}
}

func (d *Device) endPass() {
	if d.passing {
		d.encoder.End()
		d.passing = false
	}
}

// send sends the recorded commands to the GPU.
func (d *Device) send() {
	if d.encoder == nil {
		return
	}
	d.endPass()
	d.gpu.Submit(d.encoder)
	d.encoder = nil
}

// grow makes a scratch buffer large enough.
func (d *Device) grow(b **gpu.Buffer, label string, size int) *gpu.Buffer {
	if *b != nil && (*b).Size() >= size || d.err != nil {
		return *b
	}
	if *b != nil {
		d.destroy(*b)
	}
	*b, d.err = d.buffer(label, size)
	return *b
}
