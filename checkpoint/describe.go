package checkpoint

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"segmenter/checkpoint/classes"
	"segmenter/checkpoint/pytorch"
	"segmenter/modelfile"
)

// A Note says something about an import that the files do not state, or that a user may want
// to decide. Pages translate it by its code and values.
type Note struct {
	Code   string
	Values map[string]string
	Text   string // in English
}

// The codes of notes.
const (
	NoteClassesByCount = "classes-by-count" // dataset, count
	NoteClassesUnnamed = "classes-unnamed"  // count
	NoteNormalisation  = "normalisation"    // kind: vit or deit
	NoteHeads          = "heads"            // heads, width
	NoteOthers         = "other-networks"   // used, others
	NoteIgnored        = "ignored"          // count, example
)

var (
	half        = [3]float32{0.5, 0.5, 0.5}
	vitPixels   = modelfile.Normalisation{Mean: half, Std: half}
	imagenetRGB = modelfile.Normalisation{Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225}}
)

// normalisations are those of the official code by name.
var normalisations = map[string]modelfile.Normalisation{"vit": vitPixels, "deit": imagenetRGB}

// describer makes the card of a checkpoint.
type describer struct {
	match   *match
	variant variant
	meta    *pytorch.Dict  // of mmsegmentation; may be nil
	stated  modelfile.Card // overrides card
	card    modelfile.Card
	notes   []Note
}

func (d *describer) note(code string, values map[string]string, format string, arguments ...any) {
	d.notes = append(d.notes, Note{code, values, fmt.Sprintf(format, arguments...)})
}

// describe fills in the card, but for classes and size, which need a decoder.
func (d *describer) describe(file string) (err error) {
	c := &d.card
	if c.Architecture, err = modelfile.ArchitectureOf(d.match.tensors); err != nil {
		return err
	}
	d.heads()
	d.normalise()
	backbone, data := d.variant["net_kwargs.backbone"], d.dataSet()
	file = strings.ToValidUTF8(file, "?")
	c.Name, _, _ = strings.Cut(file, ".")
	if backbone != "" {
		c.Name = "Segmenter " + strings.ToValidUTF8(backbone, "?")
		if data != nil {
			c.Name += ", " + data.Title
		}
	}
	if file != "" {
		c.Source = "imported from " + file
	}
	if data != nil {
		c.TrainingData = data.Title
	}
	c.Size = d.variant.count("inference_kwargs.im_size")
	return nil
}

// heads takes the number of heads from what states it; shapes do not.
func (d *describer) heads() {
	a := &d.card.Architecture
	stated := d.variant.count("net_kwargs.n_heads")
	if query := d.match.origins["encoder.blocks.0.attn.qkv.weight"]; stated == 0 && query.turn == kernelOfHeads {
		if shape := query.parts[0].Shape(); len(shape) == 3 {
			stated = shape[1]
		}
	}
	if stated > 0 {
		a.Heads = stated
		return
	}
	d.note(NoteHeads, map[string]string{"heads": strconv.Itoa(a.Heads), "width": strconv.Itoa(a.Width)},
		"the file does not state the number of attention heads: taken for %d, one for every %d channels", a.Heads, modelfile.HeadWidth)
}

// normalise takes the normalisation from what states it, or from the kind of network.
func (d *describer) normalise() {
	name := cmp.Or(d.variant["dataset_kwargs.normalization"], d.variant["net_kwargs.normalization"])
	if n, ok := normalisations[name]; ok {
		d.card.Normalisation = n
		return
	}
	if n, ok := configNormalisation(d.meta); ok {
		d.card.Normalisation = n
		return
	}
	kind := "vit"
	if d.card.Architecture.ExtraTokens == 2 { // DeiT's distillation token
		kind = "deit"
	}
	d.card.Normalisation = normalisations[kind]
	d.note(NoteNormalisation, map[string]string{"kind": kind},
		"no variant.yml states how pixels are normalised: taken for %s's, mean %v and standard deviation %v", kind, d.card.Normalisation.Mean, d.card.Normalisation.Std)
}

// dataSet returns the data set that variant.yml names, or nil.
func (d *describer) dataSet() *classes.DataSet {
	name := d.variant["dataset_kwargs.dataset"]
	for i, data := range classes.All {
		if data.ID == name {
			return &classes.All[i]
		}
	}
	return nil
}

// nameClasses takes the names of n classes from what states them, or from their number.
func (d *describer) nameClasses(n int) {
	if list := metaClasses(d.meta); len(list) == n {
		d.card.Classes = list
		return
	}
	if data := d.dataSet(); data != nil && len(data.Classes()) == n {
		d.card.Classes = data.Classes()
		return
	}
	count := strconv.Itoa(n)
	for _, data := range classes.All {
		list := data.Classes()
		withoutBackground := data.ID == "pascal_context" && len(list) == n+1
		if len(list) != n && !withoutBackground {
			continue
		}
		if withoutBackground {
			list = list[1:]
		}
		d.card.Classes = list
		d.note(NoteClassesByCount, map[string]string{"dataset": data.Title, "count": count},
			"the file does not name its %d classes: taken for those of %s, which has as many", n, data.Title)
		return
	}
	d.note(NoteClassesUnnamed, map[string]string{"count": count}, "the file does not name its %d classes: they are called by their numbers", n)
}

// metaClasses reads the classes and the palette that mmsegmentation writes: CLASSES and PALETTE,
// or since version 1 classes and palette of dataset_meta.
func metaClasses(meta *pytorch.Dict) (list []modelfile.Class) {
	if meta == nil {
		return nil
	}
	names, palette := meta.Get("CLASSES"), meta.Get("PALETTE")
	if inner, ok := meta.Get("dataset_meta").(*pytorch.Dict); ok {
		names, palette = inner.Get("classes"), inner.Get("palette")
	}
	colours := pytorch.Sequence(palette)
	for i, name := range pytorch.Strings(names) {
		c := modelfile.Class{Name: cmp.Or(strings.ToValidUTF8(name, "?"), fmt.Sprint("class ", i)), Colour: modelfile.DefaultColour(i)}
		if i < len(colours) {
			if colour, ok := metaColour(pytorch.Sequence(colours[i])); ok {
				c.Colour = colour
			}
		}
		list = append(list, c)
	}
	return list
}

// metaColour reads red, green and blue, from 0 to 255.
func metaColour(rgb []any) (c modelfile.Colour, ok bool) {
	if len(rgb) != 3 {
		return c, false
	}
	for i, channel := range []*uint8{&c.R, &c.G, &c.B} {
		v, ok := pytorch.Number(rgb[i])
		if !ok || v > 255 {
			return c, false
		}
		*channel = uint8(v)
	}
	return c, true
}

// configNormalisation looks for "mean=[…]" and "std=[…]", of values up to 255, in the text of
// mmsegmentation's configuration.
func configNormalisation(meta *pytorch.Dict) (n modelfile.Normalisation, ok bool) {
	if meta == nil {
		return n, false
	}
	text, _ := meta.Get("config").(string)
	if text == "" {
		text, _ = meta.Get("cfg").(string)
	}
	mean, ok1 := configTriple(text, "mean")
	std, ok2 := configTriple(text, "std")
	return modelfile.Normalisation{Mean: mean, Std: std}, ok1 && ok2
}

func configTriple(text, key string) (rgb [3]float32, ok bool) {
	_, rest, found := strings.Cut(text, key+"=[")
	inside, _, closed := strings.Cut(rest, "]")
	fields := strings.Split(inside, ",")
	if !found || !closed || len(fields) < 3 {
		return rgb, false
	}
	for i := range rgb {
		v, err := strconv.ParseFloat(strings.TrimSpace(fields[i]), 32)
		if err != nil || !(v >= 0 && v <= 255) || (key == "std" && v < 1) {
			return rgb, false
		}
		rgb[i] = float32(v / 255)
	}
	return rgb, true
}
