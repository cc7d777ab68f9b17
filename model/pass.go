package model

import "segmenter/compute"

// shape is what the buffers of a pass depend on.
type shape struct {
	frameHeight, frameWidth   int // what the network sees, in pixels
	windowHeight, windowWidth int // the frame, or a window of it
	windows                   int
	maskHeight, maskWidth     int // the photo
}

// rows and cols are the patches of a window.
func (s shape) rows(patch int) int { return (s.windowHeight + patch - 1) / patch }
func (s shape) cols(patch int) int { return (s.windowWidth + patch - 1) / patch }

// pass is what one rank needs for frames of one shape: all its buffers, planned
// once.
type pass struct {
	device              compute.Device
	network             *network
	heads, decoderHeads int
	grid                compute.Grid
	frame               compute.Frame
	pixels              compute.Mask

	// The encoder's tokens: those of encoder.x are patchTokens and extraTokens.
	// (The official implementation has the extra tokens first. To attention,
	// the order is nothing; here it is that of the decoder.)
	encoder                  activations
	extraTokens, patchTokens compute.Tensor
	extra, position          compute.Tensor // constants, with the position embeddings
	features                 compute.Tensor // (N, D)

	// The mask transformer's tokens: those of decoder.x.
	decoder                        activations
	decoderPatches, decoderClasses compute.Tensor
	classEmbeddings                compute.Tensor // constants
	patches, classes               compute.Tensor // (N, D), (C, D) in the space of scores
	allClasses                     compute.Tensor // (C, D), on every rank

	scores     compute.Tensor   // (N, C) of this rank's patches
	allScores  compute.Tensor   // (windows·N, C) of all ranks
	windowRows []compute.Tensor // allScores, window by window
	calm       calm
	firstPatch int  // of this rank
	first      bool // whether this is the first rank

	made []any
}

// activations is the buffers of a transformer block.
type activations struct {
	x        compute.Tensor // (T, D)
	qkv      compute.Tensor // (T, 3D)
	attended compute.Tensor // (T, D)
	share    compute.Share  // which tokens these are
}

// newPass makes the buffers of one rank.
func newPass(m *Model, n *network, device compute.Device, s shape) (*pass, error) {
	a, C := m.Architecture, len(m.Classes)
	D, rows, cols := a.Width, s.rows(a.Patch), s.cols(a.Patch)
	index, count := device.Rank()
	first, last := compute.Band(rows*cols, index, count, compute.TokenUnit)
	N, extra, classes := last-first, 0, 0
	if index == count-1 { // the tokens that are no patches come last
		extra, classes = a.ExtraTokens, C
	}
	p := &pass{device: device, network: n, heads: a.Heads, decoderHeads: a.DecoderHeads(), firstPatch: first, first: index == 0}
	p.grid = compute.Grid{
		Patch: a.Patch, Rows: rows, Cols: cols, First: first, Height: s.windowHeight, Width: s.windowWidth,
		Mean: m.Normalisation.Mean, Std: m.Normalisation.Std,
	}
	b := &planner{pass: p}

	// Encoder and decoder run one after the other, in the same buffers.
	T := N + max(extra, classes)
	common := activations{x: b.tensor(T, D), qkv: b.tensor(T, 3*D), attended: b.tensor(T, D)}
	p.encoder = b.activations(common, N+extra, compute.Share{First: first, Total: rows*cols + a.ExtraTokens})
	p.features = b.tensor(N, D)
	p.scores = b.tensor(N, C)
	p.allScores = b.tensor(s.windows*rows*cols, C)
	if n.mask != nil {
		p.decoder = b.activations(common, N+classes, compute.Share{First: first, Total: rows*cols + C})
		p.patches, p.classes = b.tensor(N, D), b.tensor(classes, D)
		p.allClasses = b.tensor(C, D)
		p.classEmbeddings = b.constant(n.mask.classes[:classes*D], D)
	}
	position := ResizePosition(n.position, a.ExtraTokens, a.Grid, rows, cols, D)
	p.position = b.constant(position[(a.ExtraTokens+first)*D:(a.ExtraTokens+last)*D], D)
	if extra > 0 {
		tokens := make([]float32, extra*D)
		for i, v := range n.extra {
			tokens[i] = v + position[i]
		}
		p.extra = b.constant(tokens, D)
	}
	b.frame(s)
	if b.err != nil {
		p.free()
		return nil, b.err
	}

	p.patchTokens, p.extraTokens = p.encoder.x.Slice(0, N), p.encoder.x.Slice(N, N+extra)
	if n.mask != nil {
		p.decoderPatches, p.decoderClasses = p.decoder.x.Slice(0, N), p.decoder.x.Slice(N, N+classes)
	}
	for w := range s.windows {
		p.windowRows = append(p.windowRows, p.allScores.Slice(w*rows*cols, (w+1)*rows*cols))
	}
	return p, nil
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

func (b *planner) constant(values []float32, cols int) compute.Tensor {
	t := b.tensor(len(values)/cols, cols)
	if b.err == nil {
		b.device.Write(t, values)
	}
	return t
}

// activations is the first tokens of common.
func (b *planner) activations(common activations, tokens int, share compute.Share) activations {
	if b.err != nil {
		return activations{}
	}
	return activations{common.x.Slice(0, tokens), common.qkv.Slice(0, tokens), common.attended.Slice(0, tokens), share}
}

func (b *planner) frame(s shape) {
	if b.err != nil {
		return
	}
	b.pass.frame = b.picture(s.frameHeight, s.frameWidth)
	var err error
	b.pixels, err = b.device.NewMask(s.maskHeight, s.maskWidth)
	b.keep(b.pixels, err)
}

func (b *planner) picture(height, width int) compute.Frame {
	if b.err != nil {
		return nil
	}
	f, err := b.device.NewFrame(height, width)
	b.keep(f, err)
	return f
}

func (b *planner) keep(handle any, err error) {
	if err == nil {
		b.made = append(b.made, handle)
	} else if b.err == nil {
		b.err = err
	}
}

// window runs the network on one window and leaves its scores in allScores.
func (p *pass) window(i int, at compute.Point, d Decoder) {
	p.encode(p.frame, at)
	if d == Linear {
		p.decodeLinear()
	} else {
		p.decodeMask()
	}
	p.device.Gather(p.windowRows[i], p.scores, p.firstPatch)
}

// free gives the buffers back.
func (p *pass) free() {
	for _, handle := range p.made {
		p.device.Free(handle)
	}
}

// ResizePosition fits the position embeddings (extra + grid², D) to rows×cols
// patches, bilinearly, as the official implementation does
// (segm/model/utils.py, resize_pos_embed); the extra tokens' stay. The result,
// (extra + rows·cols, D), is embedding itself where the grid fits.
func ResizePosition(embedding []float32, extra, grid, rows, cols, D int) []float32 {
	if rows == grid && cols == grid {
		return embedding
	}
	out := append([]float32(nil), embedding[:extra*D]...)
	at := func(row, col int) []float32 { return embedding[(extra+row*grid+col)*D:][:D] }
	for y := range rows {
		top, bottom, down := compute.Bilinear(y, float32(grid)/float32(rows), grid)
		for x := range cols {
			left, right, across := compute.Bilinear(x, float32(grid)/float32(cols), grid)
			for i := range D {
				upper := at(top, left)[i]*(1-across) + at(top, right)[i]*across
				lower := at(bottom, left)[i]*(1-across) + at(bottom, right)[i]*across
				out = append(out, upper*(1-down)+lower*down)
			}
		}
	}
	return out
}
