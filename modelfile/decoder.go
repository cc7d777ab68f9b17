package modelfile

import "fmt"

// Decoder names one of the two decoders of section 3.2 of the paper.
type Decoder string

const (
	Mask   Decoder = "mask"   // the mask transformer
	Linear Decoder = "linear" // a linear layer for each patch
)

// ParseDecoder reads the name of a decoder.
func ParseDecoder(s string) (Decoder, error) {
	switch d := Decoder(s); d {
	case Mask, Linear:
		return d, nil
	}
	return "", fmt.Errorf("decoder %q: expected %q or %q", s, Mask, Linear)
}
