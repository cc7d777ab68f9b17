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
	current int // index of the tensor to write
	missing int // bytes of it
	buffer  []byte
}

// NewWriter writes the header. Write the tensors next, in this order, then call
// [Writer.Close]. Equal arguments give equal bytes, and data begins at a multiple
// of 8.
func NewWriter(w io.Writer, metadata map[string]string, tensors []Tensor) (*Writer, error) {
	if len(tensors) > maxTensors || len(metadata) > maxMetadata {
		return nil, fmt.Errorf("%d tensors and %d entries of metadata are more than the limits of %d and %d", len(tensors), len(metadata), maxTensors, maxMetadata)
	}
	text, err := headerText(metadata, tensors)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("cannot write the header of the model file: %w", err)
	}
	out := &Writer{w: w, tensors: tensors, current: -1}
	out.advance()
	return out, nil
}

// Write writes raw bytes of the tensors, one after the other.
func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if w.current == len(w.tensors) {
			return written, errors.New("the header has no tensor for these bytes: all are complete")
		}
		n, err := w.w.Write(p[:min(len(p), w.missing)])
		written += n
		w.missing -= n
		if err != nil {
			return written, fmt.Errorf("cannot write tensor %q: %w", w.tensors[w.current].Name, err)
		}
		p = p[n:]
		w.advance()
	}
	return written, nil
}

// WriteFloat32s writes the whole next tensor, F32 or F16. It fails if a value is
// not finite in that type.
func (w *Writer) WriteFloat32s(values []float32) error {
	t, err := w.begin(len(values), F32, F16)
	if err != nil {
		return err
	}
	if t.DType == F32 && isLittleEndian {
		for i, v := range values {
			if v-v != 0 { // NaN and infinities
				return fmt.Errorf("tensor %q: %v at index %d is not finite", t.Name, v, i)
			}
		}
		_, err := w.Write(memory(values))
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
				return fmt.Errorf("tensor %q: %v is not finite as %s", t.Name, v, t.DType)
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

// Close fails if tensors are missing. It does not close the stream.
func (w *Writer) Close() error {
	if w.current < len(w.tensors) {
		return fmt.Errorf("the model file is incomplete: tensor %q lacks %d bytes", w.tensors[w.current].Name, w.missing)
	}
	return nil
}

// begin checks that the next tensor has one of the types and this many values.
// The Writer skips empty tensors, so they need no call.
func (w *Writer) begin(elements int, types ...DType) (Tensor, error) {
	if w.current == len(w.tensors) {
		if elements == 0 {
			return Tensor{DType: types[0]}, nil
		}
		return Tensor{}, errors.New("all tensors of the header are complete")
	}
	t := w.tensors[w.current]
	switch {
	case elements == 0:
	case w.missing != t.Bytes():
		return t, fmt.Errorf("tensor %q is partly written and lacks %d bytes", t.Name, w.missing)
	case !slices.Contains(types, t.DType):
		return t, fmt.Errorf("cannot write %d values of %s to tensor %q, which is %s", elements, types[0], t.Name, t.DType)
	case elements != t.Elements():
		return t, fmt.Errorf("cannot write %d values to tensor %q, which has %d", elements, t.Name, t.Elements())
	}
	return t, nil
}

// advance moves to the next incomplete tensor.
func (w *Writer) advance() {
	for w.missing == 0 && w.current < len(w.tensors) {
		w.current++
		if w.current < len(w.tensors) {
			w.missing = w.tensors[w.current].Bytes()
		}
	}
}
