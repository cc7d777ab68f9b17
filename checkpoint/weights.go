package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"segmenter/checkpoint/internal/zipfile"
	"segmenter/checkpoint/npz"
	"segmenter/checkpoint/pytorch"
	"segmenter/modelfile/safetensors"
)

// A File is a file of a checkpoint.
type File struct {
	Name string // without a folder
	Size int64
	io.ReaderAt
}

// tensor is a tensor of a file, in whichever format. Its values are read when they are needed.
type tensor interface {
	Shape() []int
	Read(dst []float32) error
}

// weights are tensors by name, those of one network.
type weights map[string]tensor

// saved is what a file holds: one network or several, and facts about them.
type saved struct {
	networks []network // in the order of the file
	meta     *pytorch.Dict
}

// network is a set of weights by its place in the file, such as "state_dict".
type network struct {
	name    string
	weights weights
}

// open reads the names of a file's tensors.
func open(f File) (saved, error) {
	if f.Size < 8 {
		return saved{}, fmt.Errorf("the file has %d bytes: it is empty or incomplete, copy or download it again", f.Size)
	}
	head := make([]byte, min(f.Size, 9))
	if n, err := f.ReadAt(head, 0); n < len(head) {
		return saved{}, fmt.Errorf("cannot read the file: %w", err)
	}
	switch {
	case len(head) == 9 && head[8] == '{' && !bytes.HasPrefix(head, []byte("PK")):
		return openSafetensors(f)
	case bytes.HasPrefix(head, []byte("PK")) && isNumpy(f):
		return openNumpy(f)
	}
	root, err := pytorch.Open(f, f.Size)
	if err != nil {
		return saved{}, err
	}
	return findNetworks(root)
}

func openSafetensors(f File) (saved, error) {
	file, err := safetensors.NewFile(f, f.Size)
	if err != nil {
		return saved{}, err
	}
	w := make(weights, len(file.Tensors))
	for _, t := range file.Tensors {
		if t.DType == safetensors.I8 {
			return saved{}, errors.New("the file is already quantised: it is a model, and needs no import")
		}
		w[t.Name] = safeTensor{file, t}
	}
	return saved{networks: []network{{"", w}}}, nil
}

type safeTensor struct {
	file  *safetensors.File
	entry safetensors.Tensor
}

func (t safeTensor) Shape() []int             { return t.entry.Shape }
func (t safeTensor) Read(dst []float32) error { return t.file.ReadFloats(dst, t.entry) }

// isNumpy reports whether a zip archive holds arrays of numpy. If it cannot be read, the
// reader of PyTorch's archives says why.
func isNumpy(f File) bool {
	archive, err := zipfile.Open(f, f.Size)
	if err != nil {
		return false
	}
	for name := range archive.Entries {
		if strings.HasSuffix(name, ".npy") {
			return true
		}
	}
	return false
}

func openNumpy(f File) (saved, error) {
	arrays, err := npz.Open(f, f.Size)
	if err != nil {
		return saved{}, err
	}
	w := make(weights, len(arrays))
	for name, a := range arrays {
		w[name] = a
	}
	return saved{networks: []network{{"", w}}}, nil
}
