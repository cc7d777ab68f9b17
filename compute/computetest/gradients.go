package computetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"segmenter/compute"
	"segmenter/compute/reference"
)

// A derivative is an operation as a function of matrices, and its gradient.
type derivative struct {
	name   string
	inputs [][2]int // rows and columns
	result func(d *rank, in []compute.Tensor) compute.Tensor
	// gradient adds to din, given the gradient dy by the result.
	gradient func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor)
}

// TestGradients compares the results and gradients of the devices that open returns
// with the reference's.
func TestGradients(t *testing.T, open func() compute.Differentiable, tolerance float64) {
	for _, c := range append(derivatives(1, 3, 17, 70, 133), additions()) {
		t.Run(c.name, func(t *testing.T) {
			values := c.random()
			wantResult, wantGradients := c.on(t, reference.New(), values)
			result, gradients := c.on(t, open(), values)
			if e := Error(result, wantResult); !(e <= tolerance) {
				t.Errorf("result: normalised mean squared error %.3g, expected at most %.3g", e, tolerance)
			}
			for i, want := range wantGradients {
				if e := Error(gradients[i], want); !(e <= tolerance) {
					t.Errorf("gradient by input %d: normalised mean squared error %.3g, expected at most %.3g", i, e, tolerance)
				}
			}
		})
	}
}

// TestDifferences compares a device's gradients with central differences of its
// results, at some values of each input.
func TestDifferences(t *testing.T, device compute.Differentiable) {
	const step, samples, tolerance = 0x1p-6, 12, 1e-5
	for _, c := range derivatives(1, 3, 17) {
		t.Run(c.name, func(t *testing.T) {
			values, seed := c.random(), newSeed()
			_, gradients := c.on(t, device, values)
			for i, input := range values {
				var got, want []float32
				for range min(samples, len(input)) {
					at := seed.IntN(len(input))
					old := input[at]
					up, down := old+step, old-step
					input[at] = up
					higher := c.loss(t, device, values)
					input[at] = down
					lower := c.loss(t, device, values)
					input[at] = old
					got = append(got, gradients[i][at])
					want = append(want, float32((higher-lower)/float64(up-down)))
				}
				if e := Error(got, want); !(e <= tolerance) {
					t.Errorf("gradient by input %d: %v, but differences say %v", i, got, want)
				}
			}
		})
	}
}

func (c *derivative) random() (values [][]float32) {
	seed := newSeed()
	for _, shape := range c.inputs {
		input := make([]float32, shape[0]*shape[1])
		for i := range input {
			input[i] = float32(seed.NormFloat64())
		}
		values = append(values, input)
	}
	return values
}

func (c *derivative) upload(d *rank, values [][]float32) (in []compute.Tensor) {
	for i, v := range values {
		in = append(in, d.upload(v, c.inputs[i][1]))
	}
	return in
}

// sumWeights are the weights of a weighted sum of n results, the test's loss.
func sumWeights(n int) []float32 {
	seed := rand.New(rand.NewPCG(7, 8))
	weights := make([]float32, n)
	for i := range weights {
		weights[i] = float32(seed.NormFloat64())
	}
	return weights
}

func (d *rank) values(t compute.Tensor) []float32 {
	values := make([]float32, t.Rows()*t.Cols())
	d.check(d.Read(values, t))
	return values
}

// loss is a weighted sum of the result.
func (c *derivative) loss(t *testing.T, device compute.Device, values [][]float32) (sum float64) {
	d := &rank{device, t, newSeed()}
	result := d.values(c.result(d, c.upload(d, values)))
	for i, w := range sumWeights(len(result)) {
		sum += float64(w) * float64(result[i])
	}
	return sum
}

// on returns the result, and the gradients of loss.
func (c *derivative) on(t *testing.T, device compute.Device, values [][]float32) (result []float32, gradients [][]float32) {
	d := &rank{device, t, newSeed()}
	in := c.upload(d, values)
	y := c.result(d, in)
	result = d.values(y)
	// Gradients start from 1, to see whether the device adds to them.
	var din []compute.Tensor
	for i, v := range values {
		ones := make([]float32, len(v))
		for j := range ones {
			ones[j] = 1
		}
		din = append(din, d.upload(ones, c.inputs[i][1]))
	}
	c.gradient(d, din, d.upload(sumWeights(len(result)), y.Cols()), in)
	for _, x := range din {
		gradient := make([]float32, x.Rows()*x.Cols())
		d.differentiable().Drain(gradient, x)
		for i := range gradient {
			gradient[i]--
		}
		for _, v := range d.values(x) {
			if v != 0 {
				t.Error("Drain left values")
			}
		}
		gradients = append(gradients, gradient)
	}
	return result, gradients
}

func (d *rank) differentiable() compute.Differentiable { return d.Device.(compute.Differentiable) }

// derivatives lists every gradient with odd shapes.
func derivatives(tokens ...int) (list []derivative) {
	for _, rows := range tokens {
		for _, width := range []int{1, 38, 192} {
			list = append(list, geluDerivative(rows, width), normDerivative(rows, width), lengthDerivative(rows, width+1))
		}
		for _, width := range [][2]int{{1, 1}, {64, 38}, {192, 65}, {50, 131}} {
			list = append(list, linearDerivative(rows, width[0], width[1]), matMulTDerivative(rows, width[1], width[0]))
		}
		for _, heads := range [][2]int{{1, 64}, {3, 64}, {2, 20}} {
			list = append(list, attentionDerivative(rows, heads[0], heads[1], 0), attentionDerivative(rows, heads[0], heads[1], 0.3))
		}
	}
	for _, view := range []compute.View{compute.Whole(16, 18, 37), compute.Whole(8, 8, 40), compute.Whole(4, 1, 30)} {
		list = append(list, patchEmbedDerivative(view), crossEntropyDerivative(view, 2), crossEntropyDerivative(view, 38))
	}
	return list
}

func geluDerivative(rows, cols int) derivative {
	return derivative{fmt.Sprintf("GELU/%dx%d", rows, cols), [][2]int{{rows, cols}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			dst := d.result(rows, cols)
			d.differentiable().GELU(dst, d.result(rows, cols), in[0])
			return dst
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			slope := d.result(rows, cols)
			d.differentiable().GELU(d.result(rows, cols), slope, in[0])
			d.differentiable().AddProduct(din[0], dy, slope)
		}}
}

func normDerivative(rows, cols int) derivative {
	return derivative{fmt.Sprintf("LayerNorm/%dx%d", rows, cols), [][2]int{{rows, cols}, {1, cols}, {1, cols}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			dst := d.result(rows, cols)
			d.LayerNorm(dst, in[0], compute.Norm{Weight: in[1], Bias: in[2]})
			return dst
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			d.differentiable().LayerNormGradient(din[0], compute.Norm{Weight: din[1], Bias: din[2]}, dy, in[0], compute.Norm{Weight: in[1], Bias: in[2]})
		}}
}

func lengthDerivative(rows, cols int) derivative {
	return derivative{fmt.Sprintf("L2Normalize/%dx%d", rows, cols), [][2]int{{rows, cols}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			dst := d.result(rows, cols)
			d.Copy(dst, in[0])
			d.L2Normalize(dst)
			return dst
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			d.differentiable().L2NormalizeGradient(din[0], dy, in[0])
		}}
}

// linearDerivative sets the parameters of a layer to the inputs 1 and 2.
func linearDerivative(rows, in, out int) derivative {
	layer := func(d *rank, parameters []compute.Tensor) compute.Linear {
		w := d.linear(out, in)
		d.differentiable().SetLinear(w, d.values(parameters[0]), d.values(parameters[1]))
		return w
	}
	return derivative{fmt.Sprintf("Linear/%dx%dx%d", rows, in, out), [][2]int{{rows, in}, {out, in}, {1, out}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			dst := d.result(rows, out)
			d.Linear(dst, in[0], layer(d, in[1:]), compute.LinearOp{})
			return dst
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			d.differentiable().LinearGradient(din[0], din[1], din[2], dy, in[0], layer(d, in[1:]))
		}}
}

func matMulTDerivative(rows, out, in int) derivative {
	return derivative{fmt.Sprintf("MatMulT/%dx%dx%d", rows, in, out), [][2]int{{rows, in}, {out, in}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			dst := d.result(rows, out)
			d.MatMulT(dst, in[0], in[1])
			return dst
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			d.differentiable().MatMulTGradient(din[0], din[1], dy, in[0], in[1])
		}}
}

// attentionDerivative has dropout if rate is not 0.
func attentionDerivative(rows, heads, size int, rate float32) derivative {
	width := heads * size
	weights := func(d *rank) compute.Tensor { return d.result(heads*rows, rows) }
	factors := func(d *rank) compute.Tensor {
		if rate == 0 {
			return nil
		}
		values, seed := make([]float32, heads*rows*rows), newSeed()
		for i := range values {
			if seed.Float32() >= rate {
				values[i] = 1 / (1 - rate)
			}
		}
		return d.upload(values, rows)
	}
	return derivative{fmt.Sprintf("Attention/%dx%dx%d/%v", rows, heads, size, rate), [][2]int{{rows, 3 * width}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			dst := d.result(rows, width)
			d.differentiable().SoftmaxAttention(dst, weights(d), in[0], factors(d), heads)
			return dst
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			p, f := weights(d), factors(d)
			d.differentiable().SoftmaxAttention(d.result(rows, width), p, in[0], f, heads)
			d.differentiable().AttentionGradient(din[0], dy, in[0], p, f, heads)
		}}
}

// patchEmbedDerivative embeds the patches of a random frame from the second on. The
// inputs are the weight, the bias and the positions.
func patchEmbedDerivative(v compute.View) derivative {
	const width, first = 40, 1
	rows, in := v.Patches()-first, 3*v.Patch*v.Patch
	arguments := func(d *rank, parameters []compute.Tensor) (compute.Frame, compute.PatchEmbedding) {
		frame := d.frame(v)
		rgb := make([]byte, v.Height*v.Width*3)
		for i := range rgb {
			rgb[i] = byte(d.seed.Uint32())
		}
		d.WriteFrame(frame, rgb)
		w := d.linear(width, in)
		d.differentiable().SetLinear(w, d.values(parameters[0]), d.values(parameters[1]))
		return frame, compute.PatchEmbedding{Projection: w, Position: parameters[2],
			Mean: [3]float32{0.5, 0.4, 0.3}, Std: [3]float32{0.5, 0.2, 0.1}}
	}
	return derivative{fmt.Sprintf("PatchEmbed/%dx%d", v.Height, v.Width), [][2]int{{width, in}, {1, width}, {rows, width}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			dst := d.result(rows, width)
			frame, e := arguments(d, in)
			d.PatchEmbed(dst, frame, v, 0, first, e)
			return dst
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			d.seed = newSeed()
			frame, e := arguments(d, in)
			d.differentiable().PatchEmbedGradient(din[0], din[1], din[2], dy, frame, v, 0, first, e)
		}}
}

// crossEntropyDerivative ignores a quarter of the pixels.
func crossEntropyDerivative(v compute.View, classes int) derivative {
	labels := make([]uint8, v.Height*v.Width)
	seed := newSeed()
	for i := range labels {
		labels[i] = uint8(seed.IntN(classes))
		if seed.IntN(4) == 0 {
			labels[i] = compute.Ignore
		}
	}
	const weight = 0.25
	return derivative{fmt.Sprintf("CrossEntropy/%dx%dx%d", v.Height, v.Width, classes), [][2]int{{v.Patches(), classes}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			unused := d.result(v.Patches(), classes)
			return d.upload([]float32{float32(d.differentiable().CrossEntropy(unused, in[0], v, labels, weight))}, 1)
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			d.differentiable().CrossEntropy(din[0], in[0], v, labels, weight*d.values(dy)[0])
		}}
}

// additions is the sum 2·x + x·y·y, whose gradients are computed with the same
// operations, and Clear.
func additions() derivative {
	return derivative{"AddScaled+AddProduct+Multiply", [][2]int{{7, 45}, {7, 45}},
		func(d *rank, in []compute.Tensor) compute.Tensor {
			dst := d.whole(7, 45)
			d.differentiable().Clear(dst)
			d.differentiable().AddScaled(dst, in[0], 2)
			product := d.result(7, 45)
			d.Copy(product, in[0])
			d.differentiable().Multiply(product, in[1])
			d.differentiable().AddProduct(dst, product, in[1])
			return dst
		},
		func(d *rank, din []compute.Tensor, dy compute.Tensor, in []compute.Tensor) {
			d.differentiable().AddScaled(din[0], dy, 2)
			product := d.result(7, 45)
			d.Copy(product, dy)
			d.differentiable().Multiply(product, in[1])
			d.differentiable().AddProduct(din[0], product, in[1])
			for range 2 {
				d.differentiable().AddProduct(din[1], product, in[0])
			}
		}}
}
