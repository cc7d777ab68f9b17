package modelfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"segmenter/modelfile/safetensors"
)

// TestDescribe checks that Describe infers what files do not state.
func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(m *testModel)
		want   func(c *Card)
	}{
		{"as it is", func(*testModel) {}, func(*Card) {}},
		{"size", func(m *testModel) { m.metadata["size"] = "384" }, func(c *Card) { c.Size = 384 }},
		{"no names", func(m *testModel) { delete(m.metadata, "names") }, func(c *Card) {
			for i := range c.Classes {
				c.Classes[i].Name = fmt.Sprint("class ", i)
			}
		}},
		{"linear decoder alone", func(m *testModel) {
			m.tensors = slices.DeleteFunc(m.tensors, func(t safetensors.Tensor) bool { return strings.HasPrefix(t.Name, "mask.") })
		}, func(c *Card) { c.Architecture.DecoderDepth = 0 }},
		{"mask transformer alone", func(m *testModel) { m.remove("linear.head.weight"); m.remove("linear.head.bias") }, func(*Card) {}},
		{"distilled", func(m *testModel) {
			m.add("encoder.dist_token", safetensors.F32, 1, 1, 64)
			m.add("encoder.pos_embed", safetensors.F32, 1, 11, 64)
		}, func(c *Card) { c.Architecture.ExtraTokens = 2 }},
		{"half precision", func(m *testModel) {
			for i := range m.tensors {
				m.tensors[i].DType = safetensors.F16
			}
		}, func(*Card) {}},
	} {
		m := newTestModel(smallArchitecture, 3)
		c.change(m)
		half := [3]float32{0.5, 0.5, 0.5}
		want := Card{
			Size:          6, // 3×3 patches of 2 pixels
			Architecture:  smallArchitecture,
			Normalisation: Normalisation{half, half},
			Classes:       []Class{{"sky", DefaultColour(0)}, {"sea", DefaultColour(1)}, {"land", DefaultColour(2)}},
			Extra:         map[string]string{"steps": "236"},
		}
		c.want(&want)
		r, err := safetensors.NewReader(m.header(t))
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := Describe(r); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v\nwant %+v", c.name, got, err, want)
		}
	}
}

// Scales must follow their weights, where a streaming reader needs them.
func TestDescribeRefusesScalesOutOfPlace(t *testing.T) {
	const weight = "mask.proj_dec.weight"
	for name, add := range map[string]func(m *testModel){
		"none":        func(*testModel) {},
		"wrong shape": func(m *testModel) { m.add(weight+".scale", safetensors.F32, 63) },
		"wrong type":  func(m *testModel) { m.add(weight+".scale", safetensors.F16, 64) },
		"wrong name":  func(m *testModel) { m.add("mask.proj_dec.scale", safetensors.F32, 64) },
		"not following": func(m *testModel) {
			m.add("mask.proj_dec.bias", safetensors.F32, 64)
			m.add(weight+".scale", safetensors.F32, 64)
		},
	} {
		m := newTestModel(smallArchitecture, 3)
		m.add(weight, safetensors.I8, 64, 64)
		add(m)
		r, err := safetensors.NewReader(m.header(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Describe(r); err == nil || !strings.Contains(err.Error(), weight) {
			t.Errorf("%s: error %v, want one about %s", name, err, weight)
		}
	}
}

// Default colours differ from each other.
func TestDefaultColours(t *testing.T) {
	seen := make(map[Colour]int)
	for i := range maxClasses {
		c := DefaultColour(i)
		if other, ok := seen[c]; ok {
			t.Errorf("classes %d and %d are both %v", other, i, c)
		}
		seen[c] = i
	}
}
