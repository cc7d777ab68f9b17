package checkpoint

import (
	"fmt"
	"slices"

	"segmenter/modelfile"
)

// origin is where a parameter comes from: a tensor, or several that follow each other along
// the first axis.
type origin struct {
	names []string
	parts []tensor
	turn  turn
	shape []int // of the parameter, from those of the tensors
}

// turn is how the axes of a tensor become those of the parameter.
type turn int

const (
	asStored      turn = iota
	transpose          // (in, out) → (out, in)
	kernel             // (in…, out) → (out, in)
	kernelOfHeads      // (in, heads, width of a head) → (heads·width, in)
	kernelOfPatch      // (rows, columns, channels, out) → (out, channels, rows, columns)
	flat               // (…) → (n)
)

// newOrigin finds the tensors of a parameter, whose name without its part is local. It reports
// false if one is missing.
func newOrigin(p *modelfile.Parameter, f found, local string, w weights) (o origin, ok bool) {
	o.turn = turnOf(p, f, local)
	for _, name := range f.translate(local) {
		t, ok := w[f.prefix+name]
		if !ok {
			return o, false
		}
		o.names = append(o.names, f.prefix+name)
		o.parts = append(o.parts, t)
		shape := o.turn.shape(t.Shape())
		if o.shape == nil {
			o.shape = slices.Clone(shape)
		} else if len(shape) == len(o.shape) && len(shape) > 0 && slices.Equal(shape[1:], o.shape[1:]) {
			o.shape[0] += shape[0]
		} else {
			return o, false
		}
	}
	if local == "head.weight" && len(o.shape) == 4 && o.shape[2] == 1 && o.shape[3] == 1 {
		o.shape = o.shape[:2] // a convolution of single pixels is a linear layer
	}
	return o, true
}

func turnOf(p *modelfile.Parameter, f found, local string) turn {
	switch {
	case f.transposed && p.Role == modelfile.Projection:
		return transpose
	case !f.kernels || p.Role == modelfile.Embedding:
		return asStored
	case p.Role != modelfile.Weight:
		return flat
	case local == "patch_embed.proj.weight":
		return kernelOfPatch
	case len(f.translate(local)) > 1:
		return kernelOfHeads
	}
	return kernel
}

// rows returns the number of inputs of a kernel; 0 if the shape is none of a kernel.
func (t turn) rows(shape []int) int {
	switch {
	case len(shape) < 2:
		return 0
	case t == kernelOfHeads:
		return shape[0]
	}
	return product(shape[:len(shape)-1])
}

// shape returns the shape of the parameter that a tensor of this shape becomes. One that cannot
// become any stays as it is, and the table refuses it.
func (t turn) shape(stored []int) []int {
	switch {
	case t == flat:
		return []int{product(stored)}
	case t == kernelOfPatch && len(stored) == 4:
		return []int{stored[3], stored[2], stored[0], stored[1]}
	case t != asStored && t.rows(stored) > 0 && (t != transpose || len(stored) == 2):
		rows := t.rows(stored)
		return []int{product(stored) / rows, rows}
	}
	return stored
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// floats reads the values of the parameter into memory, or into new memory if that is too small.
func (o origin) floats(memory []float32) ([]float32, error) {
	n := product(o.shape)
	if cap(memory) < n {
		memory = make([]float32, n)
	}
	all := memory[:n]
	from := 0
	for i, part := range o.parts {
		values := all[from:][:product(part.Shape())]
		if err := part.Read(values); err != nil {
			return nil, fmt.Errorf("%.100q: %w", o.names[i], err)
		}
		from += copy(values, o.turn.apply(values, part.Shape()))
	}
	for i, v := range all {
		if v-v != 0 { // NaN and infinities
			return nil, fmt.Errorf("%.100q has the value %v at index %d, but weights must be finite: its training failed, or the file is damaged", o.names[0], v, i)
		}
	}
	return all, nil
}

func (t turn) apply(values []float32, stored []int) []float32 {
	if t == asStored || t == flat || len(values) == 0 {
		return values
	}
	values = modelfile.Transpose(values, t.rows(stored))
	if t != kernelOfPatch {
		return values
	}
	pixels, channels := stored[0]*stored[1], stored[2]
	for from := 0; from < len(values); from += pixels * channels {
		row := values[from:][:pixels*channels]
		copy(row, modelfile.Transpose(row, pixels))
	}
	return values
}
