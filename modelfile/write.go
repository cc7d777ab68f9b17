package modelfile

import (
	"errors"
	"io"

	"segmenter/modelfile/safetensors"
)

// Write writes a float model as a model file of float32, with its card.
func (m *Model) Write(dst io.Writer) error {
	if m.Precision() != "float32" {
		return errors.New("the model is quantised: its float values are gone")
	}
	var tensors []safetensors.Tensor
	for p := range m.All() {
		tensors = append(tensors, p.Tensor(safetensors.F32))
	}
	w, err := safetensors.NewWriter(dst, m.Card.Metadata(), tensors)
	if err != nil {
		return err
	}
	for p := range m.All() {
		if err := w.WriteFloat32s(m.Floats(p)); err != nil {
			return err
		}
	}
	return w.Close()
}
