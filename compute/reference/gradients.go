package reference

import (
	"math"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// The gradients, term by term. See [compute.Gradients] for the formulas.

func (device) SetLinear(w compute.Linear, weight, bias []float32) {
	l := w.(*linear)
	host.SameLength("SetLinear", l.out*l.in, len(weight))
	host.SameLength("SetLinear", l.out, len(bias))
	l.w, l.b = append([]float32(nil), weight...), append([]float32(nil), bias...)
}

func (device) Clear(t compute.Tensor) { clear(t.(*host.Matrix).Data) }

func (device) Drain(dst []float32, t compute.Tensor) {
	m := t.(*host.Matrix)
	host.SameLength("Drain", len(m.Data), len(dst))
	for i, v := range m.Data {
		dst[i] += v
	}
	clear(m.Data)
}

func (device) AddScaled(dst, x compute.Tensor, scale float32) {
	for i, v := range x.(*host.Matrix).Data {
		dst.(*host.Matrix).Data[i] += scale * v
	}
}

func (device) AddProduct(dst, a, b compute.Tensor) {
	for i, v := range a.(*host.Matrix).Data {
		dst.(*host.Matrix).Data[i] += v * b.(*host.Matrix).Data[i]
	}
}

func (device) Multiply(x, y compute.Tensor) {
	for i, v := range y.(*host.Matrix).Data {
		x.(*host.Matrix).Data[i] *= v
	}
}

func (device) GELU(dst, slope, x compute.Tensor) {
	for i, f := range x.(*host.Matrix).Data {
		v := float64(f)
		dst.(*host.Matrix).Data[i] = gelu(f)
		slope.(*host.Matrix).Data[i] = float32(0.5*(1+math.Erf(v/math.Sqrt2)) + v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi))
	}
}

func (device) LinearGradient(dx, dw, db, dy, x compute.Tensor, w compute.Linear) {
	l, g, in := w.(*linear), dy.(*host.Matrix), x.(*host.Matrix)
	addMatMul(dx.(*host.Matrix), g, matrix(l.out, l.in, l.w))
	addMatMul(dw.(*host.Matrix), transpose(g), in)
	addSums(db.(*host.Matrix), g)
}

// matrix is a matrix of these values.
func matrix(rows, cols int, values []float32) *host.Matrix {
	m := host.NewMatrix(rows, cols)
	copy(m.Data, values)
	return m
}

// addMatMul computes dst += a·b.
func addMatMul(dst, a, b *host.Matrix) {
	for i := range a.Rows() {
		for j := range b.Cols() {
			sum := 0.
			for k := range a.Cols() {
				sum += float64(a.Row(i)[k]) * float64(b.Row(k)[j])
			}
			dst.Row(i)[j] += float32(sum)
		}
	}
}

func transpose(m *host.Matrix) *host.Matrix {
	t := host.NewMatrix(m.Cols(), m.Rows())
	for i := range m.Rows() {
		for j, v := range m.Row(i) {
			t.Row(j)[i] = v
		}
	}
	return t
}

// addSums adds the sum of the rows of m to dst, a single row.
func addSums(dst, m *host.Matrix) {
	for j := range m.Cols() {
		sum := 0.
		for i := range m.Rows() {
			sum += float64(m.Row(i)[j])
		}
		dst.Data[j] += float32(sum)
	}
}

func (device) LayerNormGradient(dx compute.Tensor, dn compute.Norm, dy, x compute.Tensor, n compute.Norm) {
	in, g, weight := x.(*host.Matrix), dy.(*host.Matrix), n.Weight.(*host.Matrix).Data
	D := float64(in.Cols())
	dWeight, dBias := make([]float64, in.Cols()), make([]float64, in.Cols())
	for t := range in.Rows() {
		mean, variance := 0., 0.
		for _, v := range in.Row(t) {
			mean += float64(v) / D
		}
		for _, v := range in.Row(t) {
			variance += (float64(v) - mean) * (float64(v) - mean) / D
		}
		deviation := math.Sqrt(variance + compute.Eps)
		normalised := func(i int) float64 { return (float64(in.Row(t)[i]) - mean) / deviation }
		scaled := func(i int) float64 { return float64(g.Row(t)[i]) * float64(weight[i]) }
		meanG, meanGX := 0., 0.
		for i := range in.Cols() {
			meanG += scaled(i) / D
			meanGX += scaled(i) * normalised(i) / D
		}
		for i, v := range g.Row(t) {
			dx.(*host.Matrix).Row(t)[i] += float32((scaled(i) - meanG - normalised(i)*meanGX) / deviation)
			dWeight[i] += float64(v) * normalised(i)
			dBias[i] += float64(v)
		}
	}
	for i := range dWeight {
		dn.Weight.(*host.Matrix).Data[i] += float32(dWeight[i])
		dn.Bias.(*host.Matrix).Data[i] += float32(dBias[i])
	}
}

func (d device) SoftmaxAttention(dst, weights, qkv, factors compute.Tensor, heads int) {
	d.attention(dst, qkv, heads, func(head, query int, p []float64) {
		kept := weights.(*host.Matrix).Row(head*len(p) + query)
		for key := range p {
			kept[key] = float32(p[key])
			p[key] *= factorOf(factors, head, query, key)
		}
	})
}

// factorOf is that of attention with dropout.
func factorOf(factors compute.Tensor, head, query, key int) float64 {
	if factors == nil {
		return 1
	}
	return float64(factors.(*host.Matrix).Row(head*factors.Cols() + query)[key])
}

// AttentionGradient computes the weights again, in float64.
func (device) AttentionGradient(dqkv, dy, qkv, _, factors compute.Tensor, heads int) {
	factor := func(head, query, key int) float64 { return factorOf(factors, head, query, key) }
	in, g, out := qkv.(*host.Matrix), dy.(*host.Matrix), dqkv.(*host.Matrix)
	T, D := g.Rows(), g.Cols()
	size := D / heads
	root := math.Sqrt(float64(size))
	for h := range heads {
		part := func(m *host.Matrix, t, which int) []float32 { return m.Row(t)[which*D+h*size:][:size] }
		dk, dv := make([]float64, T*size), make([]float64, T*size)
		p, dp := make([]float64, T), make([]float64, T)
		for t := range T {
			q, gradient := part(in, t, 0), g.Row(t)[h*size:][:size]
			for s := range T {
				p[s] = dot(q, part(in, s, 1)) / root
				dp[s] = factor(h, t, s) * dot(gradient, part(in, s, 2))
			}
			softmax(p)
			mean := 0.
			for s := range T {
				mean += p[s] * dp[s]
			}
			dq := make([]float64, size)
			for s := range T {
				ds := p[s] * (dp[s] - mean) / root
				for i := range size {
					dv[s*size+i] += p[s] * factor(h, t, s) * float64(gradient[i])
					dk[s*size+i] += ds * float64(q[i])
					dq[i] += ds * float64(part(in, s, 1)[i])
				}
			}
			addTo(part(out, t, 0), dq)
		}
		for s := range T {
			addTo(part(out, s, 1), dk[s*size:][:size])
			addTo(part(out, s, 2), dv[s*size:][:size])
		}
	}
}

func dot(a, b []float32) (sum float64) {
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

func addTo(dst []float32, x []float64) {
	for i, v := range x {
		dst[i] += float32(v)
	}
}

func (device) L2NormalizeGradient(dx, dy, x compute.Tensor) {
	in, g := x.(*host.Matrix), dy.(*host.Matrix)
	for t := range in.Rows() {
		length := math.Sqrt(dot(in.Row(t), in.Row(t)))
		along := dot(g.Row(t), in.Row(t)) / length
		for i, v := range in.Row(t) {
			dx.(*host.Matrix).Row(t)[i] += float32((float64(g.Row(t)[i]) - float64(v)/length*along) / length)
		}
	}
}

func (device) MatMulTGradient(da, db, dy, a, b compute.Tensor) {
	g := dy.(*host.Matrix)
	addMatMul(da.(*host.Matrix), g, b.(*host.Matrix))
	addMatMul(db.(*host.Matrix), transpose(g), a.(*host.Matrix))
}

func (d device) PatchEmbedGradient(dw, db, dposition, dy compute.Tensor, f compute.Frame, v compute.View, window, first int, e compute.PatchEmbedding) {
	g := dy.(*host.Matrix)
	patches := flatten(g.Rows(), f.(*host.Frame), v, window, first, e)
	addMatMul(dw.(*host.Matrix), transpose(g), patches)
	addSums(db.(*host.Matrix), g)
	d.AddScaled(dposition, dy, 1)
}

func (device) CrossEntropy(dscores, scores compute.Tensor, v compute.View, labels []uint8, weight float32) (loss float64) {
	in, C := scores.(*host.Matrix), scores.Cols()
	host.SameLength("CrossEntropy", v.Height*v.Width, len(labels))
	gradient := make([]float64, len(in.Data))
	p := make([]float64, C)
	for at, label := range labels {
		if label == compute.Ignore {
			continue
		}
		near := neighbours(v, at/v.Width, at%v.Width)
		for c := range p {
			p[c] = 0
			for _, n := range near {
				p[c] += n.share * float64(in.Row(n.patch)[c])
			}
		}
		softmax(p)
		loss -= math.Log(p[label]) * float64(weight)
		p[label]--
		for c, d := range p {
			for _, n := range near {
				gradient[n.patch*C+c] += n.share * d * float64(weight)
			}
		}
	}
	addTo(dscores.(*host.Matrix).Data, gradient)
	return loss
}

// A neighbour is a patch that a pixel's score is interpolated from, and its share.
type neighbour struct {
	patch int
	share float64
}

func neighbours(v compute.View, y, x int) [4]neighbour {
	top, bottom, down := compute.Bilinear(y, 1/float32(v.Patch), v.Rows())
	left, right, across := compute.Bilinear(x, 1/float32(v.Patch), v.Cols())
	t, s := float64(down), float64(across)
	return [4]neighbour{
		{top*v.Cols() + left, (1 - t) * (1 - s)}, {top*v.Cols() + right, (1 - t) * s},
		{bottom*v.Cols() + left, t * (1 - s)}, {bottom*v.Cols() + right, t * s},
	}
}
