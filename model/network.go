package model

import (
	"fmt"

	"segmenter/compute"
)

// network is the parameters of a model on a device. In comments, N is the
// number of patches, T that of tokens, D the width of a token, C the number of
// classes; of N and T a rank holds its share.
type network struct {
	patch compute.Linear // 3·P² → D
	norm  compute.Norm   // of the encoder's output
	// Kept on the host until the size of a frame is known:
	extra    []float32 // (E, D), the class token, and the distillation token of DeiT
	position []float32 // (E + g², D)

	names map[compute.Linear]string // of the weights

	encoder []block
	linear  compute.Linear // D → C, nil if the file has no such decoder
	mask    *maskTransformer
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

// builder uploads parameters and keeps the first error.
type builder struct {
	*Model
	device compute.Device
	names  map[compute.Linear]string
	err    error
}

func (b *builder) linear(name string) compute.Linear {
	return b.product(name+".weight", b.tensors[name+".bias"].float)
}

// product is a linear layer, without a bias if that is nil.
func (b *builder) product(name string, bias []float32) compute.Linear {
	w := b.matrix(name)
	if bias == nil {
		bias = make([]float32, w.Out)
	}
	l, err := b.device.NewLinear(w, bias)
	b.keep(err)
	b.names[l] = name
	return l
}

func (b *builder) constant(rows int, values []float32) compute.Tensor {
	t, err := b.device.NewTensor(rows, len(values)/rows)
	b.keep(err)
	if b.err == nil {
		b.device.Write(t, values)
	}
	return t
}

func (b *builder) norm(name string) compute.Norm {
	return compute.Norm{
		Weight: b.constant(1, b.tensors[name+".weight"].float),
		Bias:   b.constant(1, b.tensors[name+".bias"].float),
	}
}

func (b *builder) blocks(prefix string, n int) []block {
	list := make([]block, n)
	for i := range list {
		name := fmt.Sprintf("%s.blocks.%d.", prefix, i)
		list[i] = block{
			b.norm(name + "norm1"), b.linear(name + "attn.qkv"), b.linear(name + "attn.proj"),
			b.norm(name + "norm2"), b.linear(name + "mlp.fc1"), b.linear(name + "mlp.fc2"),
		}
	}
	return list
}

func (b *builder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// newNetwork uploads the model.
func newNetwork(m *Model, device compute.Device) (*network, error) {
	b := &builder{Model: m, device: device, names: map[compute.Linear]string{}}
	n := &network{
		names:    b.names,
		patch:    b.linear(patchEmbedding),
		norm:     b.norm("encoder.norm"),
		extra:    m.tensors["encoder.cls_token"].float,
		position: m.tensors["encoder.pos_embed"].float,
		encoder:  b.blocks("encoder", m.Architecture.Depth),
	}
	if m.Architecture.ExtraTokens == 2 {
		n.extra = append(n.extra[:len(n.extra):len(n.extra)], m.tensors["encoder.dist_token"].float...)
	}
	for _, d := range m.Decoders() {
		switch d {
		case Linear:
			n.linear = b.linear("linear.head")
		case Mask:
			n.mask = &maskTransformer{
				input:       b.linear("mask.proj_dec"),
				classes:     m.tensors["mask.cls_emb"].float,
				blocks:      b.blocks("mask", m.Architecture.DecoderDepth),
				norm:        b.norm("mask.decoder_norm"),
				projPatch:   b.product("mask.proj_patch", nil),
				projClasses: b.product("mask.proj_classes", nil),
				maskNorm:    b.norm("mask.mask_norm"),
			}
		}
	}
	return n, b.err
}

// encode runs the encoder (section 3.1) on a window of the frame. The result,
// p.features (N, D), is without the extra tokens.
func (p *pass) encode(window int) {
	if p.extra != nil {
		p.device.Copy(p.extraTokens, p.extra)
	}
	p.device.PatchEmbed(p.patchTokens, p.frame, p.view, window, p.firstPatch, p.embedding)
	for i := range p.network.encoder {
		p.encoder.block(p.device, &p.network.encoder[i], p.heads)
	}
	p.device.LayerNorm(p.features, p.patchTokens, p.network.norm)
}

// block runs a transformer block on x (T, D).
func (a *activations) block(device compute.Device, b *block, heads int) {
	device.Linear(a.qkv, a.x, b.qkv, compute.LinearOp{Norm: &b.norm1})
	device.Attention(a.attended, a.qkv, heads, a.share)
	device.Linear(a.x, a.attended, b.proj, compute.LinearOp{Add: true})
	device.FeedForward(a.x, b.norm2, b.fc1, b.fc2)
}

// decodeLinear scores every patch by itself.
func (p *pass) decodeLinear() {
	p.device.Linear(p.scores, p.features, p.network.linear, compute.LinearOp{})
}

// decodeMask lets patches and class embeddings attend to each other; a patch's
// score of a class is then the product of the two (section 3.2, eq. 3).
//
// The class embeddings are appended to the patches: to those of the last rank,
// which is alone in having any.
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
