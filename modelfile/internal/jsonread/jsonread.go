// Package jsonread reads JSON token by token. Package encoding/json, which works
// by reflection, would make the WebAssembly engine much larger.
package jsonread

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Object reads an object and calls member for each of its names; member reads
// the value. The decoder refuses a name that comes twice.
func Object(d *jsontext.Decoder, member func(name string) error) error {
	if err := expect(d, jsontext.KindBeginObject); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := String(d)
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
	return expect(d, jsontext.KindEndObject)
}

// Array reads an array and calls element with the index of each of its
// elements; element reads the value.
func Array(d *jsontext.Decoder, element func(i int) error) error {
	if err := expect(d, jsontext.KindBeginArray); err != nil {
		return err
	}
	for i := 0; d.PeekKind() != jsontext.KindEndArray; i++ {
		if err := element(i); err != nil {
			return err
		}
	}
	return expect(d, jsontext.KindEndArray)
}

func expect(d *jsontext.Decoder, want jsontext.Kind) error {
	_, err := Token(d, want)
	return err
}

// String reads a string.
func String(d *jsontext.Decoder) (string, error) {
	t, err := Token(d, jsontext.KindString)
	if err != nil {
		return "", err
	}
	return t.String(), nil
}

// Count reads an integer that is not negative.
func Count(d *jsontext.Decoder) (int, error) {
	t, err := Token(d, jsontext.KindNumber)
	if err != nil {
		return 0, err
	}
	text := t.String()
	n, err := strconv.ParseInt(text, 10, strconv.IntSize)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is not a whole number from 0 to the largest that fits", text)
	}
	return int(n), nil
}

// Token reads a token of the kind that is wanted.
func Token(d *jsontext.Decoder, want jsontext.Kind) (jsontext.Token, error) {
	t, err := d.ReadToken()
	if err != nil {
		return t, err
	}
	if t.Kind() != want {
		return t, fmt.Errorf("a JSON %v was found where a %v belongs", t.Kind(), want)
	}
	return t, nil
}

// End reports anything but white space after a JSON value.
func End(d *jsontext.Decoder) error {
	switch _, err := d.ReadToken(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	return errors.New("something follows the end of the JSON")
}
