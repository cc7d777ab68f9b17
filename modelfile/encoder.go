package modelfile

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"

	"segmenter/modelfile/safetensors"
)

// EncoderID names an encoder, for files that go with the features that it makes. It is a hash of the
// architecture, the normalisation and the gains of the encoder's norms: training changes all
// gains, and quantising only rounds them to F16, so a quantised model has the name of the one that
// it comes from. (FNV: it tells encoders apart, and does not prove who made them.)
func (m *Model) EncoderID() string {
	a := m.Architecture
	h := fnv.New128a()
	fmt.Fprint(h, a.Patch, a.Width, a.Depth, a.Heads, a.Grid, a.ExtraTokens, m.Normalisation)
	for _, p := range m.Encoder.Parameters() {
		if p.Role != Gain {
			continue
		}
		half := make([]byte, 0, 2*p.Elements())
		for _, v := range m.Floats(p) {
			bits := safetensors.ToF16(v)
			half = append(half, byte(bits), byte(bits>>8))
		}
		h.Write(half)
	}
	return hex.EncodeToString(h.Sum(nil))
}
