package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Writer writes a safetensors file to a stream, a tensor at a time.
type Writer struct {
	w       io.Writer
	tensors []Tensor
	next    int // index of the current tensor
	left    int // bytes that it lacks
	buffer  []byte
}

// NewWriter writes the header. The tensors, in this order, have to follow, then
// [Writer.Close]. Equal arguments give equal bytes, and data begins at a
// multiple of 8.
func NewWriter(w io.Writer, metadata map[string]string, tensors []Tensor) (*Writer, error) {
	if len(tensors) > maxTensors || len(metadata) > maxMetadata {
		return nil, fmt.Errorf("%d tensors and %d entries of metadata are too many; at most %d and %d are allowed", len(tensors), len(metadata), maxTensors, maxMetadata)
	}
	text, err := headerText(metadata, tensors)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("the header of the model file could not be written: %w", err)
	}
	out := &Writer{w: w, tensors: tensors, next: -1}
	out.advance()
	return out, nil
}

// Write writes raw bytes of the tensors, one after the other.
func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if w.next == len(w.tensors) {
			return written, errors.New("more bytes were written than the tensors of the header hold")
		}
		n, err := w.w.Write(p[:min(len(p), w.left)])
		written += n
		w.left -= n
		if err != nil {
			return written, fmt.Errorf("tensor %q could not be written: %w", w.tensors[w.next].Name, err)
		}
		p = p[n:]
		w.advance()
	}
	return written, nil
}

// WriteFloat32s writes the whole next tensor, F32 or F16. It refuses values that
// are not finite in that type.
func (w *Writer) WriteFloat32s(values []float32) error {
	t, err := w.begin(len(values), F32, F16)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(values, chunk/4) {
		w.buffer = w.buffer[:0]
		for _, v := range part {
			stored := v
			if t.DType == F16 {
				half := ToF16(v)
				stored = FromF16(half)
				w.buffer = binary.LittleEndian.AppendUint16(w.buffer, half)
			} else {
				w.buffer = binary.LittleEndian.AppendUint32(w.buffer, math.Float32bits(v))
			}
			if stored-stored != 0 { // NaN and infinities
				return fmt.Errorf("tensor %q: %v is not a finite number as %s", t.Name, v, t.DType)
			}
		}
		if _, err := w.Write(w.buffer); err != nil {
			return err
		}
	}
	return nil
}

// WriteInt8s writes the whole next tensor, I8.
func (w *Writer) WriteInt8s(values []int8) error {
	if _, err := w.begin(len(values), I8); err != nil {
		return err
	}
	for part := range slices.Chunk(values, chunk) {
		w.buffer = w.buffer[:0]
		for _, v := range part {
			w.buffer = append(w.buffer, byte(v))
		}
		if _, err := w.Write(w.buffer); err != nil {
			return err
		}
	}
	return nil
}

// Close reports tensors that were not written. It does not close the stream.
func (w *Writer) Close() error {
	if w.next < len(w.tensors) {
		return fmt.Errorf("the model file is not complete: tensor %q lacks %d bytes", w.tensors[w.next].Name, w.left)
	}
	return nil
}

// begin checks that the next tensor is of one of the types and has this many
// values. Empty tensors need no call: they are passed over.
func (w *Writer) begin(elements int, types ...DType) (Tensor, error) {
	if w.next == len(w.tensors) {
		if elements == 0 {
			return Tensor{DType: types[0]}, nil
		}
		return Tensor{}, errors.New("all tensors of the header were written already")
	}
	t := w.tensors[w.next]
	switch {
	case elements == 0:
	case w.left != t.Bytes():
		return t, fmt.Errorf("tensor %q was begun already and lacks %d bytes", t.Name, w.left)
	case !slices.Contains(types, t.DType):
		return t, fmt.Errorf("tensor %q is %s, which %d values of %s were to be written to", t.Name, t.DType, elements, types[0])
	case elements != t.Elements():
		return t, fmt.Errorf("tensor %q has %d values, but %d were to be written", t.Name, t.Elements(), elements)
	}
	return t, nil
}

// advance moves to the next tensor that lacks bytes.
func (w *Writer) advance() {
	for w.left == 0 && w.next < len(w.tensors) {
		w.next++
		if w.next < len(w.tensors) {
			w.left = w.tensors[w.next].Bytes()
		}
	}
}
