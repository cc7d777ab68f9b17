package modelfile

import (
	"iter"
	"slices"
	"strconv"

	"segmenter/modelfile/safetensors"
)

// HeadWidth is the number of channels of an attention head. It holds for every
// mask transformer, and for the encoder of a file that states no number of heads.
const HeadWidth = 64

// Role is the use of a parameter in the network. It decides how a file stores the
// parameter.
type Role int

const (
	Weight     Role = iota // (out, in…): multiplies, x·Wᵀ
	Projection             // (in, out): multiplies without a transpose, x·M
	Bias                   // (channels): added by a linear layer or a norm
	Gain                   // (channels): multiplies normalised values
	Embedding              // (1, tokens, D): tokens, or vectors added to tokens
)

// Parameter is a tensor of the network. It belongs to a [Table]; do not change it.
type Parameter struct {
	Name  string
	Role  Role
	Shape []int
}

// Elements returns the number of values.
func (p *Parameter) Elements() int { return p.Tensor(safetensors.F32).Elements() }

// IsMatrix reports whether the parameter is the matrix of a linear layer, which
// files may store as int8.
func (p *Parameter) IsMatrix() bool { return p.Role == Weight || p.Role == Projection }

// OutputAxis returns the axis of a matrix's output channels.
func (p *Parameter) OutputAxis() int {
	if p.Role == Projection {
		return 1
	}
	return 0
}

// Outputs returns the number of output channels of a matrix.
func (p *Parameter) Outputs() int { return p.Shape[p.OutputAxis()] }

// Tensor returns the entry of the parameter in a file's header.
func (p *Parameter) Tensor(d safetensors.DType) safetensors.Tensor {
	return safetensors.Tensor{Name: p.Name, DType: d, Shape: p.Shape}
}

// ScaleTensor returns the entry of the scales of an I8 matrix.
func (p *Parameter) ScaleTensor() safetensors.Tensor {
	return safetensors.Tensor{Name: p.Name + ".scale", DType: safetensors.F32, Shape: []int{p.Outputs()}}
}

// Shipped returns the entries that [Convert] writes for the parameter.
func (p *Parameter) Shipped() []safetensors.Tensor {
	if p.IsMatrix() {
		return []safetensors.Tensor{p.Tensor(safetensors.I8), p.ScaleTensor()}
	}
	return []safetensors.Tensor{p.Tensor(safetensors.F16)}
}

// Table holds the parameters of a network, arranged as the network is; do not
// change it. In the comments on shapes, D is the width of a token, C the number
// of classes, P the side of a patch.
//
// Only this file names the parameters. It uses the names of the official
// Segmenter checkpoints, with "mask." or "linear." in place of "decoder.".
type Table struct {
	Encoder Encoder
	Linear  *LinearLayer     // D → C, the linear decoder; nil if there is none
	Mask    *MaskTransformer // nil if there is none

	parameters []*Parameter
	byName     map[string]*Parameter
}

// Encoder is the vision transformer (section 3.1 of the paper).
type Encoder struct {
	ClassToken        *Parameter  // (1, 1, D)
	DistillationToken *Parameter  // (1, 1, D), nil unless there are two extra tokens
	Position          *Parameter  // (1, extra tokens + grid², D)
	PatchEmbedding    LinearLayer // 3·P² → D; its weight is (D, 3, P, P)
	Blocks            []Block
	Norm              Norm // over D
}

// MaskTransformer is the decoder of section 3.2 of the paper.
type MaskTransformer struct {
	Input           LinearLayer // D → D
	ClassEmbeddings *Parameter  // (1, C, D)
	Blocks          []Block
	Norm            Norm        // over D
	PatchProjection LinearLayer // D → D, without a bias
	ClassProjection LinearLayer // D → D, without a bias
	ScoreNorm       Norm        // over C
}

// Block is a transformer block: attention, then an MLP four times as wide.
type Block struct {
	Norm1 Norm
	QKV   LinearLayer // D → 3D: queries, keys, values
	Proj  LinearLayer // D → D
	Norm2 Norm
	FC1   LinearLayer // D → 4D
	FC2   LinearLayer // 4D → D
}

// Parameters returns the parameters of the block.
func (b Block) Parameters() []*Parameter {
	return []*Parameter{b.Norm1.Gain, b.Norm1.Bias, b.QKV.Weight, b.QKV.Bias, b.Proj.Weight, b.Proj.Bias,
		b.Norm2.Gain, b.Norm2.Bias, b.FC1.Weight, b.FC1.Bias, b.FC2.Weight, b.FC2.Bias}
}

// Parameters returns the parameters of the encoder.
func (e *Encoder) Parameters() []*Parameter {
	list := []*Parameter{e.ClassToken, e.Position, e.PatchEmbedding.Weight, e.PatchEmbedding.Bias}
	if e.DistillationToken != nil {
		list = append(list, e.DistillationToken)
	}
	for _, b := range e.Blocks {
		list = append(list, b.Parameters()...)
	}
	return append(list, e.Norm.Gain, e.Norm.Bias)
}

// LinearLayer computes x·Wᵀ + b, or x·M + b if the weight is a [Projection].
type LinearLayer struct {
	Weight *Parameter
	Bias   *Parameter // (out), nil if the layer has none
}

// Norm is a layer normalisation.
type Norm struct{ Gain, Bias *Parameter }

// Prefixes of the blocks' names.
const (
	encoderBlocks = "encoder.blocks."
	maskBlocks    = "mask.blocks."
)

// NewTable returns the parameters of a network with these decoders.
func NewTable(a Architecture, classes int, decoders ...Decoder) *Table {
	t := newTable()
	D := a.Width
	t.Encoder.ClassToken = t.add("encoder.cls_token", Embedding, 1, 1, D)
	if a.ExtraTokens == 2 {
		t.Encoder.DistillationToken = t.add("encoder.dist_token", Embedding, 1, 1, D)
	}
	t.Encoder.Position = t.add("encoder.pos_embed", Embedding, 1, a.ExtraTokens+a.Grid*a.Grid, D)
	t.Encoder.PatchEmbedding = t.linear("encoder.patch_embed.proj", D, 3, a.Patch, a.Patch)
	t.Encoder.Blocks = t.blocks(encoderBlocks, a.Depth, D)
	t.Encoder.Norm = t.norm("encoder.norm", D)
	if slices.Contains(decoders, Linear) {
		head := t.linear("linear.head", classes, D)
		t.Linear = &head
	}
	if slices.Contains(decoders, Mask) {
		t.Mask = &MaskTransformer{
			Input:           t.linear("mask.proj_dec", D, D),
			ClassEmbeddings: t.add("mask.cls_emb", Embedding, 1, classes, D),
			Blocks:          t.blocks(maskBlocks, a.DecoderDepth, D),
			Norm:            t.norm("mask.decoder_norm", D),
			PatchProjection: LinearLayer{Weight: t.add("mask.proj_patch", Projection, D, D)},
			ClassProjection: LinearLayer{Weight: t.add("mask.proj_classes", Projection, D, D)},
			ScoreNorm:       t.norm("mask.mask_norm", classes),
		}
	}
	return t
}

func newTable() *Table { return &Table{byName: make(map[string]*Parameter)} }

// linear adds a layer with a weight of the shape (out, in…) and a bias. Inlining
// linear, norm and add would make the engine 30 kB larger.
//
//go:noinline
func (t *Table) linear(name string, shape ...int) LinearLayer {
	return LinearLayer{
		Weight: t.add(name+".weight", Weight, shape...),
		Bias:   t.add(name+".bias", Bias, shape[0]),
	}
}

//go:noinline
func (t *Table) norm(name string, width int) Norm {
	return Norm{
		Gain: t.add(name+".weight", Gain, width),
		Bias: t.add(name+".bias", Bias, width),
	}
}

func (t *Table) blocks(prefix string, depth, width int) []Block {
	list := make([]Block, depth)
	for i := range list {
		list[i] = t.block(prefix, i, width)
	}
	return list
}

func (t *Table) block(prefix string, i, width int) Block {
	name := prefix + strconv.Itoa(i) + "."
	return Block{
		Norm1: t.norm(name+"norm1", width),
		QKV:   t.linear(name+"attn.qkv", 3*width, width),
		Proj:  t.linear(name+"attn.proj", width, width),
		Norm2: t.norm(name+"norm2", width),
		FC1:   t.linear(name+"mlp.fc1", 4*width, width),
		FC2:   t.linear(name+"mlp.fc2", width, 4*width),
	}
}

//go:noinline
func (t *Table) add(name string, role Role, shape ...int) *Parameter {
	p := &Parameter{name, role, shape}
	t.parameters = append(t.parameters, p)
	t.byName[name] = p
	return p
}

// All yields the parameters in the order in which the network uses them, the
// linear decoder before the mask transformer.
func (t *Table) All() iter.Seq[*Parameter] { return slices.Values(t.parameters) }

// Lookup returns the parameter of that name, or nil if the network has none.
func (t *Table) Lookup(name string) *Parameter { return t.byName[name] }

// Decoders returns the decoders, the better one first.
func (t *Table) Decoders() (list []Decoder) {
	if t.Mask != nil {
		list = append(list, Mask)
	}
	if t.Linear != nil {
		list = append(list, Linear)
	}
	return list
}
