//go:build js

package gpu

import (
	"errors"
	"fmt"
	"syscall/js"
)

// A Shader is compiled WGSL.
type Shader struct{ value js.Value }

// NewShader compiles WGSL. Its error is a ShaderError if that fails.
func (d *Device) NewShader(label, wgsl string) (*Shader, error) {
	s := new(Shader)
	values, err := d.scoped(func() []js.Value {
		s.value = d.value.Call("createShaderModule", map[string]any{"label": label, "code": wgsl})
		return []js.Value{s.value.Call("getCompilationInfo")}
	})
	if len(values) == 1 && values[0].Truthy() {
		if messages := compileErrors(values[0].Get("messages")); len(messages) > 0 {
			return nil, ShaderError{label, messages}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("shader %s: %w", label, err)
	}
	return s, nil
}

func compileErrors(messages js.Value) []ShaderMessage {
	var list []ShaderMessage
	for i := range messages.Length() {
		if m := messages.Index(i); m.Get("type").String() == "error" {
			list = append(list, ShaderMessage{m.Get("lineNum").Int(), m.Get("linePos").Int(), m.Get("message").String()})
		}
	}
	return list
}

// A PipelineSpec describes a compute pipeline: a function of a shader, with values
// for its override constants.
type PipelineSpec struct {
	Label     string
	Shader    *Shader
	Entry     string
	Constants map[string]float64
}

// A Pipeline is a program for a dispatch or a draw. Its layout is its own, so a bind
// group works only with the pipeline that it was made for.
type Pipeline struct {
	label   string
	value   any // GPUComputePipeline or GPURenderPipeline
	layouts map[int]js.Value
}

// NewPipelines makes compute pipelines in parallel.
func (d *Device) NewPipelines(list []PipelineSpec) ([]*Pipeline, error) {
	return d.newPipelines(len(list), func(i int) (string, js.Value) {
		s := list[i]
		return s.Label, d.value.Call("createComputePipelineAsync", map[string]any{
			"label": s.Label, "layout": "auto", "compute": stage(s.Shader, s.Entry, s.Constants),
		})
	})
}

// A RenderSpec describes a render pipeline: triangles without vertex buffers, drawn
// to one target.
type RenderSpec struct {
	Label            string
	Shader           *Shader
	Vertex, Fragment string // functions of the shader
	Constants        map[string]float64
	Format           string // of the target
}

// NewRenderPipeline makes a render pipeline.
func (d *Device) NewRenderPipeline(s RenderSpec) (*Pipeline, error) {
	list, err := d.newPipelines(1, func(int) (string, js.Value) {
		fragment := stage(s.Shader, s.Fragment, s.Constants)
		fragment["targets"] = []any{map[string]any{"format": s.Format}}
		return s.Label, d.value.Call("createRenderPipelineAsync", map[string]any{
			"label": s.Label, "layout": "auto", "vertex": stage(s.Shader, s.Vertex, s.Constants), "fragment": fragment,
		})
	})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func stage(s *Shader, entry string, constants map[string]float64) map[string]any {
	values := map[string]any{}
	for name, value := range constants {
		values[name] = value
	}
	return map[string]any{"module": s.value, "entryPoint": entry, "constants": values}
}

// newPipelines starts n pipelines and waits for all.
func (d *Device) newPipelines(n int, start func(i int) (label string, promise js.Value)) ([]*Pipeline, error) {
	list, promises := make([]*Pipeline, n), make([]js.Value, n)
	err := catch(func() {
		for i := range list {
			list[i] = &Pipeline{layouts: map[int]js.Value{}}
			list[i].label, promises[i] = start(i)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("make pipelines: %w", err)
	}
	values, errs, err := d.awaitAll(promises)
	if err != nil {
		return nil, fmt.Errorf("make pipelines: %w", err)
	}
	for i, p := range list {
		p.value = values[i]
		if errs[i] != nil {
			errs[i] = fmt.Errorf("pipeline %s: %w", p.label, errs[i])
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := d.goneErr(); err != nil {
		return nil, fmt.Errorf("make pipelines: %w", err)
	}
	return list, nil
}

// layout returns the layout of the index-th bind group. It caches the objects that
// JavaScript would otherwise make at every call.
func (p *Pipeline) layout(index int) js.Value {
	layout, ok := p.layouts[index]
	if !ok {
		layout = p.value.(js.Value).Call("getBindGroupLayout", index)
		p.layouts[index] = layout
	}
	return layout
}

// A Binding is an input or output of a shader: a *Buffer, a [BufferRange], a *View
// or a *Sampler.
type Binding interface{ resource() any }

// A BufferRange is a part of a buffer, in bytes. The offset is a multiple of
// the limit minStorageBufferOffsetAlignment, of minUniformBufferOffsetAlignment
// for a uniform: 256, or less.
type BufferRange struct {
	Buffer       *Buffer
	Offset, Size int
}

func (b *Buffer) resource() any { return map[string]any{"buffer": b.value} }
func (r BufferRange) resource() any {
	return map[string]any{"buffer": r.Buffer.value, "offset": r.Offset, "size": r.Size}
}
func (v *View) resource() any    { return v.value }
func (s *Sampler) resource() any { return s.value }

// A BindGroup is a set of bindings for a pipeline.
type BindGroup struct{ value any }

// NewBindGroup makes the index-th bind group of a pipeline. The bindings have the
// numbers 0, 1, …; nil leaves a number out. Errors go to Checked or Err.
func (d *Device) NewBindGroup(p *Pipeline, index int, bindings ...Binding) *BindGroup {
	entries := make([]any, 0, len(bindings))
	for i, b := range bindings {
		if b != nil {
			entries = append(entries, map[string]any{"binding": i, "resource": b.resource()})
		}
	}
	return &BindGroup{d.value.Call("createBindGroup", map[string]any{
		"label": p.label, "layout": p.layout(index), "entries": entries,
	})}
}
