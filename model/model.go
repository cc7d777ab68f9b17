// Package model is Segmenter, the vision transformer for semantic segmentation
// of Strudel et al. (ICCV 2021): a ViT encoder, and a linear or a
// mask-transformer decoder.
//
// A [Model] is a model file in memory. A [Segmenter] is that network on a
// device, and turns photos into masks:
//
//	photo → resize (package photo) → network (network.go) → classes of pixels
//
// network.go is the forward pass; it is written once, for every device.
// window.go holds the official rule for photos that are larger than what the
// network was trained on. Section numbers in comments are those of the paper.
package model

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"segmenter/compute"
	"segmenter/quant"
)

// ErrModel is what errors that are the fault of a model file are, by
// [errors.Is]. Their text is the whole sentence.
var ErrModel = errors.New("the model file cannot be used")

type fileError struct{ error }

func (e fileError) Unwrap() error        { return e.error }
func (e fileError) Is(target error) bool { return target == ErrModel }

// Decoder names one of the two decoders.
type Decoder string

const (
	Mask   Decoder = "mask"   // the mask transformer, section 3.2
	Linear Decoder = "linear" // a linear layer for each patch, section 3.2
)

// ParseDecoder reads the name of a decoder.
func ParseDecoder(s string) (Decoder, error) {
	switch d := Decoder(s); d {
	case Mask, Linear:
		return d, nil
	}
	return "", fmt.Errorf("decoder %q: expected %q or %q", s, Mask, Linear)
}

// A Model is the card and the tensors of a model file.
type Model struct {
	quant.Card
	tensors map[string]tensor
}

// tensor holds float values, or int8 values with one scale an output channel.
type tensor struct {
	shape []int
	float []float32
	int8  []int8
	scale []float32
}

// Read reads a model file (see package quant), float or quantised. What is
// wrong with the file is an [ErrModel].
func Read(r io.Reader) (*Model, error) {
	m, err := readModel(r)
	if err != nil {
		return nil, fileError{err}
	}
	return m, nil
}

func readModel(r io.Reader) (*Model, error) {
	file, err := quant.NewReader(r)
	if err != nil {
		return nil, err
	}
	card, err := quant.Describe(file)
	if err != nil {
		return nil, err
	}
	m := &Model{Card: card, tensors: map[string]tensor{}}
	for range file.Tensors() {
		if err := m.readTensor(file); err != nil {
			return nil, err
		}
	}
	if _, err := file.Next(); err != io.EOF {
		return nil, err
	}
	return m, nil
}

// readTensor reads the next tensor of the file. A scale is put with the tensor
// that it belongs to, which stands before it.
func (m *Model) readTensor(file *quant.Reader) error {
	t, err := file.Next()
	if err != nil {
		return err
	}
	if t.DType == quant.I8 {
		values, err := file.Int8s()
		m.tensors[t.Name] = tensor{shape: t.Shape, int8: values}
		return err
	}
	values, err := file.Float32s()
	if err != nil {
		return err
	}
	if name, ok := strings.CutSuffix(t.Name, ".scale"); ok {
		of := m.tensors[name]
		of.scale = values
		m.tensors[name] = of
		return nil
	}
	m.tensors[t.Name] = tensor{shape: t.Shape, float: values}
	return nil
}

// Decoders lists the decoders that the file holds, the better one first.
func (m *Model) Decoders() (list []Decoder) {
	if _, ok := m.tensors["mask.cls_emb"]; ok {
		list = append(list, Mask)
	}
	if _, ok := m.tensors["linear.head.weight"]; ok {
		list = append(list, Linear)
	}
	return list
}

// Parameters counts the weights.
func (m *Model) Parameters() (n int) {
	for _, t := range m.tensors {
		n += len(t.float) + len(t.int8)
	}
	return n
}

// Precision is how the weights are stored: "int8" or "float32".
func (m *Model) Precision() string {
	if m.tensors[patchEmbedding+".weight"].int8 != nil {
		return "int8"
	}
	return "float32"
}

const patchEmbedding = "encoder.patch_embed.proj"

// isTransposed says whether a weight is stored as in×out.
func isTransposed(name string) bool {
	return name == "mask.proj_patch" || name == "mask.proj_classes"
}

// matrix is a weight as out×in.
func (m *Model) matrix(name string) compute.Weight {
	t := m.tensors[name]
	rows := t.shape[0]
	w := compute.Weight{Out: rows, In: (len(t.float) + len(t.int8)) / rows, Float: t.float, Int8: t.int8, Scale: t.scale}
	if !isTransposed(name) {
		return w
	}
	w.Out, w.In = w.In, w.Out
	if w.Float != nil {
		w.Float = quant.Transpose(w.Float, rows)
	} else {
		w.Int8 = quant.Transpose(w.Int8, rows)
	}
	return w
}
