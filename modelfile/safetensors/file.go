package safetensors

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// File reads the tensors of a safetensors file in any order.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor

	r      io.ReaderAt
	places map[string]int64 // of each tensor's first byte
}

// NewFile reads and checks the header of a file of so many bytes.
func NewFile(r io.ReaderAt, size int64) (*File, error) {
	header, err := NewReader(bufio.NewReader(io.NewSectionReader(r, 0, size)))
	if err != nil {
		return nil, err
	}
	var prefix [8]byte
	if _, err := r.ReadAt(prefix[:], 0); err != nil {
		return nil, headerError(err)
	}
	f := &File{header.metadata, header.tensors, r, make(map[string]int64, len(header.tensors))}
	at := int64(len(prefix)) + int64(binary.LittleEndian.Uint64(prefix[:]))
	for _, t := range f.Tensors {
		f.places[t.Name] = at
		if int64(t.Bytes()) > size-at {
			return nil, fmt.Errorf("the model file ends inside tensor %q: copy or download it again (%w)", t.Name, io.ErrUnexpectedEOF)
		}
		at += int64(t.Bytes())
	}
	return f, nil
}

// ReadFloats reads the values of a tensor of the file, which must be F32, F16, BF16 or F64. dst
// has room for all of them.
func (f *File) ReadFloats(dst []float32, t Tensor) error {
	if !t.DType.IsFloat() {
		return fmt.Errorf("tensor %q is %s; expected F32, F16, BF16 or F64", t.Name, t.DType)
	}
	return ReadFloats(dst, t.DType, f.places[t.Name], func(p []byte, at int64) error {
		if n, err := f.r.ReadAt(p, at); n < len(p) {
			return fmt.Errorf("cannot read tensor %q: %w", t.Name, err)
		}
		return nil
	})
}
