//go:build js

package gpu

import (
	"fmt"
	"syscall/js"
)

// Usage says what a buffer is used for.
type Usage int

const (
	MapRead      Usage = 0x001
	CopySrc      Usage = 0x004 // Read needs this
	CopyDst      Usage = 0x008 // Write needs this
	Uniform      Usage = 0x040
	Storage      Usage = 0x080
	Indirect     Usage = 0x100
	QueryResolve Usage = 0x200
)

// The sizes and offsets of copies are multiples of word.
const word = 4

// maxWrite is the number of bytes passed to the browser at a time. More would only
// enlarge the array that the device keeps for the next time.
const maxWrite = 4 << 20

// A Buffer is memory on the GPU.
type Buffer struct {
	device *Device
	value  any // GPUBuffer
	size   int
	gone   bool
}

// NewBuffer makes a buffer of zeros. size is in bytes and is rounded up to a
// multiple of 4. It does not wait, so errors, such as too little memory, go to
// Checked or Err; destroy the buffer even then.
func (d *Device) NewBuffer(label string, size int, usage Usage) *Buffer {
	b := d.newBuffer(label, size, usage)
	d.buffers++
	d.bytes += int64(b.size)
	return b
}

// newBuffer makes a buffer that Live does not count.
func (d *Device) newBuffer(label string, size int, usage Usage) *Buffer {
	size = roundUp(size)
	value := d.value.Call("createBuffer", map[string]any{"label": label, "size": size, "usage": int(usage)})
	return &Buffer{device: d, value: value, size: size}
}

func roundUp(size int) int { return (size + word - 1) / word * word }

// Size is the size in bytes, a multiple of 4.
func (b *Buffer) Size() int { return b.size }

// Destroy frees the memory once the GPU has run what was submitted.
func (b *Buffer) Destroy() {
	if b.gone {
		return
	}
	b.gone = true
	b.value.(js.Value).Call("destroy")
	b.device.buffers--
	b.device.bytes -= int64(b.size)
}

// Live returns the number of buffers made and not destroyed, and of their bytes.
func (d *Device) Live() (buffers int, bytes int64) { return d.buffers, d.bytes }

// Write copies data to b from offset on, after the commands submitted so far and
// before those submitted next. offset and the length of data are in bytes and
// multiples of 4, but data may end within the last word of b.
func (d *Device) Write(b *Buffer, offset int, data []byte) {
	if padded := roundUp(len(data)); offset%word != 0 || offset < 0 || offset+padded > b.size || (padded != len(data) && offset+padded != b.size) {
		panic(fmt.Sprintf("gpu: Write: expected words within the %d bytes of the buffer, found %d bytes at %d", b.size, len(data), offset))
	}
	for len(data) > 0 {
		n := min(len(data), maxWrite)
		js.CopyBytesToJS(d.arrayOf(roundUp(n)), data[:n])
		d.methods.writeBuffer.Invoke(d.queue, b.value, offset, d.array, 0, roundUp(n))
		data, offset = data[n:], offset+n
	}
}

// arrayOf returns an array of n bytes or more. It is reused: writeBuffer has copied
// the bytes when it returns.
func (d *Device) arrayOf(n int) js.Value {
	if d.array.IsUndefined() || d.array.Length() < n {
		d.array = js.Global().Get("Uint8Array").New(n)
	}
	return d.array
}

// Read waits for the commands submitted so far and copies the bytes of b from
// offset on, a multiple of 4, to dst. Like Done, it also returns Err, since the
// commands that should have made the bytes may have failed.
func (d *Device) Read(dst []byte, b *Buffer, offset int) error {
	if err := d.goneErr(); err != nil {
		return err
	}
	n := roundUp(len(dst))
	if offset%word != 0 || offset < 0 || offset+n > b.size {
		panic(fmt.Sprintf("gpu: Read: expected words within the %d bytes of the buffer, found %d bytes at %d", b.size, len(dst), offset))
	}
	if n == 0 {
		return nil
	}
	staging := d.staging // a concurrent Read makes its own
	d.staging = nil
	_, err := d.scoped(func() []js.Value {
		if staging != nil && staging.size < n {
			staging.value.(js.Value).Call("destroy")
			staging = nil
		}
		if staging == nil {
			staging = d.newBuffer("read", n, MapRead|CopyDst)
		}
		e := d.NewEncoder("read")
		e.Copy(staging, 0, b, offset, n)
		d.Submit(e)
		return []js.Value{staging.value.(js.Value).Call("mapAsync", 1, 0, n)}
	})
	if err != nil {
		if staging != nil {
			staging.value.(js.Value).Call("destroy")
		}
		return fmt.Errorf("read from the GPU: %w", err)
	}
	value := staging.value.(js.Value)
	js.CopyBytesToGo(dst, js.Global().Get("Uint8Array").New(value.Call("getMappedRange", 0, n)))
	value.Call("unmap")
	d.bytesRead += int64(n)
	d.keepStaging(staging)
	return d.takeErr() // of the commands that made these bytes
}

func (d *Device) keepStaging(b *Buffer) {
	if d.staging != nil {
		b.value.(js.Value).Call("destroy")
		return
	}
	d.staging = b
}

// BytesRead returns the number of bytes that Read has read.
func (d *Device) BytesRead() int64 { return d.bytesRead }
