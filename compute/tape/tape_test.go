package tape_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"segmenter/compute"
	"segmenter/compute/reference"
	"segmenter/compute/tape"
)

const rows, width = 5, 6

// network works in place and uses its buffers again and again.
type network struct {
	tape               *tape.Tape
	input, x, y, qkv   compute.Tensor
	norm               compute.Norm
	toQKV, back, first compute.Linear
	second             compute.Linear
}

func newNetwork(t *testing.T) *network {
	n := &network{tape: tape.New(reference.New())}
	seed := rand.New(rand.NewPCG(1, 2))
	tensor := func(rows, cols int) compute.Tensor {
		m, err := n.tape.NewTensor(rows, cols)
		if err != nil {
			t.Fatal(err)
		}
		n.tape.Write(m, random(seed, rows*cols))
		return m
	}
	linear := func(out, in int) compute.Linear {
		l, err := n.tape.NewLinear(compute.Weight{Out: out, In: in, Float: random(seed, out*in)}, random(seed, out))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	n.input, n.x, n.y, n.qkv = tensor(rows, width), tensor(rows, width), tensor(rows, width), tensor(rows, 3*width)
	n.norm = compute.Norm{Weight: tensor(1, width), Bias: tensor(1, width)}
	n.toQKV, n.back, n.first, n.second = linear(3*width, width), linear(width, width), linear(9, width), linear(width, 9)
	return n
}

func random(seed *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(seed.NormFloat64())
	}
	return values
}

// run runs the network on an input, with the result's cross-entropy as the loss.
func (n *network) run(input []float32) float64 {
	t := n.tape
	t.Reset()
	t.Write(n.input, input)
	t.Copy(n.x, n.input)
	for range 2 {
		t.Linear(n.qkv, n.x, n.toQKV, compute.LinearOp{Norm: &n.norm})
		t.Attention(n.y, n.qkv, 2, compute.Share{Total: rows})
		t.Linear(n.x, n.y, n.back, compute.LinearOp{Add: true})
		t.FeedForward(n.x, n.norm, n.first, n.second)
		t.LayerNorm(n.x, n.x, n.norm)
	}
	t.Copy(n.y, n.x)
	t.L2Normalize(n.y.Slice(0, 3))
	t.Gather(n.y, n.x, 0) // overwrites what was normalised
	t.L2Normalize(n.y)
	scores := n.qkv.Slice(0, 3)
	t.MatMulT(scores, n.y.Slice(0, 3), n.keys())
	return t.CrossEntropy(scores, compute.Whole(1, 1, 3), []uint8{2, 0, 17}, 1)
}

// keys returns a constant matrix of as many rows as scores has columns.
func (n *network) keys() compute.Tensor {
	m, _ := n.tape.NewTensor(3*width, width)
	values := make([]float32, 3*width*width)
	for i := range values {
		values[i] = float32(i%7) / 3
	}
	n.tape.Write(m, values)
	return m
}

// TestBackward compares gradients with differences of the loss, twice, because a pass must
// leave no gradient behind.
func TestBackward(t *testing.T) {
	n := newNetwork(t)
	input := random(rand.New(rand.NewPCG(3, 4)), rows*width)
	for range 2 {
		n.run(input)
		if err := n.tape.Backward(); err != nil {
			t.Fatal(err)
		}
		gradient := make([]float32, len(input))
		if err := n.tape.Read(gradient, tape.Gradient(n.input)); err != nil {
			t.Fatal(err)
		}
		n.tape.Clear(tape.Gradient(n.input))
		for i, old := range input {
			const step = 1.0 / 256
			input[i] = old + step
			higher := n.run(input)
			input[i] = old - step
			lower := n.run(input)
			input[i] = old
			want := (higher - lower) / (2 * step)
			if got := float64(gradient[i]); math.Abs(got-want) > 1e-3*math.Abs(want)+1e-3 {
				t.Errorf("gradient of value %d: %g, but differences say %g", i, got, want)
			}
		}
	}
}
