package checkpoint_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"segmenter/checkpoint"
)

// importBytes imports a file as far as that goes, and returns its error.
func importBytes(content []byte) error {
	c, err := checkpoint.Open([]checkpoint.File{{Name: "checkpoint.pth", Size: int64(len(content)), ReaderAt: bytes.NewReader(content)}}, checkpoint.Options{})
	if err != nil {
		return err
	}
	return c.Write(io.Discard)
}

// zipped returns an archive of torch.save's with a pickle and storages.
func zipped(t testing.TB, pickle string, storages map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name, content string) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	add("archive/data.pkl", pickle)
	for key, content := range storages {
		add("archive/data/"+key, content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tensorPickle is a pickle of {"w": tensor} with a storage of so many elements at the key 0.
func tensorPickle(elements, shape, stride string) string {
	return "\x80\x02}(X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu" +
		elements + "tQK\x00" + shape + stride + "\x89ccollections\nOrderedDict\n)RtRu."
}

func longInt(n int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

func TestHostileFiles(t *testing.T) {
	inLegacy := func(pickle string) []byte {
		return []byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}." + pickle)
	}
	cycle := "\x80\x02}q\x00(X\x05\x00\x00\x00modelh\x00u."
	list := "\x80\x02]q\x00(h\x00h\x00eX\x01\x00\x00\x00a\x86."
	bomb := func() []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w, _ := z.Create("archive/data.pkl") // deflated
		zeros := make([]byte, 1<<20)
		for range 600 {
			w.Write(zeros)
		}
		z.Close()
		return out.Bytes()
	}()
	lyingZip64 := func() []byte {
		content := zipped(t, "\x80\x02}.", nil)
		end := bytes.LastIndex(content, []byte("PK\x05\x06"))
		record := make([]byte, 56+20) // a zip64 record that claims 2⁶⁰ entries, and its locator
		copy(record, "PK\x06\x06")
		binary.LittleEndian.PutUint64(record[4:], 44)
		for _, at := range []int{24, 32, 40, 48} {
			binary.LittleEndian.PutUint64(record[at:], 1<<60)
		}
		copy(record[56:], "PK\x06\x07")
		binary.LittleEndian.PutUint64(record[56+8:], uint64(end))
		binary.LittleEndian.PutUint32(record[56+16:], 1)
		tail := bytes.Clone(content[end:])
		for _, at := range []int{8, 10} {
			binary.LittleEndian.PutUint16(tail[at:], 0xffff)
		}
		binary.LittleEndian.PutUint32(tail[12:], 0xffffffff)
		binary.LittleEndian.PutUint32(tail[16:], 0xffffffff)
		return append(append(content[:end:end], record...), tail...)
	}()
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"os.system":                   {zipped(t, "\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.", nil), `"os.system"`},
		"os.system in the old format": {inLegacy("\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."), `"posix.system"`},
		"eval by its other name":      {zipped(t, "\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", nil), `"builtins.eval"`},
		"getattr":                     {zipped(t, "\x80\x02cbuiltins\ngetattr\nctorch\nFloatStorage\nX\x05\x00\x00\x00close\x86R.", nil), `"builtins.getattr"`},
		"a whole module":              {zipped(t, "\x80\x02csegm.model.segmenter\nSegmenter\n)\x81}(X\x0b\x00\x00\x00_parametersNX\x08\x00\x00\x00_modulesNub.", nil), "state_dict()"},
		"a billion items":             {inLegacy("\x80\x02](" + strings.Repeat("N", 5<<20) + "e."), "more than 2097152 values"},
		"a list of a claimed length":  {zipped(t, "\x80\x02X\xff\xff\xff\x7fab.", nil), "ends inside its pickle"},
		"bytes of a claimed length":   {inLegacy("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xffab"), "ends inside its pickle"},
		"deep nesting":                {zipped(t, "\x80\x02"+strings.Repeat("(", 1<<20), nil), "nested more than 1000 deep"},
		"deep tuples":                 {zipped(t, "\x80\x02N"+strings.Repeat("\x85", 1<<20)+".", nil), "no dictionary of tensors"},
		"a dictionary within itself":  {zipped(t, cycle, nil), "another network"},
		"a list within itself":        {zipped(t, list, nil), "no dictionary of tensors"},
		"a storage that is too short": {zipped(t, tensorPickle("M\x00\x10", "K\x02\x85", "K\x01\x85"), map[string]string{"0": "12345678"}), "8 bytes where the file's pickle says 16384"},
		"a storage beyond the file":   {inLegacy(tensorPickle(longInt(1<<40), "K\x02\x85", "K\x01\x85") + "\x80\x02](X\x01\x00\x00\x000e." + string(binary.LittleEndian.AppendUint64(nil, 1<<40))), "ends inside the storage"},
		"a storage of two sizes":      {inLegacy(tensorPickle("K\x02", "K\x02\x85", "K\x01\x85") + "\x80\x02](X\x01\x00\x00\x000e." + string(binary.LittleEndian.AppendUint64(nil, 1<<40))), "where the file's pickle says 2"},
		"a shape beyond its storage":  {zipped(t, tensorPickle("K\x02", "K\x03\x85", "K\x01\x85"), map[string]string{"0": "12345678"}), "only 2 values"},
		"strides beyond the storage":  {zipped(t, tensorPickle("K\x02", "K\x02\x85", longInt(1<<62)+"\x85"), map[string]string{"0": "12345678"}), "else than a storage"},
		"a shape that overflows":      {zipped(t, tensorPickle("K\x02", longInt(1<<31)+longInt(1<<31)+longInt(1<<2)+"\x87", "K\x00K\x00K\x00\x87"), map[string]string{"0": "12345678"}), "else than a storage"},
		"a shape without strides":     {zipped(t, tensorPickle("K\x02", "K\x7fK\x7f\x86", "K\x00K\x00\x86"), map[string]string{"0": "12345678"}), "only 2 values"},
		"copies of a long list":       {inLegacy("\x80\x02](" + strings.Repeat("N", 1<<20) + "eq\x00" + strings.Repeat("cbuiltins\nlist\nh\x00\x85R", 1000) + "."), "more than 2097152 values"},
		"copies of a long text":       {inLegacy("\x80\x02X\x00\x00\x10\x00" + strings.Repeat("a", 1<<20) + "q\x00" + strings.Repeat("c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R", 1000) + "."), "more than 2097152 values"},
		"a dictionary in many places": {inLegacy("\x80\x02}q\x00(" + strings.Repeat("X\x01\x00\x00\x00a}", 1000) + "u0}(" + manyKeys(50_000, "h\x00") + "u.\x80\x02]."), "another network"},
		"entries beyond the file":     {lyingSizes(t, tensorPickle(longInt(1<<40), longInt(1<<20)+"\x85", "K\x01\x85")), "more than the file"},
		"a storage twice":             {zipped(t, "\x80\x02ctorch\nFloatStorage\nQ.", nil), "refers to something outside"},
		"a zip bomb":                  {bomb, "expected at most 67108864"},
		"a zip64 header that lies":    {lyingZip64, "zip archive"},
		"a tar archive":               {append(make([]byte, 257), "ustar\x0000........."...), "before 0.1.10"},
		"TorchScript":                 {zippedNames(t, "m/constants.pkl", "m/data.pkl"), "TorchScript"},
		"another archive":             {zippedNames(t, "a.txt"), "without data.pkl"},
		"text":                        {[]byte("<!doctype html> not found"), "neither as a zip archive nor as a pickle"},
		"another pickle":              {[]byte("\x80\x02}q\x00.        "), "not one of torch.save"},
		"nothing":                     {nil, "0 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			before := allocated()
			err := importBytes(c.content)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want it to say %q", err, c.want)
			}
			if grown := allocated() - before; grown > 400<<20 {
				t.Errorf("%d MB were taken", grown>>20)
			}
		})
	}
}

// manyKeys are entries of a dictionary with different keys and one value.
func manyKeys(n int, value string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "X\x05\x00\x00\x00%05d%s", i, value)
	}
	return out.String()
}

// lyingSizes is an archive whose storage has 2⁴² bytes, by its directory.
func lyingSizes(t testing.TB, pickle string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, content := range map[string]string{"a/data.pkl": pickle, "a/data/0": "12345678"} {
		size := uint64(len(content))
		if name == "a/data/0" {
			size = 1 << 42
		}
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, CompressedSize64: size, UncompressedSize64: size})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	z.Close()
	return out.Bytes()
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func zippedNames(t testing.TB, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range names {
		if _, err := z.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	return out.Bytes()
}

// TestTruncated cuts checkpoints at every 1,000th byte, and at every byte of their ends.
func TestTruncated(t *testing.T) {
	for _, path := range []string{"testdata/golden/legacy-views/checkpoint.pth", "testdata/golden/half-average/checkpoint.pth", "testdata/golden/mmseg-mask/checkpoint.pth", "testdata/encoders/jax.npz", "testdata/encoders/timm.safetensors"} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(content); n++ {
			if n%1000 != 0 && n > 300 && n < len(content)-300 {
				continue
			}
			if err := importBytes(content[:n]); err == nil {
				t.Errorf("%s: its first %d of %d bytes are accepted", path, n, len(content))
			}
		}
	}
}
