package pytorch

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"segmenter/checkpoint/internal/zipfile"
)

// The zip archive of torch.save since PyTorch 1.6: data.pkl, the value; data/KEY, the storages;
// and byteorder, all in one folder.

const pickleName = "data.pkl"

func openZip(r io.ReaderAt, size int64) (any, error) {
	archive, err := zipfile.Open(r, size)
	if err != nil {
		return nil, err
	}
	folder, pickle, err := findPickle(archive)
	if err != nil {
		return nil, err
	}
	big, err := isBigEndian(archive, folder)
	if err != nil {
		return nil, err
	}
	text, err := archive.All(pickle, maxPickle)
	if err != nil {
		return nil, err
	}
	in := newInput(strings.NewReader(string(text)), 0, int64(len(text)))
	found := make(map[string]*storage)
	m := newMachine(in, func(id Tuple) (any, error) {
		s, err := storageID(id)
		if err != nil {
			return nil, err
		}
		if known := found[s.key]; known != nil && known.dtype == s.dtype && known.elements == s.elements {
			return known, nil
		}
		s.big = big
		found[s.key] = s
		return s, placeEntry(archive, folder, s)
	})
	value, err := m.run()
	if err != nil {
		return nil, explained(err, in)
	}
	return value, nil
}

// findPickle returns the folder of the archive's data.pkl, and its entry.
func findPickle(archive *zipfile.Archive) (folder string, pickle *zip.File, err error) {
	for name, entry := range archive.Entries {
		if strings.HasSuffix(name, "constants.pkl") {
			return "", nil, errors.New("the file is a TorchScript program (torch.jit.save): save the weights in Python with torch.save(model.state_dict(), \"weights.pth\")")
		}
		if before, ok := strings.CutSuffix(name, pickleName); ok && (before == "" || strings.HasSuffix(before, "/")) {
			if pickle != nil && len(before) >= len(folder) {
				continue
			}
			folder, pickle = before, entry
		}
	}
	if pickle == nil {
		return "", nil, fmt.Errorf("the file is a zip archive without %s, so not one of torch.save", pickleName)
	}
	return folder, pickle, nil
}

func isBigEndian(archive *zipfile.Archive, folder string) (bool, error) {
	entry := archive.Entries[folder+"byteorder"]
	if entry == nil {
		return false, nil
	}
	order, err := archive.All(entry, 16)
	if err != nil {
		return false, err
	}
	switch strings.TrimSpace(string(order)) {
	case "little":
		return false, nil
	case "big":
		return true, nil
	}
	return false, fmt.Errorf("the file has the byte order %q, expected little or big: the file is damaged", order)
}

// placeEntry finds the bytes of a storage.
func placeEntry(archive *zipfile.Archive, folder string, s *storage) error {
	entry := archive.Entries[folder+"data/"+s.key]
	if entry == nil {
		return fmt.Errorf("the file lacks the storage %.40q: the file is damaged", s.key)
	}
	if entry.UncompressedSize64 != uint64(s.bytes()) {
		return fmt.Errorf("the storage %.40q has %d bytes where the file's pickle says %d: the file is damaged", s.key, entry.UncompressedSize64, s.bytes())
	}
	data, err := archive.Bytes(entry)
	if err != nil {
		return err
	}
	s.data = zipData{data}
	return nil
}

// zipData reads the bytes of an entry.
type zipData struct{ r io.ReaderAt }

func (z zipData) readAt(p []byte, at int64) error { return readAt(z.r, p, at) }
