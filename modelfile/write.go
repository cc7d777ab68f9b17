package modelfile

import (
	"errors"
	"io"

	"segmenter/modelfile/safetensors"
)

// Values returns the values of a parameter, in its own shape.
type Values func(*Parameter) ([]float32, error)

// Write writes a float model as a model file of float32, with its card.
func (m *Model) Write(dst io.Writer) error {
	if m.Precision() != "float32" {
		return errors.New("the model is quantised: its float values are gone")
	}
	return Write(dst, m.Card, m.Table, func(p *Parameter) ([]float32, error) { return m.Floats(p), nil })
}

// Write writes a model file of float32. Memory holds one parameter at a time.
func Write(dst io.Writer, card Card, table *Table, values Values) error {
	var tensors []safetensors.Tensor
	for p := range table.All() {
		tensors = append(tensors, p.Tensor(safetensors.F32))
	}
	w, err := safetensors.NewWriter(dst, card.Metadata(), tensors)
	if err != nil {
		return err
	}
	for p := range table.All() {
		list, err := values(p)
		if err != nil {
			return err
		}
		if err := w.WriteFloat32s(list); err != nil {
			return err
		}
	}
	return w.Close()
}
