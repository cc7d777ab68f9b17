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
