package modelfile

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"segmenter/modelfile/safetensors"
	"segmenter/quant"
)

// Read returns the values of the file, matrices as (out, in).
func TestRead(t *testing.T) {
	file := newTestModel(smallArchitecture, 3)
	m, err := Read(bytes.NewReader(file.file(t)))
	if err != nil {
		t.Fatal(err)
	}
	if m.Precision() != "float32" || m.Classes[1].Name != "sea" || m.Architecture != smallArchitecture {
		t.Errorf("read as %s, %+v", m.Precision(), m.Card)
	}
	count := 0
	for p := range m.All() {
		want := file.values[p.Name]
		count += len(want)
		if !slices.Equal(m.Floats(p), want) {
			t.Errorf("%s differs from the file", p.Name)
		}
		if !p.IsMatrix() {
			continue
		}
		if p.Role == Projection {
			want = Transpose(want, p.Shape[0])
		}
		if w := m.Matrix(p); w.Out != p.Outputs() || w.Out*w.In != len(want) || !slices.Equal(w.Float, want) || w.Int8 != nil || w.Scale != nil {
			t.Errorf("%s is not a float matrix of the file's values", p.Name)
		}
	}
	if m.Parameters() != count {
		t.Errorf("%d parameters, want %d", m.Parameters(), count)
	}
	if m.Floats(m.Mask.PatchProjection.Bias) != nil {
		t.Error("got values for a bias that the network lacks")
	}
}

// A converted model has matrices of int8, and the same parameters.
func TestReadQuantised(t *testing.T) {
	file := newTestModel(smallArchitecture, 3).file(t)
	float, err := Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if _, err := Convert(&small, bytes.NewReader(file), Card{}, quant.Plan{}); err != nil {
		t.Fatal(err)
	}
	m, err := Read(&small)
	if err != nil {
		t.Fatal(err)
	}
	if m.Precision() != "int8" || m.Parameters() != float.Parameters() {
		t.Errorf("%d parameters of %s; want %d of int8", m.Parameters(), m.Precision(), float.Parameters())
	}
	for p := range m.All() {
		if !p.IsMatrix() {
			if len(m.Floats(p)) != p.Elements() {
				t.Errorf("%s has %d values, want %d", p.Name, len(m.Floats(p)), p.Elements())
			}
			continue
		}
		want := float.Matrix(p)
		q, scale := quant.PerChannel(want.Float, []int{want.Out, want.In}, 0)
		got := m.Matrix(p)
		if got.Out != want.Out || got.In != want.In || got.Float != nil || !slices.Equal(got.Int8, q) || !slices.Equal(got.Scale, scale) {
			t.Errorf("%s is not the int8 form of the float matrix", p.Name)
		}
	}
}

func TestWith(t *testing.T) {
	m, err := Read(bytes.NewReader(newTestModel(smallArchitecture, 3).file(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Parameter{m.Linear.Weight, m.Mask.PatchProjection.Weight} {
		before := m.Matrix(p)
		matrix := make([]float32, p.Elements())
		for i := range matrix {
			matrix[i] = float32(i)
		}
		other := m.With(p, matrix)
		if got := other.Matrix(p); !slices.Equal(got.Float, matrix) || got.Out != before.Out {
			t.Errorf("%s does not have the new values", p.Name)
		}
		if !slices.Equal(m.Matrix(p).Float, before.Float) {
			t.Errorf("%s changed in the original model", p.Name)
		}
		if &other.Floats(m.Encoder.Position)[0] != &m.Floats(m.Encoder.Position)[0] {
			t.Error("the models do not share their other values")
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole := newTestModel(smallArchitecture, 3)
	other := newTestModel(smallArchitecture, 3)
	other.add("head.weight", safetensors.F32, 1)
	for name, file := range map[string][]byte{
		"empty":              nil,
		"cut":                whole.file(t)[:100_000],
		"joined":             append(whole.file(t), 0),
		"of another network": other.file(t),
		"not a model":        []byte("<!doctype html>"),
	} {
		if _, err := Read(bytes.NewReader(file)); !errors.Is(err, ErrModel) {
			t.Errorf("a file that is %s: error %v, want an ErrModel", name, err)
		}
	}
}

func TestTranspose(t *testing.T) {
	if got := Transpose([]int{1, 2, 3, 4, 5, 6}, 2); !slices.Equal(got, []int{1, 4, 2, 5, 3, 6}) {
		t.Error(got)
	}
}

func TestParseDecoder(t *testing.T) {
	for _, d := range []Decoder{Mask, Linear} {
		if got, err := ParseDecoder(string(d)); got != d || err != nil {
			t.Errorf("%q became %q, %v", d, got, err)
		}
	}
	if d, err := ParseDecoder("fcn"); err == nil {
		t.Errorf("%q was taken for a decoder", d)
	}
}

// TestZero holds a model of zeros against the table of its architecture.
func TestZero(t *testing.T) {
	m := Zero(Card{Architecture: smallArchitecture, Classes: make([]Class, 3)}, []Decoder{Mask, Linear})
	if m.Precision() != "int8" || len(m.Decoders()) != 2 {
		t.Errorf("precision %s, decoders %v; expected int8 and both", m.Precision(), m.Decoders())
	}
	for p := range m.All() {
		n := len(m.Floats(p))
		if p.IsMatrix() {
			w := m.Matrix(p)
			if n = len(w.Int8); len(w.Scale) != w.Out {
				t.Errorf("%s has %d scales, expected %d", p.Name, len(w.Scale), w.Out)
			}
		}
		if n != p.Elements() {
			t.Errorf("%s has %d values, expected %d", p.Name, n, p.Elements())
		}
	}
}
