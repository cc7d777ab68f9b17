package modelfile

import (
	"encoding/json/jsontext"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"segmenter/modelfile/internal/jsonread"
	"segmenter/modelfile/safetensors"
)

// Format is the value of the metadata key "format" in the files that this
// version writes and reads.
const Format = "segmenter/1"

// Card describes a model beyond its tensors. Fields that a source does not state
// are zero.
type Card struct {
	Name         string
	Licence      string
	Source       string // where the model comes from
	TrainingData string // the photos it learned from
	Accuracy     string // how well it did, on which photos

	// Size is the short side, in pixels, at which the model sees photos best.
	Size int

	Architecture  Architecture
	Normalisation Normalisation
	Classes       []Class // by id, at most 256

	Extra map[string]string // metadata beyond the format, unchanged; may be nil
}

// Architecture is the shape of the network.
type Architecture struct {
	Patch        int // side of a patch in pixels
	Width        int // of a token, D in the paper
	Depth        int // blocks of the encoder
	Heads        int // of each attention of the encoder
	DecoderDepth int // blocks of the mask transformer; 0 if there is none
	Grid         int // Grid×Grid patches have a position embedding
	ExtraTokens  int // before the patches: 1, the class token; 2 with a distillation token
}

// DecoderHeads returns the number of heads of each attention of the mask
// transformer. A head has [HeadWidth] channels.
func (a Architecture) DecoderHeads() int { return a.Width / HeadWidth }

// Normalisation of a channel (R, G, B) of the input: (x/255 − Mean)/Std.
type Normalisation struct{ Mean, Std [3]float32 }

// Class describes a class id.
type Class struct {
	Name   string
	Colour Colour // for painting
}

// Colour is an sRGB colour, written as "#rrggbb".
type Colour struct{ R, G, B uint8 }

func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// ParseColour reads "#rrggbb".
func ParseColour(text string) (Colour, error) {
	digits, ok := strings.CutPrefix(text, "#")
	rgb, err := strconv.ParseUint(digits, 16, 24)
	if !ok || err != nil || len(digits) != 6 {
		return Colour{}, fmt.Errorf("%q is not a colour; expected one like #1f77b4", text)
	}
	return Colour{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb)}, nil
}

// The metadata keys of the structured fields of a card.
const (
	keyFormat        = "format"
	keySize          = "size"
	keyArchitecture  = "architecture"
	keyNormalisation = "normalisation"
	keyClasses       = "classes"
)

// textField is a key whose value is plain text.
type textField struct {
	key   string
	value *string
}

func (c *Card) texts() []textField {
	return []textField{
		{"name", &c.Name},
		{"licence", &c.Licence},
		{"source", &c.Source},
		{"training_data", &c.TrainingData},
		{"accuracy", &c.Accuracy},
	}
}

// ReadCard reads a card file: a JSON object with the keys of the metadata (see
// the package documentation), all of them optional. Size, architecture,
// normalisation and classes are plain JSON there, not JSON in a string.
func ReadCard(r io.Reader) (Card, error) {
	metadata := make(map[string]string)
	d := jsontext.NewDecoder(io.LimitReader(r, safetensors.MaxHeader))
	err := jsonread.Object(d, func(key string) (err error) {
		if d.PeekKind() == jsontext.KindString {
			metadata[key], err = jsonread.String(d)
			return err
		}
		value, err := d.ReadValue()
		metadata[key] = string(value)
		return err
	})
	if err == nil {
		err = jsonread.End(d)
	}
	if err != nil {
		return Card{}, fmt.Errorf("the card is not a JSON object with known fields: %w", err)
	}
	return CardOf(metadata)
}

// CardOf reads the metadata of a model file.
func CardOf(metadata map[string]string) (Card, error) {
	if format := metadata[keyFormat]; strings.HasPrefix(format, "segmenter/") && format != Format {
		return Card{}, fmt.Errorf("the model file has the format %q, but this version reads %q: use a newer version", format, Format)
	}
	var c Card
	texts := c.texts()
	for key, value := range metadata {
		var err error
		switch key {
		case keyFormat:
		case keySize:
			err = parse(value, func(d *jsontext.Decoder) (err error) { c.Size, err = jsonread.Count(d); return err })
		case keyArchitecture:
			err = parse(value, func(d *jsontext.Decoder) error { return readArchitecture(d, &c.Architecture) })
		case keyNormalisation:
			err = parse(value, func(d *jsontext.Decoder) error { return readNormalisation(d, &c.Normalisation) })
		case keyClasses:
			err = parse(value, func(d *jsontext.Decoder) error { return readClasses(d, &c.Classes) })
		default:
			if i := slices.IndexFunc(texts, func(f textField) bool { return f.key == key }); i >= 0 {
				*texts[i].value = value
				continue
			}
			if c.Extra == nil {
				c.Extra = make(map[string]string)
			}
			c.Extra[key] = value
		}
		if err != nil {
			return Card{}, fmt.Errorf("cannot read the %s in the model's metadata: %w", key, err)
		}
	}
	return c, nil
}

// Metadata returns the card as the metadata of a model file.
func (c Card) Metadata() map[string]string {
	metadata := make(map[string]string)
	maps.Copy(metadata, c.Extra)
	metadata[keyFormat] = Format
	for _, f := range c.texts() {
		if *f.value != "" {
			metadata[f.key] = *f.value
		}
	}
	if c.Size != 0 {
		metadata[keySize] = strconv.Itoa(c.Size)
	}
	if c.Architecture != (Architecture{}) {
		metadata[keyArchitecture] = encode(c.Architecture.write)
	}
	if c.Normalisation != (Normalisation{}) {
		metadata[keyNormalisation] = encode(c.Normalisation.write)
	}
	if len(c.Classes) > 0 {
		metadata[keyClasses] = encode(c.writeClasses)
	}
	return metadata
}

// Override returns c with every field that other states replaced.
func (c Card) Override(other Card) Card {
	own := c.texts()
	for i, f := range other.texts() {
		if *f.value != "" {
			*own[i].value = *f.value
		}
	}
	if other.Size != 0 {
		c.Size = other.Size
	}
	if other.Architecture != (Architecture{}) {
		c.Architecture = other.Architecture
	}
	if other.Normalisation != (Normalisation{}) {
		c.Normalisation = other.Normalisation
	}
	if len(other.Classes) > 0 {
		c.Classes = other.Classes
	}
	c.Extra = maps.Clone(c.Extra)
	if c.Extra == nil {
		c.Extra = make(map[string]string)
	}
	maps.Copy(c.Extra, other.Extra)
	return c
}
