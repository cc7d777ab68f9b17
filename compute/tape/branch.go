package tape

import "segmenter/compute"

// branch says how a step adds to its dst. That of a step that overwrites dst is zero.
type branch struct {
	adds        bool
	scale, rate float32
	result      compute.Tensor // dropout's factors for the result, or nil
}

func (b branch) dropped() bool { return b.adds && b.scale == 0 }
func (b branch) plain() bool   { return !b.adds || b.scale == 1 && b.result == nil }

// newBranch asks how to regularise a branch that adds to dst.
func (t *Tape) newBranch(dst *tensor) branch {
	r := Whole
	if t.Branch != nil {
		r = t.Branch()
	}
	b := branch{adds: true, scale: r.Scale, rate: r.Dropout}
	if !b.dropped() {
		b.result = t.dropout(r.Dropout, r.Scale, dst.Rows(), dst.Cols())
	}
	return b
}

// dropout draws rows×cols factors: 0, or scale/(1 − rate). It returns nil for the rate 0.
func (t *Tape) dropout(rate, scale float32, rows, cols int) compute.Tensor {
	if rate == 0 {
		return nil
	}
	factors, n := t.keep(rows, cols), rows*cols
	if cap(t.drawn) < n {
		t.drawn = make([]float32, n)
	}
	t.drawn = t.drawn[:n]
	for i := range t.drawn {
		t.drawn[i] = 0
		if t.Random.Float32() >= rate {
			t.drawn[i] = scale / (1 - rate)
		}
	}
	t.inner.Write(factors, t.drawn)
	return factors
}

// apply computes dst = x·Wᵀ + b, or adds that as a branch.
func (t *Tape) apply(b branch, dst *tensor, x compute.Tensor, l *linear) {
	if b.plain() {
		t.inner.Linear(dst.Tensor, x, l.Linear, compute.LinearOp{Add: b.adds})
		return
	}
	y := t.temporary("branch", dst.Rows(), dst.Cols())
	t.inner.Linear(y, x, l.Linear, compute.LinearOp{})
	t.regularise(b, dst.Tensor, y)
}

// branchGradient returns the gradient by the result of a step's last layer.
func (t *Tape) branchGradient(s *step) compute.Tensor {
	if s.branch.plain() {
		return s.dst.shadow
	}
	dy := t.zeros("dbranch", s.dst.Rows(), s.dst.Cols())
	t.regularise(s.branch, dy, s.dst.shadow)
	return dy
}

// regularise adds x to dst, with the factors of a branch.
func (t *Tape) regularise(b branch, dst, x compute.Tensor) {
	if b.result != nil {
		t.inner.AddProduct(dst, x, b.result)
	} else {
		t.inner.AddScaled(dst, x, b.scale)
	}
}
