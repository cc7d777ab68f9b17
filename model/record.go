package model

import (
	"math"

	"segmenter/compute"
	"segmenter/modelfile"
	"segmenter/quant"
)

// recorder is a device that sums up the moments of linear layers' inputs.
type recorder struct {
	compute.Device
	names   map[compute.Linear]string
	moments map[string]*quant.Moments
	done    map[string]bool // weights whose inputs are recorded for this photo
	rgb     []byte          // of the frame
	err     error
}

// record adds a layer's inputs, one token per row.
func (r *recorder) record(w compute.Linear, x []float32) {
	name, in := r.names[w], w.In()
	if r.done[name] { // the encoder runs again for the other decoder
		return
	}
	if r.done == nil {
		r.done = map[string]bool{}
	}
	r.done[name] = true
	m := r.moments[name]
	if m == nil {
		m = &quant.Moments{In: in, Sum: make([]float64, in*in)}
		r.moments[name] = m
	}
	// xᵀ·x, on the device because it is fast at products.
	channels, sum := r.tensor(in, len(x)/in), r.tensor(in, in)
	if r.err != nil {
		return
	}
	r.Write(channels, modelfile.Transpose(x, len(x)/in))
	r.MatMulT(sum, channels, channels)
	for i, v := range r.read(sum) {
		m.Sum[i] += float64(v)
	}
	channels.Free()
	sum.Free()
}

func (r *recorder) tensor(rows, cols int) compute.Tensor {
	t, err := r.NewTensor(rows, cols)
	r.keep(err)
	return t
}

func (r *recorder) read(t compute.Tensor) []float32 {
	values := make([]float32, t.Rows()*t.Cols())
	r.keep(r.Read(values, t))
	return values
}

func (r *recorder) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// WriteFrame keeps the picture for PatchEmbed.
func (r *recorder) WriteFrame(f compute.Frame, rgb []byte) {
	r.rgb = rgb
	r.Device.WriteFrame(f, rgb)
}

// PatchEmbed records flattened patches, the inputs of a linear layer.
func (r *recorder) PatchEmbed(dst compute.Tensor, f compute.Frame, v compute.View, window, first int, e compute.PatchEmbedding) {
	P, place, in := v.Patch, v.Window(window), e.Projection.In()
	patches := make([]float32, dst.Rows()*in)
	for i := range dst.Rows() {
		top, left := (first+i)/v.Cols()*P, (first+i)%v.Cols()*P
		for c := range 3 {
			for y := range min(P, v.WindowHeight-top) {
				for x := range min(P, v.WindowWidth-left) {
					b := r.rgb[((place.Top+top+y)*f.Width()+place.Left+left+x)*3+c]
					patches[((i*3+c)*P+y)*P+x] = (float32(b)/255 - e.Mean[c]) / e.Std[c]
				}
			}
		}
	}
	r.record(e.Projection, patches)
	r.Device.PatchEmbed(dst, f, v, window, first, e)
}

// Linear normalises in a step of its own, to record the result.
func (r *recorder) Linear(dst, x compute.Tensor, w compute.Linear, op compute.LinearOp) {
	if op.Norm != nil {
		normalised := r.tensor(x.Rows(), x.Cols())
		if r.err != nil {
			return
		}
		defer normalised.Free()
		r.LayerNorm(normalised, x, *op.Norm)
		x, op.Norm = normalised, nil
	}
	r.record(w, r.read(x))
	r.Device.Linear(dst, x, w, op)
}

// FeedForward runs in parts, to record the hidden layer.
func (r *recorder) FeedForward(x compute.Tensor, n compute.Norm, fc1, fc2 compute.Linear) {
	hidden := r.tensor(x.Rows(), fc1.Out())
	if r.err != nil {
		return
	}
	defer hidden.Free()
	r.Linear(hidden, x, fc1, compute.LinearOp{Norm: &n})
	values := r.read(hidden)
	for i, v := range values {
		values[i] = float32(float64(v) / 2 * (1 + math.Erf(float64(v)/math.Sqrt2)))
	}
	r.Write(hidden, values)
	r.Linear(x, hidden, fc2, compute.LinearOp{Add: true})
}
