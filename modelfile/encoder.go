package modelfile

import (
	"strconv"

	"segmenter/modelfile/safetensors"
)

// EncoderID names an encoder, for files that go with the features that it makes. It is a hash of the
// gains of the encoder's norms: training changes all of them, and quantising only rounds them to F16,
// so a quantised model has the name of the one that it comes from. (FNV-1a: it tells encoders apart,
// and does not prove who made them.)
func (m *Model) EncoderID() string {
	var hash uint64 = 14695981039346656037
	add := func(p *Parameter) {
		for _, v := range m.Floats(p) {
			hash = (hash ^ uint64(safetensors.ToF16(v))) * 1099511628211
		}
	}
	for _, b := range m.Encoder.Blocks {
		add(b.Norm1.Gain)
		add(b.Norm2.Gain)
	}
	add(m.Encoder.Norm.Gain)
	return strconv.FormatUint(hash, 16)
}
