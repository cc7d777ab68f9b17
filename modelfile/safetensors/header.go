package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"segmenter/modelfile/internal/jsonread"
)

// metadataKey is the only name in a header that is not a tensor's.
const metadataKey = "__metadata__"

// placed is a tensor with its range of bytes in the data of a file.
type placed struct {
	Tensor
	from, to int
}

// parseHeader reads the JSON of a header. It returns the tensors in the order of
// their data, and fails if there are holes or overlaps.
func parseHeader(text []byte) (map[string]string, []Tensor, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, errors.New("the file is not a safetensors file: its header does not begin with '{'")
	}
	var (
		metadata map[string]string
		found    []placed
	)
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	err := jsonread.Object(d, func(name string) (err error) {
		if name == metadataKey {
			metadata, err = readMetadata(d)
			return err
		}
		if len(found) == maxTensors {
			return fmt.Errorf("it has more than %d tensors", maxTensors)
		}
		p, err := readPlaced(d, name)
		found = append(found, p)
		return err
	})
	if err == nil {
		err = jsonread.End(d)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the header of the safetensors file is damaged: %w", err)
	}
	tensors, err := inFileOrder(found)
	return metadata, tensors, err
}

func readMetadata(d *jsontext.Decoder) (map[string]string, error) {
	metadata := make(map[string]string)
	err := jsonread.Object(d, func(key string) (err error) {
		if len(metadata) == maxMetadata {
			return fmt.Errorf("the metadata has more than %d entries", maxMetadata)
		}
		if metadata[key], err = jsonread.String(d); err != nil {
			return fmt.Errorf("metadata %q: %w", key, err)
		}
		return nil
	})
	return metadata, err
}

// readPlaced reads {"dtype":…,"shape":…,"data_offsets":…}.
func readPlaced(d *jsontext.Decoder, name string) (placed, error) {
	p := placed{Tensor: Tensor{Name: name}, from: -1}
	var offsets []int
	err := jsonread.Object(d, func(field string) (err error) {
		switch field {
		case "dtype":
			var text string
			text, err = jsonread.String(d)
			p.DType = DType(text)
		case "shape":
			p.Shape, err = readCounts(d, maxRank)
		case "data_offsets":
			offsets, err = readCounts(d, 2)
		default:
			err = fmt.Errorf("the field %q is not one of dtype, shape and data_offsets", field)
		}
		return err
	})
	if err == nil && (p.DType == "" || p.Shape == nil || len(offsets) != 2) {
		err = errors.New("it needs a dtype, a shape and two data_offsets")
	}
	if err != nil {
		return p, fmt.Errorf("tensor %q: %w", name, err)
	}
	if err := p.check(); err != nil {
		return p, err
	}
	p.from, p.to = offsets[0], offsets[1]
	if p.to < p.from || p.to-p.from != p.Bytes() {
		return p, fmt.Errorf("tensor %q is %s %v, %d bytes, but lies from byte %d to %d", name, p.DType, p.Shape, p.Bytes(), p.from, p.to)
	}
	return p, nil
}

// readCounts reads an array of at most limit counts. Without error, the result is
// not nil.
func readCounts(d *jsontext.Decoder, limit int) ([]int, error) {
	counts := []int{}
	err := jsonread.Array(d, func(i int) error {
		if i == limit {
			return fmt.Errorf("an array has more than %d numbers", limit)
		}
		n, err := jsonread.Count(d)
		counts = append(counts, n)
		return err
	})
	return counts, err
}

// inFileOrder sorts tensors by their place and reports holes and overlaps. Empty
// tensors share their place with the next one; they keep the header's order.
func inFileOrder(found []placed) ([]Tensor, error) {
	slices.SortStableFunc(found, func(a, b placed) int {
		if a.from != b.from {
			return a.from - b.from // neither is negative
		}
		return a.to - b.to
	})
	tensors := make([]Tensor, len(found))
	end := 0
	for i, p := range found {
		if p.from != end {
			return nil, fmt.Errorf("the header of the safetensors file is damaged: tensor %q begins at byte %d of the data, but the tensor before it ends at %d", p.Name, p.from, end)
		}
		tensors[i], end = p.Tensor, p.to
	}
	return tensors, nil
}

// headerText returns the header of a file with these tensors, in this order,
// prefixed by its length and padded so that the data begins at a multiple of 8.
func headerText(metadata map[string]string, tensors []Tensor) ([]byte, error) {
	var text bytes.Buffer
	e := jsontext.NewEncoder(&text)
	var firstErr error // the encoder refuses invalid tokens
	write := func(tokens ...jsontext.Token) {
		for _, t := range tokens {
			if err := e.WriteToken(t); firstErr == nil && err != nil {
				firstErr = err
			}
		}
	}

	write(jsontext.BeginObject)
	if len(metadata) > 0 {
		write(jsontext.String(metadataKey), jsontext.BeginObject)
		for _, key := range slices.Sorted(maps.Keys(metadata)) {
			write(jsontext.String(key), jsontext.String(metadata[key]))
		}
		write(jsontext.EndObject)
	}
	end := 0
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return nil, err
		}
		if t.Bytes() > math.MaxInt-end {
			return nil, fmt.Errorf("tensor %q would make the file larger than any disk", t.Name)
		}
		write(jsontext.String(t.Name), jsontext.BeginObject,
			jsontext.String("dtype"), jsontext.String(string(t.DType)),
			jsontext.String("shape"), jsontext.BeginArray)
		for _, dim := range t.Shape {
			write(jsontext.Int(int64(dim)))
		}
		write(jsontext.EndArray, jsontext.String("data_offsets"), jsontext.BeginArray,
			jsontext.Int(int64(end)), jsontext.Int(int64(end+t.Bytes())),
			jsontext.EndArray, jsontext.EndObject)
		end += t.Bytes()
	}
	write(jsontext.EndObject)
	if firstErr != nil {
		return nil, fmt.Errorf("cannot write the header: %w", firstErr)
	}
	return frame(bytes.TrimSpace(text.Bytes()))
}

// frame prefixes a header with its length and pads it.
func frame(header []byte) ([]byte, error) {
	padded := (len(header) + 7) / 8 * 8
	if padded > MaxHeader {
		return nil, fmt.Errorf("the header has %d bytes, more than the limit of %d", padded, MaxHeader)
	}
	text := make([]byte, 0, 8+padded)
	text = binary.LittleEndian.AppendUint64(text, uint64(padded))
	text = append(text, header...)
	return append(text, bytes.Repeat([]byte(" "), padded-len(header))...), nil
}
