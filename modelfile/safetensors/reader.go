package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"unsafe"
)

// chunk is the number of bytes to read, convert or write at a time.
const chunk = 32 << 10

// firstAllocation is the most bytes that readAll allocates for a tensor when its
// first chunk arrives.
const firstAllocation = 160 << 10

// Reader reads a safetensors file from a stream, a tensor at a time, in the
// order of the file.
type Reader struct {
	r        io.Reader
	metadata map[string]string
	tensors  []Tensor

	next    int    // index of the tensor that Next will return
	current Tensor // the tensor that Read reads
	unread  int    // bytes of current
	err     error  // the first failure, which every later call repeats
	buffer  []byte
}

// NewReader reads and checks the header.
func NewReader(r io.Reader) (*Reader, error) {
	var prefix [8]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, headerError(err)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > MaxHeader {
		return nil, fmt.Errorf("the file is not a safetensors file, or damaged: it claims a header of %d bytes, more than the limit of %d", length, MaxHeader)
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(length)))
	if err == nil && uint64(len(text)) < length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, headerError(err)
	}
	metadata, tensors, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	return &Reader{r: r, metadata: metadata, tensors: tensors}, nil
}

func headerError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the file ends inside its header: it is not a safetensors file, or incomplete (%w)", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("cannot read the header of the model file: %w", err)
}

// Metadata returns the metadata of the file, nil if there is none. It belongs to
// the Reader.
func (r *Reader) Metadata() map[string]string { return r.metadata }

// Tensors returns the tensors in the order of the file. The list belongs to the
// Reader.
func (r *Reader) Tensors() []Tensor { return r.tensors }

// Next skips the rest of the current tensor and moves to the next one. After the
// last it returns [io.EOF], or another error if the file goes on.
func (r *Reader) Next() (Tensor, error) {
	if r.err == nil {
		r.skip()
	}
	if r.err == nil && r.next == len(r.tensors) {
		r.err = r.end()
	}
	if r.err != nil {
		return Tensor{}, r.err
	}
	r.current = r.tensors[r.next]
	r.unread = r.current.Bytes()
	r.next++
	return r.current, nil
}

// Read reads raw bytes of the current tensor. It returns [io.EOF] at its end.
func (r *Reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.unread == 0 {
		return 0, io.EOF
	}
	n, err := r.r.Read(p[:min(len(p), r.unread)])
	r.unread -= n
	if err != nil && r.unread > 0 {
		r.err = r.readError(err)
		return n, r.err
	}
	return n, nil
}

// Float32s reads the current tensor, which must be F32, F16, BF16 or F64, as
// float32. It fails if a value is not finite.
func (r *Reader) Float32s() ([]float32, error) {
	if !r.current.DType.IsFloat() {
		return nil, r.typeError("F32, F16, BF16 or F64")
	}
	values, err := readAll(r, func(dst []float32, p []byte) {
		Decode(dst, p, r.current.DType)
	})
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		if v-v != 0 { // NaN and infinities
			return nil, fmt.Errorf("tensor %q has the value %v at index %d, but weights must be finite: the model is damaged or its training failed", r.current.Name, v, i)
		}
	}
	return values, nil
}

// Int8s reads the current tensor, which must be I8.
func (r *Reader) Int8s() ([]int8, error) {
	if r.current.DType != I8 {
		return nil, r.typeError("I8")
	}
	return readAll(r, func(dst []int8, p []byte) {
		// One copy: a loop over millions of bytes takes a quarter of a second in a
		// browser that has not optimised this program yet.
		copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))), len(dst)), p)
	})
}

// readAll reads the whole current tensor. Memory grows with the bytes that
// arrive, at most to the tensor's size.
func readAll[T any](r *Reader, decode func(dst []T, p []byte)) ([]T, error) {
	size, total := r.current.DType.Size(), r.current.Elements()
	if r.unread != r.current.Bytes() {
		return nil, fmt.Errorf("tensor %q has already been read: call Next", r.current.Name)
	}
	if r.buffer == nil {
		r.buffer = make([]byte, chunk)
	}
	var values []T
	for r.unread > 0 {
		p := r.buffer[:min(chunk, r.unread)]
		if _, err := io.ReadFull(r, p); err != nil {
			return nil, err
		}
		from, to := len(values), len(values)+len(p)/size
		if to > cap(values) {
			values = append(make([]T, 0, min(max(2*cap(values), to, firstAllocation/size), total)), values...)
		}
		values = values[:to]
		decode(values[from:], p)
	}
	return values, nil
}

// skip discards the rest of the current tensor.
func (r *Reader) skip() {
	n, err := io.CopyN(io.Discard, r.r, int64(r.unread))
	r.unread -= int(n)
	if err != nil {
		r.err = r.readError(err)
	}
}

// end returns io.EOF if the stream ends here, as it must after the last tensor.
func (r *Reader) end() error {
	var p [1]byte
	switch n, err := io.ReadFull(r.r, p[:]); {
	case n > 0:
		return errors.New("the model file goes on after its last tensor; it is damaged or two files were joined")
	case err == io.EOF:
		return io.EOF
	default:
		return fmt.Errorf("cannot read the end of the model file: %w", err)
	}
}

func (r *Reader) readError(err error) error {
	if err == io.EOF {
		return fmt.Errorf("the model file ends inside tensor %q, %d bytes too early: copy or download it again (%w)", r.current.Name, r.unread, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("cannot read tensor %q: %w", r.current.Name, err)
}

func (r *Reader) typeError(want string) error {
	if r.next == 0 {
		return errors.New("no current tensor: call Next first")
	}
	return fmt.Errorf("tensor %q is %s; expected %s", r.current.Name, r.current.DType, want)
}

// Decode converts len(dst) values of the type d, which must be a float type.
func Decode(dst []float32, p []byte, d DType) {
	le := binary.LittleEndian
	switch d {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(p[4*i:]))
		}
	case F16:
		for i := range dst {
			dst[i] = FromF16(le.Uint16(p[2*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = FromBF16(le.Uint16(p[2*i:]))
		}
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(le.Uint64(p[8*i:])))
		}
	}
}
