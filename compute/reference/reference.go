// Package reference implements every operation of [compute.Device] as plain
// loops in float64, written for comparison with the paper, not for speed. Tests
// compare the other devices with it.
//
// In comments, T is the number of tokens, D the width of a token, C the number
// of classes.
package reference

import (
	"math"
	"slices"

	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// New returns the reference device. It is always the only rank.
func New() compute.Differentiable { return device{&host.Memory{Count: 1}} }

type device struct{ *host.Memory }

// linear is x·Wᵀ + b with W [out][in] and b [out].
type linear struct {
	host.Freed
	out, in int
	w, b    []float32
}

func (l *linear) In() int  { return l.in }
func (l *linear) Out() int { return l.out }

func (device) NewLinear(w compute.Weight, bias []float32) (compute.Linear, error) {
	l := &linear{out: w.Out, in: w.In, w: w.Float, b: bias}
	if w.Float == nil {
		l.w = make([]float32, w.Out*w.In)
		for i := range l.w {
			l.w[i] = float32(w.Int8[i]) * w.Scale[i/w.In]
		}
	}
	host.SameLength("NewLinear", w.Out*w.In, len(l.w))
	host.SameLength("NewLinear", w.Out, len(l.b))
	return l, nil
}

// PatchEmbed: a convolution with kernel = stride = the patch size
// (Dosovitskiy et al. 2021, eq. 1), and the position embeddings.
func (d device) PatchEmbed(dst compute.Tensor, f compute.Frame, v compute.View, window, first int, e compute.PatchEmbedding) {
	frame, out, pos, conv := f.(*host.Frame), dst.(*host.Matrix), e.Position.(*host.Matrix), e.Projection.(*linear)
	patches := flatten(out.Rows(), frame, v, window, first, e)
	for i := range out.Rows() {
		row := out.Row(i)
		conv.apply(row, patches.Row(i))
		for j := range row {
			row[j] += pos.Row(i)[j]
		}
	}
}

// flatten returns n flattened and normalised patches from first on, one a row.
func flatten(n int, frame *host.Frame, v compute.View, window, first int, e compute.PatchEmbedding) *host.Matrix {
	place, P := v.Window(window), v.Patch
	patches := host.NewMatrix(n, 3*P*P)
	for i := range n {
		top, left := (first+i)/v.Cols()*P, (first+i)%v.Cols()*P
		for c := range 3 {
			for y := range min(P, v.WindowHeight-top) {
				for x := range min(P, v.WindowWidth-left) {
					at := (place.Top+top+y)*frame.Width() + place.Left + left + x
					patches.Row(i)[(c*P+y)*P+x] = (float32(frame.RGB[at*3+c])/255 - e.Mean[c]) / e.Std[c]
				}
			}
		}
	}
	return patches
}

// apply computes y = W·x + b for one token.
func (l *linear) apply(y, x []float32) {
	for o := range l.out {
		sum := float64(l.b[o])
		for i := range l.in {
			sum += float64(x[i]) * float64(l.w[o*l.in+i])
		}
		y[o] = float32(sum)
	}
}

func (d device) Linear(dst, x compute.Tensor, w compute.Linear, op compute.LinearOp) {
	if op.Norm != nil {
		normalised := host.NewMatrix(x.Rows(), x.Cols())
		d.LayerNorm(normalised, x, *op.Norm)
		x = normalised
	}
	l, out, in := w.(*linear), dst.(*host.Matrix), x.(*host.Matrix)
	y := make([]float32, l.out)
	for t := range in.Rows() {
		l.apply(y, in.Row(t))
		for o, v := range y {
			if op.Add {
				v += out.Row(t)[o]
			}
			out.Row(t)[o] = v
		}
	}
}

// FeedForward: section 3.1, eq. 2, and Vaswani et al. 2017, section 3.3, with
// GELU in place of ReLU.
func (d device) FeedForward(x compute.Tensor, n compute.Norm, fc1, fc2 compute.Linear) {
	m, l1, l2 := x.(*host.Matrix), fc1.(*linear), fc2.(*linear)
	normalised, hidden, y := host.NewMatrix(m.Rows(), m.Cols()), make([]float32, l1.out), make([]float32, l2.out)
	d.LayerNorm(normalised, m, n)
	for t := range m.Rows() {
		l1.apply(hidden, normalised.Row(t))
		for i, v := range hidden {
			hidden[i] = gelu(v)
		}
		l2.apply(y, hidden)
		for i, v := range y {
			m.Row(t)[i] += v
		}
	}
}

// gelu is x·Φ(x), Φ the normal distribution (Hendrycks and Gimpel 2016).
func gelu(x float32) float32 {
	v := float64(x)
	return float32(v * 0.5 * (1 + math.Erf(v/math.Sqrt2)))
}

// LayerNorm: Ba et al. 2016, over the D values of each token.
func (device) LayerNorm(dst, x compute.Tensor, n compute.Norm) {
	out, in := dst.(*host.Matrix), x.(*host.Matrix)
	weight, bias := n.Weight.(*host.Matrix).Data, n.Bias.(*host.Matrix).Data
	for t := range in.Rows() {
		mean, variance := 0., 0.
		for _, v := range in.Row(t) {
			mean += float64(v) / float64(in.Cols())
		}
		for _, v := range in.Row(t) {
			variance += (float64(v) - mean) * (float64(v) - mean) / float64(in.Cols())
		}
		for i, v := range in.Row(t) {
			out.Row(t)[i] = float32((float64(v)-mean)/math.Sqrt(variance+compute.Eps))*weight[i] + bias[i]
		}
	}
}

// Attention: Vaswani et al. 2017, section 3.2.
func (d device) Attention(dst, qkv compute.Tensor, heads int, _ compute.Share) {
	d.attention(dst, qkv, heads, func(_, _ int, _ []float64) {})
}

// attention calls look with the weights of each query's keys, and uses what it makes of them.
func (device) attention(dst, qkv compute.Tensor, heads int, look func(head, query int, weights []float64)) {
	out, in := dst.(*host.Matrix), qkv.(*host.Matrix)
	T, D := out.Rows(), out.Cols()
	size := D / heads
	score := make([]float64, T)
	for h := range heads {
		query := func(t int) []float32 { return in.Row(t)[h*size:][:size] }
		key := func(t int) []float32 { return in.Row(t)[D+h*size:][:size] }
		value := func(t int) []float32 { return in.Row(t)[2*D+h*size:][:size] }
		for t := range T {
			for s := range T {
				score[s] = 0
				for i := range size {
					score[s] += float64(query(t)[i]) * float64(key(s)[i]) / math.Sqrt(float64(size))
				}
			}
			softmax(score)
			look(h, t, score)
			for i := range size {
				sum := 0.
				for s := range T {
					sum += score[s] * float64(value(s)[i])
				}
				out.Row(t)[h*size+i] = float32(sum)
			}
		}
	}
}

func softmax(x []float64) {
	highest, sum := math.Inf(-1), 0.
	for _, v := range x {
		highest = max(highest, v)
	}
	for i, v := range x {
		x[i] = math.Exp(v - highest)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}

func (device) L2Normalize(x compute.Tensor) {
	m := x.(*host.Matrix)
	for t := range m.Rows() {
		sum := 0.
		for _, v := range m.Row(t) {
			sum += float64(v) * float64(v)
		}
		for i, v := range m.Row(t) {
			m.Row(t)[i] = float32(float64(v) / math.Sqrt(sum))
		}
	}
}

func (device) MatMulT(dst, a, b compute.Tensor) {
	out, x, y := dst.(*host.Matrix), a.(*host.Matrix), b.(*host.Matrix)
	for i := range x.Rows() {
		for j := range y.Rows() {
			sum := 0.
			for k := range x.Cols() {
				sum += float64(x.Row(i)[k]) * float64(y.Row(j)[k])
			}
			out.Row(i)[j] = float32(sum)
		}
	}
}

func (device) Extend(dst, scores, further, rivals compute.Tensor) {
	out, in, more := dst.(*host.Matrix), scores.(*host.Matrix), further.(*host.Matrix)
	for t := range in.Rows() {
		row, others := out.Row(t), in.Row(t)
		copy(row, others)
		highest := float64(slices.Max(others))
		if rivals != nil {
			highest -= float64(slices.Max(rivals.(*host.Matrix).Row(t)))
		}
		for i, v := range more.Row(t) {
			row[len(others)+i] = float32(highest + float64(v))
		}
	}
}

// Gather copies: the only rank has all rows.
func (d device) Gather(dst, src compute.Tensor, _ int) { d.Copy(dst, src) }

// Classify builds whole pictures of scores, (C, height, width), as the
// official implementation does.
func (device) Classify(dst compute.Mask, scores compute.Tensor, v compute.View) {
	mask, in := dst.(*host.Mask), scores.(*host.Matrix)
	C, patches := in.Cols(), v.Patches()
	best := make([]float32, mask.Height()*mask.Width())
	for c := range C {
		plane := func(window int) []float32 {
			p := make([]float32, patches)
			for i := range p {
				p[i] = in.Row(window*patches + i)[c]
			}
			return p
		}
		var final []float32
		if v.Windows() == 1 {
			final = resize(plane(0), v.Rows(), v.Cols(), mask.Height(), mask.Width(),
				float32(v.Height)/float32(mask.Height()*v.Patch), float32(v.Width)/float32(mask.Width()*v.Patch))
		} else {
			sum, visits := make([]float32, v.Height*v.Width), make([]float32, v.Height*v.Width)
			for w := range v.Windows() {
				at := v.Window(w)
				up := resize(plane(w), v.Rows(), v.Cols(), v.WindowHeight, v.WindowWidth, 1/float32(v.Patch), 1/float32(v.Patch))
				for y := range v.WindowHeight {
					for x := range v.WindowWidth {
						sum[(at.Top+y)*v.Width+at.Left+x] += up[y*v.WindowWidth+x]
						visits[(at.Top+y)*v.Width+at.Left+x]++
					}
				}
			}
			for i := range sum {
				sum[i] /= visits[i]
			}
			final = resize(sum, v.Height, v.Width, mask.Height(), mask.Width(),
				float32(v.Height)/float32(mask.Height()), float32(v.Width)/float32(mask.Width()))
		}
		for i, s := range final {
			if c == 0 || s > best[i] {
				best[i], mask.Whole()[i] = s, uint8(c)
			}
		}
	}
}

// resize interpolates a plane of rows×cols bilinearly to height×width; an output
// pixel covers scaleY×scaleX input pixels.
func resize(plane []float32, rows, cols, height, width int, scaleY, scaleX float32) []float32 {
	out := make([]float32, height*width)
	for y := range height {
		top, bottom, down := compute.Bilinear(y, scaleY, rows)
		for x := range width {
			left, right, across := compute.Bilinear(x, scaleX, cols)
			upper := plane[top*cols+left]*(1-across) + plane[top*cols+right]*across
			lower := plane[bottom*cols+left]*(1-across) + plane[bottom*cols+right]*across
			out[y*width+x] = upper*(1-down) + lower*down
		}
	}
	return out
}
