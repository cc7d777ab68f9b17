package pytorch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"segmenter/modelfile/safetensors"
)

// maxRank limits the dimensions of a tensor.
const maxRank = 8

// storage is a run of values in the file that tensors are views of.
type storage struct {
	key      string
	dtype    safetensors.DType
	elements int64 // of dtype
	data     source
	first    int64 // byte of data where it begins
	big      bool  // big-endian
}

// source is where the bytes of a storage lie.
type source interface {
	readAt(p []byte, at int64) error
}

// Tensor is a tensor of the file: a view of a storage.
type Tensor struct {
	storage *storage
	dtype   safetensors.DType
	offset  int64 // in elements
	shape   []int
	strides []int64
}

// Shape returns the lengths of the axes. The list belongs to the tensor.
func (t *Tensor) Shape() []int { return t.shape }

// Elements returns the number of values.
func (t *Tensor) Elements() int64 {
	n := int64(1)
	for _, d := range t.shape {
		n *= int64(d)
	}
	return n
}

// Storage returns what tensors share that are views of the same values, and the number of its
// elements.
func (t *Tensor) Storage() (identity any, elements int64) { return t.storage, t.storage.elements }

var errTensor = errors.New("the file's pickle makes a tensor of something else than a storage, an offset, a shape and strides: the file is damaged")

// rebuildTensor makes a tensor of a storage, an offset, a shape and strides; what follows them
// is nothing to a network that is not trained.
func rebuildTensor(_ *machine, arguments Tuple) (any, error) {
	if len(arguments) < 4 {
		return nil, errTensor
	}
	s, ok := arguments[0].(*storage)
	if !ok {
		return nil, errTensor
	}
	return newTensor(s, s.dtype, arguments)
}

// rebuildTyped is rebuildTensor for a storage of bytes, with the type as the seventh argument.
func rebuildTyped(_ *machine, arguments Tuple) (any, error) {
	if len(arguments) < 7 {
		return nil, errTensor
	}
	s, ok1 := arguments[0].(*storage)
	c, ok2 := arguments[6].(*constructor)
	if !ok1 || !ok2 || c.dtype.Size() == 0 {
		return nil, errTensor
	}
	return newTensor(s, c.dtype, arguments)
}

// rebuildFromType calls a function of the allowed ones with arguments, the first and the third
// of its own.
func rebuildFromType(m *machine, arguments Tuple) (any, error) {
	if len(arguments) < 3 {
		return nil, errTensor
	}
	c, ok1 := arguments[0].(*constructor)
	list, ok2 := arguments[2].(Tuple)
	if !ok1 || !ok2 || c.name == "torch._tensor._rebuild_from_type_v2" {
		return nil, errTensor
	}
	return c.make(m, list)
}

func newTensor(s *storage, dtype safetensors.DType, arguments Tuple) (*Tensor, error) {
	offset, ok := Number(arguments[1])
	shape, strides := Sequence(arguments[2]), Sequence(arguments[3])
	if !ok || len(shape) > maxRank || len(strides) != len(shape) {
		return nil, errTensor
	}
	t := &Tensor{storage: s, dtype: dtype, offset: offset}
	for i := range shape {
		length, ok1 := Number(shape[i])
		stride, ok2 := Number(strides[i])
		if !ok1 || !ok2 || length > math.MaxInt32 {
			return nil, errTensor
		}
		t.shape = append(t.shape, int(length))
		t.strides = append(t.strides, stride)
	}
	return t, t.check()
}

// check fails if the tensor reaches beyond its storage, or has more values.
func (t *Tensor) check() error {
	room := t.storage.elements * int64(t.storage.dtype.Size()) / int64(t.dtype.Size())
	elements, last := int64(1), t.offset
	for i, d := range t.shape {
		if d == 0 {
			return nil
		}
		if elements > room/int64(d) || (d > 1 && t.strides[i] > room/int64(d-1)) {
			return t.outside(room)
		}
		elements *= int64(d)
		last += int64(d-1) * t.strides[i] // at most 8·room
	}
	if last >= room {
		return t.outside(room)
	}
	return nil
}

func (t *Tensor) outside(room int64) error {
	return fmt.Errorf("the file has a tensor of the shape %v at %d with the strides %v, but its storage %q has only %d values: the file is damaged", t.shape, t.offset, t.strides, t.storage.key, room)
}

// Read reads the values, row by row, as float32. dst has room for all of them.
func (t *Tensor) Read(dst []float32) error {
	if len(dst) == 0 {
		return nil
	}
	shape, strides, run := t.runs()
	return t.gather(dst, shape, strides, run, t.offset)
}

// runs returns the axes that remain if the inner ones, whose values lie one after the other,
// are a single run of values.
func (t *Tensor) runs() (shape []int, strides []int64, run int64) {
	shape, strides, run = slices.Clone(t.shape), slices.Clone(t.strides), 1
	for n := len(shape) - 1; n >= 0 && (shape[n] == 1 || strides[n] == run); n-- {
		run *= int64(shape[n])
		shape, strides = shape[:n], strides[:n]
	}
	return shape, strides, run
}

// maxExtent limits the values that a strided view is gathered from in one piece, unless the
// view itself has half as many.
const maxExtent = 16 << 20

// gather fills dst with the runs of values at offset. A view whose values lie close together
// is gathered from its whole extent; others axis by axis.
func (t *Tensor) gather(dst []float32, shape []int, strides []int64, run, offset int64) error {
	if len(shape) == 0 {
		return t.read(dst, offset)
	}
	inner := run // extent of one index of the first axis
	for i, d := range shape[1:] {
		inner += int64(d-1) * strides[i+1]
	}
	extent := inner + int64(shape[0]-1)*strides[0]
	if extent > max(maxExtent, 2*int64(len(dst))) {
		return t.gatherParts(dst, shape, strides, run, inner, offset)
	}
	all := make([]float32, extent)
	if err := t.read(all, offset); err != nil {
		return err
	}
	pick(dst, all, shape, strides, run)
	return nil
}

// gatherParts gathers as many indices of the first axis at a time as lie close together.
func (t *Tensor) gatherParts(dst []float32, shape []int, strides []int64, run, inner, offset int64) error {
	atOnce := int(max(1, (maxExtent-inner)/max(1, strides[0])))
	part := len(dst) / shape[0]
	for first := 0; first < shape[0]; first += atOnce {
		n := min(atOnce, shape[0]-first)
		inside, outside := shape[1:], strides[1:]
		if n > 1 {
			inside, outside = append([]int{n}, inside...), strides
		}
		if err := t.gather(dst[first*part:][:n*part], inside, outside, run, offset+int64(first)*strides[0]); err != nil {
			return err
		}
	}
	return nil
}

// pick copies the runs of a view to dst.
func pick(dst, all []float32, shape []int, strides []int64, run int64) {
	if len(shape) == 0 {
		copy(dst, all[:run])
		return
	}
	part := len(dst) / shape[0]
	if len(shape) == 1 && run == 1 {
		for i := range dst {
			dst[i] = all[int64(i)*strides[0]]
		}
		return
	}
	for i := range shape[0] {
		pick(dst[i*part:][:part], all[int64(i)*strides[0]:], shape[1:], strides[1:], run)
	}
}

// read fills dst with values that lie one after the other, from an element on.
func (t *Tensor) read(dst []float32, from int64) error {
	size := t.dtype.Size()
	at := t.storage.first + from*int64(size)
	read := func(p []byte, at int64) error {
		err := t.storage.data.readAt(p, at)
		if t.storage.big {
			swap(p, size)
		}
		return err
	}
	if t.dtype.IsFloat() {
		return safetensors.ReadFloats(dst, t.dtype, at, read)
	}
	p := make([]byte, len(dst)*size)
	if err := read(p, at); err != nil {
		return err
	}
	decode(dst, p, t.dtype)
	return nil
}

// swap turns numbers of size bytes from one byte order to the other.
func swap(p []byte, size int) {
	if size < 2 {
		return
	}
	for ; len(p) >= size; p = p[size:] {
		slices.Reverse(p[:size])
	}
}

// decode converts little-endian values; those of types that are no numbers become 0.
func decode(dst []float32, p []byte, dtype safetensors.DType) {
	if dtype.IsFloat() {
		safetensors.Decode(dst, p, dtype)
		return
	}
	le := binary.LittleEndian
	for i := range dst {
		switch dtype {
		case "I64":
			dst[i] = float32(int64(le.Uint64(p[8*i:])))
		case "I32":
			dst[i] = float32(int32(le.Uint32(p[4*i:])))
		case "I16":
			dst[i] = float32(int16(le.Uint16(p[2*i:])))
		case safetensors.I8:
			dst[i] = float32(int8(p[i]))
		case safetensors.U8, "BOOL":
			dst[i] = float32(p[i])
		}
	}
}
