// Package listed is a file system that knows the names, sizes and hashes of a site's
// files, but not their bytes: a worker at the edge decides what to send, and the
// platform sends it.
package listed

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"segmenter/site"
)

// Write lists the files of a built site, one per line:
//
//	NAME<tab>SIZE<tab>SHA-256
func Write(files fs.FS) ([]byte, error) {
	var list bytes.Buffer
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		fmt.Fprintf(&list, "%s\t%d\t%x\n", name, len(content), sha256.Sum256(content))
		return err
	})
	return list.Bytes(), err
}

// Read parses a list into a file system. Its files support Stat and Seek, but not
// Read: a program that copies one must recognise it as a [File].
func Read(list string) (fs.FS, error) {
	files := make(system)
	lines := bufio.NewScanner(strings.NewReader(list))
	for number := 1; lines.Scan(); number++ {
		info, err := parse(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d of the list of files is %q, expected NAME<tab>SIZE<tab>SHA-256: rebuild the worker (%w)", number, lines.Text(), err)
		}
		files[info.path] = info
	}
	return files, lines.Err()
}

func parse(line string) (info, error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 3 {
		return info{}, fmt.Errorf("%d fields", len(fields))
	}
	size, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return info{}, err
	}
	sum, err := hex.DecodeString(fields[2])
	if err != nil || len(sum) != sha256.Size {
		return info{}, fmt.Errorf("the hash has %d bytes: %w", len(sum), err)
	}
	return info{fields[0], size, site.Sum(sum)}, nil
}

type system map[string]info

func (s system) Open(name string) (fs.File, error) {
	info, ok := s[name]
	if !ok || !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &File{info: info}, nil
}

func (s system) Stat(name string) (fs.FileInfo, error) {
	info, ok := s[name]
	if !ok {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return info, nil
}

// File is an open file.
type File struct {
	info   info
	offset int64
}

// Path returns the file's name in the site.
func (f *File) Path() string { return f.info.path }

// Size returns the size of the whole file in bytes.
func (f *File) Size() int64 { return f.info.size }

// Offset returns the position of the first byte to send.
func (f *File) Offset() int64 { return f.offset }

func (f *File) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *File) Close() error               { return nil }

// ErrElsewhere is the error of every Read.
var ErrElsewhere = errors.New("the file's bytes are not in this program")

func (f *File) Read([]byte) (int, error) { return 0, ErrElsewhere }

func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.info.size
	}
	if offset < 0 || offset > f.info.size {
		return 0, fmt.Errorf("position %d is outside %s, which has %d bytes", offset, f.info.path, f.info.size)
	}
	f.offset = offset
	return offset, nil
}

// info describes a file.
type info struct {
	path string
	size int64
	sum  site.Sum
}

func (i info) Name() string     { return path.Base(i.path) }
func (info) Mode() fs.FileMode  { return 0o444 }
func (info) IsDir() bool        { return false }
func (info) ModTime() time.Time { return time.Time{} }
func (i info) Size() int64      { return i.size }
func (i info) Sys() any         { return i.sum }
