package train

import (
	"math"
	"math/rand/v2"

	"segmenter/modelfile"
)

// Initialise returns the values with which an untrained parameter starts, as in the
// paper's code (segm/model/utils.py, init_weights; segm/model/decoder.py).
func Initialise(p *modelfile.Parameter, random *rand.Rand) []float32 {
	values := make([]float32, p.Elements())
	deviation := 0.
	switch p.Role {
	case modelfile.Weight, modelfile.Embedding:
		deviation = 0.02
	case modelfile.Projection:
		deviation = 1 / math.Sqrt(float64(p.Shape[0]))
	case modelfile.Gain:
		for i := range values {
			values[i] = 1
		}
	}
	if deviation > 0 {
		for i := range values {
			values[i] = float32(random.NormFloat64() * deviation)
		}
	}
	return values
}
