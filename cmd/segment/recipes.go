package main

import (
	"cmp"
	"fmt"

	"segmenter/dataset/augment"
	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/train"
)

// recipe is how to train: the optimiser and its numbers.
type recipe struct {
	optimiser train.Optimiser
	numbers   train.Recipe // without steps

	// The rate falls by this factor with each layer below the decoders; 1 = it does not.
	layerDecay float64
}

func newRecipe(o *trainOptions) (recipe, error) {
	r := recipe{
		numbers:    train.Recipe{Batch: o.Batch, Objective: model.Objective{Mask: 1, Linear: 0.5, DropPath: 0.1}, Seed: o.Seed},
		layerDecay: 1,
	}
	switch o.Recipe {
	case "paper": // section 4.2, and the official configuration
		r.optimiser = &train.SGD{Momentum: 0.9}
		r.numbers.Schedule = train.Schedule{Rate: 1e-3, Power: 0.9}
		r.numbers.Objective.Dropout = 0.1
	case "fast":
		r.optimiser = &train.AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.02}
		r.numbers.Schedule = train.Schedule{Rate: 2.5e-4, Power: 0.9}
		if o.Freeze != "" { // nothing pretrained can be lost
			r.numbers.Schedule.Rate = 1e-3
		}
		r.numbers.ClipNorm, r.numbers.Average = 1, 0.999
		r.layerDecay = 0.85
	default:
		return r, usageError(fmt.Sprintf("-recipe %s: expected fast or paper", o.Recipe))
	}
	r.numbers.Schedule.Rate = cmp.Or(o.Rate, r.numbers.Schedule.Rate)
	return r, nil
}

// setSteps ends the run after some steps. The fast recipe warms up for a tenth of them.
func (r *recipe) setSteps(steps int) {
	r.numbers.Schedule.Steps = steps
	if _, ok := r.optimiser.(*train.AdamW); ok {
		const longest = 500
		r.numbers.Schedule.Warmup = min(longest, steps/10)
	}
}

// prepare sets the share of each parameter in rate and weight decay.
func (r *recipe) prepare(list []*train.Parameter, t *modelfile.Table, freeze bool) {
	train.DecayRates(list, t, r.layerDecay)
	train.DecayMatrices(list)
	if freeze {
		train.FreezeEncoder(list, t)
	}
}

// augmentation is the paper's, for crops of that size. Beyond photos is the colour that
// normalisation makes 0.
func augmentation(o *trainOptions, n modelfile.Normalisation) augment.Recipe {
	r := augment.Paper(o.Size)
	r.Seed = o.Seed
	for c, mean := range n.Mean {
		r.Fill[c] = uint8(255*max(0, min(1, mean)) + 0.5)
	}
	return r
}
