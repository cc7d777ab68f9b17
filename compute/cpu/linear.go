package cpu

import (
	"segmenter/compute"
	"segmenter/compute/cpu/kernel"
	"segmenter/compute/internal/host"
)

// blockRows is how many tokens the linear layers take at a time: few enough that
// a block's activations stay in the second-level cache (48 × 768 floats = 147
// KB), enough to use a panel of weights often while it is in the first.
const blockRows = 8 * kernel.TileRows

// A layer is a linear layer in the numbers that it computes in.
type layer interface {
	compute.Linear
	// apply computes y = x·Wᵀ + b for a block of rows, or adds that to y.
	apply(d *Device, y, x []float32, rows int, add bool)
}

// Linear: see [compute.Device].
func (d *Device) Linear(dst, x compute.Tensor, w compute.Linear, op compute.LinearOp) {
	if d.err != nil {
		return
	}
	out, in, l := dst.(*host.Matrix), x.(*host.Matrix), w.(layer)
	host.SameLength("Linear", l.In(), in.Cols())
	host.SameLength("Linear", l.Out(), out.Cols())
	host.SameLength("Linear", in.Rows(), out.Rows())
	for first := 0; first < in.Rows(); first += blockRows {
		rows := min(blockRows, in.Rows()-first)
		block := in.Data[first*l.In():][:rows*l.In()]
		if op.Norm != nil {
			block = d.normalise(block, *op.Norm)
		}
		l.apply(d, out.Data[first*l.Out():], block, rows, op.Add)
	}
}

// FeedForward: see [compute.Device]. The hidden activations of a block of rows
// stay in the cache.
func (d *Device) FeedForward(x compute.Tensor, n compute.Norm, fc1, fc2 compute.Linear) {
	if d.err != nil {
		return
	}
	m, l1, l2 := x.(*host.Matrix), fc1.(layer), fc2.(layer)
	host.SameLength("FeedForward", l1.In(), m.Cols())
	host.SameLength("FeedForward", l1.Out(), l2.In())
	host.SameLength("FeedForward", l2.Out(), m.Cols())
	hidden := d.hidden.get(blockRows * l1.Out())
	for first := 0; first < m.Rows(); first += blockRows {
		rows := min(blockRows, m.Rows()-first)
		block := m.Data[first*m.Cols():][:rows*m.Cols()]
		l1.apply(d, hidden, d.normalise(block, n), rows, false)
		d.gelu(hidden[:rows*l1.Out()])
		l2.apply(d, block, hidden, rows, true)
	}
}

// PatchEmbed: see [compute.Device].
func (d *Device) PatchEmbed(dst compute.Tensor, f compute.Frame, g compute.Grid, w compute.Linear, position compute.Tensor) {
	out, pos, l := dst.(*host.Matrix), position.(*host.Matrix), w.(layer)
	host.SameLength("PatchEmbed", 3*g.Patch*g.Patch, l.In())
	host.SameLength("PatchEmbed", l.Out(), out.Cols())
	host.SameLength("PatchEmbed", len(out.Data), len(pos.Data))
	copy(out.Data, pos.Data)
	n := newNormaliser(g)
	for first := 0; first < out.Rows(); first += blockRows {
		rows := min(blockRows, out.Rows()-first)
		patches := d.input.get(blockRows * l.In())
		for r := range rows {
			n.patch(patches[r*l.In():][:l.In()], f.(*host.Frame), g, g.First+first+r)
		}
		l.apply(d, out.Data[first*l.Out():], patches, rows, true)
	}
}

// NewLinear packs w for this device.
func (d *Device) NewLinear(w compute.Weight, bias []float32) (compute.Linear, error) {
	host.SameLength("NewLinear", w.Out, len(bias))
	if w.Float == nil && d.arithmetic == Int8 {
		return newLinear8(w, bias), nil
	}
	return newLinear(w, bias), nil
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
