package pytorch

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzOpen reads any bytes, and the values of the tensors in them: no crash, no hang, and no
// memory beyond the file's size by more than a factor.
func FuzzOpen(f *testing.F) {
	for _, pattern := range []string{"../testdata/golden/*/checkpoint.*", "../testdata/encoders/*.pth"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content[:min(len(content), 8000)])
		}
	}
	f.Add([]byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02}(X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQK\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRu.\x80\x02](X\x01\x00\x00\x000e.\x02\x00\x00\x00\x00\x00\x00\x0012345678"))
	f.Add([]byte("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f8\x94\x89\x88\x87R(K\x03\x8c\x01<NNNtb."))
	f.Fuzz(func(t *testing.T, content []byte) {
		value, err := Open(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		readTensors(t, value, 4)
	})
}

// readTensors reads the tensors of a value.
func readTensors(t *testing.T, value any, depth int) {
	if depth == 0 {
		return
	}
	switch v := value.(type) {
	case *Tensor:
		v.Read(make([]float32, v.Elements()))
	case *Dict:
		for _, item := range v.Items[:min(len(v.Items), 100)] {
			readTensors(t, item.Value, depth-1)
		}
	case Tuple, *List:
		items := Sequence(v)
		for _, item := range items[:min(len(items), 100)] {
			readTensors(t, item, depth-1)
		}
	}
}

// FuzzPickle carries out any bytes as a pickle.
func FuzzPickle(f *testing.F) {
	for _, seed := range []string{
		"\x80\x02}q\x00(X\x05\x00\x00\x00modelccollections\nOrderedDict\nq\x01)Rq\x02u.",
		"\x80\x02(ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nHalfStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x08tQK\x00K\x02K\x03\x86K\x01K\x02\x86\x89NtRt.",
		"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f8\x94\x89\x88\x87R(K\x03\x8c\x01<NNNtb.",
		"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\ntbc_codecs\nencode\n(V12345678\nVlatin1\ntRtR.",
		"\x80\x02cargparse\nNamespace\n)\x81}(X\x01\x00\x00\x00aG?\xf0\x00\x00\x00\x00\x00\x00X\x01\x00\x00\x00bJ\xff\xff\xff\xffub0.",
		"(lp0\nI1\naI2\nag0\n1(dp1\nS'a'\nF1.5\nsL12L\n\x32.",
		"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_parameter\nctorch.nn.parameter\nParameter\n(NK\x01ttR\x8f(K\x01K\x02\x90(K\x01\x91.",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, pickle []byte) {
		data := bytes.Repeat([]byte{0, 60}, 64)
		m := newMachine(newInput(bytes.NewReader(pickle), 0, int64(len(pickle))), func(id Tuple) (any, error) {
			s, err := storageID(id)
			if err == nil && s.bytes() <= int64(len(data)) {
				s.data = section{bytes.NewReader(data), 0}
				return s, nil
			}
			return nil, errTensor
		})
		if value, err := m.run(); err == nil {
			readTensors(t, value, 4)
		}
	})
}
