package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// file returns a safetensors file with a handwritten header.
func file(header string, data ...byte) []byte {
	text := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(text, header...), data...)
}

func TestReaderTakesTensorsInFileOrder(t *testing.T) {
	src := file(`{"b":{"dtype":"I8","shape":[2],"data_offsets":[6,8]},
		"__metadata__":{"k\u0065y":"value"},
		"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[6,6]},
		"a":{"data_offsets":[0,6],"shape":[3,1],"dtype":"F16"}}  `,
		0, 0x3c, 0, 0xc0, 1, 0, 0xff, 0x7f)
	r, err := NewReader(iotest.OneByteReader(bytes.NewReader(src)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Tensor{{"a", F16, []int{3, 1}}, {"empty", F32, []int{0, 3}}, {"b", I8, []int{2}}}
	if got := r.Tensors(); !reflect.DeepEqual(got, want) {
		t.Errorf("tensors %v, want %v", got, want)
	}
	if got := r.Metadata(); !maps.Equal(got, map[string]string{"key": "value"}) {
		t.Errorf("metadata %v", got)
	}

	mustNext(t, r, "a")
	if got, err := r.Float32s(); err != nil || !slices.Equal(got, []float32{1, -2, 0x1p-24}) {
		t.Errorf("a = %v, %v", got, err)
	}
	if _, err := r.Float32s(); err == nil {
		t.Error("reading a tensor twice gave no error")
	}
	mustNext(t, r, "empty")
	if got, err := r.Float32s(); err != nil || len(got) != 0 {
		t.Errorf("empty = %v, %v", got, err)
	}
	mustNext(t, r, "b")
	if got, err := r.Int8s(); err != nil || !slices.Equal(got, []int8{-1, 127}) {
		t.Errorf("b = %v, %v", got, err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("after the last tensor: %v, want io.EOF", err)
	}
}

func mustNext(t *testing.T, r *Reader, name string) {
	t.Helper()
	if got, err := r.Next(); err != nil || got.Name != name {
		t.Fatalf("Next gave %q, %v; want %q", got.Name, err, name)
	}
}

func TestNextSkipsUnreadBytes(t *testing.T) {
	src := file(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}`, 1, 2, 3, 4, 5, 6)
	r, err := NewReader(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	mustNext(t, r, "a")
	if _, err := io.ReadFull(r, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	mustNext(t, r, "b")
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, []byte{5, 6}) {
		t.Errorf("b = %v, %v", got, err)
	}
}

func TestFloat32sOfEveryType(t *testing.T) {
	le := binary.LittleEndian
	for _, c := range []struct {
		dtype DType
		data  []byte
	}{
		{F32, le.AppendUint32(nil, math.Float32bits(-1.5))},
		{F16, le.AppendUint16(nil, 0xbe00)},
		{BF16, le.AppendUint16(nil, 0xbfc0)},
		{F64, le.AppendUint64(nil, math.Float64bits(-1.5))},
	} {
		r, err := NewReader(bytes.NewReader(oneTensor(c.dtype, "[]", c.data...)))
		if err != nil {
			t.Fatal(err)
		}
		mustNext(t, r, "w")
		if got, err := r.Float32s(); err != nil || !slices.Equal(got, []float32{-1.5}) {
			t.Errorf("%s: %v, %v; want -1.5", c.dtype, got, err)
		}
	}
}

func oneTensor(d DType, shape string, data ...byte) []byte {
	return file(fmt.Sprintf(`{"w":{"dtype":%q,"shape":%s,"data_offsets":[0,%d]}}`, d, shape, len(data)), data...)
}

func TestFloat32sRefusesNonFiniteValues(t *testing.T) {
	le := binary.LittleEndian
	for _, src := range [][]byte{
		oneTensor(F32, "[1]", le.AppendUint32(nil, math.Float32bits(float32(math.NaN())))...),
		oneTensor(F32, "[2]", 0, 0, 0, 0, 0, 0, 0x80, 0xff),
		oneTensor(F16, "[1]", 0, 0x7c),
		oneTensor(BF16, "[1]", 0xc0, 0x7f),
		oneTensor(F64, "[1]", le.AppendUint64(nil, math.Float64bits(1e300))...),
	} {
		r, err := NewReader(bytes.NewReader(src))
		if err != nil {
			t.Fatal(err)
		}
		mustNext(t, r, "w")
		if got, err := r.Float32s(); err == nil || !strings.Contains(err.Error(), `"w"`) {
			t.Errorf("%q: %v, %v; want an error that names the tensor", src, got, err)
		}
	}
}

// NewReader refuses invalid headers and says what is wrong.
func TestNewReaderRefuses(t *testing.T) {
	tensor := func(entry string) []byte { return file(`{"w":` + entry + `}`) }
	many := strings.Repeat("1,", maxRank) + "1"
	for _, c := range []struct {
		name string
		src  []byte
		want string
	}{
		{"empty file", nil, "ends inside its header"},
		{"cut header", file(`{"w":{}}`)[:12], "ends inside its header"},
		{"huge header", bytes.Repeat([]byte{0xff}, 64), "header of 18446744073709551615 bytes"},
		{"a photo", []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "not a safetensors file"},
		{"no object", file(`[]`), "does not begin with '{'"},
		{"space before", file(` {}`), "does not begin with '{'"},
		{"no header", file(``), "does not begin with '{'"},
		{"cut JSON", file(`{"w":`), "damaged"},
		{"text after", file(`{}{}`), "follows the end"},
		{"not UTF-8", file("{\"\xff\":{}}"), "UTF-8"},
		{"name twice", file(`{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0077":{}}`), "duplicate"},
		{"metadata of numbers", file(`{"__metadata__":{"k":1}}`), `metadata "k"`},
		{"tensor is a list", tensor(`[]`), "found a JSON [, expected a {"},
		{"unknown type", tensor(`{"dtype":"Q4","shape":[0],"data_offsets":[0,0]}`), `type "Q4"`},
		{"unknown field", tensor(`{"dtype":"U8","order":1}`), `"order"`},
		{"no shape", tensor(`{"dtype":"U8","data_offsets":[0,1]}`), "needs a dtype"},
		{"one offset", tensor(`{"dtype":"U8","shape":[],"data_offsets":[0]}`), "needs a dtype"},
		{"three offsets", tensor(`{"dtype":"U8","shape":[],"data_offsets":[0,1,2]}`), "more than 2 numbers"},
		{"negative dimension", tensor(`{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}`), "-1 is not a whole number"},
		{"fraction", tensor(`{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}`), "1.5 is not a whole number"},
		{"dimension beyond int", tensor(`{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}`), "not a whole number"},
		{"product beyond int", tensor(`{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}`), "larger than any memory"},
		{"rank", tensor(`{"dtype":"U8","shape":[` + many + `],"data_offsets":[0,1]}`), "more than 8 numbers"},
		{"size", tensor(`{"dtype":"F32","shape":[2],"data_offsets":[0,4]}`), "8 bytes, but lies from byte 0 to 4"},
		{"backwards", tensor(`{"dtype":"U8","shape":[1],"data_offsets":[1,0]}`), "from byte 1 to 0"},
		{"hole", tensor(`{"dtype":"U8","shape":[1],"data_offsets":[1,2]}`), "begins at byte 1"},
		{"overlap", file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`), `"b" begins at byte 1`},
	} {
		_, err := NewReader(bytes.NewReader(c.src))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q, want it to say %q", c.name, err, c.want)
		}
	}
}

func TestReaderLimitsCounts(t *testing.T) {
	var tensors, metadata strings.Builder
	for i := range maxTensors + 1 {
		fmt.Fprintf(&tensors, `,"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	for i := range maxMetadata + 1 {
		fmt.Fprintf(&metadata, `,"%d":""`, i)
	}
	for _, header := range []string{
		"{" + tensors.String()[1:] + "}",
		`{"__metadata__":{` + metadata.String()[1:] + "}}",
	} {
		if _, err := NewReader(bytes.NewReader(file(header))); err == nil || !strings.Contains(err.Error(), "more than") {
			t.Errorf("error %v, want one that names the limit", err)
		}
	}
}

func TestReaderReportsDamagedData(t *testing.T) {
	whole := oneTensor(U8, "[4]", 1, 2, 3, 4)
	read := func(src io.Reader) error {
		r, err := NewReader(src)
		if err != nil {
			return err
		}
		for err == nil {
			_, err = r.Next()
		}
		return err
	}
	if err := read(bytes.NewReader(whole)); err != io.EOF {
		t.Errorf("whole file: %v", err)
	}
	for n := range whole {
		if err := read(bytes.NewReader(whole[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v, want io.ErrUnexpectedEOF", n, len(whole), err)
		}
	}
	if err := read(bytes.NewReader(append(whole, 0))); err == nil || err == io.EOF {
		t.Errorf("trailing byte: %v", err)
	}
	broken := errors.New("no connection")
	if err := read(io.MultiReader(bytes.NewReader(whole[:len(whole)-2]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("broken stream: %v, want %v", err, broken)
	}
}

// Memory grows with the bytes that arrive, not with the size that a header claims.
func TestMemoryIsBoundedByTheStream(t *testing.T) {
	const arrived = 100 << 10
	header := `{"w":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}`
	src := append(file(header), make([]byte, arrived)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := NewReader(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	mustNext(t, r, "w")
	if _, err := r.Float32s(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want io.ErrUnexpectedEOF", err)
	}
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 8*arrived {
		t.Errorf("%d bytes were allocated for a stream of %d", spent, arrived)
	}
}

// FuzzReader: no input makes a Reader panic, and a file survives writing and
// reading again.
func FuzzReader(f *testing.F) {
	f.Add(file(`{}`))
	f.Add(oneTensor(F32, "[1]", 1, 2, 3, 4))
	f.Add(file(`{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"a.scale":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},"__metadata__":{"format":"segmenter/1","ä":"\u0000"}} `, 1, 2, 3, 4, 5, 6))
	f.Add(file(`{"w":{"dtype":"F64","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		r, tensors, data, err := readWhole(src)
		if err != nil {
			return
		}
		var first bytes.Buffer
		w, err := NewWriter(&first, r.Metadata(), tensors)
		if err != nil {
			t.Fatalf("cannot write the file again: %v", err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again, tensors2, data2, err := readWhole(first.Bytes())
		if err != nil {
			t.Fatalf("cannot read the file again: %v", err)
		}
		if !maps.Equal(r.Metadata(), again.Metadata()) || !reflect.DeepEqual(tensors, tensors2) || !bytes.Equal(data, data2) {
			t.Errorf("after writing and reading again, the file differs:\n%v %v\n%v %v", r.Metadata(), tensors, again.Metadata(), tensors2)
		}
	})
}

func readWhole(src []byte) (*Reader, []Tensor, []byte, error) {
	r, err := NewReader(bytes.NewReader(src))
	if err != nil {
		return nil, nil, nil, err
	}
	var data []byte
	for {
		_, err := r.Next()
		if err == io.EOF {
			return r, r.Tensors(), data, nil
		}
		if err != nil {
			return nil, nil, nil, err
		}
		part, err := io.ReadAll(r)
		if err != nil {
			return nil, nil, nil, err
		}
		data = append(data, part...)
	}
}
