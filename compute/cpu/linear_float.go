package cpu

import (
	"segmenter/compute"
	"segmenter/compute/internal/host"
)

// linear holds W and b packed for products of floats: the outputs in panels of
// panelWidth, each [in][panelWidth], so that a tile reads its weights
// sequentially. Zeros pad the last panel.
type linear struct {
	host.Freed
	out, in int
	panels  []float32
	bias    []float32
}

func (l *linear) In() int  { return l.in }
func (l *linear) Out() int { return l.out }

func newLinear(w compute.Weight, bias []float32) *linear {
	l := &linear{out: w.Out, in: w.In, panels: make([]float32, pad(w.Out, panelWidth)*w.In), bias: bias}
	if w.Float != nil {
		host.SameLength("NewLinear", w.Out*w.In, len(w.Float))
		packPanels(l.panels, w.Float, w.Out, w.In)
		return l
	}
	host.SameLength("NewLinear", w.Out*w.In, len(w.Int8))
	row := make([]float32, w.In)
	for o := range w.Out {
		for i := range row {
			row[i] = float32(w.Int8[o*w.In+i]) * w.Scale[o]
		}
		packRow(l.panels, row, o)
	}
	return l
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

// tile computes c = a·b on tileRows rows and panelWidth columns; tileAdd computes
// c += a·b. a is [tileRows][k] with stride lda, b [k][panelWidth] with stride ldb.
func tile(c []float32, ldc int, a []float32, lda int, b []float32, ldb, k int) {
	for r := range tileRows {
		clear(c[r*ldc:][:panelWidth])
	}
	tileAdd(c, ldc, a, lda, b, ldb, k)
}

// matmul computes the product of up to blockRows rows, a [rows][in], with
// panels. The result has pad(out, panelWidth) columns, and is valid until the
// next call.
func (d *Device) matmul(a, panels []float32, rows, in, out int) (product []float32, stride int) {
	stride = pad(out, panelWidth)
	product = d.product.get(blockRows * stride)
	whole := rows / tileRows * tileRows
	for p := 0; p < stride; p += panelWidth {
		panel := panels[p*in:][:in*panelWidth]
		for r := 0; r < whole; r += tileRows {
			tile(product[r*stride+p:], stride, a[r*in:], in, panel, panelWidth, in)
		}
	}
	if whole < rows { // a tile reads tileRows rows, more than a has left
		last := d.last.get(tileRows * in)
		copy(last, a[whole*in:rows*in])
		for p := 0; p < stride; p += panelWidth {
			tile(product[whole*stride+p:], stride, last, in, panels[p*in:][:in*panelWidth], panelWidth, in)
		}
	}
	return product, stride
}

func (l *linear) apply(d *Device, y, x []float32, rows int, accumulate bool) {
	product, stride := d.matmul(x, l.panels, rows, l.in, l.out)
	for r := range rows {
		row, sum := y[r*l.out:][:l.out], product[r*stride:]
		if accumulate {
			add(row, sum)
			add(row, l.bias)
		} else {
			addBias(row, sum, l.bias)
		}
	}
}

// MatMulT: see [compute.Device].
func (d *Device) MatMulT(dst, a, b compute.Tensor) {
	if d.Failed() {
		return
	}
	out, x, y := dst.(*host.Matrix), a.(*host.Matrix), b.(*host.Matrix)
	host.SameLength("MatMulT", x.Cols(), y.Cols())
	host.SameLength("MatMulT", x.Rows()*y.Rows(), len(out.Data))
	panels := d.panels.get(pad(y.Rows(), panelWidth) * y.Cols())
	clear(panels)
	packPanels(panels, y.Data, y.Rows(), y.Cols())
	for first := 0; first < x.Rows(); first += blockRows {
		rows := min(blockRows, x.Rows()-first)
		product, stride := d.matmul(x.Data[first*x.Cols():], panels, rows, x.Cols(), y.Rows())
		for r := range rows {
			copy(out.Row(first+r), product[r*stride:])
		}
	}
}
