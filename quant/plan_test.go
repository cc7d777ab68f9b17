package quant

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// inputs makes tokens with correlated channels, as a network has.
func inputs(r *rand.Rand, tokens, in int) []float32 {
	x := make([]float32, tokens*in)
	for t := range tokens {
		common := r.NormFloat64()
		for i := range in {
			x[t*in+i] = float32(common + 0.3*r.NormFloat64()*float64(1+i%5))
		}
	}
	return x
}

func momentsOf(x []float32, in int) *Moments {
	m := &Moments{in, make([]float64, in*in)}
	for t := 0; t < len(x); t += in {
		for i := range in {
			for j := range in {
				m.Sum[i*in+j] += float64(x[t+i]) * float64(x[t+j])
			}
		}
	}
	return m
}

// outputError is the squared error of a layer over tokens.
func outputError(w []float32, q []int8, scale, x []float32, in int) (sum float64) {
	for t := 0; t < len(x); t += in {
		for o, s := range scale {
			d := 0.
			for i := range in {
				d += (float64(w[o*in+i]) - float64(q[o*in+i])*float64(s)) * float64(x[t+i])
			}
			sum += d * d
		}
	}
	return sum
}

func TestPlanCompensatesErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, in := range []int{1, 2, 7, 48} {
		const out = 6
		w := make([]float32, out*in)
		for i := range w {
			w[i] = float32(r.NormFloat64())
		}
		seen, unseen := inputs(r, 400, in), inputs(r, 100, in)
		plain := Plan{Steps: 3}
		plan := Plan{Steps: 3, Inputs: map[string]*Moments{"w": momentsOf(seen, in)}}
		errors := [2]float64{}
		for i, p := range []Plan{plain, plan} {
			q, scale, err := p.Round("w", w, out)
			if err != nil {
				t.Fatal(err)
			}
			errors[i] = outputError(w, q, scale, unseen, in)
		}
		t.Logf("%d inputs: %.3g one by one, %.3g together", in, errors[0], errors[1])
		if in == 1 && errors[1] != errors[0] {
			t.Error("a single input has nothing to compensate for, but was rounded differently")
		}
		if in == 48 && errors[1] > errors[0]/3 {
			t.Errorf("the error fell from %v to %v; expected at most a third", errors[0], errors[1])
		}
	}
}

// TestFeedback checks that feedback factorises the moments.
func TestFeedback(t *testing.T) {
	const n = 9
	m := momentsOf(inputs(rand.New(rand.NewPCG(3, 4)), 50, n), n)
	order, share, err := m.feedback()
	if err != nil {
		t.Fatal(err)
	}
	// D = U⁻¹·M·U⁻ᵀ must be diagonal. U⁻¹ subtracts from row j the shares of the
	// rows after it, the last first.
	d := make([][]float64, n)
	for a := range d {
		d[a] = make([]float64, n)
		for b := range d[a] {
			d[a][b] = m.Sum[order[a]*n+order[b]]
		}
	}
	mean := 0.
	for i := range n {
		mean += m.Sum[i*n+i] / n
	}
	for i := range n {
		d[i][i] += damping * mean
	}
	for k := n - 1; k >= 0; k-- {
		for j := range k {
			for b := range n {
				d[j][b] -= share[k][j] * d[k][b]
			}
		}
		for j := range k {
			for a := range n {
				d[a][j] -= share[k][j] * d[a][k]
			}
		}
	}
	for a := range n {
		for b := range n {
			if a != b && math.Abs(d[a][b]) > 1e-9*mean {
				t.Errorf("element (%d, %d) of D is %v, expected 0", a, b, d[a][b])
			}
		}
	}
}

func TestPlanSteps(t *testing.T) {
	w := []float32{-1, 1, -1, 1, -1, 1, -1, 1, 0, 0, 0, 0} // three channels of four
	q, scale, err := Plan{Steps: 2, Finer: map[string][]float64{"w": {1, 4, 2}}}.Round("w", w, 3)
	if err != nil {
		t.Fatal(err)
	}
	rms := math.Sqrt(8. / 12)
	for c, finer := range []float64{1, 4, 2} {
		if want := rms / 2 / finer; math.Abs(float64(scale[c])-want) > 1e-6 && c < 2 {
			t.Errorf("channel %d has the scale %v, want %v", c, scale[c], want)
		}
	}
	if q[1] != 2 || q[5] != 10 || q[8] != 0 {
		t.Errorf("rounded to %v", q)
	}
	// No channel takes more than 127 steps.
	q, _, err = Plan{Steps: 1e6}.Round("w", w, 3)
	if err != nil || q[0] != -127 || q[1] != 127 {
		t.Errorf("with a million steps: %v, %v", q, err)
	}
}

func TestPlanRefusesMoments(t *testing.T) {
	for _, c := range []struct {
		m    *Moments
		want string
	}{
		{&Moments{3, make([]float64, 9)}, "2 inputs"},
		{&Moments{2, make([]float64, 4)}, "pivot"},
		{&Moments{2, []float64{1, 0, 0, math.NaN()}}, "pivot"},
	} {
		_, _, err := Plan{Steps: 4, Inputs: map[string]*Moments{"w": c.m}}.Round("w", []float32{1, 2}, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("moments %v: error %v, want one with %q", c.m, err, c.want)
		}
	}
}
