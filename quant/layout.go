package quant

import (
	"fmt"
	"slices"
	"strings"
)

// Limits on an architecture, far above ViT-L, so that a hostile card cannot
// make a layout that is larger than the file could be.
const (
	maxClasses = 256 // masks hold a class id a byte
	maxDepth   = 128
	maxSize    = 1 << 14 // of patch, width and grid
)

// role is what a tensor is for, which decides how it is stored.
type role int

const (
	vector    role = iota // biases and norms: F16
	embedding             // added to tokens, or tokens themselves: F16
	linear                // (out, in…): I8, a scale for each index of axis 0
	matrix                // (in, out): I8, a scale for each index of axis 1
)

// dtype is that of the shipped form.
func (r role) dtype() DType {
	if r == vector || r == embedding {
		return F16
	}
	return I8
}

// axis is that of the output channels; only for linear and matrix.
func (r role) axis() int {
	if r == matrix {
		return 1
	}
	return 0
}

// part is a tensor that an architecture has.
type part struct {
	role  role
	shape []int
}

// layout is the tensors of a network, by their names.
type layout map[string]part

// scaleSuffix is added to the name of an I8 tensor for that of its scales.
const scaleSuffix = ".scale"

func newLayout(a Architecture, classes int, linearDecoder, maskDecoder bool) layout {
	l := make(layout)
	l["encoder.cls_token"] = part{embedding, []int{1, 1, a.Width}}
	if a.ExtraTokens == 2 {
		l["encoder.dist_token"] = part{embedding, []int{1, 1, a.Width}}
	}
	l["encoder.pos_embed"] = part{embedding, []int{1, a.ExtraTokens + a.Grid*a.Grid, a.Width}}
	l["encoder.patch_embed.proj.weight"] = part{linear, []int{a.Width, 3, a.Patch, a.Patch}}
	l["encoder.patch_embed.proj.bias"] = part{vector, []int{a.Width}}
	l.blocks("encoder", a.Depth, a.Width)
	l.norm("encoder.norm", a.Width)
	if linearDecoder {
		l.linear("linear.head", a.Width, classes)
	}
	if maskDecoder {
		l["mask.cls_emb"] = part{embedding, []int{1, classes, a.Width}}
		l["mask.proj_patch"] = part{matrix, []int{a.Width, a.Width}}
		l["mask.proj_classes"] = part{matrix, []int{a.Width, a.Width}}
		l.linear("mask.proj_dec", a.Width, a.Width)
		l.blocks("mask", a.DecoderDepth, a.Width)
		l.norm("mask.decoder_norm", a.Width)
		l.norm("mask.mask_norm", classes)
	}
	return l
}

func (l layout) linear(name string, in, out int) {
	l[name+".weight"] = part{linear, []int{out, in}}
	l[name+".bias"] = part{vector, []int{out}}
}

func (l layout) norm(name string, width int) {
	l[name+".weight"] = part{vector, []int{width}}
	l[name+".bias"] = part{vector, []int{width}}
}

// blocks adds transformer blocks: attention, then an MLP four times as wide.
func (l layout) blocks(name string, depth, width int) {
	for i := range depth {
		block := fmt.Sprintf("%s.blocks.%d.", name, i)
		l.norm(block+"norm1", width)
		l.linear(block+"attn.qkv", width, 3*width)
		l.linear(block+"attn.proj", width, width)
		l.norm(block+"norm2", width)
		l.linear(block+"mlp.fc1", width, 4*width)
		l.linear(block+"mlp.fc2", 4*width, width)
	}
}

// check holds the tensors of a file, float or quantised, against the layout.
func (l layout) check(tensors []Tensor) error {
	present := make(map[string]bool, len(tensors))
	for i, t := range tensors {
		present[t.Name] = true
		base, isScale := strings.CutSuffix(t.Name, scaleSuffix)
		if isScale && i > 0 && tensors[i-1].Name == base && tensors[i-1].DType == I8 {
			continue // checked with its weight
		}
		p, ok := l[t.Name]
		if !ok {
			return fmt.Errorf("the model file holds a tensor %q, which a Segmenter of this architecture does not have", t.Name)
		}
		if !slices.Equal(t.Shape, p.shape) {
			return fmt.Errorf("tensor %q has the shape %v; %v is expected for this architecture", t.Name, t.Shape, p.shape)
		}
		if err := p.checkType(t, tensors[i+1:]); err != nil {
			return err
		}
	}
	for name := range l {
		if !present[name] {
			return fmt.Errorf("the model file lacks the tensor %q of its architecture", name)
		}
	}
	return nil
}

// checkType holds the type of t against the part; an I8 tensor needs its
// scales to be the first of what follows it.
func (p part) checkType(t Tensor, following []Tensor) error {
	if t.DType.isFloat() {
		return nil
	}
	if t.DType != I8 || p.role.dtype() != I8 {
		return fmt.Errorf("tensor %q is %s; a Segmenter model has F32, F16, BF16 or F64 there", t.Name, t.DType)
	}
	name, channels := t.Name+scaleSuffix, p.shape[p.role.axis()]
	if len(following) == 0 || following[0].Name != name || following[0].DType != F32 || !slices.Equal(following[0].Shape, []int{channels}) {
		return fmt.Errorf("tensor %q is I8; its scales %q, F32 [%d], have to follow it", t.Name, name, channels)
	}
	return nil
}
