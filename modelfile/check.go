package modelfile

import (
	"fmt"
	"slices"

	"segmenter/modelfile/safetensors"
)

// check fails unless the tensors of a file, float or quantised, fit the table.
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

// checkNext checks the first parameter, and returns the number of tensors that it
// takes: two if it is I8, since its scales must follow it.
func (t *Table) checkNext(tensors []safetensors.Tensor) (n int, err error) {
	got := tensors[0]
	p := t.Lookup(got.Name)
	if p == nil {
		return 0, fmt.Errorf("the model file has a tensor %q that is not part of this architecture", got.Name)
	}
	if !slices.Equal(got.Shape, p.Shape) {
		return 0, fmt.Errorf("tensor %q has the shape %v; this architecture needs %v", got.Name, got.Shape, p.Shape)
	}
	if got.DType.IsFloat() {
		return 1, nil
	}
	if got.DType != safetensors.I8 || !p.IsMatrix() {
		return 0, fmt.Errorf("tensor %q is %s; expected F32, F16, BF16 or F64", got.Name, got.DType)
	}
	scale := p.ScaleTensor()
	if len(tensors) < 2 || !sameTensor(tensors[1], scale) {
		return 0, fmt.Errorf("tensor %q is I8, so its scales must follow: %q, F32 %v", got.Name, scale.Name, scale.Shape)
	}
	return 2, nil
}

func sameTensor(a, b safetensors.Tensor) bool {
	return a.Name == b.Name && a.DType == b.DType && slices.Equal(a.Shape, b.Shape)
}
