package model

import (
	"slices"

	"segmenter/compute"
	"segmenter/modelfile"
)

// network holds the parameters of a model on a device. In comments, N is the number
// of patches, T the number of tokens, D the width of a token and C the number of
// classes; a rank holds its share of N and T.
type network struct {
	patch compute.Linear // 3·P² → D
	norm  compute.Norm   // of the encoder's output
	// On the host until the size of a frame is known:
	extra    []float32 // (E, D), the class token, and DeiT's distillation token
	position []float32 // (E + g², D)

	layers  []uploadedLayer
	vectors []uploadedVector

	encoder []block
	linear  compute.Linear // D → C, nil if the file has no such decoder
	mask    *maskTransformer
	taught  compute.Linear // D → the classes taught, nil if there are none
}

// further is the number of classes taught.
func (n *network) further() int {
	if n.taught == nil {
		return 0
	}
	return n.taught.Out()
}

// block is a pre-norm transformer block (section 3.1, eq. 1 and 2).
type block struct {
	norm1     compute.Norm
	qkv, proj compute.Linear // D → 3D, D → D
	norm2     compute.Norm
	fc1, fc2  compute.Linear // D → 4D → D
}

// maskTransformer is the decoder of section 3.2.
type maskTransformer struct {
	input                  compute.Linear // D → D
	classes                []float32      // (C, D), the class embeddings
	blocks                 []block
	norm                   compute.Norm
	projPatch, projClasses compute.Linear // D → D
	maskNorm               compute.Norm   // over C
}

// uploadedLayer says what a layer on the device was made from.
type uploadedLayer struct {
	modelfile.LinearLayer
	on compute.Linear
}

// uploadedVector says the same of the gain or bias of a norm.
type uploadedVector struct {
	*modelfile.Parameter
	on compute.Tensor
}

// builder uploads parameters and keeps the first error.
type builder struct {
	model   *Model
	device  compute.Device
	layers  []uploadedLayer
	vectors []uploadedVector
	err     error
}

func (b *builder) linear(l modelfile.LinearLayer) compute.Linear {
	weight, bias := compute.Weight(b.model.Matrix(l.Weight)), b.model.Floats(l.Bias)
	if bias == nil {
		bias = make([]float32, weight.Out)
	}
	made, err := b.device.NewLinear(weight, bias)
	b.keep(err)
	b.layers = append(b.layers, uploadedLayer{l, made})
	return made
}

func (b *builder) norm(n modelfile.Norm) compute.Norm {
	return compute.Norm{Weight: b.vector(n.Gain), Bias: b.vector(n.Bias)}
}

func (b *builder) vector(p *modelfile.Parameter) compute.Tensor {
	t, err := b.device.NewTensor(1, p.Elements())
	b.keep(err)
	if b.err == nil {
		b.device.Write(t, b.model.Floats(p))
	}
	b.vectors = append(b.vectors, uploadedVector{p, t})
	return t
}

func (b *builder) blocks(list []modelfile.Block) []block {
	made := make([]block, len(list))
	for i, l := range list {
		made[i] = block{b.norm(l.Norm1), b.linear(l.QKV), b.linear(l.Proj), b.norm(l.Norm2), b.linear(l.FC1), b.linear(l.FC2)}
	}
	return made
}

func (b *builder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// newNetwork uploads the model.
func newNetwork(m *Model, device compute.Device) (*network, error) {
	b := &builder{model: m, device: device}
	n := &network{
		patch:    b.linear(m.Encoder.PatchEmbedding),
		norm:     b.norm(m.Encoder.Norm),
		extra:    slices.Concat(m.Floats(m.Encoder.ClassToken), m.Floats(m.Encoder.DistillationToken)),
		position: m.Floats(m.Encoder.Position),
		encoder:  b.blocks(m.Encoder.Blocks),
	}
	if m.Linear != nil {
		n.linear = b.linear(*m.Linear)
	}
	if d := m.Mask; d != nil {
		n.mask = &maskTransformer{
			input:       b.linear(d.Input),
			classes:     m.Floats(d.ClassEmbeddings),
			blocks:      b.blocks(d.Blocks),
			norm:        b.norm(d.Norm),
			projPatch:   b.linear(d.PatchProjection),
			projClasses: b.linear(d.ClassProjection),
			maskNorm:    b.norm(d.ScoreNorm),
		}
	}
	n.layers, n.vectors = b.layers, b.vectors
	return n, b.err
}

// encode runs the encoder (section 3.1) on a window of the frame. The result,
// p.features (N, D), leaves out the extra tokens.
func (p *pass) encode(window int) {
	p.embed(window)
	p.encodeBlocks(len(p.network.encoder))
	p.device.LayerNorm(p.features, p.patchTokens, p.network.norm)
}

// embed makes the tokens of a window.
func (p *pass) embed(window int) {
	if p.extra != nil {
		p.device.Copy(p.extraTokens, p.extra)
	}
	p.device.PatchEmbed(p.patchTokens, p.frame, p.view, window, p.firstPatch, p.embedding)
}

// encodeBlocks runs the first n blocks of the encoder.
func (p *pass) encodeBlocks(n int) {
	for i := range n {
		p.encoder.block(p.device, &p.network.encoder[i], p.heads)
	}
}

// block runs a transformer block on x (T, D).
func (a *activations) block(device compute.Device, b *block, heads int) {
	a.project(device, b)
	device.Attention(a.attended, a.qkv, heads, a.share)
	device.Linear(a.x, a.attended, b.proj, compute.LinearOp{Add: true})
	device.FeedForward(a.x, b.norm2, b.fc1, b.fc2)
}

// project makes a block's queries, keys and values.
func (a *activations) project(device compute.Device, b *block) {
	device.Linear(a.qkv, a.x, b.qkv, compute.LinearOp{Norm: &b.norm1})
}

// decodeLinear scores each patch on its own.
func (p *pass) decodeLinear() {
	p.device.Linear(p.scores, p.features, p.network.linear, compute.LinearOp{})
}

// decodeMask lets patches and class embeddings attend to each other. The product of
// the two is then a patch's score of a class (section 3.2, eq. 3).
//
// The class embeddings follow the patches. Only the last rank has any.
func (p *pass) decodeMask() {
	m := p.network.mask
	p.device.Linear(p.decoderPatches, p.features, m.input, compute.LinearOp{})
	p.device.Copy(p.decoderClasses, p.classEmbeddings)
	for i := range m.blocks {
		p.decoder.block(p.device, &m.blocks[i], p.decoderHeads)
	}
	p.device.LayerNorm(p.decoder.x, p.decoder.x, m.norm)
	p.device.Linear(p.patches, p.decoderPatches, m.projPatch, compute.LinearOp{})
	p.device.Linear(p.classes, p.decoderClasses, m.projClasses, compute.LinearOp{})
	p.device.L2Normalize(p.patches)
	p.device.L2Normalize(p.classes)
	p.device.Gather(p.allClasses, p.classes, 0)
	p.device.MatMulT(p.scores, p.patches, p.allClasses)
	p.device.LayerNorm(p.scores, p.scores, m.maskNorm)
}

// decodeTaught scores taught classes, whose rows are of the linear decoder. With the mask
// transformer, too, they have to beat the linear decoder's classes. The result is p.extended.
func (p *pass) decodeTaught(d Decoder) {
	rivals := p.scores
	if d == Mask {
		rivals = p.rivals
		if rivals != nil {
			p.device.Linear(rivals, p.features, p.network.linear, compute.LinearOp{})
		}
	}
	p.device.Linear(p.taught, p.features, p.network.taught, compute.LinearOp{})
	p.device.Extend(p.extended, p.scores, p.taught, rivals)
}
