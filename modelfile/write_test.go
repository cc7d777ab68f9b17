package modelfile_test

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"testing"

	"segmenter/modelfile"
)

// TestWrite reads a model, writes it, and reads it again.
func TestWrite(t *testing.T) {
	f, err := os.Open("../model/testdata/everyday.f32.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := modelfile.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	m.Name = "a name"
	var file bytes.Buffer
	if err := m.Write(&file); err != nil {
		t.Fatal(err)
	}
	again, err := modelfile.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m.Card, again.Card) {
		t.Errorf("the card became %+v, expected %+v", again.Card, m.Card)
	}
	for p := range m.All() {
		if !slices.Equal(m.Floats(p), again.Floats(again.Lookup(p.Name))) {
			t.Errorf("%s changed", p.Name)
		}
	}
}

func TestNew(t *testing.T) {
	card := modelfile.Card{
		Architecture:  modelfile.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 2, ExtraTokens: 1},
		Normalisation: modelfile.Normalisation{Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}},
		Classes:       []modelfile.Class{{Name: "a"}, {Name: "b"}},
	}
	both := []modelfile.Decoder{modelfile.Linear, modelfile.Mask}
	zeros := func(p *modelfile.Parameter) ([]float32, error) { return make([]float32, p.Elements()), nil }
	m, err := modelfile.New(card, both, zeros)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := m.Write(&file); err != nil {
		t.Fatal(err)
	}
	if again, err := modelfile.Read(&file); err != nil || !slices.Equal(again.Decoders(), m.Decoders()) {
		t.Errorf("decoders %v, error %v", again.Decoders(), err)
	}
	none, narrow := card, card
	none.Classes = nil
	narrow.Architecture.Width = 3
	for _, c := range []modelfile.Card{none, narrow} {
		if _, err := modelfile.New(c, both, zeros); err == nil {
			t.Errorf("%+v: expected an error", c)
		}
	}
	if _, err := modelfile.New(card, both, func(*modelfile.Parameter) ([]float32, error) { return nil, nil }); err == nil {
		t.Error("missing values: expected an error")
	}
}
