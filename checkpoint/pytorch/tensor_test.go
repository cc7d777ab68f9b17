package pytorch

import (
	"encoding/binary"
	"math"
	"testing"

	"segmenter/modelfile/safetensors"
)

// numbered is a file of float32 in which the i-th is i modulo 1000.
type numbered struct{}

func (numbered) ReadAt(p []byte, at int64) (int, error) {
	for i := range p {
		n := at + int64(i)
		var value [4]byte
		binary.LittleEndian.PutUint32(value[:], math.Float32bits(float32(n/4%1000)))
		p[i] = value[n%4]
	}
	return len(p), nil
}

// TestViews reads views of all shapes and strides, among them some that are too sparse to be
// gathered in one piece.
func TestViews(t *testing.T) {
	const elements = 90_000_000
	s := &storage{key: "0", dtype: safetensors.F32, elements: elements, data: section{numbered{}, 0}}
	for _, c := range []struct{ shape, strides []any }{
		{nil, nil},
		{[]any{int64(5)}, []any{int64(1)}},
		{[]any{int64(0), int64(7)}, []any{int64(7), int64(1)}},
		{[]any{int64(4), int64(3)}, []any{int64(1), int64(4)}},
		{[]any{int64(2), int64(3), int64(5)}, []any{int64(5), int64(10), int64(1)}},
		{[]any{int64(4), int64(3)}, []any{int64(0), int64(1)}},
		{[]any{int64(1), int64(3), int64(1)}, []any{int64(999), int64(2), int64(77)}},
		{[]any{int64(3), int64(4)}, []any{int64(29_000_000), int64(1)}},
		{[]any{int64(3), int64(4)}, []any{int64(2), int64(29_000_000)}},
		{[]any{int64(2), int64(3), int64(2)}, []any{int64(9_000_001), int64(20_000_000), int64(3)}},
		{[]any{int64(70)}, []any{int64(1_000_001)}},
	} {
		x, err := newTensor(s, safetensors.F32, Tuple{s, int64(11), Tuple(c.shape), Tuple(c.strides)})
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, x.Elements())
		if err := x.Read(got); err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			at, rest := x.offset, int64(i)
			for axis := len(x.shape) - 1; axis >= 0; axis-- {
				at += rest % int64(x.shape[axis]) * x.strides[axis]
				rest /= int64(x.shape[axis])
			}
			if want := float32(at % 1000); v != want {
				t.Fatalf("%v with the strides %v: value %d is %v, expected %v", c.shape, c.strides, i, v, want)
			}
		}
	}
}

// TestTypes reads a 1 of every type, in both byte orders.
func TestTypes(t *testing.T) {
	for dtype, bytes := range map[safetensors.DType]string{
		safetensors.F32: "\x00\x00\x80\x3f", safetensors.F16: "\x00\x3c", safetensors.BF16: "\x80\x3f", safetensors.F64: "\x00\x00\x00\x00\x00\x00\xf0\x3f",
		"I64": "\x01\x00\x00\x00\x00\x00\x00\x00", "I32": "\x01\x00\x00\x00", "I16": "\x01\x00", safetensors.I8: "\x01", safetensors.U8: "\x01", "BOOL": "\x01",
	} {
		for _, big := range []bool{false, true} {
			p := []byte(bytes)
			if big {
				swap(p, len(p))
			}
			s := &storage{key: "0", dtype: dtype, elements: 1, data: section{reader(p), 0}, big: big}
			x, err := newTensor(s, dtype, Tuple{s, int64(0), Tuple{int64(1)}, Tuple{int64(1)}})
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, 1)
			if err := x.Read(got); err != nil || got[0] != 1 {
				t.Errorf("%s, big-endian %v: %v (%v)", dtype, big, got, err)
			}
		}
	}
}

type reader []byte

func (r reader) ReadAt(p []byte, at int64) (int, error) { return copy(p, r[at:]), nil }
