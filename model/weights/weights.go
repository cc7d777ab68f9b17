// Package weights embeds the model that the project ships. README.md is its card.
package weights

import (
	"bytes"
	_ "embed"
)

//go:embed everyday.safetensors
var everyday []byte

// Everyday returns the default model file: ViT-Ti/16, 38 classes of everyday
// photos, both decoders on one encoder, int8.
func Everyday() *bytes.Reader { return bytes.NewReader(everyday) }
