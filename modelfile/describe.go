package modelfile

import (
	"cmp"
	"encoding/json/jsontext"
	"fmt"
	"math"

	"segmenter/modelfile/internal/jsonread"
	"segmenter/modelfile/safetensors"
)

// Limits on an architecture, far above ViT-L. They keep a hostile card from
// making a table larger than the file.
const (
	maxClasses = 256 // masks hold class ids in bytes
	maxDepth   = 128
	maxSize    = 1 << 14 // of patch, width and grid, and of photos
)

// Describe returns the card and the parameters of a model file, float or
// quantised. It fills in what the card lacks: the architecture from the shapes of
// the tensors (with heads of [HeadWidth] channels), the size of the training (the
// patches of the position embedding), a normalisation to −1…1, class names from the key "names" (a JSON array), and default colours.
//
// Describe looks only at the header and reads no tensor. If it returns no error,
// the file holds every parameter of the table and nothing else, with the shapes
// and types that the package documentation gives.
func Describe(r *safetensors.Reader) (Card, *Table, error) { return describe(r, Card{}) }

// describe is Describe with a card that overrides the file's card.
func describe(r *safetensors.Reader, stated Card) (Card, *Table, error) {
	own, err := CardOf(r.Metadata())
	if err != nil {
		return Card{}, nil, err
	}
	return DescribeTensors(own.Override(stated), r.Tensors())
}

// DescribeTensors is [Describe] for tensors that are in no model file yet, by the names of the
// table, and a card that may lack as much.
func DescribeTensors(c Card, tensors []safetensors.Tensor) (Card, *Table, error) {
	h := newHeader(tensors)
	classes, err := h.classes()
	if err != nil {
		return Card{}, nil, err
	}
	if err := c.nameClasses(classes); err != nil {
		return Card{}, nil, err
	}
	if c.Architecture == (Architecture{}) {
		if c.Architecture, err = h.architecture(); err != nil {
			return Card{}, nil, err
		}
	}
	if c.Normalisation == (Normalisation{}) {
		half := [3]float32{0.5, 0.5, 0.5}
		c.Normalisation = Normalisation{Mean: half, Std: half}
	}
	if err := cmp.Or(c.Architecture.check(), c.Normalisation.check(), checkSize(c.Size)); err != nil {
		return Card{}, nil, err
	}
	if c.Size == 0 {
		c.Size = min(c.Architecture.Grid*c.Architecture.Patch, maxSize)
	}
	table := NewTable(c.Architecture, classes, h.decoders()...)
	return c, table, table.check(tensors)
}

// ArchitectureOf infers the architecture from the shapes of tensors by the names of the table.
// They may lack the decoders. What shapes do not say, such as the number of heads, can be
// corrected before [DescribeTensors] checks it.
func ArchitectureOf(tensors []safetensors.Tensor) (Architecture, error) {
	return newHeader(tensors).architecture()
}

// header infers a network from the shapes of a file. It looks at few of them;
// [Table.check] then checks all.
type header struct {
	shapes map[string][]int
	names  *Table // with both decoders and both extra tokens, but no sizes and no blocks
}

func newHeader(tensors []safetensors.Tensor) header {
	h := header{
		shapes: make(map[string][]int, len(tensors)),
		names:  NewTable(Architecture{ExtraTokens: 2}, 0, Linear, Mask),
	}
	for _, t := range tensors {
		h.shapes[t.Name] = t.Shape
	}
	return h
}

func (h header) has(p *Parameter) bool {
	_, ok := h.shapes[p.Name]
	return ok
}

// dimension returns the length of an axis of a parameter. It returns 0 if the
// file lacks the parameter or stores it with another number of axes.
func (h header) dimension(p *Parameter, axis int) int {
	if shape := h.shapes[p.Name]; len(shape) == len(p.Shape) {
		return shape[axis]
	}
	return 0
}

func (h header) decoders() (list []Decoder) {
	if h.has(h.names.Mask.ClassEmbeddings) {
		list = append(list, Mask)
	}
	if h.has(h.names.Linear.Weight) {
		list = append(list, Linear)
	}
	return list
}

// classes returns the number of classes of the decoders.
func (h header) classes() (int, error) {
	head, embeddings := h.names.Linear.Weight, h.names.Mask.ClassEmbeddings
	n := cmp.Or(h.dimension(head, 0), h.dimension(embeddings, 1))
	switch {
	case n == 0:
		return 0, fmt.Errorf("the model file has neither decoder of a Segmenter, %s or %s; it belongs to another network", head.Name, embeddings.Name)
	case n > maxClasses:
		return 0, fmt.Errorf("the model has %d classes; this version supports at most %d", n, maxClasses)
	}
	return n, nil
}

func (h header) architecture() (Architecture, error) {
	token, position, patch := h.names.Encoder.ClassToken, h.names.Encoder.Position, h.names.Encoder.PatchEmbedding.Weight
	a := Architecture{
		Width:        h.dimension(token, 2),
		Patch:        h.dimension(patch, 3),
		Depth:        h.blocks(encoderBlocks),
		DecoderDepth: h.blocks(maskBlocks),
		ExtraTokens:  1,
	}
	if h.has(h.names.Encoder.DistillationToken) {
		a.ExtraTokens = 2
	}
	a.Heads = a.Width / HeadWidth
	positions := h.dimension(position, 1)
	a.Grid = int(math.Sqrt(float64(max(0, positions-a.ExtraTokens))))
	if a.Width == 0 || a.Patch == 0 || positions == 0 {
		return a, fmt.Errorf("the model file lacks the encoder of a Segmenter (%s, %s, %s); it belongs to another network", token.Name, position.Name, patch.Name)
	}
	return a, nil
}

// blocks counts the blocks whose names begin with prefix.
func (h header) blocks(prefix string) (n int) {
	for h.has(newTable().block(prefix, n, 0).Norm1.Gain) {
		n++
	}
	return n
}

// check fails if no Segmenter has this architecture.
func (a Architecture) check() error {
	switch {
	case min(a.Patch, a.Width, a.Grid) < 1 || max(a.Patch, a.Width, a.Grid) > maxSize,
		a.Depth < 1 || max(a.Depth, a.DecoderDepth) > maxDepth,
		a.Heads < 1 || a.Width%a.Heads != 0,
		a.DecoderDepth > 0 && (a.Width < HeadWidth || a.Width%a.DecoderHeads() != 0),
		a.ExtraTokens < 1 || a.ExtraTokens > 2:
		return fmt.Errorf("the architecture %+v is not a Segmenter's: patch, width and grid are 1 to %d, depths at most %d, heads divide the width (a mask transformer has one for every %d channels), and extra tokens are 1 or 2", a, maxSize, maxDepth, HeadWidth)
	}
	return nil
}

// checkSize fails if the size is larger than any that a photo may have.
func checkSize(size int) error {
	if size > maxSize {
		return fmt.Errorf("the model's size is %d pixels: expected at most %d", size, maxSize)
	}
	return nil
}

// check fails if the normalisation gives infinities or NaN.
func (n Normalisation) check() error {
	for i, std := range n.Std {
		if mean := n.Mean[i]; mean-mean != 0 || std-std != 0 || std <= 0 {
			return fmt.Errorf("the normalisation %+v is invalid: mean and std must be finite, and std above 0", n)
		}
	}
	return nil
}

// nameClasses fills in the names and colours of n classes.
func (c *Card) nameClasses(n int) error {
	names, hasNames := c.Extra["names"]
	if len(c.Classes) == 0 && hasNames {
		err := parse(names, func(d *jsontext.Decoder) error { return c.readNames(d) })
		if err != nil {
			return fmt.Errorf("the names in the model's metadata are not a JSON array of class names: %w", err)
		}
	}
	if len(c.Classes) == 0 {
		for i := range n {
			c.Classes = append(c.Classes, Class{fmt.Sprintf("class %d", i), DefaultColour(i)})
		}
	}
	if len(c.Classes) != n {
		return fmt.Errorf("the card names %d classes, but the decoder has %d", len(c.Classes), n)
	}
	delete(c.Extra, "names")
	return nil
}

func (c *Card) readNames(d *jsontext.Decoder) error {
	return jsonread.Array(d, func(i int) error {
		if i == maxClasses {
			return fmt.Errorf("more than %d classes", maxClasses)
		}
		name, err := jsonread.String(d)
		c.Classes = append(c.Classes, Class{name, DefaultColour(i)})
		return err
	})
}

// DefaultColour returns the colour of class i if its card states none. Neighbours
// differ in hue, turns of the circle in lightness.
func DefaultColour(i int) Colour {
	hue := math.Mod(float64(i)*0.618034, 1) * 6 // the golden ratio spreads evenly
	light := [...]float64{0.9, 0.6, 0.75}[i/13%3]
	channel := func(offset float64) uint8 {
		k := math.Mod(offset+hue, 6)
		return uint8(255 * light * (1 - 0.75*max(0, min(k, 4-k, 1))))
	}
	return Colour{channel(5), channel(3), channel(1)}
}
