package modelfile

import (
	"fmt"
	"slices"

	"segmenter/modelfile/safetensors"
)

// check holds the tensors of a file, float or quantised, against the table.
func (t *Table) check(tensors []safetensors.Tensor) error {
	present := make(map[string]bool, len(tensors))
	for len(tensors) > 0 {
		n, err := t.checkNext(tensors)
		if err != nil {
			return err
		}
		present[tensors[0].Name] = true
		tensors = tensors[n:]
	}
	for _, p := range t.parameters {
		if !present[p.Name] {
			return fmt.Errorf("the model file lacks the tensor %q of its architecture", p.Name)
		}
	}
	return nil
}

// checkNext checks the parameter that the tensors begin with, and returns how
// many of them it takes: two if it is I8, since its scales have to follow it.
func (t *Table) checkNext(tensors []safetensors.Tensor) (n int, err error) {
	got := tensors[0]
	p := t.Lookup(got.Name)
	if p == nil {
		return 0, fmt.Errorf("the model file holds a tensor %q, which a Segmenter of this architecture does not have", got.Name)
	}
	if !slices.Equal(got.Shape, p.Shape) {
		return 0, fmt.Errorf("tensor %q has the shape %v; %v is expected for this architecture", got.Name, got.Shape, p.Shape)
	}
	if got.DType.IsFloat() {
		return 1, nil
	}
	if got.DType != safetensors.I8 || !p.IsMatrix() {
		return 0, fmt.Errorf("tensor %q is %s; a Segmenter model has F32, F16, BF16 or F64 there", got.Name, got.DType)
	}
	scale := p.ScaleTensor()
	if len(tensors) < 2 || !equal(tensors[1], scale) {
		return 0, fmt.Errorf("tensor %q is I8; its scales %q, F32 %v, have to follow it", got.Name, scale.Name, scale.Shape)
	}
	return 2, nil
}

func equal(a, b safetensors.Tensor) bool {
	return a.Name == b.Name && a.DType == b.DType && slices.Equal(a.Shape, b.Shape)
}
