package modelfile

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"slices"
	"strings"

	"segmenter/modelfile/internal/jsonread"
)

// The JSON of the structured parts of a card.

// parse reads one JSON value with read.
func parse(text string, read func(*jsontext.Decoder) error) error {
	d := jsontext.NewDecoder(strings.NewReader(text))
	if err := read(d); err != nil {
		return err
	}
	return jsonread.End(d)
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
	err := jsonread.Object(d, func(key string) (err error) {
		i := slices.IndexFunc(missing, func(f architectureField) bool { return f.key == key })
		if i < 0 {
			return fmt.Errorf("unknown field %q", key)
		}
		*missing[i].value, err = jsonread.Count(d)
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
	err := jsonread.Object(d, func(key string) error {
		rgb := fields[key]
		if rgb == nil {
			return fmt.Errorf("unknown field %q", key)
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
	err := jsonread.Array(d, func(i int) error {
		t, err := jsonread.Token(d, jsontext.KindNumber)
		if err != nil {
			return err
		}
		if i >= len(rgb) {
			return errors.New("expected three numbers, got more")
		}
		count++
		rgb[i], err = t.Float32()
		return err
	})
	if err == nil && count < len(rgb) {
		err = fmt.Errorf("expected three numbers, got %d", count)
	}
	return err
}

func readClasses(d *jsontext.Decoder, classes *[]Class) error {
	return jsonread.Array(d, func(i int) error {
		if i == maxClasses {
			return fmt.Errorf("more than %d classes", maxClasses)
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
	err := jsonread.Object(d, func(key string) (err error) {
		field := fields[key]
		if field == nil {
			return fmt.Errorf("unknown field %q", key)
		}
		*field, err = jsonread.String(d)
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

// encode returns the JSON that write writes. The values come from parse or from
// Go, so encoding cannot fail; the encoder replaces text that is not UTF-8.
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
