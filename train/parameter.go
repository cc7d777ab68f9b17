package train

import (
	"math"
	"runtime"
	"sync"

	"segmenter/model"
	"segmenter/modelfile"
)

// A Parameter is a variable with its own share of the learning rate and the weight decay.
type Parameter struct {
	*model.Variable
	Rate, Decay float32 // factors, 1 unless changed
}

// Parameters returns the variables of a training.
func Parameters(t *model.Training) (list []*Parameter) {
	for _, v := range t.Variables() {
		list = append(list, &Parameter{v, 1, 1})
	}
	return list
}

// DecayRates multiplies the rate of each layer by factor for every layer above it, as is
// usual for a pretrained encoder (Clark et al. 2020; Bao et al. 2022): the decoders learn
// at the full rate, the last block at factor, the embeddings at factor^(blocks + 1).
func DecayRates(list []*Parameter, t *modelfile.Table, factor float64) {
	below := map[*modelfile.Parameter]int{} // layers between a parameter and the decoders
	blocks := len(t.Encoder.Blocks)
	for _, p := range []*modelfile.Parameter{t.Encoder.ClassToken, t.Encoder.DistillationToken, t.Encoder.Position,
		t.Encoder.PatchEmbedding.Weight, t.Encoder.PatchEmbedding.Bias} {
		below[p] = blocks + 1
	}
	for i, b := range t.Encoder.Blocks {
		for _, p := range b.Parameters() {
			below[p] = blocks - i
		}
	}
	for _, p := range list {
		p.Rate *= float32(math.Pow(factor, float64(below[p.Parameter])))
	}
}

// DecayMatrices leaves biases, norms and embeddings without weight decay.
func DecayMatrices(list []*Parameter) {
	for _, p := range list {
		if !p.IsMatrix() {
			p.Decay = 0
		}
	}
}

// FreezeEncoder keeps the encoder as it is.
func FreezeEncoder(list []*Parameter, t *modelfile.Table) {
	encoder := map[*modelfile.Parameter]bool{}
	for _, p := range t.Encoder.Parameters() {
		encoder[p] = true
	}
	for _, p := range list {
		if encoder[p.Parameter] {
			p.Rate = 0
		}
	}
}

// ClipNorm scales all gradients so that their norm is at most limit, and returns the
// norm before, as torch.nn.utils.clip_grad_norm_ does.
func ClipNorm(list []*Parameter, limit float64) float64 {
	sums := make([]float64, len(list))
	each(list, func(i int, p *Parameter) {
		for _, g := range p.Gradient {
			sums[i] += float64(g) * float64(g)
		}
	})
	sum := 0.
	for _, s := range sums {
		sum += s
	}
	norm := math.Sqrt(sum)
	if factor := float32(limit / (norm + 1e-6)); factor < 1 {
		each(list, func(_ int, p *Parameter) {
			for i := range p.Gradient {
				p.Gradient[i] *= factor
			}
		})
	}
	return norm
}

// each calls f for all parameters, on all cores.
func each(list []*Parameter, f func(i int, p *Parameter)) {
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(list); i += workers {
				f(i, list[i])
			}
		})
	}
	wait.Wait()
}
