// Package zipfile opens zip archives of numbers: torch.save's and numpy.savez's. It bounds
// what a hostile archive can cost.
package zipfile

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
)

const (
	// maxDirectory is as much of a file as is read to find its entries, some ninety thousand.
	maxDirectory = 8 << 20
	// maxInflated is the largest compressed entry. It is held in memory, since nothing inside
	// of it can be found without reading what comes before.
	maxInflated = 256 << 20
	// maxWork is as much as is inflated in all, since reading entries in turns inflates them
	// again.
	maxWork = 8 << 30
)

// Archive is an open archive.
type Archive struct {
	Entries map[string]*zip.File // by name

	r        io.ReaderAt
	size     int64
	inflated *zip.File // the entry that content is of
	content  []byte
	work     int64
}

// Open reads the directory of an archive.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	limited := &limitedReader{r: r, left: maxDirectory}
	z, err := zip.NewReader(limited, size)
	if err != nil {
		if limited.left < 0 {
			return nil, errors.New("the zip archive lists more files than any network has parts: the file is damaged")
		}
		return nil, fmt.Errorf("the zip archive has no readable directory at its end (%w): it is incomplete or damaged, copy or download it again", err)
	}
	a := &Archive{Entries: make(map[string]*zip.File, len(z.File)), r: r, size: size}
	for _, f := range z.File {
		if _, twice := a.Entries[f.Name]; twice {
			return nil, fmt.Errorf("the zip archive has two files named %.100q: the file is damaged", f.Name)
		}
		a.Entries[f.Name] = f
	}
	limited.left = 1 << 62 // entries are read through it as well
	return a, nil
}

// limitedReader fails when more was read than it has left.
type limitedReader struct {
	r    io.ReaderAt
	left int64
}

func (l *limitedReader) ReadAt(p []byte, at int64) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, errors.New("too much to read")
	}
	return l.r.ReadAt(p, at)
}

// All returns the contents of an entry of at most limit bytes.
func (a *Archive) All(f *zip.File, limit int64) ([]byte, error) {
	if f.UncompressedSize64 > uint64(limit) {
		return nil, fmt.Errorf("%.100q in the zip archive has %d bytes, expected at most %d: the file is damaged", f.Name, f.UncompressedSize64, limit)
	}
	r, err := a.Bytes(f)
	if err != nil {
		return nil, err
	}
	p := make([]byte, f.UncompressedSize64)
	if n, err := r.ReadAt(p, 0); n < len(p) {
		return nil, fmt.Errorf("%.100q in the zip archive cannot be read (%w): the file is damaged", f.Name, err)
	}
	return p, nil
}

// Bytes returns a reader of an entry's contents. A compressed one is inflated when it is read.
func (a *Archive) Bytes(f *zip.File) (io.ReaderAt, error) {
	switch f.Method {
	case zip.Store:
		if f.CompressedSize64 != f.UncompressedSize64 {
			return nil, fmt.Errorf("%.100q in the zip archive says two sizes, %d and %d: the file is damaged", f.Name, f.CompressedSize64, f.UncompressedSize64)
		}
		at, err := a.place(f)
		if err != nil {
			return nil, err
		}
		return io.NewSectionReader(a.r, at, int64(f.UncompressedSize64)), nil
	case zip.Deflate:
		if f.UncompressedSize64 > maxInflated {
			return nil, fmt.Errorf("%.100q in the zip archive is compressed and has %d bytes, more than the limit of %d: zip the files again without compression (zip -0), as torch.save does", f.Name, f.UncompressedSize64, maxInflated)
		}
		return inflating{a, f}, nil
	}
	return nil, fmt.Errorf("%.100q in the zip archive is compressed by the method %d: zip the files again without compression (zip -0)", f.Name, f.Method)
}

// place returns where the bytes of an entry begin. All of them lie in the file.
func (a *Archive) place(f *zip.File) (int64, error) {
	at, err := f.DataOffset()
	if err != nil {
		return 0, fmt.Errorf("%.100q is not where the zip archive's directory says (%w): the file is damaged", f.Name, err)
	}
	if at > a.size || f.CompressedSize64 > uint64(a.size-at) {
		return 0, fmt.Errorf("%.100q has %d bytes in the zip archive's directory, more than the file: the file is damaged", f.Name, f.CompressedSize64)
	}
	return at, nil
}

// inflating reads a compressed entry. The archive keeps the one that was read last.
type inflating struct {
	a *Archive
	f *zip.File
}

func (i inflating) ReadAt(p []byte, at int64) (int, error) {
	if err := i.a.inflate(i.f); err != nil {
		return 0, err
	}
	if at >= int64(len(i.a.content)) {
		return 0, io.EOF
	}
	n := copy(p, i.a.content[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// inflate makes f the inflated entry. Memory grows with the bytes that arrive.
func (a *Archive) inflate(f *zip.File) error {
	if a.inflated == f {
		return nil
	}
	if a.work += int64(f.UncompressedSize64); a.work > maxWork {
		return errors.New("the zip archive expands to more than any checkpoint: zip the files again without compression (zip -0)")
	}
	at, err := a.place(f)
	if err != nil {
		return err
	}
	r := flate.NewReader(io.NewSectionReader(a.r, at, int64(f.CompressedSize64)))
	content, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err == nil && uint64(len(content)) != f.UncompressedSize64 {
		err = fmt.Errorf("it has other than the %d bytes it says", f.UncompressedSize64)
	}
	if err != nil {
		return fmt.Errorf("%.100q in the zip archive cannot be unpacked (%w): the file is damaged", f.Name, err)
	}
	a.inflated, a.content = f, content
	return nil
}
