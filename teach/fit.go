package teach

import "math"

// A Row is a class's row of the linear decoder: its score of a patch is Weights·features + Bias.
type Row struct {
	Weights []float32
	Bias    float32
}

// An example is a place in a photo.
type example struct {
	features []float32
	rival    float32 // the highest score of the classes that the row has to beat here, or to lose against
	weight   float64 // of its error
	yes      bool    // whether it shows the class
}

// fit is logistic regression with the rivals' scores as offsets: it minimises
//
//	Σ weight·log(1 + exp(∓(w·features + b − rival))) + decay/2·|w|²
//
// by L-BFGS with a backtracking line search (Nocedal and Wright 2006, sections 7.2 and 3.1). The
// function is convex and the start is fixed, so the result depends on nothing else.
func fit(examples []example, width int, decay float64) Row {
	p := &problem{examples, decay}
	x := make([]float64, width+1)
	minimise(x, p.value)
	r := Row{Weights: make([]float32, width), Bias: float32(x[width])}
	for i := range width {
		r.Weights[i] = float32(x[i])
	}
	return r
}

type problem struct {
	examples []example
	decay    float64
}

// value returns the function at x, w followed by b, and sets its gradient.
func (p *problem) value(gradient, x []float64) (sum float64) {
	width := len(x) - 1
	clear(gradient)
	for i, w := range x[:width] {
		sum += p.decay / 2 * w * w
		gradient[i] = p.decay * w
	}
	for _, e := range p.examples {
		score := x[width] - float64(e.rival)
		for i, f := range e.features {
			score += x[i] * float64(f)
		}
		sign := 1.
		if !e.yes {
			sign = -1
		}
		loss, share := softplus(-sign * score)
		sum += e.weight * loss
		slope := -sign * e.weight * share
		for i, f := range e.features {
			gradient[i] += slope * float64(f)
		}
		gradient[width] += slope
	}
	return sum
}

// softplus returns log(1 + exp(v)) and its slope.
func softplus(v float64) (value, slope float64) {
	e := math.Exp(-math.Abs(v))
	return max(v, 0) + math.Log1p(e), map[bool]float64{true: 1 / (1 + e), false: e / (1 + e)}[v > 0]
}

const (
	memory     = 8  // pairs of steps that approximate the curvature
	iterations = 60 // at most
)

// minimise moves x to a minimum of a convex function.
func minimise(x []float64, f func(gradient, x []float64) float64) {
	n := len(x)
	gradient, next, nextGradient, direction := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	var pairs []pair
	value := f(gradient, x)
	for range iterations {
		copy(direction, gradient)
		descend(direction, pairs)
		slope := dot(direction, gradient)
		if slope <= 1e-9*math.Abs(value) {
			return
		}
		step := 1.
		if len(pairs) == 0 {
			step = min(1, 1/math.Sqrt(dot(gradient, gradient)))
		}
		var reached float64
		for try := 0; ; try++ {
			for i := range x {
				next[i] = x[i] - step*direction[i]
			}
			reached = f(nextGradient, next)
			if reached <= value-1e-4*step*slope {
				break
			}
			if try == 30 {
				return
			}
			step /= 2
		}
		p := pair{make([]float64, n), make([]float64, n), 0}
		for i := range x {
			p.step[i], p.change[i] = next[i]-x[i], nextGradient[i]-gradient[i]
		}
		p.curvature = dot(p.step, p.change)
		if p.curvature > 1e-12 {
			pairs = append(pairs, p)
			if len(pairs) > memory {
				pairs = pairs[1:]
			}
		}
		improved := value - reached
		copy(x, next)
		copy(gradient, nextGradient)
		value = reached
		if improved < 1e-6*math.Abs(value) {
			return
		}
	}
}

// A pair is a step and how it changed the gradient.
type pair struct {
	step, change []float64
	curvature    float64
}

// descend turns a gradient into Newton's direction as the pairs approximate it (algorithm 7.4).
func descend(q []float64, pairs []pair) {
	alphas := make([]float64, len(pairs))
	for i := len(pairs) - 1; i >= 0; i-- {
		p := pairs[i]
		alphas[i] = dot(p.step, q) / p.curvature
		add(q, -alphas[i], p.change)
	}
	if n := len(pairs); n > 0 {
		last := pairs[n-1]
		scale := last.curvature / dot(last.change, last.change)
		for i := range q {
			q[i] *= scale
		}
	}
	for i, p := range pairs {
		add(q, alphas[i]-dot(p.change, q)/p.curvature, p.step)
	}
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func add(dst []float64, factor float64, v []float64) {
	for i := range dst {
		dst[i] += factor * v[i]
	}
}
