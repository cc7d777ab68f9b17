//go:build js && !webgpu

package main

import (
	"encoding/binary"

	"segmenter/compute/cpu"
	"segmenter/photo"
)

// sharedFrame is a picture of the first rank that all ranks read (a photo.Source).
// They read it at the same time, in strips, so that no rank needs memory for more.
type sharedFrame struct {
	exchange cpu.Exchange
	frame    *photo.Image // nil on ranks that only read

	height, width int
	strip         []byte
	first, end    int // rows in strip
}

// showFrame shows the first rank's picture to all ranks. The others pass nil.
func showFrame(x cpu.Exchange, frame *photo.Image) (*sharedFrame, error) {
	f := &sharedFrame{exchange: x, frame: frame}
	size := x.Begin(8)
	if frame != nil {
		binary.LittleEndian.PutUint32(size, uint32(frame.Height))
		binary.LittleEndian.PutUint32(size[4:], uint32(frame.Width))
	}
	if err := x.End(f.own(8)); err != nil {
		return nil, err
	}
	f.height, f.width = int(binary.LittleEndian.Uint32(size)), int(binary.LittleEndian.Uint32(size[4:]))
	return f, nil
}

func (f *sharedFrame) Size() (height, width int) { return f.height, f.width }

func (f *sharedFrame) Row(y int, dst []byte) error {
	if y >= f.end {
		if err := f.next(y); err != nil {
			return err
		}
	}
	copy(dst, f.strip[(y-f.first)*3*f.width:][:3*f.width])
	return nil
}

// next fetches the strip that begins with row y.
func (f *sharedFrame) next(y int) error {
	n := 3 * f.width
	f.first, f.end = y, min(f.height, y+max(1, stripBytes/n))
	f.strip = f.exchange.Begin((f.end - f.first) * n)
	if f.frame != nil {
		copy(f.strip, f.frame.Pix[f.first*n:f.end*n])
	}
	return f.exchange.End(f.own(len(f.strip)))
}

// own returns the spans of n bytes that this rank fills: all or nothing.
func (f *sharedFrame) own(n int) []cpu.Span {
	if f.frame == nil {
		return nil
	}
	return []cpu.Span{{From: 0, To: n}}
}
