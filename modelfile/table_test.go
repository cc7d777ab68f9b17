package modelfile

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestTable fixes names, order, shapes and roles: files depend on them.
func TestTable(t *testing.T) {
	a := Architecture{Patch: 2, Width: 8, Depth: 1, Heads: 2, DecoderDepth: 1, Grid: 3, ExtraTokens: 2}
	const want = `
		encoder.cls_token [1 1 8] embedding
		encoder.dist_token [1 1 8] embedding
		encoder.pos_embed [1 11 8] embedding
		encoder.patch_embed.proj.weight [8 3 2 2] weight
		encoder.patch_embed.proj.bias [8] bias
		encoder.blocks.0.norm1.weight [8] gain
		encoder.blocks.0.norm1.bias [8] bias
		encoder.blocks.0.attn.qkv.weight [24 8] weight
		encoder.blocks.0.attn.qkv.bias [24] bias
		encoder.blocks.0.attn.proj.weight [8 8] weight
		encoder.blocks.0.attn.proj.bias [8] bias
		encoder.blocks.0.norm2.weight [8] gain
		encoder.blocks.0.norm2.bias [8] bias
		encoder.blocks.0.mlp.fc1.weight [32 8] weight
		encoder.blocks.0.mlp.fc1.bias [32] bias
		encoder.blocks.0.mlp.fc2.weight [8 32] weight
		encoder.blocks.0.mlp.fc2.bias [8] bias
		encoder.norm.weight [8] gain
		encoder.norm.bias [8] bias
		linear.head.weight [5 8] weight
		linear.head.bias [5] bias
		mask.proj_dec.weight [8 8] weight
		mask.proj_dec.bias [8] bias
		mask.cls_emb [1 5 8] embedding
		mask.blocks.0.norm1.weight [8] gain
		mask.blocks.0.norm1.bias [8] bias
		mask.blocks.0.attn.qkv.weight [24 8] weight
		mask.blocks.0.attn.qkv.bias [24] bias
		mask.blocks.0.attn.proj.weight [8 8] weight
		mask.blocks.0.attn.proj.bias [8] bias
		mask.blocks.0.norm2.weight [8] gain
		mask.blocks.0.norm2.bias [8] bias
		mask.blocks.0.mlp.fc1.weight [32 8] weight
		mask.blocks.0.mlp.fc1.bias [32] bias
		mask.blocks.0.mlp.fc2.weight [8 32] weight
		mask.blocks.0.mlp.fc2.bias [8] bias
		mask.decoder_norm.weight [8] gain
		mask.decoder_norm.bias [8] bias
		mask.proj_patch [8 8] projection
		mask.proj_classes [8 8] projection
		mask.mask_norm.weight [5] gain
		mask.mask_norm.bias [5] bias
	`
	roles := map[Role]string{Weight: "weight", Projection: "projection", Bias: "bias", Gain: "gain", Embedding: "embedding"}
	table := NewTable(a, 5, Linear, Mask)
	var lines []string
	for p := range table.All() {
		lines = append(lines, fmt.Sprint(p.Name, " ", p.Shape, " ", roles[p.Role]))
	}
	if got, want := strings.Join(lines, "\n"), strings.Join(strings.Fields(want), " "); strings.Join(strings.Fields(got), " ") != want {
		t.Errorf("parameters:\n%s\nwant:\n%s", got, want)
	}
}

// The tree has the same parameters as All, and Lookup finds each.
func TestTableTree(t *testing.T) {
	for _, decoders := range [][]Decoder{{Mask, Linear}, {Mask}, {Linear}} {
		for extra := 1; extra <= 2; extra++ {
			a := smallArchitecture
			a.ExtraTokens = extra
			table := NewTable(a, 3, decoders...)
			if !slices.Equal(table.Decoders(), decoders) {
				t.Errorf("decoders %q, want %q", table.Decoders(), decoders)
			}
			tree := map[string]*Parameter{}
			collect(reflect.ValueOf([]any{table.Encoder, table.Linear, table.Mask}), tree)
			n := 0
			for p := range table.All() {
				n++
				if table.Lookup(p.Name) != p || tree[p.Name] != p {
					t.Errorf("%s: Lookup finds %v, the tree has %v", p.Name, table.Lookup(p.Name), tree[p.Name])
				}
			}
			if n != len(tree) {
				t.Errorf("All lists %d parameters, the tree has %d", n, len(tree))
			}
		}
	}
	if p := NewTable(smallArchitecture, 3, Linear).Lookup("mask.cls_emb"); p != nil {
		t.Errorf("Lookup found %s, which the network lacks", p.Name)
	}
}

// collect adds the parameters in a tree of structs, pointers and slices.
func collect(v reflect.Value, tree map[string]*Parameter) {
	if p, ok := v.Interface().(*Parameter); ok {
		if p != nil {
			tree[p.Name] = p
		}
		return
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			collect(v.Elem(), tree)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collect(v.Index(i), tree)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			collect(v.Field(i), tree)
		}
	}
}

// The documentation names every parameter.
func TestTableIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/model-file.md")
	if err != nil {
		t.Fatal(err)
	}
	for p := range NewTable(Architecture{Width: 1, Depth: 1, DecoderDepth: 1, ExtraTokens: 2}, 1, Linear, Mask).All() {
		name := strings.NewReplacer("encoder.blocks.0.", "", "mask.blocks.0.", "").Replace(p.Name)
		stem, last := name[:strings.LastIndex(name, ".")+1], name[strings.LastIndex(name, ".")+1:]
		documented := slices.ContainsFunc([]string{"`" + name + "`", "`" + stem + "{weight,bias}`", "`" + stem + "weight` · `" + last + "`"}, func(s string) bool {
			return strings.Contains(string(doc), s)
		})
		if !documented {
			t.Errorf("docs/model-file.md does not name %s", p.Name)
		}
	}
}
