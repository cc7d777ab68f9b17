package train

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"segmenter/internal/golden"
	"segmenter/modelfile"
	"segmenter/modelfile/safetensors"
)

// TestTransfer keeps the head of a class whose id changes, and all that is no head.
func TestTransfer(t *testing.T) {
	from := golden.Model(t, golden.Read(t, goldenGradients), "weights.")
	card := from.Card
	kept := card.Classes[1]
	card.Classes = []modelfile.Class{{Name: "new"}, {Name: "newer"}, kept}
	m, err := Transfer(from, card, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	D := card.Architecture.Width
	row := func(m *modelfile.Model, p *modelfile.Parameter, id int) []float32 { return m.Floats(p)[id*D:][:D] }
	if !slices.Equal(row(m, m.Linear.Weight, 2), row(from, from.Linear.Weight, 1)) ||
		!slices.Equal(row(m, m.Mask.ClassEmbeddings, 2), row(from, from.Mask.ClassEmbeddings, 1)) ||
		m.Floats(m.Mask.ScoreNorm.Gain)[2] != from.Floats(from.Mask.ScoreNorm.Gain)[1] {
		t.Errorf("the head of %q changed", kept.Name)
	}
	if slices.Equal(row(m, m.Linear.Weight, 1), row(from, from.Linear.Weight, 1)) {
		t.Error("the head of a new class is that of an old one")
	}
	for p := range m.All() {
		if slices.Equal(p.Shape, from.Lookup(p.Name).Shape) && !slices.Equal(m.Floats(p), from.Floats(from.Lookup(p.Name))) {
			t.Errorf("%s changed", p.Name)
		}
	}
}

// TestEncoder reads a vision transformer, and refuses others.
func TestEncoder(t *testing.T) {
	from := golden.Model(t, golden.Read(t, goldenGradients), "weights.")
	write := func(change func(*safetensors.Tensor)) string {
		path := filepath.Join(t.TempDir(), "vit.safetensors")
		var tensors []safetensors.Tensor
		for _, p := range from.Encoder.Parameters() {
			tensor := p.Tensor(safetensors.F32)
			tensor.Name = strings.TrimPrefix(tensor.Name, "encoder.")
			change(&tensor)
			tensors = append(tensors, tensor)
		}
		tensors = append(tensors, safetensors.Tensor{Name: "head.weight", DType: safetensors.F32, Shape: []int{2}})
		var out bytes.Buffer
		w, err := safetensors.NewWriter(&out, nil, tensors)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range from.Encoder.Parameters() {
			if err := w.WriteFloat32s(from.Floats(p)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.WriteFloat32s([]float32{1, 2}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open := func(path string) (*modelfile.Model, error) {
		start, err := OpenStart(path)
		if err != nil {
			return nil, err
		}
		return start.Encoder.NewDecoders(from.Card, rand.New(rand.NewPCG(1, 2)))
	}
	m, err := open(write(func(*safetensors.Tensor) {}))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range from.Encoder.Parameters() {
		if !slices.Equal(m.Floats(m.Lookup(p.Name)), from.Floats(p)) {
			t.Errorf("%s changed", p.Name)
		}
	}
	for _, name := range []string{"norm.bias", "blocks.0.attn.qkv.weight", "pos_embed"} {
		_, err := open(write(func(tensor *safetensors.Tensor) {
			if tensor.Name == name {
				tensor.Name = "strange." + name
			}
		}))
		if err == nil {
			t.Errorf("without %s: expected an error", name)
		} else {
			t.Log(err)
		}
	}
}
