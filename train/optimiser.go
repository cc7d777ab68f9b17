package train

import (
	"math"
)

// An Optimiser changes the values of parameters against their gradients.
type Optimiser interface {
	// Step makes the step-th step, counted from 0.
	Step(list []*Parameter, step int, rate float64)
	// State is the optimiser's memory, by name: as many values as the parameter has, for
	// each parameter of the list.
	State(list []*Parameter) map[string][][]float32
}

// Memory of an optimiser: values for each parameter, 0 at first.
type memory [][]float32

// of returns the memory, made for the list at the first call.
func (m *memory) of(list []*Parameter) [][]float32 {
	if *m == nil {
		for _, p := range list {
			*m = append(*m, make([]float32, len(p.Values)))
		}
	}
	return *m
}

// SGD is stochastic gradient descent with momentum, as torch.optim.SGD: the weight decay
// is added to the gradient.
type SGD struct {
	Momentum, WeightDecay float32
	velocity              memory
}

func (o *SGD) Step(list []*Parameter, _ int, rate float64) {
	velocity := o.velocity.of(list)
	each(list, func(i int, p *Parameter) {
		if p.Rate == 0 {
			return
		}
		v, by, decay := velocity[i], float32(rate)*p.Rate, o.WeightDecay*p.Decay
		for j, g := range p.Gradient {
			v[j] = o.Momentum*v[j] + g + decay*p.Values[j]
			p.Values[j] -= by * v[j]
		}
	})
}

func (o *SGD) State(list []*Parameter) map[string][][]float32 {
	return map[string][][]float32{"velocity": o.velocity.of(list)}
}

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter 2019), as
// torch.optim.AdamW.
type AdamW struct {
	Beta1, Beta2, Epsilon, WeightDecay float64
	mean, square                       memory
}

func (o *AdamW) Step(list []*Parameter, step int, rate float64) {
	mean, square := o.mean.of(list), o.square.of(list)
	// The averages start from 0; dividing makes up for it.
	correct1, correct2 := 1-math.Pow(o.Beta1, float64(step+1)), 1-math.Pow(o.Beta2, float64(step+1))
	root, epsilon := float32(math.Sqrt(correct2)), float32(o.Epsilon)
	b1, b2 := float32(o.Beta1), float32(o.Beta2)
	new1, new2 := float32(1-o.Beta1), float32(1-o.Beta2)
	each(list, func(i int, p *Parameter) {
		if p.Rate == 0 {
			return
		}
		own := rate * float64(p.Rate)
		keep, by := float32(1-own*o.WeightDecay*float64(p.Decay)), float32(own/correct1)
		m, v := mean[i], square[i]
		for j, g := range p.Gradient {
			m[j] = b1*m[j] + new1*g
			v[j] = b2*v[j] + new2*g*g
			p.Values[j] = p.Values[j]*keep - by*m[j]/(float32(math.Sqrt(float64(v[j])))/root+epsilon)
		}
	})
}

func (o *AdamW) State(list []*Parameter) map[string][][]float32 {
	return map[string][][]float32{"mean": o.mean.of(list), "square": o.square.of(list)}
}

// A Schedule is the learning rate over a run.
type Schedule struct {
	Rate   float64 // the highest
	Power  float64 // of the polynomial decay to 0; the paper's is 0.9
	Warmup int     // steps in which the rate grows linearly from nearly 0
	Steps  int     // of the run
}

// At is the rate of the step-th step, counted from 0.
func (s Schedule) At(step int) float64 {
	rate := s.Rate * math.Pow(max(0, 1-float64(step)/float64(s.Steps)), s.Power)
	if step < s.Warmup {
		rate *= float64(step+1) / float64(s.Warmup)
	}
	return rate
}

// Average is the exponential moving average of the values of parameters.
type Average struct {
	Decay  float64 // 0.999: the average of about a thousand steps
	values memory
}

// Add takes the values after the step-th step. The first steps average over fewer.
func (a *Average) Add(list []*Parameter, step int) {
	values := a.values.of(list)
	by := float32(1 - min(a.Decay, float64(step)/float64(step+10)))
	each(list, func(i int, p *Parameter) {
		for j, v := range p.Values {
			values[i][j] += by * (v - values[i][j])
		}
	})
}

// Swap exchanges the average and the values of the parameters.
func (a *Average) Swap(list []*Parameter) {
	values := a.values.of(list)
	for i, p := range list {
		for j, v := range p.Values {
			p.Values[j], values[i][j] = values[i][j], v
		}
	}
}
