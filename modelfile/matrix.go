package modelfile

// Matrix holds the values of a [Weight] or a [Projection], one row for each
// output channel: floats, or int8 with one scale per output channel.
type Matrix struct {
	Out, In int
	Float   []float32 // (Out, In), or nil
	Int8    []int8    // (Out, In), or nil
	Scale   []float32 // (Out): weight[o][i] = Int8[o·In+i]·Scale[o]
}

// Matrix returns the values of a [Weight] or a [Projection]. They belong to the
// model.
func (m *Model) Matrix(p *Parameter) Matrix {
	v, out := m.values[p.Name], p.Outputs()
	return Matrix{out, p.Elements() / out, toRows(p, v.float), toRows(p, v.int8), v.scale}
}

// toRows converts values from the order of the parameter to (out, in).
func toRows[T any](p *Parameter, values []T) []T {
	if p.Role == Projection {
		return Transpose(values, p.Shape[0])
	}
	return values
}

// fromRows converts values from (out, in) to the order of the parameter.
func fromRows[T any](p *Parameter, matrix []T) []T {
	if p.Role == Projection {
		return Transpose(matrix, p.Outputs())
	}
	return matrix
}

// Transpose returns the transpose of a matrix with the given number of rows; nil
// for nil.
func Transpose[T any](matrix []T, rows int) []T {
	if matrix == nil {
		return nil
	}
	cols := len(matrix) / rows
	out := make([]T, len(matrix))
	for i, v := range matrix {
		out[i%cols*rows+i/cols] = v
	}
	return out
}
