package modelfile

import (
	"errors"
	"io"
	"maps"

	"segmenter/modelfile/safetensors"
)

// ErrModel matches, by [errors.Is], the errors that a bad model file causes.
// Their text is the whole sentence.
var ErrModel = errors.New("the model file cannot be used")

type fileError struct{ error }

func (e fileError) Unwrap() error        { return e.error }
func (e fileError) Is(target error) bool { return target == ErrModel }

// A Model is a model file in memory: its card, its parameters and their values.
type Model struct {
	Card
	*Table
	values map[string]values // by parameter
}

// values are the values of a parameter, in its own shape: floats, or int8 with
// one scale per output channel.
type values struct {
	float []float32
	int8  []int8
	scale []float32
}

// Read reads a model file, float or quantised. Its errors match [ErrModel].
func Read(r io.Reader) (*Model, error) {
	m, err := read(r)
	if err != nil {
		return nil, fileError{err}
	}
	return m, nil
}

func read(r io.Reader) (*Model, error) {
	file, err := safetensors.NewReader(r)
	if err != nil {
		return nil, err
	}
	card, table, err := Describe(file)
	if err != nil {
		return nil, err
	}
	m := &Model{card, table, make(map[string]values)}
	for {
		t, err := file.Next()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return nil, err
		}
		if m.values[t.Name], err = readValues(file, t); err != nil {
			return nil, err
		}
	}
}

// readValues reads the current tensor and, if it is I8, the scales that follow.
func readValues(file *safetensors.Reader, t safetensors.Tensor) (v values, err error) {
	if t.DType != safetensors.I8 {
		v.float, err = file.Float32s()
		return v, err
	}
	if v.int8, err = file.Int8s(); err != nil {
		return v, err
	}
	if _, err = file.Next(); err != nil {
		return v, err
	}
	v.scale, err = file.Float32s()
	return v, err
}

// Parameters returns the number of values of all parameters, without scales.
func (m *Model) Parameters() (n int) {
	for _, v := range m.values {
		n += len(v.float) + len(v.int8)
	}
	return n
}

// Precision returns the type of the file's matrices: "int8" or "float32".
func (m *Model) Precision() string {
	if m.values[m.Encoder.PatchEmbedding.Weight.Name].int8 != nil {
		return "int8"
	}
	return "float32"
}

// Floats returns the values of a parameter in its own shape. It returns nil for
// an int8 matrix, and if p is nil. The values belong to the model.
func (m *Model) Floats(p *Parameter) []float32 {
	if p == nil {
		return nil
	}
	return m.values[p.Name].float
}

// With returns a copy of the model with other values, (out, in), for one matrix.
// Both models share all other values.
func (m *Model) With(p *Parameter, matrix []float32) *Model {
	other := &Model{m.Card, m.Table, maps.Clone(m.values)}
	other.values[p.Name] = values{float: fromRows(p, matrix)}
	return other
}
