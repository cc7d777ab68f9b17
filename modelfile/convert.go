package modelfile

import (
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"segmenter/modelfile/safetensors"
	"segmenter/quant"
)

// Report describes a conversion by [Convert].
type Report struct {
	Card    Card     // as written
	Changes []Change // one per parameter, in the order of the file
}

// Change describes what a parameter, or a group of them, lost in conversion.
type Change struct {
	Name     string
	DType    safetensors.DType // as stored
	Elements int
	Bytes    int     // as stored, with the scales
	Energy   float64 // sum of the squared values
	Loss     float64 // sum of the squared errors
}

// RelativeError returns the root mean square error, divided by the root mean
// square of the values.
func (c Change) RelativeError() float64 {
	if c.Energy == 0 {
		return 0
	}
	return math.Sqrt(c.Loss / c.Energy)
}

// Groups sums changes over the blocks of the network. A group holds one parameter
// of every block; its name has a star in place of the block's number.
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

// groupName replaces the number of a block by a star.
func groupName(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if _, err := strconv.Atoi(p); err == nil {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, ".")
}

// Convert reads a float model from src and writes its shipped form to dst (see
// the package documentation). Fields that card states override the source's; a
// zero Card overrides nothing. Memory holds one tensor at a time.
func Convert(dst io.Writer, src io.Reader, card Card, plan quant.Plan) (Report, error) {
	r, err := safetensors.NewReader(src)
	if err != nil {
		return Report{}, err
	}
	if isQuantised(r.Tensors()) {
		return Report{}, errors.New("the model is already quantised: convert the float file it came from")
	}
	card, table, err := describe(r, card)
	if err != nil {
		return Report{}, err
	}
	parameters := make([]*Parameter, len(r.Tensors()))
	for i, t := range r.Tensors() {
		parameters[i] = table.Lookup(t.Name)
	}
	report, err := convert(dst, card, parameters, func(*Parameter) ([]float32, error) {
		if _, err := r.Next(); err != nil { // the tensor of this parameter
			return nil, err
		}
		return r.Float32s()
	}, plan)
	if err != nil {
		return report, err
	}
	if _, err := r.Next(); err != io.EOF {
		return report, err
	}
	return report, nil
}

// Quantise writes the shipped form of a model whose values come from elsewhere than a model
// file. Memory holds one parameter at a time.
func Quantise(dst io.Writer, card Card, table *Table, values Values, plan quant.Plan) (Report, error) {
	return convert(dst, card, table.parameters, values, plan)
}

// convert writes the shipped form of parameters, in this order.
func convert(dst io.Writer, card Card, parameters []*Parameter, values Values, plan quant.Plan) (Report, error) {
	c := converter{plan: plan, report: Report{Card: card}}
	var shipped []safetensors.Tensor
	for _, p := range parameters {
		shipped = append(shipped, p.Shipped()...)
	}
	var err error
	if c.w, err = safetensors.NewWriter(dst, card.Metadata(), shipped); err != nil {
		return Report{}, err
	}
	for _, p := range parameters {
		list, err := values(p)
		if err != nil {
			return c.report, err
		}
		if err := c.convert(p, list); err != nil {
			return c.report, err
		}
	}
	return c.report, c.w.Close()
}

func isQuantised(tensors []safetensors.Tensor) bool {
	return slices.ContainsFunc(tensors, func(t safetensors.Tensor) bool { return t.DType == safetensors.I8 })
}

// converter writes float parameters to a shipped file.
type converter struct {
	w      *safetensors.Writer
	plan   quant.Plan
	report Report
}

// convert writes p, which has these values.
func (c *converter) convert(p *Parameter, values []float32) error {
	stored, err := c.write(p, values)
	if err != nil {
		return err
	}
	change := Change{Name: p.Name, DType: p.Shipped()[0].DType, Elements: len(values)}
	for _, t := range p.Shipped() {
		change.Bytes += t.Bytes()
	}
	change.compare(values, stored)
	c.report.Changes = append(c.report.Changes, change)
	return nil
}

// write writes the shipped form of p, and returns the values that it stands for.
func (c *converter) write(p *Parameter, values []float32) (stored []float32, err error) {
	if p.IsMatrix() {
		return c.writeMatrix(p, values)
	}
	if p.Role == Embedding {
		values = c.plan.RoundEmbedding(values)
	}
	return halves(values), c.w.WriteFloat32s(values)
}

func (c *converter) writeMatrix(p *Parameter, values []float32) (stored []float32, err error) {
	q, scale, err := c.plan.Round(p.Name, toRows(p, values), p.Outputs())
	if err != nil {
		return nil, err
	}
	q = fromRows(p, q)
	if err := c.w.WriteInt8s(q); err != nil {
		return nil, err
	}
	return quant.Dequantise(q, scale, p.Shape, p.OutputAxis()), c.w.WriteFloat32s(scale)
}

// halves returns the values rounded to F16.
func halves(values []float32) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = safetensors.FromF16(safetensors.ToF16(v))
	}
	return out
}

// compare adds the errors of the stored values.
func (c *Change) compare(values, stored []float32) {
	for i, v := range values {
		d := float64(v) - float64(stored[i])
		c.Energy += float64(v) * float64(v)
		c.Loss += d * d
	}
}
