package quant

import (
	"cmp"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Describe is the card of a model file, float or quantised, completed where
// the file states less: the architecture from the shapes of its tensors (with
// heads of 64 channels), a normalisation to −1…1, class names from the
// key "names" (a JSON array), and colours of our choosing.
//
// It has the header alone to go by and reads no tensor. Without error, the
// file holds every tensor of its architecture and no other, with the shapes
// and types that the package documentation gives; [Reader.Tensors] says which
// decoders are among them.
func Describe(r *Reader) (Card, error) { return describe(r, Card{}) }

// describe is Describe with a card whose statements go before the file's.
func describe(r *Reader, stated Card) (Card, error) {
	own, err := CardOf(r.Metadata())
	if err != nil {
		return Card{}, err
	}
	c := own.override(stated)
	shapes := make(map[string][]int, len(r.Tensors()))
	for _, t := range r.Tensors() {
		shapes[t.Name] = t.Shape
	}

	classes, err := classCount(shapes)
	if err != nil {
		return Card{}, err
	}
	if err := c.nameClasses(classes); err != nil {
		return Card{}, err
	}
	if c.Architecture == (Architecture{}) {
		if c.Architecture, err = inferArchitecture(shapes); err != nil {
			return Card{}, err
		}
	}
	if c.Normalisation == (Normalisation{}) {
		half := [3]float32{0.5, 0.5, 0.5}
		c.Normalisation = Normalisation{Mean: half, Std: half}
	}
	if err := cmp.Or(c.Architecture.check(), c.Normalisation.check()); err != nil {
		return Card{}, err
	}
	_, hasLinear := shapes["linear.head.weight"]
	_, hasMask := shapes["mask.cls_emb"]
	return c, newLayout(c.Architecture, classes, hasLinear, hasMask).check(r.Tensors())
}

// classCount is the number of classes that the decoders are for.
func classCount(shapes map[string][]int) (int, error) {
	n := dimension(shapes, "linear.head.weight", 2, 0)
	if n == 0 {
		n = dimension(shapes, "mask.cls_emb", 3, 1)
	}
	switch {
	case n == 0:
		return 0, errors.New("the model file has neither decoder of a Segmenter, linear.head.weight or mask.cls_emb; it is another network's")
	case n > maxClasses:
		return 0, fmt.Errorf("the model has %d classes; at most %d are supported", n, maxClasses)
	}
	return n, nil
}

// dimension is that of an axis of a tensor, 0 if it is not there or has
// another rank.
func dimension(shapes map[string][]int, name string, rank, axis int) int {
	if shape := shapes[name]; len(shape) == rank {
		return shape[axis]
	}
	return 0
}

// inferArchitecture goes by the shapes; those that it does not look at are
// checked afterwards, with the layout.
func inferArchitecture(shapes map[string][]int) (Architecture, error) {
	a := Architecture{
		Width:        dimension(shapes, "encoder.cls_token", 3, 2),
		Patch:        dimension(shapes, "encoder.patch_embed.proj.weight", 4, 3),
		Depth:        blockCount(shapes, "encoder"),
		DecoderDepth: blockCount(shapes, "mask"),
		ExtraTokens:  1,
	}
	if _, distilled := shapes["encoder.dist_token"]; distilled {
		a.ExtraTokens = 2
	}
	a.Heads = a.Width / 64
	positions := dimension(shapes, "encoder.pos_embed", 3, 1)
	a.Grid = int(math.Sqrt(float64(max(0, positions-a.ExtraTokens))))
	if a.Width == 0 || a.Patch == 0 || positions == 0 {
		return a, errors.New("the model file lacks the encoder of a Segmenter (encoder.cls_token, encoder.pos_embed, encoder.patch_embed.proj.weight); it is another network's")
	}
	return a, nil
}

func blockCount(shapes map[string][]int, prefix string) int {
	n := 0
	for shapes[fmt.Sprintf("%s.blocks.%d.norm1.weight", prefix, n)] != nil {
		n++
	}
	return n
}

// check reports an architecture that no Segmenter has.
func (a Architecture) check() error {
	switch {
	case min(a.Patch, a.Width, a.Grid) < 1 || max(a.Patch, a.Width, a.Grid) > maxSize,
		a.Depth < 1 || max(a.Depth, a.DecoderDepth) > maxDepth,
		a.Heads < 1 || a.Width%a.Heads != 0,
		a.ExtraTokens < 1 || a.ExtraTokens > 2:
		return fmt.Errorf("the architecture %+v is not that of a Segmenter: patch, width and grid are 1 to %d, depths at most %d, heads divide the width, and extra tokens are 1 or 2", a, maxSize, maxDepth)
	}
	return nil
}

// check reports a normalisation that gives infinities or NaN.
func (n Normalisation) check() error {
	for i, std := range n.Std {
		if mean := n.Mean[i]; mean-mean != 0 || std-std != 0 || std <= 0 {
			return fmt.Errorf("the normalisation %+v cannot be used: mean and std have to be finite, and std above 0", n)
		}
	}
	return nil
}

// nameClasses completes the names and colours of n classes.
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
			c.Classes = append(c.Classes, Class{fmt.Sprintf("class %d", i), someColour(i)})
		}
	}
	if len(c.Classes) != n {
		return fmt.Errorf("the card names %d classes, but the decoder has %d", len(c.Classes), n)
	}
	delete(c.Extra, "names")
	return nil
}

func (c *Card) readNames(d *jsontext.Decoder) error {
	return readArray(d, func(i int) error {
		if i == maxClasses {
			return fmt.Errorf("there are more than %d", maxClasses)
		}
		name, err := readString(d)
		c.Classes = append(c.Classes, Class{name, someColour(i)})
		return err
	})
}

// someColour is the colour of a class that has none stated: neighbours far
// apart in hue, rounds of the circle apart in lightness.
func someColour(i int) Colour {
	hue := math.Mod(float64(i)*0.618034, 1) * 6 // the golden ratio spreads evenly
	light := [...]float64{0.9, 0.6, 0.75}[i/13%3]
	channel := func(offset float64) uint8 {
		k := math.Mod(offset+hue, 6)
		return uint8(255 * light * (1 - 0.75*max(0, min(k, 4-k, 1))))
	}
	return Colour{channel(5), channel(3), channel(1)}
}

// isQuantised says whether a file is in the shipped form already.
func isQuantised(tensors []Tensor) bool {
	return slices.ContainsFunc(tensors, func(t Tensor) bool { return t.DType == I8 })
}
