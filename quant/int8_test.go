package quant

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPerChannel(t *testing.T) {
	tiny := float32(math.SmallestNonzeroFloat32)
	for _, c := range []struct {
		name   string
		values []float32
		shape  []int
		axis   int
		q      []int8
		scale  []float32
	}{
		{"rows", []float32{1.27, -0.5, 0, 254, 3, -254}, []int{2, 3}, 0, []int8{127, -50, 0, 127, 2, -127}, []float32{0.01, 2}},
		{"columns", []float32{127, 2, 0, -1, -254, 3}, []int{3, 2}, 1, []int8{64, 85, 0, -42, -127, 127}, []float32{2, 3. / 127}},
		{"middle axis", []float32{127, 0, 254, 0, 0, -1, 0, 2}, []int{2, 2, 2}, 1, []int8{127, 0, 127, 0, 0, -1, 0, 1}, []float32{1, 2}},
		{"zeros", []float32{0, 0, 127}, []int{3}, 0, []int8{0, 0, 127}, []float32{1, 1, 1}},
		{"underflow", []float32{tiny, -tiny}, []int{1, 2}, 0, []int8{0, 0}, []float32{1}},
		{"largest", []float32{math.MaxFloat32, -math.MaxFloat32}, []int{1, 2}, 0, []int8{127, -127}, []float32{math.MaxFloat32 / 127}},
		{"no values", nil, []int{2, 0}, 0, []int8{}, []float32{1, 1}},
	} {
		q, scale := PerChannel(c.values, c.shape, c.axis)
		if !slices.Equal(q, c.q) || !slices.Equal(scale, c.scale) {
			t.Errorf("%s: %v, scale %v; want %v, scale %v", c.name, q, scale, c.q, c.scale)
		}
	}
}

// No value is off by more than half a step of its channel.
func TestQuantisationError(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	shape := []int{5, 7, 3}
	values := make([]float32, 5*7*3)
	for i := range values {
		values[i] = float32(rng.NormFloat64() * math.Exp(rng.NormFloat64()))
	}
	for axis := range shape {
		q, scale := PerChannel(values, shape, axis)
		restored := Dequantise(q, scale, shape, axis)
		strides := []int{21, 3, 1}
		for i, v := range values {
			step := scale[i/strides[axis]%shape[axis]]
			if off := math.Abs(float64(v - restored[i])); off > 0.5001*float64(step) {
				t.Errorf("axis %d, value %d: %v became %v, more than half a step of %v away", axis, i, v, restored[i], step)
			}
		}
	}
}

func ExamplePerChannel() {
	weight := []float32{
		0.5, -1, 0.25, // of the first output
		20, 10, -5, // of the second
	}
	q, scale := PerChannel(weight, []int{2, 3}, 0)
	fmt.Println(q)
	fmt.Printf("%.4f\n", scale)
	fmt.Printf("%.2f\n", Dequantise(q, scale, []int{2, 3}, 0))
	// Output:
	// [64 -127 32 127 64 -32]
	// [0.0079 0.1575]
	// [0.50 -1.00 0.25 20.00 10.08 -5.04]
}
