package compute

// Ignore is the label of pixels that no loss counts.
const Ignore = 255

// Differentiable is a device that can also train. It is always the only rank, and
// keeps its buffers in ordinary memory, so making one does not fail.
type Differentiable interface {
	Device
	Gradients
}

// Gradients are the derivatives of the operations, and what a training step needs
// besides. Package tape calls them.
//
// dx is the gradient of the loss by x, and has its shape. A method ADDS to the
// arguments that start with d, except dy, the gradient by the operation's result,
// which it only reads. T is the number of tokens, D the width of a token. The other
// arguments are those of the operation; x is its input as it was before.
type Gradients interface {
	// SetLinear replaces the parameters of w: weight (Out, In) and bias (Out).
	SetLinear(w Linear, weight, bias []float32)
	// Clear sets all values of t to 0.
	Clear(t Tensor)
	// Drain adds the values of t to dst, and clears t.
	Drain(dst []float32, t Tensor)
	// AddScaled computes dst += scale·x.
	AddScaled(dst, x Tensor, scale float32)
	// AddProduct computes dst += a·b, value by value.
	AddProduct(dst, a, b Tensor)
	// Multiply computes x = x·y, value by value.
	Multiply(x, y Tensor)

	// GELU computes dst = x·Φ(x), which [Operations] has only in FeedForward, and its
	// derivative, slope = Φ(x) + x·φ(x), φ the normal density.
	GELU(dst, slope, x Tensor)
	// LinearGradient: dx += dy·W, dw += dyᵀ·x with dw (Out, In), and db (1, Out)
	// gets the sum of the rows of dy.
	LinearGradient(dx, dw, db, dy, x Tensor, w Linear)
	// LayerNormGradient, with x̂ the rows of x at mean 0 and variance 1, σ² their
	// variance and g = dy·weight (Ba et al. 2016):
	//   dx += (g − mean(g) − x̂·mean(g·x̂)) / σ
	//   dn.Weight += Σ dy·x̂, dn.Bias += Σ dy, over the rows
	LayerNormGradient(dx Tensor, dn Norm, dy, x Tensor, n Norm)
	// SoftmaxAttention is Attention that also returns P = softmax(q·kᵀ/√d) of each head, in
	// weights (heads·T, T). Factors of that shape, unless nil, multiply P before it weighs v.
	SoftmaxAttention(dst, weights, qkv, factors Tensor, heads int)
	// AttentionGradient, for each head with the factors F, or 1:
	//   dv += (P·F)ᵀ·dy, dS = P·(dP − Σ dP·P) with dP = F·(dy·vᵀ),
	//   dq += dS·k/√d, dk += dSᵀ·q/√d
	// as in Dao et al. 2022, appendix B.4. dqkv and qkv are (T, 3D).
	AttentionGradient(dqkv, dy, qkv, weights, factors Tensor, heads int)
	// L2NormalizeGradient, with y = x/|x|: dx += (dy − y·Σ dy·y) / |x|.
	L2NormalizeGradient(dx, dy, x Tensor)
	// MatMulTGradient: da += dy·b, db += dyᵀ·a.
	MatMulTGradient(da, db, dy, a, b Tensor)
	// PatchEmbedGradient: as LinearGradient, for the flattened patches of the
	// window from first on, and dposition += dy.
	PatchEmbedGradient(dw, db, dposition, dy Tensor, f Frame, view View, window, first int, e PatchEmbedding)

	// CrossEntropy returns weight·Σ −log softmax(scores)[label] over the pixels of
	// the frame, and adds its gradient to dscores. The scores of patches (N, C) are
	// upsampled as [View] says; the view has one window. labels has the frame's
	// pixels, row by row: classes below C, or [Ignore].
	CrossEntropy(dscores, scores Tensor, view View, labels []uint8, weight float32) float64
}
