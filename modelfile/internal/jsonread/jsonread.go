// Package jsonread reads JSON token by token. Package encoding/json uses
// reflection and would make the WebAssembly engine much larger.
package jsonread

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Object reads an object and calls member with each of its names; member reads
// the value. The decoder refuses duplicate names.
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

// Array reads an array and calls element with the index of each element; element
// reads the value.
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
		return 0, fmt.Errorf("%s is not a whole number from 0 to %d", text, math.MaxInt)
	}
	return int(n), nil
}

// Token reads a token and fails if it has another kind.
func Token(d *jsontext.Decoder, want jsontext.Kind) (jsontext.Token, error) {
	t, err := d.ReadToken()
	if err != nil {
		return t, err
	}
	if t.Kind() != want {
		return t, fmt.Errorf("found a JSON %v, expected a %v", t.Kind(), want)
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
	return errors.New("unexpected text follows the end of the JSON")
}
