// Package small makes model files for tests: small networks with parameters that look
// random and are the same at each call.
package small

import (
	"bytes"
	"math"

	"segmenter/modelfile"
)

// Model returns a model file of some 400 kB with the given classes.
func Model(name string, classes ...string) ([]byte, error) {
	half := [3]float32{0.5, 0.5, 0.5}
	card := modelfile.Card{
		Name:          name,
		Licence:       "CC0",
		Source:        "made by a test",
		Size:          128,
		Architecture:  modelfile.Architecture{Patch: 16, Width: 64, Depth: 1, Heads: 1, DecoderDepth: 1, Grid: 4, ExtraTokens: 1},
		Normalisation: modelfile.Normalisation{Mean: half, Std: half},
	}
	for i, class := range classes {
		card.Classes = append(card.Classes, modelfile.Class{Name: class, Colour: modelfile.DefaultColour(i)})
	}
	i := 0
	m, err := modelfile.New(card, []modelfile.Decoder{modelfile.Linear}, func(p *modelfile.Parameter) ([]float32, error) {
		values := make([]float32, p.Elements())
		for j := range values {
			i++
			values[j] = float32(math.Sin(float64(i*i))) / 4
		}
		return values, nil
	})
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	err = m.Write(&file)
	return file.Bytes(), err
}
