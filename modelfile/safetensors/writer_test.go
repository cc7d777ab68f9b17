package safetensors

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestWriterBytes(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, map[string]string{"b": "2", "a": `"1"`}, []Tensor{{"half", F16, []int{2}}, {"empty", F32, []int{0}}, {"int8", I8, []int{1, 3}}, {"float", F32, nil}})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.WriteFloat32s([]float32{1, -2}),
		w.WriteInt8s([]int8{-127, 0, 127}),
		w.WriteFloat32s([]float32{0.5}),
		w.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	header := `{"__metadata__":{"a":"\"1\"","b":"2"},` +
		`"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},` +
		`"empty":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},` +
		`"int8":{"dtype":"I8","shape":[1,3],"data_offsets":[4,7]},` +
		`"float":{"dtype":"F32","shape":[],"data_offsets":[7,11]}}`
	header += strings.Repeat(" ", -len(header)&7)
	want := file(header, 0, 0x3c, 0, 0xc0, 0x81, 0, 0x7f, 0, 0, 0, 0x3f)
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("written:\n%q\nwant:\n%q", out.Bytes(), want)
	}
	if binary.LittleEndian.Uint64(out.Bytes())%8 != 0 {
		t.Error("the data does not begin at a multiple of 8")
	}
}

func TestNewWriterRefuses(t *testing.T) {
	for _, c := range []struct {
		name     string
		metadata map[string]string
		tensors  []Tensor
	}{
		{"name twice", nil, []Tensor{{"w", U8, nil}, {"w", U8, nil}}},
		{"metadata's name", nil, []Tensor{{"__metadata__", U8, nil}}},
		{"name not UTF-8", nil, []Tensor{{"\xff", U8, nil}}},
		{"metadata not UTF-8", map[string]string{"k": "\xff"}, nil},
		{"unknown type", nil, []Tensor{{"w", "Q4", nil}}},
		{"negative dimension", nil, []Tensor{{"w", U8, []int{-1}}}},
		{"rank", nil, []Tensor{{"w", U8, make([]int, maxRank+1)}}},
		{"sum beyond int", nil, []Tensor{{"v", U8, []int{math.MaxInt}}, {"w", U8, []int{1}}}},
		{"long header", map[string]string{"k": strings.Repeat("x", MaxHeader)}, nil},
		{"many tensors", nil, make([]Tensor, maxTensors+1)},
	} {
		var out bytes.Buffer
		if _, err := NewWriter(&out, c.metadata, c.tensors); err == nil || out.Len() > 0 {
			t.Errorf("%s: error %v after %d bytes", c.name, err, out.Len())
		}
	}
}

func TestWriterRefusesMismatches(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(w *Writer) error
	}{
		{"nothing", (*Writer).Close},
		{"too few bytes", func(w *Writer) error { w.Write(make([]byte, 3)); return w.Close() }},
		{"too many bytes", func(w *Writer) error { _, err := w.Write(make([]byte, 5)); return err }},
		{"too few values", func(w *Writer) error { return w.WriteFloat32s([]float32{1}) }},
		{"too many values", func(w *Writer) error { return w.WriteFloat32s([]float32{1, 2, 3}) }},
		{"another type", func(w *Writer) error { return w.WriteInt8s([]int8{1, 2, 3, 4}) }},
		{"begun already", func(w *Writer) error { w.Write(make([]byte, 2)); return w.WriteFloat32s([]float32{1, 2}) }},
		{"complete", func(w *Writer) error { w.Write(make([]byte, 4)); return w.WriteFloat32s([]float32{1}) }},
		{"too large for a half", func(w *Writer) error { return w.WriteFloat32s([]float32{1, 65520}) }},
		{"NaN", func(w *Writer) error { return w.WriteFloat32s([]float32{1, float32(math.NaN())}) }},
	} {
		w, err := NewWriter(new(bytes.Buffer), nil, []Tensor{{"w", F16, []int{2}}})
		if err != nil {
			t.Fatal(err)
		}
		if c.write(w) == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
}

// Tensors longer than the buffers survive writing and reading.
func TestLongTensors(t *testing.T) {
	floats := make([]float32, 3*chunk/4+1)
	ints := make([]int8, 3*chunk+1)
	for i := range floats {
		floats[i] = float32(i) - 1000
	}
	for i := range ints {
		ints[i] = int8(i % 251)
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, nil, []Tensor{{"floats", F32, []int{len(floats)}}, {"ints", I8, []int{len(ints)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFloat32s(floats); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteInt8s(ints); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	mustNext(t, r, "floats")
	if got, err := r.Float32s(); err != nil || !slices.Equal(got, floats) || cap(got) != len(floats) {
		t.Errorf("floats differ, or have a capacity of %d for %d values: %v", cap(got), len(floats), err)
	}
	mustNext(t, r, "ints")
	if got, err := r.Int8s(); err != nil || !slices.Equal(got, ints) {
		t.Errorf("ints differ: %v", err)
	}
}
