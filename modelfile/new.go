package modelfile

import (
	"cmp"
	"fmt"
)

// New returns a float model with the architecture and the classes of a card. initial returns
// the values of each parameter, in its own shape; they then belong to the model.
func New(card Card, decoders []Decoder, initial Values) (*Model, error) {
	if err := cmp.Or(card.Architecture.check(), card.Normalisation.check(), checkSize(card.Size)); err != nil {
		return nil, err
	}
	if n := len(card.Classes); n < 1 || n > maxClasses || len(decoders) == 0 {
		return nil, fmt.Errorf("%d classes and %d decoders: expected 1 to %d classes, and a decoder", n, len(decoders), maxClasses)
	}
	m := &Model{card, NewTable(card.Architecture, len(card.Classes), decoders...), make(map[string]values)}
	for p := range m.All() {
		list, err := initial(p)
		if err != nil {
			return nil, err
		}
		if len(list) != p.Elements() {
			return nil, fmt.Errorf("%s has %d values, expected %v", p.Name, len(list), p.Shape)
		}
		m.values[p.Name] = values{float: list}
	}
	return m, nil
}

// Zero returns an int8 model of zeros with the architecture and the classes of a card, which must
// be right. It computes as any other of its kind does: for programs to get warm with.
func Zero(card Card, decoders []Decoder) *Model {
	m := &Model{card, NewTable(card.Architecture, len(card.Classes), decoders...), make(map[string]values)}
	for p := range m.All() {
		v := values{}
		if p.IsMatrix() {
			v.int8, v.scale = make([]int8, p.Elements()), make([]float32, p.Outputs())
		} else {
			v.float = make([]float32, p.Elements())
		}
		m.values[p.Name] = v
	}
	return m
}
