package safetensors

import (
	"fmt"
	"math"
)

// DType is the type of a tensor's values, as safetensors spells it.
type DType string

// The types that models are made of. Other types of the format can be read and
// written as bytes.
const (
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
	F64  DType = "F64"
	I8   DType = "I8"
	U8   DType = "U8"
)

// Size is the number of bytes of a value; 0 for a type that is not known here.
func (d DType) Size() int {
	switch d {
	case "BOOL", U8, I8, "F8_E4M3", "F8_E5M2", "F8_E8M0":
		return 1
	case F16, BF16, "I16", "U16":
		return 2
	case F32, "I32", "U32":
		return 4
	case F64, "I64", "U64", "C64":
		return 8
	}
	return 0
}

// IsFloat says whether [Reader.Float32s] can convert values of this type.
func (d DType) IsFloat() bool {
	return d == F32 || d == F16 || d == BF16 || d == F64
}

// Tensor is the entry of a tensor in a header. Values are row-major and
// little-endian.
type Tensor struct {
	Name  string
	DType DType
	Shape []int // no dimensions: a single value
}

// Elements is the number of values.
func (t Tensor) Elements() int {
	n := 1
	for _, dim := range t.Shape {
		n *= dim
	}
	return n
}

// Bytes is the number of bytes of the values.
func (t Tensor) Bytes() int { return t.Elements() * t.DType.Size() }

// MaxHeader is the largest header that is read or written, in bytes. This limit
// and the next ones are far above any real model; they keep a hostile header
// from costing more than a few times its own bytes.
const MaxHeader = 16 << 20

const (
	maxTensors  = 1 << 16
	maxMetadata = 1 << 12 // entries
	maxRank     = 8
)

// check reports a type or shape that no file may have, so that Elements and
// Bytes of what passes cannot overflow.
func (t Tensor) check() error {
	if t.Name == metadataKey {
		return fmt.Errorf("a tensor cannot be named %q: that name is the metadata's", t.Name)
	}
	size := t.DType.Size()
	if size == 0 {
		return fmt.Errorf("tensor %q has the type %q, which is not a safetensors type known here; convert it to F32", t.Name, t.DType)
	}
	if len(t.Shape) > maxRank {
		return fmt.Errorf("tensor %q has %d dimensions; at most %d are supported", t.Name, len(t.Shape), maxRank)
	}
	bytes := size
	for _, dim := range t.Shape {
		if dim < 0 {
			return fmt.Errorf("tensor %q has the shape %v; a dimension cannot be negative", t.Name, t.Shape)
		}
		if dim > 0 && bytes > math.MaxInt/dim {
			return fmt.Errorf("tensor %q has the shape %v, which is larger than any memory; the file is damaged", t.Name, t.Shape)
		}
		bytes *= dim
	}
	return nil
}
