//go:build js

package main

import (
	"fmt"
	"io"
	"syscall/js"
)

// reader reads a Uint8Array in pieces, so that its bytes are not in memory twice. It may still be
// arriving.
type reader struct {
	bytes     js.Value
	arrived   js.Value    // Int32Array of the protocol; undefined if all bytes are there
	meantime  func() bool // what to do while bytes arrive; it reports whether there is more
	at, there int
}

func newReader(request loadRequest, meantime func() bool) *reader {
	r := &reader{bytes: request.bytes, arrived: request.arrived, meantime: meantime}
	if r.arrived.IsUndefined() {
		r.there = r.bytes.Length()
	}
	return r
}

func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.at == r.there {
		if r.at == r.bytes.Length() {
			return 0, io.EOF
		}
		if err := r.await(); err != nil {
			return 0, err
		}
	}
	n := min(r.there-r.at, len(p))
	js.CopyBytesToGo(p[:n], r.bytes.Call("subarray", r.at, r.at+n))
	r.at += n
	return n, nil
}

// await waits for more bytes.
func (r *reader) await() error {
	atomics := js.Global().Get("Atomics")
	for {
		there := atomics.Call("load", r.arrived, 0).Int()
		if there < 0 {
			return errBrokenOff
		}
		if there > r.at {
			r.there = there
			return nil
		}
		if !r.meantime() {
			atomics.Call("wait", r.arrived, 0, there)
		}
	}
}

// rows fetches a strip at a time: at most stripRows rows, and at most stripBytes
// unless a single row is longer.
const (
	stripRows  = 64
	stripBytes = 4 << 20
)

// rows is a photo in the browser (a photo.Source), fetched in strips of RGBA.
type rows struct {
	height, width int
	read          js.Value // readRows of the protocol
	bitmap        js.Value // the same photo, or undefined

	strip      []byte
	first, end int // rows in strip
}

// take starts another photo.
func (r *rows) take(request segmentRequest) {
	r.height, r.width, r.read, r.bitmap = request.height, request.width, request.readRows, request.bitmap
	r.first, r.end = 0, 0
}

func (r *rows) Size() (height, width int) { return r.height, r.width }

// Row drops the fourth byte of every pixel: JavaScript has drawn the photo on white.
func (r *rows) Row(y int, dst []byte) error {
	if y < r.first || y >= r.end {
		if err := r.fetch(y); err != nil {
			return err
		}
	}
	pixels := r.strip[(y-r.first)*r.width*4:][:r.width*4]
	dst = dst[:r.width*3]
	for len(pixels) >= 4 && len(dst) >= 3 {
		dst[0], dst[1], dst[2] = pixels[0], pixels[1], pixels[2]
		pixels, dst = pixels[4:], dst[3:]
	}
	return nil
}

func (r *rows) fetch(y int) (err error) {
	n := min(max(1, min(stripRows, stripBytes/(r.width*4))), r.height-y)
	defer func() {
		cause := recover()
		if thrown, ok := cause.(js.Error); ok {
			err = fmt.Errorf("%w: %s", errPhoto, thrown.Get("message"))
		} else if cause != nil {
			panic(cause) // a bug, not the photo's fault
		}
	}()
	strip := r.read.Invoke(y, n)
	size := n * r.width * 4
	if cap(r.strip) < size {
		r.strip = make([]byte, size)
	}
	r.strip = r.strip[:size]
	if got := js.CopyBytesToGo(r.strip, strip); got != size {
		return fmt.Errorf("%w: %d bytes for %d rows of %d pixels, expected %d", errPhoto, got, n, r.width, size)
	}
	r.first, r.end = y, y+n
	return nil
}
