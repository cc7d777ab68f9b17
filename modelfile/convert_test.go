package modelfile

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"segmenter/modelfile/safetensors"
	"segmenter/quant"
)

// testModel is a small float model with random values, for tests to modify.
type testModel struct {
	metadata map[string]string
	tensors  []safetensors.Tensor
	values   map[string][]float32
}

var smallArchitecture = Architecture{Patch: 2, Width: 64, Depth: 2, Heads: 1, DecoderDepth: 1, Grid: 3, ExtraTokens: 1}

// newTestModel makes the tensors of an architecture in alphabetical order.
func newTestModel(a Architecture, classes int) *testModel {
	rng := rand.New(rand.NewPCG(7, 7))
	m := &testModel{
		metadata: map[string]string{"format": "pt", "steps": "236", "names": `["sky","sea","land"]`},
		values:   make(map[string][]float32),
	}
	byName := func(p, q *Parameter) int { return strings.Compare(p.Name, q.Name) }
	for _, p := range slices.SortedFunc(NewTable(a, classes, Mask, Linear).All(), byName) {
		m.add(p.Name, safetensors.F32, p.Shape...)
		for i := range m.values[p.Name] {
			m.values[p.Name][i] = float32(rng.NormFloat64())
		}
	}
	return m
}

// add adds a tensor of zeros, or replaces the one of that name.
func (m *testModel) add(name string, d safetensors.DType, shape ...int) {
	m.remove(name)
	t := safetensors.Tensor{Name: name, DType: d, Shape: shape}
	m.tensors = append(m.tensors, t)
	m.values[name] = make([]float32, t.Elements())
}

func (m *testModel) remove(name string) {
	m.tensors = slices.DeleteFunc(m.tensors, func(t safetensors.Tensor) bool { return t.Name == name })
}

// file returns the model as a safetensors file.
func (m *testModel) file(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := safetensors.NewWriter(&out, m.metadata, m.tensors)
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range m.tensors {
		if err := w.WriteFloat32s(m.values[tensor.Name]); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// header returns the header alone, which must be enough to refuse a model.
func (m *testModel) header(t *testing.T) io.Reader {
	t.Helper()
	var out bytes.Buffer
	if _, err := safetensors.NewWriter(&out, m.metadata, m.tensors); err != nil {
		t.Fatal(err)
	}
	return &out
}

func TestConvert(t *testing.T) {
	m := newTestModel(smallArchitecture, 3)
	src := m.file(t)
	var dst, again bytes.Buffer
	report, err := Convert(&dst, bytes.NewReader(src), Card{Name: "Small"}, quant.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Convert(&again, bytes.NewReader(src), Card{Name: "Small"}, quant.Plan{}); err != nil || !bytes.Equal(dst.Bytes(), again.Bytes()) {
		t.Errorf("a second conversion differs, or fails: %v", err)
	}

	r, err := safetensors.NewReader(&dst)
	if err != nil {
		t.Fatal(err)
	}
	card, _, err := Describe(r)
	if err != nil || !reflect.DeepEqual(card, report.Card) {
		t.Errorf("the file says\n%+v, %v\nthe report\n%+v", card, err, report.Card)
	}
	if card.Architecture != smallArchitecture || card.Name != "Small" || card.Extra["steps"] != "236" || card.Classes[2].Name != "land" {
		t.Errorf("the card does not describe the model: %+v", card)
	}
	if _, ok := r.Metadata()["names"]; ok {
		t.Error("the file still has names beside classes")
	}

	for i, tensor := range m.tensors {
		checkStored(t, r, tensor, m.values[tensor.Name], report.Changes[i])
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("after the last tensor: %v", err)
	}
}

// checkStored reads a tensor and its scales, and compares them with the source
// values and the report.
func checkStored(t *testing.T, r *safetensors.Reader, source safetensors.Tensor, values []float32, change Change) {
	t.Helper()
	next := func(name string) {
		t.Helper()
		if got, err := r.Next(); err != nil || got.Name != name {
			t.Fatalf("Next gave %q, %v; want %q", got.Name, err, name)
		}
	}
	next(source.Name)
	var (
		restored []float32
		err      error
		dtype    = safetensors.F16
		limit    = 0x1p-11 // of the relative error
	)
	switch len(source.Shape) {
	case 1, 3:
		restored, err = r.Float32s()
	default:
		dtype, limit = safetensors.I8, 0.01
		axis := 0
		if strings.HasPrefix(source.Name, "mask.proj_") && source.Name != "mask.proj_dec.weight" {
			axis = 1
		}
		var q []int8
		if q, err = r.Int8s(); err != nil {
			t.Fatal(err)
		}
		next(source.Name + ".scale")
		var scale []float32
		scale, err = r.Float32s()
		if len(scale) != source.Shape[axis] {
			t.Fatalf("%s has %d scales for %d channels", source.Name, len(scale), source.Shape[axis])
		}
		restored = quant.Dequantise(q, scale, source.Shape, axis)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := Change{Name: source.Name, DType: dtype, Elements: len(values), Bytes: change.Bytes}
	want.compare(values, restored)
	if change != want || change.RelativeError() > limit {
		t.Errorf("report %+v, want %+v with a relative error of at most %v", change, want, limit)
	}
}

func TestReportGroups(t *testing.T) {
	r := Report{Changes: []Change{
		{"mask.blocks.0.attn.qkv.weight", safetensors.I8, 4, 8, 8, 1},
		{"mask.proj_patch", safetensors.I8, 1, 5, 1, 0},
		{"mask.blocks.1.attn.qkv.weight", safetensors.I8, 4, 8, 8, 3},
	}}
	want := []Change{
		{"mask.blocks.*.attn.qkv.weight", safetensors.I8, 8, 16, 16, 4},
		{"mask.proj_patch", safetensors.I8, 1, 5, 1, 0},
	}
	got := r.Groups()
	if !slices.Equal(got, want) || got[0].RelativeError() != 0.5 || got[1].RelativeError() != 0 {
		t.Errorf("groups %+v, want %+v", got, want)
	}
}

func TestConvertRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(m *testModel)
		card   Card
		want   string
	}{
		{"quantised", func(m *testModel) { m.add("linear.head.weight", safetensors.I8, 3, 64) }, Card{}, "already quantised"},
		{"no decoder", func(m *testModel) { m.remove("linear.head.weight"); m.remove("mask.cls_emb") }, Card{}, "neither decoder"},
		{"no encoder", func(m *testModel) { m.remove("encoder.cls_token") }, Card{}, "lacks the encoder"},
		{"missing tensor", func(m *testModel) { m.remove("encoder.blocks.1.mlp.fc2.bias") }, Card{}, `lacks the tensor "encoder.blocks.1.mlp.fc2.bias"`},
		{"strange tensor", func(m *testModel) { m.add("head.weight", safetensors.F32, 1) }, Card{}, `"head.weight"`},
		{"strange shape", func(m *testModel) { m.add("encoder.blocks.0.attn.qkv.weight", safetensors.F32, 192, 32) }, Card{}, "needs [192 64]"},
		{"strange type", func(m *testModel) { m.add("encoder.norm.bias", "I32", 64) }, Card{}, "is I32"},
		{"no square grid", func(m *testModel) { m.add("encoder.pos_embed", safetensors.F32, 1, 8, 64) }, Card{}, "[1 8 64]"},
		{"width of no heads", func(m *testModel) {
			*m = *newTestModel(Architecture{Patch: 2, Width: 32, Depth: 1, Grid: 1, ExtraTokens: 1}, 3)
		}, Card{}, "not a Segmenter's"},
		{"other architecture", func(*testModel) {}, Card{Architecture: Architecture{Patch: 2, Width: 64, Depth: 3, Heads: 1, DecoderDepth: 1, Grid: 3, ExtraTokens: 1}}, "lacks the tensor"},
		{"endless architecture", func(*testModel) {}, Card{Architecture: Architecture{Patch: 2, Width: 64, Depth: 1 << 30, Heads: 1, Grid: 3, ExtraTokens: 1}}, "not a Segmenter's"},
		{"mask transformer of no heads", func(m *testModel) {
			a := Architecture{Patch: 2, Width: 32, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 1, ExtraTokens: 1}
			*m = *newTestModel(a, 3)
			m.metadata["architecture"] = encode(a.write)
		}, Card{}, "for every 64 channels"},
		{"heads that do not divide", func(m *testModel) {
			a := Architecture{Patch: 2, Width: 200, Depth: 1, Heads: 2, DecoderDepth: 1, Grid: 1, ExtraTokens: 1}
			*m = *newTestModel(a, 3)
			m.metadata["architecture"] = encode(a.write)
		}, Card{}, "for every 64 channels"},
		{"normalisation", func(*testModel) {}, Card{Normalisation: Normalisation{Std: [3]float32{1, 1, 0}}}, "std above 0"},
		{"classes", func(*testModel) {}, Card{Classes: []Class{{"sky", Colour{}}}}, "names 1 classes, but the decoder has 3"},
		{"names", func(m *testModel) { m.metadata["names"] = `{"0":"sky"}` }, Card{}, "not a JSON array"},
		{"newer format", func(m *testModel) { m.metadata["format"] = "segmenter/9" }, Card{}, "segmenter/9"},
	} {
		m := newTestModel(smallArchitecture, 3)
		c.change(m)
		if _, err := Convert(io.Discard, m.header(t), c.card, quant.Plan{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q, want it to say %q", c.name, err, c.want)
		}
	}
}

func TestConvertNamesDamagedTensors(t *testing.T) {
	m := newTestModel(smallArchitecture, 3)
	src := m.file(t)
	if _, err := Convert(io.Discard, bytes.NewReader(src[:len(src)-1]), Card{}, quant.Plan{}); err == nil || !strings.Contains(err.Error(), "mask.proj_patch") {
		t.Errorf("cut: %v", err)
	}
	last := len(src) - 4
	copy(src[last:], []byte{0, 0, 0xc0, 0x7f}) // NaN
	if _, err := Convert(io.Discard, bytes.NewReader(src), Card{}, quant.Plan{}); err == nil || !strings.Contains(err.Error(), "mask.proj_patch") {
		t.Errorf("NaN: %v", err)
	}
	m.values["encoder.pos_embed"][5] = math.MaxFloat32
	if _, err := Convert(io.Discard, bytes.NewReader(m.file(t)), Card{}, quant.Plan{}); err == nil || !strings.Contains(err.Error(), "encoder.pos_embed") {
		t.Errorf("too large for a half: %v", err)
	}
}

// FuzzConvert: no input makes Read or Convert panic, and Describe accepts the
// output of Convert.
func FuzzConvert(f *testing.F) {
	smallest := Architecture{Patch: 1, Width: 2, Depth: 1, Heads: 1, Grid: 1, ExtraTokens: 1}
	m := newTestModel(smallest, 3)
	m.metadata["architecture"] = encode(smallest.write)
	f.Add(m.file(f))
	f.Fuzz(func(t *testing.T, src []byte) {
		if _, err := Read(bytes.NewReader(src)); err != nil && !errors.Is(err, ErrModel) {
			t.Errorf("Read: %v, want an ErrModel", err)
		}
		var out bytes.Buffer
		report, err := Convert(&out, bytes.NewReader(src), Card{}, quant.Plan{})
		if err != nil {
			return
		}
		r, err := safetensors.NewReader(&out)
		if err != nil {
			t.Fatalf("cannot read the converted file: %v", err)
		}
		if card, _, err := Describe(r); err != nil || !reflect.DeepEqual(card, report.Card) {
			t.Errorf("the converted file has the card %+v, %v; want %+v", card, err, report.Card)
		}
	})
}
