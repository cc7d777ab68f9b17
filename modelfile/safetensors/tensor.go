package safetensors

import (
	"fmt"
	"math"
)

// DType is the type of a tensor's values, in the spelling of safetensors.
type DType string

// The types that models use. Read and Write handle the format's other types as
// bytes.
const (
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
	F64  DType = "F64"
	I8   DType = "I8"
	U8   DType = "U8"
)

// Size returns the number of bytes of a value, 0 for an unknown type.
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

// IsFloat reports whether [Reader.Float32s] can convert values of this type.
func (d DType) IsFloat() bool {
	return d == F32 || d == F16 || d == BF16 || d == F64
}

// Tensor is an entry of a header. Values are row-major and little-endian.
type Tensor struct {
	Name  string
	DType DType
	Shape []int // no dimensions: a single value
}

// Elements returns the number of values.
func (t Tensor) Elements() int {
	n := 1
	for _, dim := range t.Shape {
		n *= dim
	}
	return n
}

// Bytes returns the number of bytes of the values.
func (t Tensor) Bytes() int { return t.Elements() * t.DType.Size() }

// MaxHeader is the largest header to read or write, in bytes. This limit and the
// next ones are far above any real model; they keep a hostile header from costing
// more than a few times its own size.
const MaxHeader = 16 << 20

const (
	maxTensors  = 1 << 16
	maxMetadata = 1 << 12 // entries
	maxRank     = 8
)

// check fails if no file may have this type or shape. After it, Elements and
// Bytes cannot overflow.
func (t Tensor) check() error {
	if t.Name == metadataKey {
		return fmt.Errorf("a tensor cannot have the name %q, which the metadata has", t.Name)
	}
	size := t.DType.Size()
	if size == 0 {
		return fmt.Errorf("tensor %q has the unknown type %q: convert it to F32", t.Name, t.DType)
	}
	if len(t.Shape) > maxRank {
		return fmt.Errorf("tensor %q has %d dimensions, more than the limit of %d", t.Name, len(t.Shape), maxRank)
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
