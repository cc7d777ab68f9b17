package model

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/cpu"
	"segmenter/compute/reference"
	"segmenter/photo"
	"segmenter/quant"
)

// variant is a small model of any architecture, with random weights.
type variant struct {
	name     string
	arch     quant.Architecture
	decoders []Decoder
}

// file is the variant as a float model file.
func (v variant) file(t *testing.T, classes int) *bytes.Reader {
	t.Helper()
	a := v.arch
	D := a.Width
	var tensors []quant.Tensor
	add := func(name string, shape ...int) {
		tensors = append(tensors, quant.Tensor{Name: name, DType: quant.F32, Shape: shape})
	}
	layer := func(name string, shape ...int) { // weight and bias of a linear layer or a norm
		add(name+".weight", shape...)
		add(name+".bias", shape[0])
	}
	blocks := func(prefix string, n int) {
		for i := range n {
			block := fmt.Sprintf("%s.blocks.%d.", prefix, i)
			layer(block+"norm1", D)
			layer(block+"attn.qkv", 3*D, D)
			layer(block+"attn.proj", D, D)
			layer(block+"norm2", D)
			layer(block+"mlp.fc1", 4*D, D)
			layer(block+"mlp.fc2", D, 4*D)
		}
	}
	add("encoder.cls_token", 1, 1, D)
	if a.ExtraTokens == 2 {
		add("encoder.dist_token", 1, 1, D)
	}
	add("encoder.pos_embed", 1, a.ExtraTokens+a.Grid*a.Grid, D)
	layer("encoder.patch_embed.proj", D, 3, a.Patch, a.Patch)
	blocks("encoder", a.Depth)
	layer("encoder.norm", D)
	if slices.Contains(v.decoders, Linear) {
		layer("linear.head", classes, D)
	}
	if slices.Contains(v.decoders, Mask) {
		layer("mask.proj_dec", D, D)
		add("mask.cls_emb", 1, classes, D)
		blocks("mask", a.DecoderDepth)
		layer("mask.decoder_norm", D)
		add("mask.proj_patch", D, D)
		add("mask.proj_classes", D, D)
		layer("mask.mask_norm", classes)
	}

	card := quant.Card{Architecture: a, Normalisation: quant.Normalisation{Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}}}
	for i := range classes {
		card.Classes = append(card.Classes, quant.Class{Name: fmt.Sprint("class ", i), Colour: quant.Colour{R: uint8(40 * i)}})
	}
	var file bytes.Buffer
	w, err := quant.NewWriter(&file, card.Metadata(), tensors)
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.New(rand.NewPCG(5, 6))
	for _, tensor := range tensors {
		values := make([]float32, tensor.Elements())
		for i := range values {
			values[i] = float32(seed.NormFloat64()) * 0.2
		}
		if err := w.WriteFloat32s(values); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(file.Bytes())
}

// smallModel has random weights and one block.
func smallModel(t *testing.T) *Model {
	t.Helper()
	v := variant{"", quant.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 4, ExtraTokens: 1}, []Decoder{Mask, Linear}}
	m, err := Read(v.file(t, 5))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestVariants runs models of other widths, depths, patches and extra tokens
// on the CPU and on the reference device.
func TestVariants(t *testing.T) {
	const classes = 5
	for _, v := range []variant{
		{"patch 8, DeiT's two tokens", quant.Architecture{Patch: 8, Width: 128, Depth: 2, Heads: 2, DecoderDepth: 1, Grid: 3, ExtraTokens: 2}, []Decoder{Mask}},
		{"patch 32, linear alone", quant.Architecture{Patch: 32, Width: 64, Depth: 1, Heads: 1, Grid: 2, ExtraTokens: 1}, []Decoder{Linear}},
		{"patch 16, both", quant.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 2, DecoderDepth: 2, Grid: 4, ExtraTokens: 1}, []Decoder{Mask, Linear}},
	} {
		t.Run(v.name, func(t *testing.T) {
			m, err := Read(v.file(t, classes))
			if err != nil {
				t.Fatal(err)
			}
			src := &photo.Image{Height: 45, Width: 70, Pix: make([]byte, 45*70*3)}
			for i := range src.Pix {
				src.Pix[i] = byte(i * i >> 4)
			}
			run := func(devices []compute.Device, d Decoder) (scores []float32, mask []uint8) {
				s, err := New(m, devices)
				if err != nil {
					t.Fatal(err)
				}
				r := segment(t, s, src, Options{Decoder: d})
				return read(t, s, s.passes[0].allScores), r.Mask
			}
			if !slices.Equal(m.Decoders(), v.decoders) {
				t.Fatalf("decoders %q, expected %q", m.Decoders(), v.decoders)
			}
			for _, d := range v.decoders {
				want, wantMask := run([]compute.Device{reference.New()}, d)
				got, mask := run(cpu.New(2, compute.Float32), d)
				if e := computetest.Error(got, want); !(e <= computetest.Tolerance) {
					t.Errorf("%s: normalised mean squared error of the scores %.2g", d, e)
				}
				agree(t, string(d), mask, wantMask, 0.999)
			}
		})
	}
}
