package model

import (
	"slices"

	"segmenter/compute"
	"segmenter/modelfile"
)

// A pass holds the buffers of one rank for the frames of one plan. It makes them
// once.
type pass struct {
	device              compute.Device
	network             *network
	heads, decoderHeads int
	view                compute.View
	frame               compute.Frame
	mask                compute.Mask

	// encoder.x is patchTokens, then extraTokens. The official implementation
	// puts the extra tokens first. The order does not affect attention; this one
	// matches the decoder's.
	encoder                  activations
	extraTokens, patchTokens compute.Tensor
	embedding                compute.PatchEmbedding
	extra                    compute.Tensor // constants, with their position embeddings
	features                 compute.Tensor // (N, D)

	// decoder.x is decoderPatches, then decoderClasses.
	decoder                        activations
	decoderPatches, decoderClasses compute.Tensor
	classEmbeddings                compute.Tensor // constants
	patches, classes               compute.Tensor // (N, D), (C, D) in the space of scores
	allClasses                     compute.Tensor // (C, D), on every rank

	scores compute.Tensor // (N, C) of this rank's patches
	// For K classes taught, nil if there are none:
	taught   compute.Tensor // (N, K) by their rows
	rivals   compute.Tensor // (N, C) of the linear decoder beside the mask transformer, if there is one
	extended compute.Tensor // (N, C+K)

	allScores  compute.Tensor   // (windows·N, C+K) of all ranks
	windowRows []compute.Tensor // allScores, window by window
	smoothing  smoothing
	firstPatch int       // of this rank
	first      bool      // whether this is the first rank
	resized    []float32 // position embeddings for the view

	buffers []compute.Buffer // to free
}

// activations are the buffers of a transformer block.
type activations struct {
	x        compute.Tensor // (T, D)
	qkv      compute.Tensor // (T, 3D)
	attended compute.Tensor // (T, D)
	share    compute.Share  // of the tokens
}

// newPass makes the buffers of one rank.
func newPass(m *Model, n *network, device compute.Device, next plan) (*pass, error) {
	a, v, C := m.Architecture, next.view, len(m.Classes)
	D, patches := a.Width, v.Patches()
	index, count := device.Rank()
	first, last := compute.Band(patches, index, count, compute.TokenUnit)
	N, extra, classes := last-first, 0, 0
	if index == count-1 { // the tokens that are not patches come last
		extra, classes = a.ExtraTokens, C
	}
	p := &pass{device: device, network: n, view: v, heads: a.Heads, decoderHeads: a.DecoderHeads(), firstPatch: first, first: index == 0}
	b := &planner{pass: p}

	// The encoder and the decoder share buffers: they run one after the other.
	T := N + max(extra, classes)
	common := activations{x: b.tensor(T, D), qkv: b.tensor(T, 3*D), attended: b.tensor(T, D)}
	p.encoder = b.activations(common, N+extra, compute.Share{First: first, Total: patches + a.ExtraTokens})
	p.features = b.tensor(N, D)
	p.scores = b.tensor(N, C)
	p.allScores = b.tensor(v.Windows()*patches, C+next.further)
	if K := next.further; K > 0 {
		p.taught, p.extended = b.tensor(N, K), b.tensor(N, C+K)
		if n.mask != nil && n.linear != nil {
			p.rivals = b.tensor(N, C)
		}
	}
	if n.mask != nil {
		p.decoder = b.activations(common, N+classes, compute.Share{First: first, Total: patches + C})
		p.patches, p.classes = b.tensor(N, D), b.tensor(classes, D)
		p.allClasses = b.tensor(C, D)
		p.classEmbeddings = b.tensor(classes, D)
	}
	p.embedding = compute.PatchEmbedding{
		Projection: n.patch,
		Position:   b.tensor(N, D),
		Mean:       m.Normalisation.Mean, Std: m.Normalisation.Std,
	}
	if extra > 0 {
		p.extra = b.tensor(extra, D)
	}
	p.frame = b.picture(v.Height, v.Width)
	p.mask = b.mask(next.maskHeight, next.maskWidth)
	if b.err != nil {
		p.free()
		return nil, b.err
	}

	p.patchTokens, p.extraTokens = p.encoder.x.Slice(0, N), p.encoder.x.Slice(N, N+extra)
	if n.mask != nil {
		p.decoderPatches, p.decoderClasses = p.decoder.x.Slice(0, N), p.decoder.x.Slice(N, N+classes)
	}
	p.writeEmbeddings(a)
	for w := range v.Windows() {
		p.windowRows = append(p.windowRows, p.allScores.Slice(w*patches, (w+1)*patches))
	}
	return p, nil
}

// writeEmbeddings writes the constants of the pass: tokens that are not patches, and
// what is added to patches.
func (p *pass) writeEmbeddings(a modelfile.Architecture) {
	n, D, first := p.network, a.Width, (a.ExtraTokens+p.firstPatch)*a.Width
	p.resized = resizePosition(p.resized[:0], n.position, a.ExtraTokens, a.Grid, p.view.Rows(), p.view.Cols(), D)
	p.device.Write(p.embedding.Position, p.resized[first:][:p.embedding.Position.Rows()*D])
	if p.extra != nil {
		tokens := p.resized[:len(n.extra)]
		for i, v := range n.extra {
			tokens[i] += v
		}
		p.device.Write(p.extra, tokens)
	}
	if n.mask != nil {
		p.device.Write(p.classEmbeddings, n.mask.classes[:p.classEmbeddings.Rows()*D])
	}
}

// planner makes the buffers of a pass and keeps the first error.
type planner struct {
	*pass
	err error
}

func (b *planner) tensor(rows, cols int) compute.Tensor {
	if b.err != nil {
		return nil
	}
	t, err := b.device.NewTensor(rows, cols)
	b.keep(t, err)
	return t
}

// activations returns the first tokens of common.
func (b *planner) activations(common activations, tokens int, share compute.Share) activations {
	if b.err != nil {
		return activations{}
	}
	return activations{common.x.Slice(0, tokens), common.qkv.Slice(0, tokens), common.attended.Slice(0, tokens), share}
}

func (b *planner) picture(height, width int) compute.Frame {
	if b.err != nil {
		return nil
	}
	f, err := b.device.NewFrame(height, width)
	b.keep(f, err)
	return f
}

func (b *planner) mask(height, width int) compute.Mask {
	if b.err != nil {
		return nil
	}
	m, err := b.device.NewMask(height, width)
	b.keep(m, err)
	return m
}

func (b *planner) keep(buffer compute.Buffer, err error) {
	if err == nil {
		b.buffers = append(b.buffers, buffer)
	} else if b.err == nil {
		b.err = err
	}
}

// runWindow runs the network on a window, and puts its scores into allScores.
func (p *pass) runWindow(i int, d Decoder) {
	p.encode(i)
	if d == Linear {
		p.decodeLinear()
	} else {
		p.decodeMask()
	}
	scores := p.scores
	if p.extended != nil {
		p.decodeTaught(d)
		scores = p.extended
	}
	p.device.Gather(p.windowRows[i], scores, p.firstPatch)
}

func (p *pass) free() {
	for _, b := range p.buffers {
		b.Free()
	}
}

// ResizePosition fits the position embeddings (extra + grid², D) to rows×cols
// patches, bilinearly, as the official implementation does
// (segm/model/utils.py, resize_pos_embed). Those of extra tokens stay the same. The
// result is (extra + rows·cols, D), or embedding itself if the grid fits.
func ResizePosition(embedding []float32, extra, grid, rows, cols, D int) []float32 {
	if rows == grid && cols == grid {
		return embedding
	}
	return resizePosition(nil, embedding, extra, grid, rows, cols, D)
}

// resizePosition appends the result of [ResizePosition] to out.
func resizePosition(out, embedding []float32, extra, grid, rows, cols, D int) []float32 {
	if rows == grid && cols == grid {
		return append(out, embedding...)
	}
	out = slices.Grow(append(out, embedding[:extra*D]...), rows*cols*D)
	at := func(row, col int) []float32 { return embedding[(extra+row*grid+col)*D:][:D] }
	for y := range rows {
		top, bottom, down := compute.Bilinear(y, float32(grid)/float32(rows), grid)
		for x := range cols {
			left, right, across := compute.Bilinear(x, float32(grid)/float32(cols), grid)
			a, b, c, d := at(top, left), at(top, right), at(bottom, left), at(bottom, right)
			out = out[:len(out)+D]
			token := out[len(out)-D:]
			for i := range token {
				upper := a[i]*(1-across) + b[i]*across
				lower := c[i]*(1-across) + d[i]*across
				token[i] = upper*(1-down) + lower*down
			}
		}
	}
	return out
}
