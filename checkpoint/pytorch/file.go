package pytorch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Open reads the pickle of a file that torch.save wrote, and returns its value. The tensors in
// it read from r when their values are asked for.
func Open(r io.ReaderAt, size int64) (any, error) {
	head := make([]byte, min(size, 512))
	if err := readAt(r, head, 0); err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK")):
		return openZip(r, size)
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return nil, errors.New("the file was saved by PyTorch before 0.1.10, in a tar archive: load it in a PyTorch of today and save it again with torch.save")
	case len(head) > 1 && head[0] == opProto:
		return openLegacy(r, size)
	}
	return nil, errors.New("the file is not one of torch.save: it begins neither as a zip archive nor as a pickle")
}

// newMachine returns a machine for a pickle of the file.
func newMachine(in *input, storage func(Tuple) (any, error)) *machine {
	return &machine{in: in, storage: storage}
}

// explained makes the refusal of a whole pickled network say how to save its weights.
func explained(err error, in *input) error {
	var unknown *unknownError
	if !errors.As(err, &unknown) {
		return err
	}
	rest, readErr := in.bytes(uint64(min(1<<20, in.end-in.at)))
	isModule := readErr == nil && bytes.Contains(rest, []byte("_modules")) && bytes.Contains(rest, []byte("_parameters"))
	if !isModule && !strings.HasPrefix(unknown.name, "torch.nn.modules.") {
		return err
	}
	return fmt.Errorf("the file holds a whole Python object (%.100s) instead of its weights, and reading it would run code. Save the weights in Python, where its code is at hand:\n"+
		"    model = torch.load(\"checkpoint.pth\", map_location=\"cpu\")\n"+
		"    torch.save(model.state_dict(), \"weights.pth\")", unknown.name)
}

// storageID reads a persistent id: ("storage", type, key, place, elements, view).
func storageID(id Tuple) (*storage, error) {
	if len(id) < 5 || id[0] != "storage" {
		if len(id) > 0 && id[0] == "module" {
			return nil, &unknownError{"torch.nn.modules.Module"}
		}
		return nil, errors.New("the file's pickle refers to something that is no storage: the file is damaged")
	}
	c, ok1 := id[1].(*constructor)
	key, ok2 := id[2].(string)
	elements, ok3 := Number(id[4])
	if !ok1 || !ok2 || !ok3 || c.dtype.Size() == 0 || elements > 1<<50 {
		return nil, errors.New("the file's pickle has a storage without a known type, a key and a size: the file is damaged, or its type is none that this program reads")
	}
	return &storage{key: key, dtype: c.dtype, elements: elements}, nil
}

func (s *storage) bytes() int64 { return s.elements * int64(s.dtype.Size()) }

// section is a part of the file.
type section struct {
	r  io.ReaderAt
	at int64
}

func (s section) readAt(p []byte, at int64) error { return readAt(s.r, p, s.at+at) }
