// Package golden reads the results of other implementations that tests compare with.
package golden

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"strings"
	"testing"

	"segmenter/modelfile"
	"segmenter/modelfile/safetensors"
)

// A Tensor of a golden file has Floats or Bytes.
type Tensor struct {
	Shape  []int
	Floats []float32
	Bytes  []byte
}

// Read returns the tensors of a file.
func Read(t testing.TB, path string) map[string]Tensor {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := safetensors.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	tensors := map[string]Tensor{}
	for range r.Tensors() {
		info, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		g := Tensor{Shape: info.Shape}
		if info.DType == safetensors.F32 {
			g.Floats, err = r.Float32s()
		} else {
			g.Bytes, err = io.ReadAll(r)
		}
		if err != nil {
			t.Fatal(err)
		}
		tensors[info.Name] = g
	}
	return tensors
}

// Gradients returns the tensors of the file named by the environment variable GRADIENTS,
// or of path: gradients and steps of optimisers, by PyTorch (model/testdata/README.md).
func Gradients(t testing.TB, path string) map[string]Tensor {
	t.Helper()
	return Read(t, cmp.Or(os.Getenv("GRADIENTS"), path))
}

// Model returns the model whose parameters are the tensors with a prefix.
func Model(t testing.TB, tensors map[string]Tensor, prefix string) *modelfile.Model {
	t.Helper()
	var entries []safetensors.Tensor
	for name, g := range tensors {
		if name, ok := strings.CutPrefix(name, prefix); ok {
			entries = append(entries, safetensors.Tensor{Name: name, DType: safetensors.F32, Shape: g.Shape})
		}
	}
	var file bytes.Buffer
	w, err := safetensors.NewWriter(&file, nil, entries)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := w.WriteFloat32s(tensors[prefix+e.Name].Floats); err != nil {
			t.Fatal(err)
		}
	}
	m, err := modelfile.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
