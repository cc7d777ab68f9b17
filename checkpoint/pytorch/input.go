package pytorch

import (
	"errors"
	"fmt"
	"io"
)

// maxPickle limits the bytes of a pickle. Those of real checkpoints have some kilobytes, or a
// few megabytes with the logs of a training; the values of tensors are not in them.
const maxPickle = 64 << 20

// window is how much of the file is read at a time.
const window = 64 << 10

// maxLine limits the operands that end with their line.
const maxLine = 4096

var errEnds = errors.New("the file ends inside its pickle: it is incomplete, copy or download it again")

// input reads a part of a file. It knows how much is left, so that a length is held against
// the file before memory is taken.
type input struct {
	r      io.ReaderAt
	at     int64 // of the next byte
	end    int64
	buffer []byte // the bytes from at
	room   []byte // that buffer is a part of
}

func newInput(r io.ReaderAt, at, end int64) *input {
	return &input{r: r, at: at, end: min(end, at+maxPickle)}
}

func (in *input) byte() (byte, error) {
	if len(in.buffer) == 0 {
		if err := in.fill(); err != nil {
			return 0, err
		}
	}
	b := in.buffer[0]
	in.buffer = in.buffer[1:]
	in.at++
	return b, nil
}

func (in *input) fill() error {
	if in.at >= in.end {
		return errEnds
	}
	if in.room == nil {
		in.room = make([]byte, min(window, in.end-in.at))
	}
	in.buffer = in.room[:min(int64(len(in.room)), in.end-in.at)]
	return readAt(in.r, in.buffer, in.at)
}

// bytes returns the next n bytes, which then belong to the caller.
func (in *input) bytes(n uint64) ([]byte, error) {
	if n > uint64(in.end-in.at) {
		return nil, errEnds
	}
	p := make([]byte, n)
	held := copy(p, in.buffer)
	in.buffer = in.buffer[held:]
	if err := readAt(in.r, p[held:], in.at+int64(held)); err != nil {
		return nil, err
	}
	in.at += int64(n)
	return p, nil
}

// number reads a little-endian number of up to eight bytes.
func (in *input) number(bytes int) (n uint64, err error) {
	for i := range bytes {
		b, err := in.byte()
		if err != nil {
			return 0, err
		}
		n |= uint64(b) << (8 * i)
	}
	return n, nil
}

// line reads up to the end of the line, which it leaves out.
func (in *input) line() (string, error) {
	var text []byte
	for {
		b, err := in.byte()
		if err != nil || b == '\n' {
			return string(text), err
		}
		if len(text) == maxLine {
			return "", errors.New("a line of the file's pickle is longer than any name or number: the file is damaged")
		}
		text = append(text, b)
	}
}

// readAt fills p from the file.
func readAt(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	switch {
	case n == len(p):
		return nil
	case err == nil || err == io.EOF:
		return fmt.Errorf("the file ends at byte %d, earlier than it says: it is incomplete, copy or download it again", at+int64(n))
	}
	return fmt.Errorf("cannot read the file: %w", err)
}
