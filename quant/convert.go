package quant

import (
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
)

// Report says what Convert has done to a model.
type Report struct {
	Card    Card     // as written
	Changes []Change // the tensors, in the order of the file
}

// Change is what the stored form of a tensor, or of a group of tensors, lost.
type Change struct {
	Name     string
	DType    DType // as stored
	Elements int
	Bytes    int     // as stored, with the scales
	Energy   float64 // sum of squares of the values
	Loss     float64 // sum of squares of what the stored values are off by
}

// RelativeError is the root mean square of the error, relative to that of the
// values.
func (c Change) RelativeError() float64 {
	if c.Energy == 0 {
		return 0
	}
	return math.Sqrt(c.Loss / c.Energy)
}

// Groups sums changes over the blocks of the network: the group
// "encoder.blocks.*.attn.qkv.weight" holds that weight of every block.
func (r Report) Groups() []Change {
	var groups []Change
	index := make(map[string]int)
	for _, c := range r.Changes {
		c.Name = groupName(c.Name)
		i, ok := index[c.Name]
		if !ok {
			index[c.Name] = len(groups)
			groups = append(groups, c)
			continue
		}
		g := &groups[i]
		g.Elements += c.Elements
		g.Bytes += c.Bytes
		g.Energy += c.Energy
		g.Loss += c.Loss
	}
	return groups
}

// groupName puts a star in the place of a block's number.
func groupName(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if _, err := strconv.Atoi(p); err == nil {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, ".")
}

// Convert reads a float model from src and writes it to dst in the form that
// is shipped (see the package documentation). What card states goes before
// what the source states, and a zero Card states nothing. One tensor is in
// memory at a time.
func Convert(dst io.Writer, src io.Reader, card Card, plan Plan) (Report, error) {
	r, err := NewReader(src)
	if err != nil {
		return Report{}, err
	}
	if isQuantised(r.Tensors()) {
		return Report{}, errors.New("the model is quantised already; convert the float file that it was made from")
	}
	card, err = describe(r, card)
	if err != nil {
		return Report{}, err
	}
	parts := newLayout(card.Architecture, len(card.Classes), true, true)
	w, err := NewWriter(dst, card.Metadata(), stored(r.Tensors(), parts))
	if err != nil {
		return Report{}, err
	}
	report := Report{Card: card}
	for {
		t, err := r.Next()
		if err == io.EOF {
			return report, w.Close()
		}
		if err != nil {
			return report, err
		}
		change, err := convertTensor(w, r, t, parts[t.Name].role, plan)
		if err != nil {
			return report, err
		}
		report.Changes = append(report.Changes, change)
	}
}

// stored is the tensors of the converted file.
func stored(tensors []Tensor, parts layout) []Tensor {
	var out []Tensor
	for _, t := range tensors {
		p := parts[t.Name]
		out = append(out, Tensor{t.Name, p.role.dtype(), t.Shape})
		if p.role.dtype() == I8 {
			out = append(out, Tensor{t.Name + scaleSuffix, F32, []int{t.Shape[p.role.axis()]}})
		}
	}
	return out
}

// convertTensor copies the current tensor of r to w, in its stored form.
func convertTensor(w *Writer, r *Reader, t Tensor, p role, plan Plan) (Change, error) {
	values, err := r.Float32s()
	if err != nil {
		return Change{}, err
	}
	c := Change{Name: t.Name, DType: p.dtype(), Elements: len(values)}
	c.Bytes = c.Elements * c.DType.Size()
	if c.DType == F16 {
		stored := values
		if p == embedding {
			stored = plan.roundEmbedding(values)
		}
		c.compare(values, halves(stored))
		return c, w.WriteFloat32s(stored)
	}
	rows := values // of out×in
	if p == matrix {
		rows = Transpose(values, t.Shape[0])
	}
	q, scale, err := plan.Round(t.Name, rows, t.Shape[p.axis()])
	if err != nil {
		return c, err
	}
	if p == matrix {
		q = Transpose(q, len(scale))
	}
	c.Bytes += len(scale) * F32.Size()
	c.compare(values, Dequantise(q, scale, t.Shape, p.axis()))
	if err := w.WriteInt8s(q); err != nil {
		return c, err
	}
	return c, w.WriteFloat32s(scale)
}

// Transpose turns a matrix of that many rows.
func Transpose[T any](values []T, rows int) []T {
	cols := len(values) / rows
	out := make([]T, len(values))
	for i, v := range values {
		out[i%cols*rows+i/cols] = v
	}
	return out
}

// halves is values as F16 holds them.
func halves(values []float32) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = FromF16(ToF16(v))
	}
	return out
}

// compare adds up what stored is off by.
func (c *Change) compare(values, stored []float32) {
	for i, v := range values {
		d := float64(v) - float64(stored[i])
		c.Energy += float64(v) * float64(v)
		c.Loss += d * d
	}
}
