package quant

import (
	"fmt"
	"math"
)

// A Plan sets the precision of rounding to int8. The zero Plan gives the largest
// weight of every output channel 127 steps.
//
// Fewer steps make a smaller download, though each weight still takes a byte:
// servers compress the file, and bytes of few values compress well.
type Plan struct {
	// Steps is the number of steps for the root mean square of a weight. No
	// channel gets more than 127 for its largest weight; 0 gives all channels
	// 127.
	Steps float64
	// Finer multiplies Steps for some weights, by name. Each factor holds for an
	// equal part of the output channels (queries, keys and values have three).
	// Other weights have the factor 1.
	Finer map[string][]float64
	// Inputs, by names of weights, lets the rounding of an output channel
	// compensate for its own errors. Round rounds other weights one by one.
	Inputs map[string]*Moments
}

// Round rounds a weight of out×in: values[o][i] ≈ q[o][i]·scale[o].
func (p Plan) Round(name string, values []float32, out int) (q []int8, scale []float32, err error) {
	in := len(values) / out
	q, scale = PerChannel(values, []int{out, in}, 0)
	if p.Steps == 0 && p.Inputs[name] == nil {
		return q, scale, nil
	}
	if p.Steps > 0 {
		step := rootMeanSquare(values) / p.Steps
		finer := p.Finer[name]
		if len(finer) == 0 {
			finer = []float64{1}
		}
		for c := range scale {
			scale[c] = max(scale[c], float32(step/finer[c*len(finer)/out]))
		}
	}
	if m := p.Inputs[name]; m != nil {
		if m.In != in {
			return nil, nil, fmt.Errorf("weight %q has %d inputs, but its moments have %d", name, in, m.In)
		}
		err = m.round(q, values, scale)
		return q, scale, err
	}
	for i, v := range values {
		q[i] = toInt8(v, scale[i/in])
	}
	return q, scale, nil
}

// finerEmbedding is the number of embedding steps for each step of a weight.
// Embeddings are few, and they affect every token.
const finerEmbedding = 16

// RoundEmbedding rounds position embeddings, tokens or class embeddings to steps
// too, but keeps them as floats. It returns values itself if Steps is 0.
func (p Plan) RoundEmbedding(values []float32) []float32 {
	step := rootMeanSquare(values) / (finerEmbedding * p.Steps)
	if !(step > 0 && step <= math.MaxFloat32) { // Steps is 0, or all values are
		return values
	}
	rounded := make([]float32, len(values))
	for i, v := range values {
		rounded[i] = float32(math.RoundToEven(float64(v)/step) * step)
	}
	return rounded
}

func rootMeanSquare(values []float32) float64 {
	sum := 0.
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(values)))
}
