// Package model runs Segmenter, the vision transformer for semantic segmentation of
// Strudel et al. (ICCV 2021): a ViT encoder, and a linear or a mask-transformer
// decoder.
//
// A [Model] is a model file in memory (package modelfile). A [Segmenter] is that
// network on a device, and turns photos into masks:
//
//	photo → resize (package photo) → network (network.go) → classes of pixels
//
// network.go is the forward pass, written once for every device. plan.go turns a
// photo and its options into sizes, with the official rule for photos larger than
// those in training. Section numbers refer to the paper.
package model

import (
	"io"

	"segmenter/modelfile"
)

// Names of package modelfile, so that programs that only run models need no
// other import.
type (
	Model   = modelfile.Model
	Decoder = modelfile.Decoder
)

// The two decoders.
const (
	Mask   = modelfile.Mask   // the mask transformer, section 3.2
	Linear = modelfile.Linear // a linear layer for each patch, section 3.2
)

// ErrModel matches, by [errors.Is], errors that are the fault of a model file. Their
// text is a whole sentence.
var ErrModel = modelfile.ErrModel

// ParseDecoder reads the name of a decoder.
func ParseDecoder(s string) (Decoder, error) { return modelfile.ParseDecoder(s) }

// Read reads a model file, float or quantised. Errors that are the file's fault
// match [ErrModel].
func Read(r io.Reader) (*Model, error) { return modelfile.Read(r) }
