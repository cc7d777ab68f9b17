package tape

import "segmenter/compute"

// A step is a recorded operation. back passes the gradient by dst on to the other
// operands.
type step struct {
	back func(t *Tape, s *step)

	dst, x, y *tensor
	kept      compute.Tensor // the input, which a later operation may change
	weights   compute.Tensor // the softmax of attention
	slope     compute.Tensor // the derivative of the hidden layer's GELU
	other     compute.Tensor // the second input, the hidden layer, or dropout's factors in attention
	norm      norm           // of the input, if normed
	normed    bool
	layers    [2]*linear
	branch    branch
	heads     int
	patches   patches
}

// patches are the arguments of PatchEmbed.
type patches struct {
	frame         compute.Frame
	view          compute.View
	window, first int
	embedding     compute.PatchEmbedding
}

func (t *Tape) record(s step) { t.steps = append(t.steps, s) }

// take returns the gradient by dst, which an operation overwrote, and clears it. It is
// valid until the next step.
func (t *Tape) take(dst *tensor) compute.Tensor {
	dy := t.temporary("dy", dst.Rows(), dst.Cols())
	t.inner.Copy(dy, dst.shadow)
	t.inner.Clear(dst.shadow)
	return dy
}

func (t *Tape) NewTensor(rows, cols int) (compute.Tensor, error) {
	return &tensor{t.newTensor(rows, cols), t.newTensor(rows, cols)}, nil
}

func (t *Tape) NewLinear(w compute.Weight, bias []float32) (compute.Linear, error) {
	l, err := t.inner.NewLinear(w, bias)
	if err != nil {
		return nil, err
	}
	return &linear{l, t.newTensor(w.Out, w.In), t.newTensor(1, w.Out)}, nil
}

// SetLinear replaces the parameters of a layer.
func (t *Tape) SetLinear(l compute.Linear, weight, bias []float32) {
	t.inner.SetLinear(l.(*linear).Linear, weight, bias)
}

// Drain adds a gradient to dst, and clears it.
func (t *Tape) Drain(dst []float32, gradient compute.Tensor) { t.inner.Drain(dst, gradient) }

// Clear sets a gradient to 0.
func (t *Tape) Clear(gradient compute.Tensor) { t.inner.Clear(gradient) }

func (t *Tape) Write(dst compute.Tensor, values []float32) {
	t.inner.Write(dst.(*tensor).Tensor, values)
}

// Read copies a tensor, or a gradient, to dst.
func (t *Tape) Read(dst []float32, x compute.Tensor) error {
	if x, ok := x.(*tensor); ok {
		return t.inner.Read(dst, x.Tensor)
	}
	return t.inner.Read(dst, x)
}

func (t *Tape) Copy(dst, src compute.Tensor) {
	s := step{back: (*Tape).backCopy, dst: dst.(*tensor), x: src.(*tensor)}
	t.inner.Copy(s.dst.Tensor, s.x.Tensor)
	t.record(s)
}

func (t *Tape) backCopy(s *step) {
	t.inner.AddScaled(s.x.shadow, s.dst.shadow, 1)
	t.inner.Clear(s.dst.shadow)
}

// Gather copies: the only rank has all rows.
func (t *Tape) Gather(dst, src compute.Tensor, _ int) { t.Copy(dst, src) }

func (t *Tape) PatchEmbed(dst compute.Tensor, f compute.Frame, v compute.View, window, first int, e compute.PatchEmbedding) {
	s := step{back: (*Tape).backPatchEmbed, dst: dst.(*tensor), x: e.Position.(*tensor), layers: [2]*linear{e.Projection.(*linear)}}
	e.Projection, e.Position = s.layers[0].Linear, s.x.Tensor
	s.patches = patches{f, v, window, first, e}
	t.inner.PatchEmbed(s.dst.Tensor, f, v, window, first, e)
	t.record(s)
}

func (t *Tape) backPatchEmbed(s *step) {
	l, p := s.layers[0], &s.patches
	t.inner.PatchEmbedGradient(l.weight, l.bias, s.x.shadow, s.dst.shadow, p.frame, p.view, p.window, p.first, p.embedding)
	t.inner.Clear(s.dst.shadow)
}

func (t *Tape) Linear(dst, x compute.Tensor, w compute.Linear, op compute.LinearOp) {
	s := step{back: (*Tape).backLinear, dst: dst.(*tensor), x: x.(*tensor), layers: [2]*linear{w.(*linear)}}
	if op.Norm != nil {
		s.normed, s.norm = true, normOf(*op.Norm)
	}
	if op.Add {
		s.branch = t.newBranch(s.dst)
		if s.branch.dropped() {
			return
		}
	}
	s.kept = t.copyOf(s.x.Tensor)
	t.apply(s.branch, s.dst, t.normalised(&s), s.layers[0])
	t.record(s)
}

// normalised returns the input of a step's first layer.
func (t *Tape) normalised(s *step) compute.Tensor {
	if !s.normed {
		return s.kept
	}
	n := t.temporary("normalised", s.kept.Rows(), s.kept.Cols())
	t.inner.LayerNorm(n, s.kept, s.norm.values())
	return n
}

func (t *Tape) backLinear(s *step) {
	t.backLayer(s, s.x.shadow, t.branchGradient(s), s.layers[0])
	if !s.branch.adds {
		t.inner.Clear(s.dst.shadow)
	}
}

// backLayer passes dy, the gradient by the result of a step's first layer, on to the
// layer, the normalisation before it and dx.
func (t *Tape) backLayer(s *step, dx, dy compute.Tensor, l *linear) {
	x := t.normalised(s)
	if !s.normed {
		t.inner.LinearGradient(dx, l.weight, l.bias, dy, x, l.Linear)
		return
	}
	dn := t.zeros("dnormalised", x.Rows(), x.Cols())
	t.inner.LinearGradient(dn, l.weight, l.bias, dy, x, l.Linear)
	t.inner.LayerNormGradient(dx, s.norm.shadows(), dn, s.kept, s.norm.values())
}

func (t *Tape) FeedForward(x compute.Tensor, n compute.Norm, fc1, fc2 compute.Linear) {
	s := step{back: (*Tape).backFeedForward, dst: x.(*tensor), norm: normOf(n), normed: true, layers: [2]*linear{fc1.(*linear), fc2.(*linear)}}
	s.branch = t.newBranch(s.dst)
	if s.branch.dropped() {
		return
	}
	rows, cols := x.Rows(), fc1.Out()
	s.kept, s.other, s.slope = t.copyOf(s.dst.Tensor), t.keep(rows, cols), t.keep(rows, cols)
	hidden := t.temporary("hidden", rows, cols)
	t.inner.Linear(hidden, t.normalised(&s), s.layers[0].Linear, compute.LinearOp{})
	t.inner.GELU(s.other, s.slope, hidden)
	if factors := t.dropout(s.branch.rate, 1, rows, cols); factors != nil {
		t.inner.Multiply(s.other, factors)
		t.inner.Multiply(s.slope, factors)
	}
	t.apply(s.branch, s.dst, s.other, s.layers[1])
	t.record(s)
}

func (t *Tape) backFeedForward(s *step) {
	fc1, fc2 := s.layers[0], s.layers[1]
	dhidden := t.zeros("dhidden", s.other.Rows(), s.other.Cols())
	t.inner.LinearGradient(dhidden, fc2.weight, fc2.bias, t.branchGradient(s), s.other, fc2.Linear)
	t.inner.Multiply(dhidden, s.slope)
	t.backLayer(s, s.dst.shadow, dhidden, fc1)
}

func (t *Tape) LayerNorm(dst, x compute.Tensor, n compute.Norm) {
	s := step{back: (*Tape).backLayerNorm, dst: dst.(*tensor), x: x.(*tensor), norm: normOf(n)}
	s.kept = t.copyOf(s.x.Tensor)
	t.inner.LayerNorm(s.dst.Tensor, s.kept, s.norm.values())
	t.record(s)
}

func (t *Tape) backLayerNorm(s *step) {
	t.inner.LayerNormGradient(s.x.shadow, s.norm.shadows(), t.take(s.dst), s.kept, s.norm.values())
}

func (t *Tape) Attention(dst, qkv compute.Tensor, heads int, at compute.Share) {
	s := step{back: (*Tape).backAttention, dst: dst.(*tensor), x: qkv.(*tensor), heads: heads}
	s.kept = t.copyOf(s.x.Tensor)
	s.weights = t.keep(heads*at.Total, at.Total)
	if t.AttentionDropout != nil {
		s.other = t.dropout(t.AttentionDropout(), 1, heads*at.Total, at.Total)
	}
	t.inner.SoftmaxAttention(s.dst.Tensor, s.weights, s.kept, s.other, heads)
	t.record(s)
}

func (t *Tape) backAttention(s *step) {
	t.inner.AttentionGradient(s.x.shadow, s.dst.shadow, s.kept, s.weights, s.other, s.heads)
	t.inner.Clear(s.dst.shadow)
}

func (t *Tape) L2Normalize(x compute.Tensor) {
	s := step{back: (*Tape).backL2Normalize, dst: x.(*tensor)}
	s.kept = t.copyOf(s.dst.Tensor)
	t.inner.L2Normalize(s.dst.Tensor)
	t.record(s)
}

func (t *Tape) backL2Normalize(s *step) {
	t.inner.L2NormalizeGradient(s.dst.shadow, t.take(s.dst), s.kept)
}

func (t *Tape) MatMulT(dst, a, b compute.Tensor) {
	s := step{back: (*Tape).backMatMulT, dst: dst.(*tensor), x: a.(*tensor), y: b.(*tensor)}
	s.kept, s.other = t.copyOf(s.x.Tensor), t.copyOf(s.y.Tensor)
	t.inner.MatMulT(s.dst.Tensor, s.kept, s.other)
	t.record(s)
}

func (t *Tape) backMatMulT(s *step) {
	t.inner.MatMulTGradient(s.x.shadow, s.y.shadow, s.dst.shadow, s.kept, s.other)
	t.inner.Clear(s.dst.shadow)
}

// CrossEntropy records the loss of scores, and returns it: see [compute.Gradients].
func (t *Tape) CrossEntropy(scores compute.Tensor, v compute.View, labels []uint8, weight float32) float64 {
	s := step{back: (*Tape).backCrossEntropy, dst: scores.(*tensor), kept: t.keep(scores.Rows(), scores.Cols())}
	t.inner.Clear(s.kept)
	loss := t.inner.CrossEntropy(s.kept, s.dst.Tensor, v, labels, weight)
	t.record(s)
	return loss
}

func (t *Tape) backCrossEntropy(s *step) { t.inner.AddScaled(s.dst.shadow, s.kept, 1) }

// Smooth, Classify, Refine and Matte have no gradient: they only run.

func (t *Tape) Smooth(average, looks, scores compute.Tensor, picture, f compute.Frame, view compute.View, weight float32) {
	t.inner.Smooth(average.(*tensor).Tensor, looks.(*tensor).Tensor, scores.(*tensor).Tensor, picture, f, view, weight)
}

func (t *Tape) Classify(dst compute.Mask, scores compute.Tensor, view compute.View) {
	t.inner.Classify(dst, scores.(*tensor).Tensor, view)
}

func (t *Tape) Refine(dst compute.Mask, scores compute.Tensor, view compute.View, guide compute.Frame) {
	t.inner.Refine(dst, scores.(*tensor).Tensor, view, guide)
}

func (t *Tape) Matte(dst []uint8, height, width int, scores compute.Tensor, view compute.View, guide compute.Frame, in []bool) error {
	return t.inner.Matte(dst, height, width, scores.(*tensor).Tensor, view, guide, in)
}
