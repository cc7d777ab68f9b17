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
	"segmenter/modelfile"
	"segmenter/modelfile/safetensors"
	"segmenter/photo"
)

// variant is a small model with random weights, of any architecture.
type variant struct {
	name     string
	arch     modelfile.Architecture
	decoders []Decoder
}

// file returns the variant as a float model file.
func (v variant) file(t *testing.T, classes int) *bytes.Reader {
	t.Helper()
	card := modelfile.Card{Architecture: v.arch, Normalisation: modelfile.Normalisation{Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}}}
	for i := range classes {
		card.Classes = append(card.Classes, modelfile.Class{Name: fmt.Sprint("class ", i), Colour: modelfile.Colour{R: uint8(40 * i)}})
	}
	var file bytes.Buffer
	table := modelfile.NewTable(v.arch, classes, v.decoders...)
	var tensors []safetensors.Tensor
	for p := range table.All() {
		tensors = append(tensors, p.Tensor(safetensors.F32))
	}
	w, err := safetensors.NewWriter(&file, card.Metadata(), tensors)
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

// smallModel returns a model of one block with random weights.
func smallModel(t *testing.T) *Model {
	t.Helper()
	v := variant{"", modelfile.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 4, ExtraTokens: 1}, []Decoder{Mask, Linear}}
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
		{"patch 8, DeiT's two tokens", modelfile.Architecture{Patch: 8, Width: 128, Depth: 2, Heads: 2, DecoderDepth: 1, Grid: 3, ExtraTokens: 2}, []Decoder{Mask}},
		{"patch 32, linear alone", modelfile.Architecture{Patch: 32, Width: 64, Depth: 1, Heads: 1, Grid: 2, ExtraTokens: 1}, []Decoder{Linear}},
		{"patch 16, both", modelfile.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 2, DecoderDepth: 2, Grid: 4, ExtraTokens: 1}, []Decoder{Mask, Linear}},
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
