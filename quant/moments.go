package quant

import (
	"cmp"
	"fmt"
	"slices"
)

// Moments are the second moments of a linear layer's inputs: the sum of x·xᵀ
// over the tokens of some photos, (In, In), row-major. If the weights of a layer
// are off by E, its outputs are off by E·x, and its squared error over these
// tokens is the trace of E·Sum·Eᵀ.
type Moments struct {
	In  int
	Sum []float64
}

// damping is added to the diagonal, relative to its mean, so that directions
// absent from the photos count a little too.
const damping = 0.0005

// round rounds weights of out×in to multiples of each output channel's scale.
// It rounds the inputs of a channel one after the other; each compensates for
// the errors of those before it as far as it can.
func (m *Moments) round(q []int8, values, scale []float32) error {
	order, share, err := m.feedback()
	if err != nil {
		return err
	}
	errors := make([]float64, m.In) // by position in order
	for c, s := range scale {
		row, to := values[c*m.In:][:m.In], q[c*m.In:][:m.In]
		for k, i := range order {
			target := float64(row[i])
			for j, f := range share[k] {
				target += f * errors[j]
			}
			to[i] = toInt8(float32(target), s)
			errors[k] = float64(row[i]) - float64(to[i])*float64(s)
		}
	}
	return nil
}

// feedback returns the order in which to round inputs, and the share of the j-th
// input's error that the k-th compensates, j < k.
//
// The shares are U of the factors U·D·Uᵀ of the moments, U unit upper triangular
// and D diagonal. That reduces the error, the trace of (E·U)·D·(E·U)ᵀ, to the
// rounding errors themselves, weighted by D (Chee et al., "QuIP: 2-Bit
// Quantization of Large Language Models With Guarantees", NeurIPS 2023, section
// 3, which shows that GPTQ does the same). Strong inputs go first, since nothing
// compensates for the last.
func (m *Moments) feedback() (order []int, share [][]float64, err error) {
	n := m.In
	order = make([]int, n)
	mean := 0.
	for i := range order {
		order[i] = i
		mean += m.Sum[i*n+i] / float64(n)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.Sum[b*n+b], m.Sum[a*n+a]) })

	// share[k] begins as the k-th row of the moments, up to the diagonal.
	share = make([][]float64, n)
	for k, from := range order {
		share[k] = make([]float64, k+1)
		for j := range share[k] {
			share[k][j] = m.Sum[from*n+order[j]]
		}
		share[k][k] += damping * mean
	}
	for k := n - 1; k >= 0; k-- {
		row, pivot := share[k], share[k][k]
		if !(pivot > 0) {
			return nil, nil, fmt.Errorf("the moments of %d inputs are not positive definite: pivot %d is %v", n, k, pivot)
		}
		for i := range k {
			f := row[i] / pivot
			for j, v := range row[:i+1] {
				share[i][j] -= f * v
			}
		}
		for i := range k {
			row[i] /= pivot
		}
		share[k] = row[:k]
	}
	return order, share, nil
}
