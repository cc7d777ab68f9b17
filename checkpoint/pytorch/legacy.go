package pytorch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The stream of torch.save before PyTorch 1.6: pickles of a magic number, a version, facts
// about the machine, the value, and the keys of the storages; then each storage, its number of
// elements in eight bytes before it. Everything is little-endian, on any machine.

// magic is 0x1950a86a20f9469cfc6c, little-endian.
const magic = bigInt("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

const legacyVersion = 1001

func openLegacy(r io.ReaderAt, size int64) (any, error) {
	in := newInput(r, 0, size)
	found := make(map[string]*storage) // by key
	m := newMachine(in, func(id Tuple) (any, error) { return legacyStorage(found, id) })
	first, err := m.run()
	if err != nil {
		return nil, explained(err, in)
	}
	if first != magic {
		return nil, errors.New("the file is a pickle, but not one of torch.save: save the network's state_dict with torch.save")
	}
	version, err := m.run()
	if err != nil {
		return nil, err
	}
	if version != int64(legacyVersion) {
		return nil, fmt.Errorf("the file has the version %v of torch.save's old format: this program reads %d", version, legacyVersion)
	}
	if _, err := m.run(); err != nil { // facts about the machine
		return nil, err
	}
	value, err := m.run()
	if err != nil {
		return nil, explained(err, in)
	}
	keys, err := m.run()
	if err != nil {
		return nil, err
	}
	return value, placeStorages(r, in.at, size, Sequence(keys), found)
}

// legacyStorage returns the storage of an id, the same one for the same key. A view, of
// PyTorch before 0.4, is a part of it.
func legacyStorage(found map[string]*storage, id Tuple) (any, error) {
	s, err := storageID(id)
	if err != nil {
		return nil, err
	}
	root := found[s.key]
	if root == nil {
		root, found[s.key] = s, s
	}
	if root.dtype != s.dtype || root.elements != s.elements {
		return nil, fmt.Errorf("the file has two kinds of the storage %q: the file is damaged", s.key)
	}
	if len(id) < 6 || id[5] == nil {
		return root, nil
	}
	return viewOf(root, Sequence(id[5]))
}

// viewOf reads (key, offset, elements).
func viewOf(root *storage, view []any) (any, error) {
	if len(view) != 3 {
		return nil, errTensor
	}
	offset, ok1 := Number(view[1])
	elements, ok2 := Number(view[2])
	if !ok1 || !ok2 || offset > root.elements || elements > root.elements-offset {
		return nil, fmt.Errorf("the file has a view outside of the storage %q: the file is damaged", root.key)
	}
	return &storage{key: root.key, dtype: root.dtype, elements: elements, data: viewed{root}, first: offset * int64(root.dtype.Size())}, nil
}

// viewed reads from a storage whose place is known only when the whole pickle is read.
type viewed struct{ root *storage }

func (v viewed) readAt(p []byte, at int64) error { return v.root.data.readAt(p, v.root.first+at) }

// placeStorages finds the storages after the pickles, in the order of their keys.
func placeStorages(r io.ReaderAt, at, size int64, keys []any, found map[string]*storage) error {
	for _, k := range keys {
		key, _ := k.(string)
		s := found[key]
		if s == nil {
			return fmt.Errorf("the file lists a storage %.40q that no tensor has: the file is damaged", key)
		}
		var length [8]byte
		if err := readAt(r, length[:], at); err != nil {
			return err
		}
		at += int64(len(length))
		if n := binary.LittleEndian.Uint64(length[:]); n != uint64(s.elements) {
			return fmt.Errorf("the storage %q has %d values where the file's pickle says %d: the file is damaged", key, n, s.elements)
		}
		if s.bytes() > size-at {
			return fmt.Errorf("the file ends inside the storage %q: it is incomplete, copy or download it again", key)
		}
		s.data, s.first = section{r, at}, 0
		at += s.bytes()
	}
	for key, s := range found {
		if s.data == nil {
			return fmt.Errorf("the file lacks the storage %.40q: the file is damaged", key)
		}
	}
	return nil
}
