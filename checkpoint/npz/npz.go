// Package npz reads the arrays of numpy's .npz files: a zip archive of .npy files, each a
// header with the array's type and shape, and its values.
package npz

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"segmenter/checkpoint/internal/zipfile"
	"segmenter/modelfile/safetensors"
)

// maxHeader limits the header of an array; real ones have a hundred bytes.
const maxHeader = 4096

// maxRank limits the dimensions of an array.
const maxRank = 8

// Array is an array of a file. Its values are read when they are asked for.
type Array struct {
	shape []int
	dtype safetensors.DType
	r     io.ReaderAt
	first int64 // byte of the values
}

// Open returns the arrays of a file by name, without ".npy".
func Open(r io.ReaderAt, size int64) (map[string]*Array, error) {
	archive, err := zipfile.Open(r, size)
	if err != nil {
		return nil, err
	}
	arrays := make(map[string]*Array)
	for name, entry := range archive.Entries {
		name, ok := strings.CutSuffix(name, ".npy")
		if !ok {
			continue
		}
		content, err := archive.Bytes(entry)
		if err != nil {
			return nil, err
		}
		if arrays[name], err = parse(content, int64(min(entry.UncompressedSize64, 1<<60))); err != nil {
			return nil, fmt.Errorf("the array %.100q: %w", name, err)
		}
	}
	return arrays, nil
}

// parse reads the header of an array in size bytes: a magic text, two bytes of version, the
// header's length in two bytes (four since version 2), and a Python dictionary.
func parse(r io.ReaderAt, size int64) (*Array, error) {
	head := make([]byte, min(size, 12))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	if len(head) < 12 || string(head[:6]) != "\x93NUMPY" {
		return nil, errors.New("it is not one of numpy: the file is damaged")
	}
	at, length := int64(10), int64(binary.LittleEndian.Uint16(head[8:]))
	if head[6] >= 2 {
		at, length = 12, int64(binary.LittleEndian.Uint32(head[8:]))
	}
	if length > maxHeader || at+length > size {
		return nil, fmt.Errorf("its header has %d bytes: the file is damaged", length)
	}
	text := make([]byte, length)
	if n, err := r.ReadAt(text, at); n < len(text) {
		return nil, fmt.Errorf("its header cannot be read: %w", err)
	}
	a := &Array{r: r, first: at + length}
	return a, a.describe(string(text), size)
}

var types = map[string]safetensors.DType{"<f4": safetensors.F32, "<f2": safetensors.F16, "<f8": safetensors.F64, "|V2": safetensors.BF16, "<V2": safetensors.BF16}

// entry returns what stands between two texts after a key of a header's dictionary.
func entry(text, key, before, after string) (value string, ok bool) {
	_, rest, found := strings.Cut(text, "'"+key+"':")
	rest, opened := strings.CutPrefix(strings.TrimLeft(rest, " "), before)
	value, _, closed := strings.Cut(rest, after)
	return value, found && opened && closed
}

// describe reads the dictionary of a header.
func (a *Array) describe(text string, size int64) error {
	descr, ok1 := entry(text, "descr", "'", "'")
	fortran, ok2 := entry(text, "fortran_order", "", ",")
	shape, ok3 := entry(text, "shape", "(", ")")
	if !ok1 || !ok2 || !ok3 {
		return errors.New("its header lacks a type, an order or a shape: the file is damaged")
	}
	a.dtype = types[descr] // of what is no float, "": Read refuses it
	elements := int64(1)
	for field := range strings.FieldsFuncSeq(shape, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.ParseInt(field, 10, 32)
		if err != nil || len(a.shape) == maxRank || n > 0 && elements > size/n {
			return fmt.Errorf("it has the shape (%.100s), more than the file holds: the file is damaged", shape)
		}
		a.shape = append(a.shape, int(n))
		elements *= n
	}
	if fortran == "True" && len(a.shape) > 1 {
		return errors.New("it is in Fortran's order: save it with numpy.ascontiguousarray")
	}
	if bytes := elements * int64(a.dtype.Size()); bytes > size-a.first {
		return fmt.Errorf("it has %d bytes where its shape %v needs %d: the file is damaged", size-a.first, a.shape, bytes)
	}
	return nil
}

// Shape returns the lengths of the axes. The list belongs to the array.
func (a *Array) Shape() []int { return a.shape }

// Read reads the values, row by row, as float32. dst has room for all of them.
func (a *Array) Read(dst []float32) error {
	if a.dtype == "" {
		return errors.New("an array holds no floats: expected <f4, <f2 or <f8")
	}
	return safetensors.ReadFloats(dst, a.dtype, a.first, func(p []byte, at int64) error {
		if n, err := a.r.ReadAt(p, at); n < len(p) {
			return fmt.Errorf("an array cannot be read: %w", err)
		}
		return nil
	})
}
