package quant

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// model is a small float model with random values, and what a test changes.
type model struct {
	metadata map[string]string
	tensors  []Tensor
	values   map[string][]float32
}

var smallArchitecture = Architecture{Patch: 2, Width: 64, Depth: 2, Heads: 1, DecoderDepth: 1, Grid: 3, ExtraTokens: 1}

// newModel has the tensors of an architecture in alphabetical order.
func newModel(a Architecture, classes int) *model {
	rng := rand.New(rand.NewPCG(7, 7))
	m := &model{
		metadata: map[string]string{"format": "pt", "steps": "236", "names": `["sky","sea","land"]`},
		values:   make(map[string][]float32),
	}
	parts := newLayout(a, classes, true, true)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		m.add(Tensor{name, F32, parts[name].shape})
		for i := range m.values[name] {
			m.values[name][i] = float32(rng.NormFloat64())
		}
	}
	return m
}

// add adds a tensor, or replaces that of its name, with zeros.
func (m *model) add(t Tensor) {
	m.remove(t.Name)
	m.tensors = append(m.tensors, t)
	m.values[t.Name] = make([]float32, t.Elements())
}

func (m *model) remove(name string) {
	m.tensors = slices.DeleteFunc(m.tensors, func(t Tensor) bool { return t.Name == name })
}

// file is the model as a safetensors file.
func (m *model) file(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, m.metadata, m.tensors)
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

// header is the model's header, which has to be enough to refuse a model.
func (m *model) header(t *testing.T) io.Reader {
	t.Helper()
	var out bytes.Buffer
	if _, err := NewWriter(&out, m.metadata, m.tensors); err != nil {
		t.Fatal(err)
	}
	return &out
}

func TestConvert(t *testing.T) {
	m := newModel(smallArchitecture, 3)
	src := m.file(t)
	var dst, again bytes.Buffer
	report, err := Convert(&dst, bytes.NewReader(src), Card{Name: "Small"}, Plan{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Convert(&again, bytes.NewReader(src), Card{Name: "Small"}, Plan{}); err != nil || !bytes.Equal(dst.Bytes(), again.Bytes()) {
		t.Errorf("converted again, the file differs, or %v", err)
	}

	r, err := NewReader(&dst)
	if err != nil {
		t.Fatal(err)
	}
	card, err := Describe(r)
	if err != nil || !reflect.DeepEqual(card, report.Card) {
		t.Errorf("the file says\n%+v, %v\nthe report\n%+v", card, err, report.Card)
	}
	if card.Architecture != smallArchitecture || card.Name != "Small" || card.Extra["steps"] != "236" || card.Classes[2].Name != "land" {
		t.Errorf("the card is not that of the model: %+v", card)
	}
	if _, ok := r.Metadata()["names"]; ok {
		t.Error("the names were kept beside the classes that they became")
	}

	for i, tensor := range m.tensors {
		checkStored(t, r, tensor, m.values[tensor.Name], report.Changes[i])
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("after the last tensor: %v", err)
	}
}

// checkStored reads a tensor, and its scales, and holds it against the values
// that it was made from and against the report.
func checkStored(t *testing.T, r *Reader, source Tensor, values []float32, change Change) {
	t.Helper()
	mustNext(t, r, source.Name)
	var (
		restored []float32
		err      error
		dtype    = F16
		limit    = 0x1p-11 // of the relative error
	)
	switch len(source.Shape) {
	case 1, 3:
		restored, err = r.Float32s()
	default:
		dtype, limit = I8, 0.01
		axis := 0
		if strings.HasPrefix(source.Name, "mask.proj_") && source.Name != "mask.proj_dec.weight" {
			axis = 1
		}
		var q []int8
		if q, err = r.Int8s(); err != nil {
			t.Fatal(err)
		}
		mustNext(t, r, source.Name+".scale")
		var scale []float32
		scale, err = r.Float32s()
		if len(scale) != source.Shape[axis] {
			t.Fatalf("%s has %d scales for %d channels", source.Name, len(scale), source.Shape[axis])
		}
		restored = Dequantise(q, scale, source.Shape, axis)
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
		{"mask.blocks.0.attn.qkv.weight", I8, 4, 8, 8, 1},
		{"mask.proj_patch", I8, 1, 5, 1, 0},
		{"mask.blocks.1.attn.qkv.weight", I8, 4, 8, 8, 3},
	}}
	want := []Change{
		{"mask.blocks.*.attn.qkv.weight", I8, 8, 16, 16, 4},
		{"mask.proj_patch", I8, 1, 5, 1, 0},
	}
	got := r.Groups()
	if !slices.Equal(got, want) || got[0].RelativeError() != 0.5 || got[1].RelativeError() != 0 {
		t.Errorf("groups %+v, want %+v", got, want)
	}
}

func TestConvertRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(m *model)
		card   Card
		want   string
	}{
		{"quantised", func(m *model) { m.add(Tensor{"linear.head.weight", I8, []int{3, 64}}) }, Card{}, "quantised already"},
		{"no decoder", func(m *model) { m.remove("linear.head.weight"); m.remove("mask.cls_emb") }, Card{}, "neither decoder"},
		{"no encoder", func(m *model) { m.remove("encoder.cls_token") }, Card{}, "lacks the encoder"},
		{"missing tensor", func(m *model) { m.remove("encoder.blocks.1.mlp.fc2.bias") }, Card{}, `lacks the tensor "encoder.blocks.1.mlp.fc2.bias"`},
		{"strange tensor", func(m *model) { m.add(Tensor{"head.weight", F32, []int{1}}) }, Card{}, `"head.weight"`},
		{"strange shape", func(m *model) { m.add(Tensor{"encoder.blocks.0.attn.qkv.weight", F32, []int{192, 32}}) }, Card{}, "[192 64] is expected"},
		{"strange type", func(m *model) { m.add(Tensor{"encoder.norm.bias", "I32", []int{64}}) }, Card{}, "is I32"},
		{"no square grid", func(m *model) { m.add(Tensor{"encoder.pos_embed", F32, []int{1, 8, 64}}) }, Card{}, "[1 8 64]"},
		{"width of no heads", func(m *model) {
			*m = *newModel(Architecture{Patch: 2, Width: 32, Depth: 1, Grid: 1, ExtraTokens: 1}, 3)
		}, Card{}, "not that of a Segmenter"},
		{"other architecture", func(*model) {}, Card{Architecture: Architecture{Patch: 2, Width: 64, Depth: 3, Heads: 1, DecoderDepth: 1, Grid: 3, ExtraTokens: 1}}, "lacks the tensor"},
		{"endless architecture", func(*model) {}, Card{Architecture: Architecture{Patch: 2, Width: 64, Depth: 1 << 30, Heads: 1, Grid: 3, ExtraTokens: 1}}, "not that of a Segmenter"},
		{"normalisation", func(*model) {}, Card{Normalisation: Normalisation{Std: [3]float32{1, 1, 0}}}, "std above 0"},
		{"classes", func(*model) {}, Card{Classes: []Class{{"sky", Colour{}}}}, "names 1 classes, but the decoder has 3"},
		{"names", func(m *model) { m.metadata["names"] = `{"0":"sky"}` }, Card{}, "not a JSON array"},
		{"newer format", func(m *model) { m.metadata["format"] = "segmenter/9" }, Card{}, "segmenter/9"},
	} {
		m := newModel(smallArchitecture, 3)
		c.change(m)
		if _, err := Convert(io.Discard, m.header(t), c.card, Plan{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q, want it to say %q", c.name, err, c.want)
		}
	}
}

func TestConvertNamesDamagedTensors(t *testing.T) {
	m := newModel(smallArchitecture, 3)
	src := m.file(t)
	if _, err := Convert(io.Discard, bytes.NewReader(src[:len(src)-1]), Card{}, Plan{}); err == nil || !strings.Contains(err.Error(), "mask.proj_patch") {
		t.Errorf("cut: %v", err)
	}
	last := len(src) - 4
	copy(src[last:], []byte{0, 0, 0xc0, 0x7f}) // NaN
	if _, err := Convert(io.Discard, bytes.NewReader(src), Card{}, Plan{}); err == nil || !strings.Contains(err.Error(), "mask.proj_patch") {
		t.Errorf("NaN: %v", err)
	}
	m.values["encoder.pos_embed"][5] = math.MaxFloat32
	if _, err := Convert(io.Discard, bytes.NewReader(m.file(t)), Card{}, Plan{}); err == nil || !strings.Contains(err.Error(), "encoder.pos_embed") {
		t.Errorf("too large for a half: %v", err)
	}
}

// Files state less than a card does; Describe works out the rest.
func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(m *model)
		want   func(c *Card)
	}{
		{"as it is", func(*model) {}, func(*Card) {}},
		{"no names", func(m *model) { delete(m.metadata, "names") }, func(c *Card) {
			for i := range c.Classes {
				c.Classes[i].Name = fmt.Sprint("class ", i)
			}
		}},
		{"linear decoder alone", func(m *model) {
			m.tensors = slices.DeleteFunc(m.tensors, func(t Tensor) bool { return strings.HasPrefix(t.Name, "mask.") })
		}, func(c *Card) { c.Architecture.DecoderDepth = 0 }},
		{"mask transformer alone", func(m *model) { m.remove("linear.head.weight"); m.remove("linear.head.bias") }, func(*Card) {}},
		{"distilled", func(m *model) {
			m.add(Tensor{"encoder.dist_token", F32, []int{1, 1, 64}})
			m.add(Tensor{"encoder.pos_embed", F32, []int{1, 11, 64}})
		}, func(c *Card) { c.Architecture.ExtraTokens = 2 }},
		{"half precision", func(m *model) {
			for i := range m.tensors {
				m.tensors[i].DType = F16
			}
		}, func(*Card) {}},
	} {
		m := newModel(smallArchitecture, 3)
		c.change(m)
		half := [3]float32{0.5, 0.5, 0.5}
		want := Card{
			Architecture:  smallArchitecture,
			Normalisation: Normalisation{half, half},
			Classes:       []Class{{"sky", someColour(0)}, {"sea", someColour(1)}, {"land", someColour(2)}},
			Extra:         map[string]string{"steps": "236"},
		}
		c.want(&want)
		r, err := NewReader(m.header(t))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Describe(r); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v\nwant %+v", c.name, got, err, want)
		}
	}
}

// Scales have to follow their weights, where a stream needs them.
func TestDescribeRefusesScalesOutOfPlace(t *testing.T) {
	const weight = "mask.proj_dec.weight"
	for name, following := range map[string][]Tensor{
		"none":          nil,
		"wrong shape":   {{weight + ".scale", F32, []int{63}}},
		"wrong type":    {{weight + ".scale", F16, []int{64}}},
		"wrong name":    {{"mask.proj_dec.scale", F32, []int{64}}},
		"not following": {{"mask.proj_dec.bias", F32, []int{64}}, {weight + ".scale", F32, []int{64}}},
	} {
		m := newModel(smallArchitecture, 3)
		m.add(Tensor{weight, I8, []int{64, 64}})
		for _, t := range following {
			m.add(t)
		}
		r, err := NewReader(m.header(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Describe(r); err == nil || !strings.Contains(err.Error(), weight) {
			t.Errorf("%s: error %v, want one about %s", name, err, weight)
		}
	}
}

// Classes without stated colours look different from each other.
func TestSomeColours(t *testing.T) {
	seen := make(map[Colour]int)
	for i := range maxClasses {
		c := someColour(i)
		if other, ok := seen[c]; ok {
			t.Errorf("classes %d and %d are both %v", other, i, c)
		}
		seen[c] = i
	}
}

// No bytes make Convert panic, and what it writes can be described.
func FuzzConvert(f *testing.F) {
	smallest := Architecture{Patch: 1, Width: 2, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 1, ExtraTokens: 1}
	m := newModel(smallest, 3)
	m.metadata["architecture"] = encode(smallest.write)
	f.Add(m.file(f))
	f.Fuzz(func(t *testing.T, src []byte) {
		var out bytes.Buffer
		report, err := Convert(&out, bytes.NewReader(src), Card{}, Plan{})
		if err != nil {
			return
		}
		r, err := NewReader(&out)
		if err != nil {
			t.Fatalf("what was converted cannot be read: %v", err)
		}
		if card, err := Describe(r); err != nil || !reflect.DeepEqual(card, report.Card) {
			t.Errorf("what was converted says %+v, %v; want %+v", card, err, report.Card)
		}
	})
}
