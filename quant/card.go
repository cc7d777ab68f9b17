package quant

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Format is the value of the metadata key "format" in the files that this
// version writes and reads.
const Format = "segmenter/1"

// Card says what a model is: all that its tensors do not. Fields that a source
// does not state are zero.
type Card struct {
	Name         string // what to call the model
	Licence      string // under which terms it may be used
	Source       string // where it comes from
	TrainingData string // what it has seen
	Accuracy     string // what was measured, on what

	Architecture  Architecture
	Normalisation Normalisation
	Classes       []Class // by id, at most 256

	Extra map[string]string // metadata beyond the format, kept as it is
}

// Architecture is the shape of the network.
type Architecture struct {
	Patch        int // side of a patch in pixels
	Width        int // of a token, D in the paper
	Depth        int // blocks of the encoder
	Heads        int // of each attention of the encoder
	DecoderDepth int // blocks of the mask transformer; 0 if there is none
	Grid         int // the position embedding is for Grid×Grid patches
	ExtraTokens  int // before the patches: 1, the class token; 2 with a distillation token
}

// Normalisation of a channel (R, G, B) of the input: (x/255 − Mean)/Std.
type Normalisation struct{ Mean, Std [3]float32 }

// Class is what a class id stands for.
type Class struct {
	Name   string
	Colour Colour // to paint it with
}

// Colour is sRGB, written as "#rrggbb".
type Colour struct{ R, G, B uint8 }

func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// ParseColour reads "#rrggbb".
func ParseColour(text string) (Colour, error) {
	digits, ok := strings.CutPrefix(text, "#")
	rgb, err := strconv.ParseUint(digits, 16, 24)
	if !ok || err != nil || len(digits) != 6 {
		return Colour{}, fmt.Errorf("%q is not a colour; it should look like #1f77b4", text)
	}
	return Colour{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb)}, nil
}

// The keys of metadata that a card has fields for.
const (
	keyFormat        = "format"
	keyArchitecture  = "architecture"
	keyNormalisation = "normalisation"
	keyClasses       = "classes"
)

// texts are the keys whose values are text and nothing else.
func (c *Card) texts() map[string]*string {
	return map[string]*string{
		"name":          &c.Name,
		"licence":       &c.Licence,
		"source":        &c.Source,
		"training_data": &c.TrainingData,
		"accuracy":      &c.Accuracy,
	}
}

// ReadCard reads a card file: a JSON object with the keys of the metadata (see
// the package documentation), all of them optional, where architecture,
// normalisation and classes are JSON and not JSON inside of a string.
func ReadCard(r io.Reader) (Card, error) {
	metadata := make(map[string]string)
	d := jsontext.NewDecoder(io.LimitReader(r, maxHeader))
	err := readObject(d, func(key string) (err error) {
		if d.PeekKind() == jsontext.KindString {
			metadata[key], err = readString(d)
			return err
		}
		value, err := d.ReadValue()
		metadata[key] = string(value)
		return err
	})
	if err == nil {
		err = expectEnd(d)
	}
	if err != nil {
		return Card{}, fmt.Errorf("the card is not the JSON object that it should be: %w", err)
	}
	return CardOf(metadata)
}

// CardOf is what the metadata of a model file states.
func CardOf(metadata map[string]string) (Card, error) {
	if format := metadata[keyFormat]; strings.HasPrefix(format, "segmenter/") && format != Format {
		return Card{}, fmt.Errorf("the model file has the format %q; this version reads %q, a newer one is needed", format, Format)
	}
	var c Card
	texts := c.texts()
	for key, value := range metadata {
		var err error
		switch key {
		case keyFormat:
		case keyArchitecture:
			err = parse(value, func(d *jsontext.Decoder) error { return readArchitecture(d, &c.Architecture) })
		case keyNormalisation:
			err = parse(value, func(d *jsontext.Decoder) error { return readNormalisation(d, &c.Normalisation) })
		case keyClasses:
			err = parse(value, func(d *jsontext.Decoder) error { return readClasses(d, &c.Classes) })
		default:
			if field := texts[key]; field != nil {
				*field = value
				continue
			}
			if c.Extra == nil {
				c.Extra = make(map[string]string)
			}
			c.Extra[key] = value
		}
		if err != nil {
			return Card{}, fmt.Errorf("the %s in the model's metadata cannot be read: %w", key, err)
		}
	}
	return c, nil
}

// Metadata is the card as a model file carries it.
func (c Card) Metadata() map[string]string {
	metadata := make(map[string]string)
	maps.Copy(metadata, c.Extra)
	metadata[keyFormat] = Format
	for key, value := range c.texts() {
		if *value != "" {
			metadata[key] = *value
		}
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

// override is c with what the other card states in its place.
func (c Card) override(other Card) Card {
	fields := c.texts()
	for key, value := range other.texts() {
		*fields[key] = cmp.Or(*value, *fields[key])
	}
	c.Architecture = cmp.Or(other.Architecture, c.Architecture)
	c.Normalisation = cmp.Or(other.Normalisation, c.Normalisation)
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

// parse reads text, one JSON value, with read.
func parse(text string, read func(*jsontext.Decoder) error) error {
	d := jsontext.NewDecoder(strings.NewReader(text))
	if err := read(d); err != nil {
		return err
	}
	return expectEnd(d)
}

// architectureField is a key of the architecture's JSON.
type architectureField struct {
	key   string
	value *int
}

func (a *Architecture) fields() []architectureField {
	return []architectureField{
		{"patch", &a.Patch},
		{"width", &a.Width},
		{"depth", &a.Depth},
		{"heads", &a.Heads},
		{"decoder_depth", &a.DecoderDepth},
		{"grid", &a.Grid},
		{"extra_tokens", &a.ExtraTokens},
	}
}

func readArchitecture(d *jsontext.Decoder, a *Architecture) error {
	missing := a.fields()
	err := readObject(d, func(key string) (err error) {
		i := slices.IndexFunc(missing, func(f architectureField) bool { return f.key == key })
		if i < 0 {
			return fmt.Errorf("the field %q is not known", key)
		}
		*missing[i].value, err = readCount(d)
		missing = slices.Delete(missing, i, i+1)
		return err
	})
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("the field %q is missing", missing[0].key)
	}
	return err
}

func readNormalisation(d *jsontext.Decoder, n *Normalisation) error {
	fields := map[string]*[3]float32{"mean": &n.Mean, "std": &n.Std}
	err := readObject(d, func(key string) error {
		rgb := fields[key]
		if rgb == nil {
			return fmt.Errorf("the field %q is not known", key)
		}
		delete(fields, key)
		return readRGB(d, rgb)
	})
	if err == nil && len(fields) > 0 {
		err = errors.New("it needs a mean and a std")
	}
	return err
}

func readRGB(d *jsontext.Decoder, rgb *[3]float32) error {
	count := 0
	err := readArray(d, func(i int) error {
		t, err := readToken(d, jsontext.KindNumber)
		if err != nil {
			return err
		}
		if i >= len(rgb) {
			return errors.New("there are more than three numbers")
		}
		count++
		rgb[i], err = t.Float32()
		return err
	})
	if err == nil && count < len(rgb) {
		err = fmt.Errorf("there are %d numbers instead of three", count)
	}
	return err
}

func readClasses(d *jsontext.Decoder, classes *[]Class) error {
	return readArray(d, func(i int) error {
		if i == maxClasses {
			return fmt.Errorf("there are more than %d", maxClasses)
		}
		c, err := readClass(d)
		if err != nil {
			return fmt.Errorf("class %d: %w", i, err)
		}
		*classes = append(*classes, c)
		return nil
	})
}

func readClass(d *jsontext.Decoder) (Class, error) {
	var c Class
	var colour string
	fields := map[string]*string{"name": &c.Name, "colour": &colour}
	err := readObject(d, func(key string) (err error) {
		field := fields[key]
		if field == nil {
			return fmt.Errorf("the field %q is not known", key)
		}
		*field, err = readString(d)
		return err
	})
	if err == nil && c.Name == "" {
		err = errors.New("it has no name")
	}
	if err == nil {
		c.Colour, err = ParseColour(colour)
	}
	return c, err
}

// encode is the JSON that write writes. It holds what parse has read or Go
// values of ours, so that the encoder has nothing to refuse but text that is
// not UTF-8, which it replaces.
func encode(write func(*jsontext.Encoder)) string {
	var text bytes.Buffer
	write(jsontext.NewEncoder(&text, jsontext.AllowInvalidUTF8(true)))
	return strings.TrimSpace(text.String())
}

func (a Architecture) write(e *jsontext.Encoder) {
	e.WriteToken(jsontext.BeginObject)
	for _, f := range a.fields() {
		e.WriteToken(jsontext.String(f.key))
		e.WriteToken(jsontext.Int(int64(*f.value)))
	}
	e.WriteToken(jsontext.EndObject)
}

func (n Normalisation) write(e *jsontext.Encoder) {
	e.WriteToken(jsontext.BeginObject)
	for _, f := range []struct {
		key string
		rgb [3]float32
	}{{"mean", n.Mean}, {"std", n.Std}} {
		e.WriteToken(jsontext.String(f.key))
		e.WriteToken(jsontext.BeginArray)
		for _, v := range f.rgb {
			e.WriteToken(jsontext.Float32(v))
		}
		e.WriteToken(jsontext.EndArray)
	}
	e.WriteToken(jsontext.EndObject)
}

func (c Card) writeClasses(e *jsontext.Encoder) {
	e.WriteToken(jsontext.BeginArray)
	for _, class := range c.Classes {
		e.WriteToken(jsontext.BeginObject)
		e.WriteToken(jsontext.String("name"))
		e.WriteToken(jsontext.String(class.Name))
		e.WriteToken(jsontext.String("colour"))
		e.WriteToken(jsontext.String(class.Colour.String()))
		e.WriteToken(jsontext.EndObject)
	}
	e.WriteToken(jsontext.EndArray)
}
