package quant

import (
	"encoding/json/jsontext"
	"fmt"
	"strconv"
)

// readObject reads an object and calls member for each of its names; member
// reads the value. A name that comes twice is an error of the decoder.
func readObject(d *jsontext.Decoder, member func(name string) error) error {
	if err := expect(d, jsontext.KindBeginObject); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := readString(d)
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
	return expect(d, jsontext.KindEndObject)
}

// readArray reads an array and calls element for each of its elements, with
// its index; element reads the value.
func readArray(d *jsontext.Decoder, element func(i int) error) error {
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
	_, err := readToken(d, want)
	return err
}

func readString(d *jsontext.Decoder) (string, error) {
	t, err := readToken(d, jsontext.KindString)
	if err != nil {
		return "", err
	}
	return t.String(), nil
}

// readCount reads an integer that is not negative.
func readCount(d *jsontext.Decoder) (int, error) {
	t, err := readToken(d, jsontext.KindNumber)
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

func readToken(d *jsontext.Decoder, want jsontext.Kind) (jsontext.Token, error) {
	t, err := d.ReadToken()
	if err != nil {
		return t, err
	}
	if t.Kind() != want {
		return t, fmt.Errorf("a JSON %v was found where a %v belongs", t.Kind(), want)
	}
	return t, nil
}
