package cpu

import (
	"segmenter/compute"
	"segmenter/compute/cpu/kernel"
	"segmenter/compute/internal/host"
)

// blockRows is the number of tokens that linear layers take at a time: few enough
// for a block's activations to stay in the L2 cache (48 × 768 floats = 147 KB),
// enough to reuse a panel of weights often while it is in the L1 cache.
const blockRows = 8 * kernel.TileRows

// A layer is a linear layer in one of the two arithmetics.
type layer interface {
	compute.Linear
	// apply computes y = x·Wᵀ + b for a block of rows, or adds that to y.
	apply(d *Device, y, x []float32, rows int, add bool)
}

// Linear: see [compute.Device].
func (d *Device) Linear(dst, x compute.Tensor, w compute.Linear, op compute.LinearOp) {
	if d.Failed() {
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
	if d.Failed() {
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
func (d *Device) PatchEmbed(dst compute.Tensor, f compute.Frame, v compute.View, window, first int, e compute.PatchEmbedding) {
	if d.Failed() {
		return
	}
	out, pos, l := dst.(*host.Matrix), e.Position.(*host.Matrix), e.Projection.(layer)
	host.SameLength("PatchEmbed", 3*v.Patch*v.Patch, l.In())
	host.SameLength("PatchEmbed", l.Out(), out.Cols())
	host.SameLength("PatchEmbed", len(out.Data), len(pos.Data))
	copy(out.Data, pos.Data)
	p := newPatches(f.(*host.Frame), v, window, e)
	for row := 0; row < out.Rows(); row += blockRows {
		rows := min(blockRows, out.Rows()-row)
		inputs := d.input.get(blockRows * l.In())
		for r := range rows {
			p.flatten(inputs[r*l.In():][:l.In()], first+row+r)
		}
		l.apply(d, out.Data[row*l.Out():], inputs, rows, true)
	}
}

// NewLinear packs w for this device.
func (d *Device) NewLinear(w compute.Weight, bias []float32) (compute.Linear, error) {
	host.SameLength("NewLinear", w.Out, len(bias))
	if w.Float == nil && d.arithmetic == compute.Int8 {
		return newLinear8(w, bias), nil
	}
	return newLinear(w, bias), nil
}

// patches flattens the patches of one window of a frame. It normalises a channel
// to byte·scale + shift.
type patches struct {
	frame        *host.Frame
	view         compute.View
	place        compute.Point // of the window
	cols         int
	scale, shift [3]float32
}

func newPatches(f *host.Frame, v compute.View, window int, e compute.PatchEmbedding) patches {
	p := patches{frame: f, view: v, place: v.Window(window), cols: v.Cols()}
	for c := range 3 {
		p.scale[c] = 1 / (255 * e.Std[c])
		p.shift[c] = -e.Mean[c] / e.Std[c]
	}
	return p
}

// flatten flattens and normalises the i-th patch.
func (p *patches) flatten(dst []float32, i int) {
	side := p.view.Patch
	top, left := i/p.cols*side, i%p.cols*side
	height, width := min(side, p.view.WindowHeight-top), min(side, p.view.WindowWidth-left)
	if height < side || width < side {
		clear(dst)
	}
	for c := range 3 {
		scale, shift := p.scale[c], p.shift[c]
		for y := range height {
			pixels := p.frame.RGB[((p.place.Top+top+y)*p.frame.Width()+p.place.Left+left)*3:][:width*3]
			row := dst[(c*side+y)*side:][:width]
			for x := range row {
				row[x] = float32(pixels[x*3+c])*scale + shift
			}
		}
	}
}
