package checkpoint

import "strings"

// A naming is what a program calls the parameters of an encoder or a decoder.
type naming struct {
	program string // whose names these are
	part    string // the table's prefix: "encoder.", "linear." or "mask."
	// mark is the name of a parameter that tells this naming from others. What stands before
	// it, such as "module.encoder.", stands before all of them; it must end with within.
	mark   string
	within string
	blocks string // before the number of a block
	// names has the program's name for the table's, of layers or of single parameters. Several
	// names, divided by spaces, are the parts of one parameter. Other names are equal.
	names map[string]string
	// transposed: projections are stored as the weights of linear layers.
	transposed bool
	// kernels: weights are (in…, out), as in JAX.
	kernels bool
	// ignored begin the names of what the program saves beside the parameters.
	ignored []string
}

// beyond begin the names of an encoder's classifier, for whole pictures.
var beyond = []string{"head.", "head_dist.", "pre_logits.", "fc_norm."}

// mmBlock are the names of mmsegmentation for the layers of a block.
var mmBlock = map[string]string{
	"norm1": "ln1", "attn.qkv.weight": "attn.attn.in_proj_weight", "attn.qkv.bias": "attn.attn.in_proj_bias",
	"attn.proj": "attn.attn.out_proj", "norm2": "ln2", "mlp.fc1": "ffn.layers.0.0", "mlp.fc2": "ffn.layers.1",
}

var encoders = []naming{
	{program: "Segmenter or timm", part: "encoder.", mark: "patch_embed.proj.weight", blocks: "blocks.", ignored: beyond},
	{program: "mmsegmentation", part: "encoder.", mark: "patch_embed.projection.weight", blocks: "layers.",
		names: with(mmBlock, map[string]string{"patch_embed.proj": "patch_embed.projection", "norm": "ln1"})},
	{program: "Hugging Face", part: "encoder.", mark: "embeddings.patch_embeddings.projection.weight", blocks: "encoder.layer.",
		ignored: []string{"pooler.", "classifier.", "embeddings.mask_token"},
		names: map[string]string{
			"cls_token": "embeddings.cls_token", "dist_token": "embeddings.distillation_token", "pos_embed": "embeddings.position_embeddings",
			"patch_embed.proj": "embeddings.patch_embeddings.projection",
			"norm1":            "layernorm_before",
			"attn.qkv":         "attention.attention.query attention.attention.key attention.attention.value",
			"attn.proj":        "attention.output.dense", "norm2": "layernorm_after",
			"mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense", "norm": "layernorm",
		}},
	{program: "JAX's vision_transformer", part: "encoder.", mark: "embedding/kernel", blocks: "Transformer/encoderblock_", kernels: true,
		ignored: []string{"head/", "pre_logits/"},
		names: map[string]string{
			"cls_token": "cls", "pos_embed": "Transformer/posembed_input/pos_embedding",
			"patch_embed.proj.weight": "embedding/kernel", "patch_embed.proj.bias": "embedding/bias",
			"norm1.weight": "/LayerNorm_0/scale", "norm1.bias": "/LayerNorm_0/bias",
			"attn.qkv.weight":  "/MultiHeadDotProductAttention_1/query/kernel /MultiHeadDotProductAttention_1/key/kernel /MultiHeadDotProductAttention_1/value/kernel",
			"attn.qkv.bias":    "/MultiHeadDotProductAttention_1/query/bias /MultiHeadDotProductAttention_1/key/bias /MultiHeadDotProductAttention_1/value/bias",
			"attn.proj.weight": "/MultiHeadDotProductAttention_1/out/kernel", "attn.proj.bias": "/MultiHeadDotProductAttention_1/out/bias",
			"norm2.weight": "/LayerNorm_2/scale", "norm2.bias": "/LayerNorm_2/bias",
			"mlp.fc1.weight": "/MlpBlock_3/Dense_0/kernel", "mlp.fc1.bias": "/MlpBlock_3/Dense_0/bias",
			"mlp.fc2.weight": "/MlpBlock_3/Dense_1/kernel", "mlp.fc2.bias": "/MlpBlock_3/Dense_1/bias",
			"norm.weight": "Transformer/encoder_norm/scale", "norm.bias": "Transformer/encoder_norm/bias",
		}},
}

var decoders = []naming{
	{program: "Segmenter", part: "mask.", mark: "proj_dec.weight", blocks: "blocks."},
	{program: "Segmenter", part: "linear.", mark: "head.weight", within: "decoder."},
	{program: "this project", part: "linear.", mark: "head.weight", within: "linear."},
	{program: "mmsegmentation", part: "mask.", mark: "dec_proj.weight", blocks: "layers.", transposed: true, ignored: []string{"conv_seg."},
		names: with(mmBlock, map[string]string{"proj_dec": "dec_proj", "proj_patch": "patch_proj.weight", "proj_classes": "classes_proj.weight"})},
	{program: "mmsegmentation", part: "linear.", mark: "conv_seg.weight", within: "decode_head.", names: map[string]string{"head": "conv_seg"}},
}

// with returns the names of both maps.
func with(a, b map[string]string) map[string]string {
	all := make(map[string]string, len(a)+len(b))
	for k, v := range a {
		all[k] = v
	}
	for k, v := range b {
		all[k] = v
	}
	return all
}

// prefixes returns what stands before the marks of this naming.
func (n *naming) prefixes(w weights) (list []string) {
	for name := range w {
		prefix, ok := strings.CutSuffix(name, n.mark)
		if ok && (prefix == "" || strings.HasSuffix(prefix, ".") || strings.HasSuffix(prefix, "/")) && strings.HasSuffix(prefix, n.within) {
			list = append(list, prefix)
		}
	}
	return list
}

// translate returns the program's names, without a prefix, for a parameter of the table by its
// name without the part.
func (n *naming) translate(local string) []string {
	block := ""
	if rest, ok := strings.CutPrefix(local, "blocks."); ok {
		number, inner, _ := strings.Cut(rest, ".")
		block, local = n.blocks+number, inner
		if !n.kernels {
			block += "."
		}
	}
	list := strings.Fields(n.rename(local))
	for i := range list {
		list[i] = block + list[i]
	}
	return list
}

func (n *naming) rename(local string) string {
	if name, ok := n.names[local]; ok {
		return name
	}
	dot := strings.LastIndexByte(local, '.')
	if dot < 0 {
		return local
	}
	layers, ok := n.names[local[:dot]]
	if !ok {
		return local
	}
	return strings.ReplaceAll(layers, " ", local[dot:]+" ") + local[dot:]
}
