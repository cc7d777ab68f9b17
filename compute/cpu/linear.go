package cpu

import (
	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// blockRows is how many tokens matmul takes at a time: enough to use a panel
// of weights often while it is in the first-level cache, few enough that a
// block's inputs and outputs (16 × 768 floats = 48 KB) stay in the second.
const blockRows = 16

// linear is W and b packed for matmul: the outputs in panels of panelWidth,
// each [in][panelWidth], so that a tile reads its weights one after another.
// The last panel is filled up with zeros.
type linear struct {
	out, in int
	panels  []float32
	bias    []float32
}

func (l *linear) In() int  { return l.in }
func (l *linear) Out() int { return l.out }

// NewLinear packs w for this device.
func (*Device) NewLinear(w compute.Weight, bias []float32) (compute.Linear, error) {
	host.SameLength("NewLinear", w.Out, len(bias))
	l := &linear{w.Out, w.In, make([]float32, pad(w.Out, panelWidth)*w.In), bias}
	if w.Float != nil {
		host.SameLength("NewLinear", w.Out*w.In, len(w.Float))
		packPanels(l.panels, w.Float, w.Out, w.In)
		return l, nil
	}
	host.SameLength("NewLinear", w.Out*w.In, len(w.Int8))
	row := make([]float32, w.In)
	for o := range w.Out {
		for i := range row {
			row[i] = float32(w.Int8[o*w.In+i]) * w.Scale[o]
		}
		packRow(l.panels, row, o)
	}
	return l, nil
}

// packPanels packs rows×cols values as panels of rows.
func packPanels(panels, values []float32, rows, cols int) {
	for r := range rows {
		packRow(panels, values[r*cols:][:cols], r)
	}
}

func packRow(panels, row []float32, r int) {
	panel := panels[r/panelWidth*panelWidth*len(row)+r%panelWidth:]
	for i, v := range row {
		panel[i*panelWidth] = v
	}
}

// matmul computes the product of up to blockRows rows, a [rows][in], with
// panels. The result has pad(out, panelWidth) columns, and is valid until the
// next call. a has to have room for pad(rows, tileRows) rows.
func (d *Device) matmul(a, panels []float32, rows, in, out int) (product []float32, stride int) {
	stride = pad(out, panelWidth)
	product = d.product.get(blockRows * stride)
	for p := 0; p < stride; p += panelWidth {
		panel := panels[p*in:][:in*panelWidth]
		for r := 0; r < rows; r += tileRows {
			tile(product[r*stride+p:], stride, a[r*in:], in, panel, panelWidth, in)
		}
	}
	return product, stride
}

// PatchEmbed: see [compute.Device].
func (d *Device) PatchEmbed(dst compute.Tensor, f compute.Frame, g compute.Grid, w compute.Linear, position compute.Tensor) {
	out, pos, l := dst.(*host.Matrix), position.(*host.Matrix), w.(*linear)
	host.SameLength("PatchEmbed", 3*g.Patch*g.Patch, l.in)
	n := newNormaliser(g)
	for first := 0; first < out.Rows(); first += blockRows {
		rows := min(blockRows, out.Rows()-first)
		patches := d.input.get(blockRows * l.in)
		for r := range rows {
			n.patch(patches[r*l.in:][:l.in], f.(*host.Frame), g, g.First+first+r)
		}
		product, stride := d.matmul(patches, l.panels, rows, l.in, l.out)
		for r := range rows {
			addBias(out.Row(first+r), product[r*stride:], l.bias)
			add(out.Row(first+r), pos.Row(first+r))
		}
	}
}

// normaliser turns the bytes of R, G and B into what the network expects.
type normaliser struct{ scale, shift [3]float32 }

func newNormaliser(g compute.Grid) (n normaliser) {
	for c := range 3 {
		n.scale[c] = 1 / (255 * g.Std[c])
		n.shift[c] = -g.Mean[c] / g.Std[c]
	}
	return n
}

// patch flattens and normalises the i-th patch of the grid.
func (n *normaliser) patch(dst []float32, f *host.Frame, g compute.Grid, i int) {
	top, left := i/g.Cols*g.Patch, i%g.Cols*g.Patch
	height, width := min(g.Patch, g.Height-top), min(g.Patch, g.Width-left)
	if height < g.Patch || width < g.Patch {
		clear(dst)
	}
	for c := range 3 {
		scale, shift := n.scale[c], n.shift[c]
		for y := range height {
			pixels := f.RGB[((g.Top+top+y)*f.Width()+g.Left+left)*3:][:width*3]
			row := dst[(c*g.Patch+y)*g.Patch:][:width]
			for x := range row {
				row[x] = float32(pixels[x*3+c])*scale + shift
			}
		}
	}
}

// Linear: see [compute.Device].
func (d *Device) Linear(dst, x compute.Tensor, w compute.Linear, op compute.LinearOp) {
	out, in, l := dst.(*host.Matrix), x.(*host.Matrix), w.(*linear)
	host.SameLength("Linear", l.in, in.Cols())
	host.SameLength("Linear", l.out, out.Cols())
	host.SameLength("Linear", in.Rows(), out.Rows())
	for first := 0; first < in.Rows(); first += blockRows {
		rows := min(blockRows, in.Rows()-first)
		a := d.rows(in, first, rows, op.Norm)
		product, stride := d.matmul(a, l.panels, rows, l.in, l.out)
		for r := range rows {
			y, sum := out.Row(first+r), product[r*stride:]
			if op.Add {
				add(y, sum)
				add(y, l.bias)
			} else {
				addBias(y, sum, l.bias)
			}
		}
	}
}

// FeedForward: see [compute.Device]. The hidden activations of a block of rows
// stay in the cache.
func (d *Device) FeedForward(x compute.Tensor, n compute.Norm, fc1, fc2 compute.Linear) {
	m, l1, l2 := x.(*host.Matrix), fc1.(*linear), fc2.(*linear)
	host.SameLength("FeedForward", l1.in, m.Cols())
	host.SameLength("FeedForward", l1.out, l2.in)
	host.SameLength("FeedForward", l2.out, m.Cols())
	for first := 0; first < m.Rows(); first += blockRows {
		rows := min(blockRows, m.Rows()-first)
		product, stride := d.matmul(d.rows(m, first, rows, &n), l1.panels, rows, l1.in, l1.out)
		hidden := d.hidden.get(blockRows * l1.out)
		for r := range rows {
			addBiasGELU(hidden[r*l1.out:][:l1.out], product[r*stride:], l1.bias)
		}
		product, stride = d.matmul(hidden, l2.panels, rows, l2.in, l2.out)
		for r := range rows {
			y := m.Row(first + r)
			add(y, product[r*stride:])
			add(y, l2.bias)
		}
	}
}

// rows returns rows of x as matmul takes them: normalised if asked for, and
// with room up to a multiple of tileRows.
func (d *Device) rows(x *host.Matrix, first, rows int, n *compute.Norm) []float32 {
	cols := x.Cols()
	if n == nil && rows%tileRows == 0 {
		return x.Data[first*cols:][:rows*cols]
	}
	a := d.input.get(blockRows * cols)
	if n == nil {
		copy(a, x.Data[first*cols:][:rows*cols])
		return a
	}
	weight, bias := n.Weight.(*host.Matrix).Data, n.Bias.(*host.Matrix).Data
	for r := range rows {
		normaliseRow(a[r*cols:][:cols], x.Row(first+r), weight, bias)
	}
	return a
}

// MatMulT: see [compute.Device].
func (d *Device) MatMulT(dst, a, b compute.Tensor) {
	out, x, y := dst.(*host.Matrix), a.(*host.Matrix), b.(*host.Matrix)
	host.SameLength("MatMulT", x.Cols(), y.Cols())
	host.SameLength("MatMulT", x.Rows()*y.Rows(), len(out.Data))
	panels := d.panels.get(pad(y.Rows(), panelWidth) * y.Cols())
	clear(panels)
	packPanels(panels, y.Data, y.Rows(), y.Cols())
	for first := 0; first < x.Rows(); first += blockRows {
		rows := min(blockRows, x.Rows()-first)
		product, stride := d.matmul(d.rows(x, first, rows, nil), panels, rows, x.Cols(), y.Rows())
		for r := range rows {
			copy(out.Row(first+r), product[r*stride:])
		}
	}
}
