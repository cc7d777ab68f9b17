package cpu

import (
	"segmenter/compute"
	"segmenter/compute/cpu/kernel"
	"segmenter/compute/internal/host"
)

// linear8 holds W and b packed for products of bytes. Zeros pad the last panel and
// the inputs of each output.
type linear8 struct {
	host.Freed
	out, in int
	panels  []byte
	run     int // of panels
}

func (l *linear8) In() int  { return l.in }
func (l *linear8) Out() int { return l.out }

// width is the number of outputs of all panels.
func (l *linear8) width() int { return pad(l.out, kernel.PanelWidth) }

func newLinear8(w compute.Weight, bias []float32) *linear8 {
	host.SameLength("NewLinear", w.Out*w.In, len(w.Int8))
	inputs, outputs := pad(w.In, kernel.Unit), pad(w.Out, kernel.Group)
	size := kernel.PanelBytes(inputs)
	l := &linear8{out: w.Out, in: w.In, panels: make([]byte, outputs/kernel.PanelWidth*size)}
	padded := make([]int8, kernel.Group*inputs)
	for first := 0; first < outputs; first += kernel.Group {
		rows := padded
		if w.In == inputs && first+kernel.Group <= w.Out {
			rows = w.Int8[first*w.In:]
		} else {
			clear(rows)
			for r := range min(kernel.Group, w.Out-first) {
				copy(rows[r*inputs:], w.Int8[(first+r)*w.In:][:w.In])
			}
		}
		kernel.PackPanels(l.panels[first/kernel.PanelWidth*size:], rows, inputs, inputs)
	}
	l.panels = l.panels[:l.width()/kernel.PanelWidth*size]
	for o := range w.Out {
		kernel.SetScale(l.panels[o/kernel.PanelWidth*size:], o%kernel.PanelWidth, w.Scale[o], bias[o])
	}
	l.run = kernel.Run(l.panels, inputs)
	return l
}

// bytes8 holds a block of quantised rows.
type bytes8 struct {
	stride int // bytes of a row, a multiple of kernel.Unit
	data   []byte
	rows   [blockRows]kernel.Row
}

// quantise quantises rows of n values, ldx apart.
func (b *bytes8) quantise(x []float32, ldx, rows, n int) {
	b.stride = pad(n, kernel.Unit)
	b.data = grow(&b.data, blockRows*b.stride)
	kernel.Quantise(b.data, b.stride, x, ldx, n, b.rows[:rows])
}

func (l *linear8) apply(d *Device, c, x []float32, rows int, accumulate bool) {
	a := &d.bytes8
	a.quantise(x, l.in, rows, l.in)
	inputs := a.stride
	whole := 0 // rows that fill tiles, so that MatMul can write straight to c
	if l.out == l.width() {
		whole = rows / kernel.TileRows * kernel.TileRows
	}
	if whole > 0 {
		kernel.MatMul(c, l.out, a.data, inputs, a.rows[:whole], l.panels, inputs, l.run, accumulate)
	}
	if whole == rows {
		return
	}
	rest := pad(rows-whole, kernel.TileRows)
	product := d.product.get(rest * l.width())
	kernel.MatMul(product, l.width(), a.data[whole*inputs:], inputs, a.rows[whole:][:rest], l.panels, inputs, l.run, false)
	for r := range rows - whole {
		y := c[(whole+r)*l.out:][:l.out]
		if accumulate {
			add(y, product[r*l.width():])
		} else {
			copy(y, product[r*l.width():])
		}
	}
}
